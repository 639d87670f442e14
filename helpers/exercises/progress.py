"""The exercises that were passed, in a file that survives restarts, damage and two notebooks.

The file holds {"01_basic_export": ["q1", "q3"], ...}. It is `.progress.json` in the folder of the
course, or the file that the environment variable COURSE_PROGRESS names.
"""

import json
import os
import tempfile
from pathlib import Path

from filelock import FileLock

from helpers.paths import ROOT


def path() -> Path:
    """Return the path of the progress file."""
    return Path(os.environ.get("COURSE_PROGRESS") or ROOT / ".progress.json")


def read() -> dict[str, set[str]]:
    """Read which exercises were passed.

    Returns
    -------
    dict of str to set of str
        Exercise keys by lesson name. Empty if there is no file, or if it cannot be read. A damaged
        file is renamed and kept.
    """
    file = path()
    try:
        with _lock(file):
            return _read(file)
    except OSError:  # a lesson works without progress
        return {}


def add(lesson: str, key: str) -> None:
    """Store that an exercise was passed.

    Parameters
    ----------
    lesson : str
        "01_basic_export".
    key : str
        "q1".

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _lock(file):
        passed = _read(file)
        if key in passed.get(lesson, ()):
            return
        passed.setdefault(lesson, set()).add(key)
        text = json.dumps({name: sorted(keys) for name, keys in sorted(passed.items())}, indent=1)
        # Replaced in one step, so that a reader or a crash never sees half a file.
        handle, new = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
            os.replace(new, file)
        except BaseException:
            os.unlink(new)
            raise


def _lock(file: Path) -> FileLock:
    return FileLock(file.with_name(file.name + ".lock"), timeout=10)


def _read(file: Path) -> dict[str, set[str]]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if any(not isinstance(keys, list) for keys in data.values()):
            raise TypeError("each lesson has a list of keys")
        return {str(name): {str(key) for key in keys} for name, keys in data.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError, RecursionError):
        number = 1
        while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
            number += 1
        os.replace(file, aside)
        return {}
