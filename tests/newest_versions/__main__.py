"""Run the course on other versions of TensorFlow and Keras, and report what changed.

Exit status: 0 if nothing changed, 1 if something changed, 2 if the versions could not be tried.
"""

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
from helpers.scratch import SCRATCH
from tests.course.test_locks import LOCK
from tests.newest_versions import report
from tests.newest_versions.environment import FOLDER, CannotTry, Environment, say
from tests.newest_versions.one_by_one import observed

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.newest_versions.cells")
# The clinic runs without xdist, because xdist fails when a worker dies under --dist=loadfile.
RUNS = (("tests/clinic/test_cases.py", "--numprocesses=0"), ("notebooks", "solutions"))
LOG = ".newest/log.txt"
LIMIT = 3600  # seconds, for each command that runs in the copy of the course


def main(arguments=None):
    """Try the versions of the command line, print the report and store it in .newest/report.md.

    Parameters
    ----------
    arguments : list of str, optional
        the command line; that of this process by default

    Returns
    -------
    int
        the exit status: 0 if nothing changed, 1 if something changed, 2 if nothing was tried
    """
    parser = argparse.ArgumentParser(
        prog="python -m tests.newest_versions", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--tensorflow", default="", help="a version; by default the newest")
    parser.add_argument("--keras", default="", help="a version; by default the newest")
    chosen = parser.parse_args(arguments)
    try:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "log.txt").unlink(missing_ok=True)
        text, status = try_versions(Environment(), chosen.tensorflow, chosen.keras)
    except (CannotTry, OSError) as reason:
        text, status = f"# The course on other versions: not tried\n\n{reason}\n", 2
    print(text, end="")
    with contextlib.suppress(OSError):  # the text may report that this folder cannot be made
        (FOLDER / "report.md").write_text(text, encoding="utf-8")
    return status


def try_versions(environment, tensorflow, keras):
    """Install the versions, run the course on them and compare.

    Parameters
    ----------
    environment : Environment
    tensorflow, keras : str
        a version; "" means the newest

    Returns
    -------
    tuple of (str, int)
        the report as Markdown, and the exit status: 0 if nothing changed, else 1

    Raises
    ------
    CannotTry
        if the versions cannot be installed, or if no notebook ran
    """
    tried = environment.make(tensorflow, keras)
    versions = report.version_changes(environment.pinned, tried)
    with tempfile.TemporaryDirectory(prefix="newest-") as folder:
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
        raise CannotTry(f"No notebook ran. {LOG} holds the output of pytest.")
    ran = f"{len(CASES)} cases and {sum(notebooks.values())} cells of {len(notebooks)} notebooks"
    names = (environment.tensorflow, "keras")
    asked = [(name, environment.pinned[name], tried[name]) for name in names]
    text = report.markdown(versions, asked, ran, cases, cells, others)
    return text, int(bool(cases or cells or others))


def copy_course(target, tried):
    """Copy the course to `target` and write the tried versions into the lock of the copy.

    Lesson 00 compares the installed versions with the lock.

    Parameters
    ----------
    target : Path
        a folder that does not exist
    tried : dict of str to str
        version by package

    Returns
    -------
    Path
        `target`
    """
    ignored = shutil.ignore_patterns(".*", SCRATCH, "__pycache__", "*.mine-*")
    shutil.copytree(ROOT, target, ignore=ignored)
    lock = target / LOCK
    entry = re.compile(r"^([a-z0-9-]+)==[^\s;]+", re.M)
    # Only one of TensorFlow's two names is installed, but the check may read the other one.
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
    """Run both forms of every case of the clinic.

    Parameters
    ----------
    python : Path
        the interpreter that has the versions
    course : Path
        the copy of the course

    Returns
    -------
    dict of str to dict
        by key of the case: what tests/newest_versions/cases.py observed, or
        {"key": key, "died": how its process ended}
    """
    command = [python, "-m", "tests.newest_versions.cases"]
    return observed(lambda words: _run(words, course), command, course / "cases.jsonl", [*CASES])


def run_tests(python, course):
    """Run the tests and notebooks of RUNS.

    Parameters
    ----------
    python : Path
        the interpreter that has the versions
    course : Path
        the copy of the course

    Returns
    -------
    dict
        "ran" and "failed" as tests/newest_versions/cells.py writes them, of all RUNS together
    """
    found = {"ran": {}, "failed": []}
    for number, tests in enumerate(RUNS):
        file = course / f"results-{number}.json"
        file.unlink(missing_ok=True)
        ended = _run([python, *PYTEST, *tests], course, NEWEST_RESULTS=str(file))
        if file.exists():
            here = json.loads(file.read_text(encoding="utf-8"))
            found["ran"] |= here["ran"]
            found["failed"] += here["failed"]
        # 1: something failed, 2: a file could not be collected
        if ended not in ("", "exit status 1", "exit status 2"):
            found["failed"].append({"id": tests[0], "error": f"pytest did not finish: {ended}"})
    return found


def _run(command, course, **variables):
    """Run `command` in the copy of the course; return "" if it succeeds, else how it ended."""
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
            return f"timeout after {LIMIT} seconds"
    return f"exit status {done.returncode}" if done.returncode else ""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
