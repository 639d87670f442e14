"""The two notebooks of a lesson, derived from its only hand-written text, `solutions/NN_name.py`.

`solutions/NN_name.ipynb` is the whole lesson, executed. `notebooks/NN_name.ipynb` has `...` in
place of the solutions, and is executed in that state. In the source, a solution looks like this:

    # > export_dir = ...  # export `model` so that it accepts any number of rows
    # <solution>
    export_dir = lesson.scratch / "linear"
    model.export(export_dir, verbose=False)
    # </solution>

Learners get the lines after `# >`. Instructors get the lines between the marks.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.jupyter import jupyter_path
from helpers.paths import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

REGION = re.compile(
    r"(?P<stub>(?:^[ ]*# > ?.*\n)+)^[ ]*# <solution>\n"
    r"(?P<solution>(?:.*\n)*?)^[ ]*# </solution>(?:\n|\Z)",
    re.M,
)
NAME = re.compile(r"\d\d_\w+")  # of a lesson, and not of a copy that `make reset` keeps
MARK = re.compile(r"^[ ]*# (>|</?solution>)", re.M)
STUB_MARK = re.compile(r"^([ ]*)# > ?", re.M)
# A view needs the kernel that made it, so a notebook stores the widget's text instead.
VIEW = "application/vnd.jupyter.widget-view+json"


def lesson_names(course: Path = ROOT) -> list[str]:
    """List the names of all lessons.

    Parameters
    ----------
    course : Path
        The folder of the course. If it was handed out without solutions, its notebooks count.

    Returns
    -------
    list of str
        In order: ["00_start_here", ...].
    """
    sources = sorted(path.stem for path in (course / "solutions").glob("[0-9][0-9]_*.py"))
    notebooks = (path.stem for path in (course / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    return sources or sorted(name for name in notebooks if NAME.fullmatch(name))


def solved(code: str) -> str:
    """Return the code of a cell as instructors read it, without marks."""
    return REGION.sub(lambda match: match["solution"], code + "\n").rstrip("\n")


def unsolved(code: str) -> str:
    """Return the code of a cell as learners get it, without solutions and marks."""
    return REGION.sub(lambda match: STUB_MARK.sub(r"\1", match["stub"]), code + "\n").rstrip("\n")


def solution_of(name: str, key: str, course: Path = ROOT) -> str:
    """Return the code that solves an exercise; see `solution_parts`."""
    return "\n".join(solution_parts(name, key, course))


def solution_parts(name: str, key: str, course: Path = ROOT) -> list[str]:
    """Return the parts of the code that solves an exercise.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    key : str
        Of the exercise: "q1".
    course : Path
        The folder of the course.

    Returns
    -------
    list of str
        The lines between each pair of marks in the cell that checks the exercise.

    Raises
    ------
    ValueError
        If no cell of the lesson checks this exercise.
    FileNotFoundError
        If the course was handed out without solutions.
    """
    # Not with jupytext: its import takes seconds, and a learner waits for the solution.
    source = (course / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    for cell in re.split(r"^# %%.*\n", source, flags=re.M):
        if f"lesson.{key}.check(" in cell:
            return [match["solution"].rstrip() for match in REGION.finditer(cell)]
    raise ValueError(f"{name} has no cell that calls lesson.{key}.check(...)")


def opening_of(name: str, course: Path = ROOT) -> str:
    """Return the text of a lesson's first cell, in Markdown, also without solutions.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    course : Path
        The folder of the course.

    Returns
    -------
    str
        It begins with the title: "# Basic export: ...".
    """
    source = course / "solutions" / f"{name}.py"
    if not source.is_file():
        notebook = json.loads((course / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        return "".join(notebook["cells"][0]["source"])
    first = re.split(r"^# %%.*\n", source.read_text(encoding="utf-8"), maxsplit=2, flags=re.M)[1]
    return re.sub(r"^# ?", "", first, flags=re.M)


def derive(name: str, folder: str, course: Path = ROOT) -> "NotebookNode":
    """Derive a notebook of a lesson without executing it.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    folder : {"solutions", "notebooks"}
        Where the notebook belongs: with the solutions, or with `...` in their place.
    course : Path
        The folder of the course.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If the marks of a solution are incomplete.
    """
    notebook = _read_source(name, course)
    rewrite = {"solutions": solved, "notebooks": unsolved}[folder]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{name[:2]}-{number:02d}"
        if cell.cell_type == "code":
            cell.source = rewrite(cell.source)
            if MARK.search(cell.source):  # else a learner would read the solution
                raise ValueError(
                    f"solutions/{name}.py, cell {number}: lines after `# >`, then `# <solution>`, "
                    "code, `# </solution>` belong together, with nothing in between"
                )
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def _read_source(name: str, course: Path) -> "NotebookNode":
    import jupytext

    path = course / "solutions" / f"{name}.py"
    return jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")


def execute(notebook: "NotebookNode", folder: Path) -> None:
    """Run a notebook in a fresh kernel and store the outputs in it.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    folder : Path
        The kernel's working directory.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an error.
    """
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, **learner_environment(scratch)}
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
        )
        # What a kernel prints while it shuts down belongs to no cell.
        client.execute(env=environment, stderr=subprocess.DEVNULL)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
    notebook.metadata["language_info"] = {"name": "python"}  # not the version of this Python


def learner_environment(folder: str | Path) -> dict[str, str]:
    """Return the environment variables of a kernel that starts as a new learner's.

    Parameters
    ----------
    folder : str or Path
        Progress and exports are stored in it.

    Returns
    -------
    dict of str to str
        Variables in addition to those of this process.
    """
    return {
        "COURSE_PROGRESS": str(Path(folder) / "progress.json"),
        "COURSE_EXPORTS": str(folder),
    }


def make(
    names: Sequence[str],
    folders: Sequence[str] = ("solutions", "notebooks"),
    course: Path = ROOT,
) -> None:
    """Derive, execute and write notebooks, two at a time.

    Parameters
    ----------
    names : sequence of str
        The lessons.
    folders : sequence of {"solutions", "notebooks"}
        Which notebooks of each lesson.
    course : Path
        The folder of the course.

    Raises
    ------
    ValueError, nbclient.exceptions.CellExecutionError
        See `derive` and `execute`.
    """
    import nbformat

    def one(job: tuple[str, str]) -> None:
        name, folder = job
        notebook = derive(name, folder, course)
        target = course / folder / f"{name}.ipynb"
        target.parent.mkdir(exist_ok=True)
        execute(notebook, target.parent)
        nbformat.write(notebook, target)
        print(f"wrote {folder}/{name}.ipynb", flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, [(name, folder) for name in names for folder in folders]))


def reset(name: str, course: Path = ROOT) -> Path | None:
    """Write a fresh notebooks/NN_name.ipynb, and keep the learner's copy beside it.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    course : Path
        The folder of the course.

    Returns
    -------
    Path or None
        The learner's copy. None if the notebook was missing.
    """
    from helpers.fresh_notebooks import fresh_notebook

    notebook = course / "notebooks" / f"{name}.ipynb"
    kept = None
    if notebook.exists():
        number = 1
        while notebook.with_name(f"{name}.mine-{number}.ipynb").exists():
            number += 1
        kept = notebook.rename(notebook.with_name(f"{name}.mine-{number}.ipynb"))
        print(f"your copy is kept as notebooks/{kept.name}", flush=True)
    fresh = fresh_notebook(name, course)
    if fresh is None:
        make([name], ["notebooks"], course)
    else:
        notebook.write_bytes(fresh)
        print(f"wrote notebooks/{name}.ipynb", flush=True)
    return kept


def find(given: str, course: Path = ROOT) -> str:
    """Find the name of a lesson.

    Parameters
    ----------
    given : str
        "02", "2" or "02_one_signature".
    course : Path
        The folder of the course.

    Returns
    -------
    str
        "02_one_signature".

    Raises
    ------
    SystemExit
        If no lesson has this number or name. The message lists the lessons.
    """
    names = lesson_names(course)
    found = [n for n in names if given in (n, n[:2], n[:2].lstrip("0") or "0")]
    if not found:
        raise SystemExit(f"no lesson {given!r}: there are {', '.join(names)}")
    return found[0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of `make notebooks` and `make reset`."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.notebooks",
        description="Derive and run the notebooks of lessons.",
    )
    parser.add_argument("lesson", nargs="*", help="lesson numbers; all when none is given")
    parser.add_argument("--reset", action="store_true", help="a fresh notebook; keeps your copy")
    chosen = parser.parse_args(arguments)
    os.environ.update(jupyter_path())
    names = [find(given) for given in chosen.lesson]
    if chosen.reset:
        if not names:
            raise SystemExit(f"which lesson? there are {', '.join(lesson_names())}")
        for name in names:
            reset(name)
    else:
        make(names or lesson_names())


if __name__ == "__main__":
    sys.exit(main())
