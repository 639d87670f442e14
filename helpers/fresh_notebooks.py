"""A lesson's notebook as it was before a learner changed it, without running the lesson again."""

import json
import subprocess
from pathlib import Path

from helpers.notebooks import REGION, unsolved
from helpers.paths import ROOT

# In a hand-out, the notebooks lie here a second time. Elsewhere git has them.
HANDED_OUT = Path("helpers", "handed_out")


def fresh_notebook(name: str, course: Path = ROOT) -> bytes | None:
    """Return the stored notebook of a lesson with `...` in place of the solutions, and its outputs.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    course : Path
        The folder of the course.

    Returns
    -------
    bytes or None
        The file. None if no fresh notebook is stored: then the lesson has to be run again.
    """
    kept = course / HANDED_OUT / f"{name}.ipynb"
    if kept.is_file():
        return kept.read_bytes()
    committed = _committed(f"notebooks/{name}.ipynb", course)
    source = course / "solutions" / f"{name}.py"
    if committed is None or not source.is_file():
        return None
    return committed if _has_every_stub(committed, source.read_text(encoding="utf-8")) else None


def _committed(path, course):
    try:
        done = subprocess.run(
            ["git", "-C", str(course), "show", f"HEAD:./{path}"], capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):  # no git, or not a clone
        return None
    return done.stdout


def _has_every_stub(content, source):
    """Return whether no exercise is answered: learners commit their answers, too."""
    try:
        cells = json.loads(content)["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, TypeError, KeyError):
        return False
    return all(unsolved(match[0]) in code for match in REGION.finditer(source))
