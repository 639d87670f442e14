"""Which exercises were passed: a small file that survives restarts, damage and two notebooks.

{"01_basic_export": ["q1", "q3"], ...}. The file lies beside the course, or where the environment
variable COURSE_PROGRESS says.
"""

import json
import os
import tempfile
from pathlib import Path

from filelock import FileLock

from helpers.paths import ROOT


def path():
    return Path(os.environ.get("COURSE_PROGRESS") or ROOT / ".progress.json")


def read():
    """{lesson name: set of exercise keys}. A damaged file is set aside, not lost."""
    file = path()
    try:
        with _lock(file):
            return _read(file)
    except OSError:  # a place that cannot be used: nothing to show, and no reason to fail
        return {}


def add(lesson, key):
    """Note that the exercise `key` of `lesson` was passed."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _lock(file):
        passed = _read(file)
        if key in passed.get(lesson, ()):
            return
        passed.setdefault(lesson, set()).add(key)
        text = json.dumps({name: sorted(keys) for name, keys in sorted(passed.items())}, indent=1)
        # A reader, or a crash, meets the old file or the new one, never half of one.
        handle, new = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
            os.replace(new, file)
        except BaseException:
            os.unlink(new)
            raise


def _lock(file):
    return FileLock(file.with_name(file.name + ".lock"), timeout=10)


def _read(file):
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
