"""The scratch folder: where a lesson exports to, and how texts leave its path out.

Each run of a lesson has a folder of its own, such as exports/01_basic_export/run3. This file alone
knows the two names `exports` and `run`.
"""

import contextlib
import os
import re
from pathlib import Path

SCRATCH, RUN = "exports", "run"  # exports/<name of the lesson>/run<number>
RUNS: set[str] = set()  # the folders that this kernel has made


def scratch_folder() -> Path:
    """Return the absolute path of the scratch folder, which need not exist.

    It lies in the current directory, or where the variable COURSE_EXPORTS says.
    """
    chosen = Path(os.environ.get("COURSE_EXPORTS") or SCRATCH).resolve()
    return chosen if chosen.name == SCRATCH else chosen / SCRATCH


def require_writable() -> None:
    """Require that this user may write to the scratch folder.

    Raises
    ------
    PermissionError
        The message names the folder, and two ways out.
    """
    folder = scratch_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(
            f"A lesson writes its exports to {folder}, but you are not allowed to write there. "
            "Copy the whole folder of the course to a folder of your own. Or set the environment "
            "variable COURSE_EXPORTS to a folder of your own, and start JupyterLab again."
        )


def new_folder(name: str) -> Path:
    """Make a new folder for this run of a lesson, and remember it for `without_scratch`.

    The folders of earlier runs stay, and two kernels never share one.

    Parameters
    ----------
    name : str
        The name of the lesson, such as "01_basic_export".

    Returns
    -------
    pathlib.Path
        The absolute path of an empty folder.
    """
    lesson = scratch_folder() / name
    lesson.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), (lesson.parent / ".gitignore").open("x") as file:
        file.write("*\n")
    number = 1
    while True:
        folder = lesson / f"{RUN}{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            RUNS.add(str(folder))
            return folder


def without_scratch(text: str) -> str:
    """Remove the folder of a run from every path in `text`: the rest is the same on every computer.

    Parameters
    ----------
    text : str
        For example "no file at /home/me/exports/01_basic_export/run3/line".

    Returns
    -------
    str
        Here "no file at line".
    """
    for folder in RUNS:  # first, because the pattern below ends a path at a blank
        text = re.sub(re.escape(folder) + r"(?!\d)[/\\]?", "", text)
    return re.sub(
        rf"(?<![^\s'\"=])[^\s'\"=]*[/\\]{SCRATCH}[/\\][^/\\\s]+[/\\]{RUN}\d+[/\\]?", "", text
    )
