"""COURSE_STRICT=1: graders that run notebooks see which exercises are not passed."""

import os
import subprocess

import nbformat
import pytest

from helpers.exercises.exercise import exercise
from helpers.exercises.outcomes import require
from helpers.notebooks import derive
from helpers.paths import ROOT

# The interpreter of an environment with nbgrader and this course's packages.
NBGRADER = os.environ.get("NBGRADER_PYTHON")


@exercise("q1", "number", hints=["Count."])
def count(number):
    """Give the number 3"""
    require(number == 3, f"number should be 3, but is {number}.")
    return "it is 3."


@pytest.mark.parametrize(
    ("number", "words"), [(4, "not yet: number should be 3"), (..., "not att")]
)
def test_only_a_pass_does_not_raise(number, words, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    count.check(3)
    with pytest.raises(AssertionError, match=words):
        count.check(number)


@pytest.mark.parametrize("value", ["", "0"])
def test_by_default_nothing_raises(value, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", value)
    count.check(4)
    count.check(...)


def graded_by_nbgrader(folder, notebook):
    """Return the points and the most points that nbgrader gives a notebook of lesson 00."""
    code = (
        "import sys, nbformat\n"
        "from nbgrader.preprocessors import Execute\n"
        "from nbgrader.utils import determine_grade\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "Execute(timeout=200, kernel_name='python3').preprocess(notebook, {'metadata': {}})\n"
        "cells = [cell for cell in notebook.cells if 'nbgrader' in cell.metadata]\n"
        "print([determine_grade(cell) for cell in cells])"
    )
    for cell in notebook.cells:
        if "lesson.q1.check(" in cell.source:
            told = {"grade": True, "points": 1, "grade_id": "q1", "solution": False}
            cell.metadata["nbgrader"] = {
                **told,
                "locked": False,
                "schema_version": 3,
                "task": False,
            }
            cell.metadata["nbgrader"]["cell_type"] = "code"
    path = folder / "00_start_here.ipynb"
    nbformat.write(notebook, path)
    done = subprocess.run(
        [NBGRADER, "-c", code, path],
        cwd=ROOT / "notebooks",
        env={**os.environ, "COURSE_STRICT": "1", "COURSE_EXPORTS": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.skipif(not NBGRADER, reason="NBGRADER_PYTHON names no interpreter with nbgrader")
def test_nbgrader_gives_points_for_a_pass_only(tmp_path):
    untouched = graded_by_nbgrader(tmp_path, derive("00_start_here", "notebooks"))
    solved = graded_by_nbgrader(tmp_path, derive("00_start_here", "solutions"))
    assert untouched.startswith("[(0, 1") and solved.startswith("[(1.0, 1"), (untouched, solved)
