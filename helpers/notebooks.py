"""Deriving the notebooks: `solutions/NN_name.py` is the only hand-written text of a lesson.

`solutions/NN_name.ipynb` is the whole lesson, executed; `notebooks/NN_name.ipynb` is the same with
the solutions taken out, executed in that state. In the source, a solution stands like this:

    # > export_dir = ...  # export `model` so that it takes any number of rows
    # <solution>
    export_dir = lesson.scratch / "linear"
    model.export(export_dir, verbose=False)
    # </solution>

Learners get the lines after `# >`, instructors those between the marks.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.paths import ROOT

REGION = re.compile(
    r"(?P<stub>(?:^[ ]*# > ?.*\n)+)^[ ]*# <solution>\n"
    r"(?P<solution>(?:.*\n)*?)^[ ]*# </solution>(?:\n|\Z)",
    re.M,
)
MARK = re.compile(r"^[ ]*# (>|</?solution>)", re.M)
STUB_MARK = re.compile(r"^([ ]*)# > ?", re.M)
# A view needs the kernel that made it; what is stored is the text that stands for it.
VIEW = "application/vnd.jupyter.widget-view+json"


def lesson_names(course=ROOT):
    """The names of all lessons in order: ["00_start_here", ...]."""
    return sorted(path.stem for path in (course / "solutions").glob("[0-9][0-9]_*.py"))


def solved(code):
    """The code of a cell as instructors read it."""
    return REGION.sub(lambda match: match["solution"], code + "\n").rstrip("\n")


def unsolved(code):
    """The code of a cell as learners get it."""
    return REGION.sub(lambda match: STUB_MARK.sub(r"\1", match["stub"]), code + "\n").rstrip("\n")


def solution_of(name, key, course=ROOT):
    """The code that solves exercise `key` ("q1") of lesson `name`."""
    for cell in _read_source(name, course).cells:
        if f"lesson.{key}.check(" in cell.source:
            regions = [match["solution"].rstrip() for match in REGION.finditer(cell.source + "\n")]
            return "\n".join(regions)
    raise ValueError(f"{name} has no cell that calls lesson.{key}.check(...)")


def derive(name, folder, course=ROOT):
    """The notebook of lesson `name` for `folder` ("solutions" or "notebooks"), not executed."""
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


def _read_source(name, course):
    import jupytext

    path = course / "solutions" / f"{name}.py"
    return jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")


def execute(notebook, folder):
    """Run `notebook` in a fresh kernel inside `folder`; its outputs are stored in it."""
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
        # What a kernel says while it shuts down is nobody's output.
        client.execute(env=environment, stderr=subprocess.DEVNULL)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
    notebook.metadata["language_info"] = {"name": "python"}  # not the version of this Python


def learner_environment(folder):
    """Variables for a kernel that is to behave as a new learner's, exports under `folder`."""
    return {
        "COURSE_PROGRESS": str(Path(folder) / "progress.json"),
        "COURSE_EXPORTS": str(Path(folder) / "exports"),
    }


def make(names, folders=("solutions", "notebooks"), course=ROOT):
    """Derive, execute and write the notebooks of the lessons `names`."""
    import nbformat

    def one(job):
        name, folder = job
        notebook = derive(name, folder, course)
        target = course / folder / f"{name}.ipynb"
        target.parent.mkdir(exist_ok=True)
        execute(notebook, target.parent)
        nbformat.write(notebook, target)
        print(f"wrote {folder}/{name}.ipynb", flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, [(name, folder) for name in names for folder in folders]))


def reset(name, course=ROOT):
    """Put a fresh notebooks/NN_name.ipynb; the learner's copy is kept beside it. Its new path."""
    notebook = course / "notebooks" / f"{name}.ipynb"
    kept = None
    if notebook.exists():
        number = 1
        while (kept := notebook.with_name(f"{name}.mine-{number}.ipynb")).exists():
            number += 1
        notebook.rename(kept)
        print(f"your copy is kept as notebooks/{kept.name}", flush=True)
    make([name], ["notebooks"], course)
    return kept


def find(given, course=ROOT):
    """The lesson name that `given` ("02", "2", "02_one_signature") means."""
    names = lesson_names(course)
    found = [n for n in names if given in (n, n[:2], n[:2].lstrip("0") or "0")]
    if not found:
        raise SystemExit(f"no lesson {given!r}: there are {', '.join(names)}")
    return found[0]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m helpers.notebooks", description=__doc__.split("\n")[0]
    )
    parser.add_argument("lesson", nargs="*", help="lesson numbers; all when none is given")
    parser.add_argument("--reset", action="store_true", help="a fresh copy; yours is kept")
    chosen = parser.parse_args(arguments)
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
