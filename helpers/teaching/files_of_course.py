"""The files that belong to the course, without what learners and tools leave in its folder."""

import os
import subprocess
from pathlib import Path

from helpers.paths import ROOT
from helpers.scratch import SCRATCH

LISTED = ("--cached", "--others", "--exclude-standard")  # a new lesson may not be committed yet
LEFT_BEHIND = ("__pycache__", SCRATCH, "dist")


def course_files(course: Path = ROOT) -> list[str]:
    """List the files of the course.

    In a clone, these are the files that git does not ignore. Elsewhere, hidden files, exports and
    compiled files are left out.

    Parameters
    ----------
    course : Path
        The folder of the course.

    Returns
    -------
    list of str
        Paths below `course` with slashes, in order.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(course), "ls-files", "-z", *LISTED],
            capture_output=True,
            check=True,
        )
        known = [os.fsdecode(path) for path in done.stdout.split(b"\0") if path]
    except (OSError, subprocess.CalledProcessError):
        known = []
    if not known:
        known = [_below(path, course) for path in course.rglob("*") if _belongs(path, course)]
    return sorted(path for path in known if (course / path).is_file())


def _below(path, course):
    return path.relative_to(course).as_posix()


def _belongs(path, course):
    parts = path.relative_to(course).parts
    hidden = any(part.startswith(".") or part in LEFT_BEHIND for part in parts)
    return not hidden and ".mine-" not in path.name
