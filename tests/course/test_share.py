"""A commit runs a share of the longest tests, and the weekly run all of them."""

import re
import subprocess
import sys

import pytest

from helpers.paths import ROOT

TESTS = """
import pytest

@pytest.mark.share(3)
@pytest.mark.parametrize("case", range(7))
def test_table(case): ...

@pytest.mark.weekly
def test_long(): ...

def test_short(): ...
"""
SHARE = ["test_table[0]", "test_table[3]", "test_table[6]", "test_short"]
WHOLE = [*(f"test_table[{case}]" for case in range(7)), "test_long", "test_short"]


@pytest.mark.parametrize(
    ("options", "run"),
    [
        ([], SHARE),
        (["--all"], WHOLE),
        (["test_cases.py"], SHARE),
        (["test_cases.py::test_long"], ["test_long"]),
        (["test_cases.py::test_table"], WHOLE[:7]),
        (["-k", "long or short"], ["test_long", "test_short"]),
        (["-m", "weekly"], ["test_long"]),
    ],
    ids=" ".join,
)
def test_what_a_run_leaves_out(tmp_path, options, run):
    (tmp_path / "test_cases.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n", encoding="utf-8")
    own = ["-p", "tests.support.share", "-p", "no:cacheprovider", "--strict-markers"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *own, *options],
        cwd=tmp_path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert re.findall(r"::(\S+)", done.stdout) == run, done.stdout + done.stderr
    assert ("make test ALL=1" in done.stdout) == (run is SHARE)
