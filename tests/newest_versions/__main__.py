"""`python -m tests.newest_versions`: exit status 0 nothing changed, 1 something did, 2 untried."""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.clinic import CASES
from helpers.paths import ROOT
from tests.course.test_locks import LOCK
from tests.newest_versions import report
from tests.newest_versions.environment import FOLDER, CannotTry, Environment, say

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.newest_versions.cells")
# The clinic without xdist, which fails itself when a worker dies while it deals out whole files.
RUNS = (("tests/clinic/test_cases.py", "--numprocesses=0"), ("notebooks", "solutions"))
LOG = ".canary/log.txt"
LIMIT = 3600  # seconds for the tests and notebooks, and for the cases


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.newest_versions", description=__doc__)
    parser.add_argument("--tensorflow", default="", help="version; the newest when not given")
    parser.add_argument("--keras", default="", help="version; the newest when not given")
    chosen = parser.parse_args(arguments)
    try:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "log.txt").unlink(missing_ok=True)
        text, status = canary(Environment(), chosen.tensorflow, chosen.keras)
    except (CannotTry, OSError) as reason:
        text, status = f"# Canary: not tried\n\n{reason}\n", 2
    print(text, end="")
    with contextlib.suppress(OSError):  # it may be what the text is about
        (FOLDER / "report.md").write_text(text, encoding="utf-8")
    return status


def canary(environment, tensorflow, keras):
    """(the report, the exit status) of the course on these versions. Raises CannotTry."""
    tried = environment.make(tensorflow, keras)
    versions = report.version_changes(environment.pinned, tried)
    with tempfile.TemporaryDirectory(prefix="canary-") as folder:
        course = copy_course(Path(folder) / "course", tried)
        say("Running the clinic.")
        seen = observe(environment.python, course)
        say("Running the tests of the clinic and the lessons.")
        found = run_tests(environment.python, course)
    cases = [row for key, case in CASES.items() for row in report.case_changes(case, seen[key])]
    cells = report.cell_changes(found["failed"], versions)
    others = report.other_failures(found["failed"], {row[0] for row in cases})
    notebooks = {where: n for where, n in found["ran"].items() if where.endswith(".ipynb")}
    if not notebooks:
        raise CannotTry(f"No notebook was run: {LOG} has what pytest said.")
    ran = f"{len(CASES)} cases and {sum(notebooks.values())} cells of {len(notebooks)} notebooks"
    names = (environment.tensorflow, "keras")
    asked = [(name, environment.pinned[name], tried[name]) for name in names]
    text = report.markdown(versions, asked, ran, cases, cells, others)
    return text, int(bool(cases or cells or others))


def copy_course(target, tried):
    """The course once more, with these versions in its lock: lesson 00 compares with it."""
    ignored = shutil.ignore_patterns(".*", "exports", "__pycache__", "*.mine-*")
    shutil.copytree(ROOT, target, ignore=ignored)
    lock = target / LOCK
    entry = re.compile(r"^([a-z0-9-]+)==[^\s;]+", re.M)
    # Of the two names for TensorFlow, one is installed; the check reads either.
    tensorflow = tried.get("tensorflow-cpu") or tried.get("tensorflow")
    tried = {"tensorflow": tensorflow, "tensorflow-cpu": tensorflow} | tried
    lock.write_text(
        entry.sub(
            lambda match: f"{match[1]}=={tried[match[1]]}" if match[1] in tried else match[0],
            lock.read_text(encoding="utf-8"),
        ),
        encoding="utf-8",
    )
    return target


def observe(python, course):
    """{key: what tests/newest_versions/cases.py observed} for every case of the clinic."""
    file, seen = course / "cases.jsonl", {}
    file.touch()
    while left := [key for key in CASES if key not in seen]:
        ended = _run([python, "-m", "tests.newest_versions.cases", file, *left], course)
        for line in file.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            seen[found["key"]] = found
        # It goes through the cases in order, so the first without a line is the one that ended it.
        if key := next((key for key in left if key not in seen), None):
            seen[key] = {"key": key, "died": ended}
    return seen


def run_tests(python, course):
    """What tests/newest_versions/cells.py wrote down, of all RUNS together."""
    found = {"ran": {}, "failed": []}
    for number, tests in enumerate(RUNS):
        file = course / f"results-{number}.json"
        file.unlink(missing_ok=True)
        ended = _run([python, *PYTEST, *tests], course, CANARY_RESULTS=str(file))
        if file.exists():
            here = json.loads(file.read_text(encoding="utf-8"))
            found["ran"] |= here["ran"]
            found["failed"] += here["failed"]
        # 1: something failed, 2: a file could not be collected
        if ended not in ("", "exit status 1", "exit status 2"):
            found["failed"].append({"id": tests[0], "error": f"pytest did not finish: {ended}"})
    return found


def _run(command, course, **variables):
    """Run `command` in the copy of the course; "" or how it ended."""
    ours = ("PYTEST", "COURSE_", "COV_", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = f"{Path(command[0]).parent}{os.pathsep}{kept.get('PATH', '')}"
    with (FOLDER / "log.txt").open("a", encoding="utf-8") as log:
        try:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=course,
                env={**kept, "PATH": path, **variables},
                stdout=log,
                stderr=log,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {LIMIT} seconds"
    return f"exit status {done.returncode}" if done.returncode else ""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
