"""The notebooks in a folder of submissions: of which learner, and of which lesson."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from helpers.notebooks import lesson_names

COPY = re.compile(r"[ _-]*(\(\d+\)|-Copy\d+)$")  # what systems add to the name of a second file
STARTS = re.compile(r"""\bstart\(\s*["'](\d\d_\w+)["']\s*\)""")
LARGEST = 50_000_000  # bytes of a notebook
SKIPPED = {".ipynb_checkpoints"}


@dataclass(frozen=True)
class Submission:
    """One notebook.

    Attributes
    ----------
    path : Path
    name : str
        The path below the folder of submissions.
    learner : str
        The folder below the folder of submissions, or the name of the file.
    lesson : str
        "01_basic_export". Empty if `problem` says why it cannot be graded.
    cells : tuple of str
        The source of each code cell.
    digest : str
        Identifies the content of the file.
    problem : str
        Why it cannot be graded.
    """

    path: Path
    name: str
    learner: str
    lesson: str = ""
    cells: tuple[str, ...] = ()
    digest: str = ""
    problem: str = ""


def find_submissions(folder: Path) -> list[Submission]:
    """Find all notebooks in a folder and in its sub-folders.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Submission
        Sorted by path. A notebook that cannot be read is in it, with its problem.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist, or holds no notebook. The message names it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} should be a folder of notebooks, but is none")
    found = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if not SKIPPED & set(path.relative_to(folder).parts)
    ]
    if not found:
        raise FileNotFoundError(f"{folder} holds no notebook: no file ends in .ipynb")
    return [_read(path, folder) for path in found]


def _read(path, folder):
    name = path.relative_to(folder).as_posix()
    learner = learner_of(name)
    if path.is_symlink() or not path.is_file():
        return Submission(path, name, learner, problem="it is a link or a folder, not a file")
    if path.stat().st_size > LARGEST:
        return Submission(path, name, learner, problem="it is larger than 50 MB")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    try:
        cells = _code(json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        words = f"it is not a notebook, or is damaged ({type(error).__name__})"
        return Submission(path, name, learner, digest=digest, problem=words)
    lesson = _lesson(cells, path.stem)
    problem = "" if lesson else "no cell starts a lesson of this course"
    return Submission(path, name, learner, lesson, tuple(cells), digest, problem)


def _code(notebook):
    sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [source if isinstance(source, str) else "".join(source) for source in sources]


def _lesson(cells, stem):
    """Return the lesson that the cells start. Without one, the name of the file tells it."""
    names = lesson_names()
    started = [name for cell in cells for name in STARTS.findall(cell) if name in names]
    named = [name for name in names if name in stem]
    return (started or named or [""])[0]


def learner_of(name: str) -> str:
    """Return the learner's name from a path below the folder of submissions.

    Parameters
    ----------
    name : str
        "ada/01_basic_export.ipynb" or "01_basic_export_ada.ipynb".

    Returns
    -------
    str
        In both cases "ada".
    """
    first, slash, _ = name.partition("/")
    if slash:
        return first
    stem = COPY.sub("", name.removesuffix(".ipynb"))
    for lesson in lesson_names():
        stem = stem.replace(lesson, "")
    return stem.strip(" _-.()") or name.removesuffix(".ipynb")
