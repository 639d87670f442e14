"""The folder that a lesson exports to, and its name in texts."""

import os
import re
from pathlib import Path

RUNS: set[str] = set()  # the folders of this kernel's exports


def without_scratch(text):
    """`text` with the folder of this run's exports left out of every path, so that it reads the
    same on every machine."""
    for folder in RUNS:  # where the rule below, which ends a path at a blank, would leave a half
        text = re.sub(re.escape(folder) + r"(?!\d)[/\\]?", "", text)
    return re.sub(r"[^\s'\"=]*[/\\]exports[/\\][^/\\\s]+[/\\]run\d+[/\\]?", "", text)


def new_folder(name):
    """Make a new folder for this run of lesson `name`, and remember it for `without_scratch`.

    It lies in `exports` below the current folder, or where COURSE_EXPORTS says. The folders of
    earlier runs stay, and two kernels never share one.
    """
    exports = Path(os.environ.get("COURSE_EXPORTS") or "exports").resolve()
    exports = exports if exports.name == "exports" else exports / "exports"
    (exports / name).mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = exports / name / f"run{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            RUNS.add(str(folder))
            return folder
