"""A damaged notebook fails `make test`, soon and with a line that says what to do.

Each test damages a course of one lesson in one way and runs the real pytest configuration on it.
"""

import os
import shutil
import subprocess
import sys
import time

import nbformat
import pytest

from helpers import notebooks
from tests.support.tiny_course import NAME, tiny_course

CELL = "print(5 * 5)"
FILES = [f"{folder}/{NAME}" for folder in ("notebooks", "solutions")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    course = tiny_course(tmp_path_factory.mktemp("course") / "whole")
    notebooks.make([NAME], course=course)
    return course


@pytest.fixture
def course(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "a course")


def run(course, *options, timeout=300):
    """Run pytest in `course`, at most `timeout` seconds. Return its output and exit status."""
    ours = ("PYTEST", "COURSE_", "COV_")  # these would connect it to this run
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return done.stdout + done.stderr, done.returncode


def replace(course, old, new, files):
    """Replace the text `old` by `new` in each of `files`."""
    for file in files:
        path = course / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def in_every_file(course, code):
    replace(course, CELL, code, [f"{FILES[1]}.py", *(f"{file}.ipynb" for file in FILES)])


def changed_output(course):
    replace(course, '"25\\n"', '"26\\n"', [f"{FILES[0]}.ipynb"])


def edited_notebook(course):
    replace(course, CELL, "print(25)", [f"{FILES[0]}.ipynb"])


def cleared_notebook(course):
    path = course / f"{FILES[0]}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)


def dead_kernel(course):
    in_every_file(course, "import os; os._exit(1)")


def hanging_cell(course):
    in_every_file(course, "while True: pass")


def ignored_output(course):
    in_every_file(course, "# NBVAL_IGNORE_OUTPUT\\nprint(5 * 5)")
    replace(course, "NBVAL_IGNORE_OUTPUT\\n", "NBVAL_IGNORE_OUTPUT\n", [f"{FILES[1]}.py"])


def damaged_notebook(course):
    path = course / f"{FILES[0]}.ipynb"
    path.write_text(path.read_text(encoding="utf-8")[:-100], encoding="utf-8")


DAMAGE = {
    # damage: words of the line that names the notebook
    changed_output: "the outputs stored for Cell 4 are not those of a fresh run",
    edited_notebook: "the source of cell 9 is not what its source gives",
    cleared_notebook: "it was not run once from top to bottom",
    dead_kernel: "the kernel died in Cell 4",
    hanging_cell: "Cell 4 raised an error or took too long",
    ignored_output: "cell 9 has a comment that weakens the comparison",
    damaged_notebook: "it is not a notebook, or is damaged",
}


def test_untouched_course_passes(course):
    said, status = run(course)
    assert status == 0, said
    assert "Cell" not in said and "skipped" not in said


@pytest.mark.share(3)
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_damage_fails_and_says_what_to_do(course, damage):
    damage(course)
    start = time.monotonic()
    # One process and one folder, because each start takes time.
    timeout = 10 if damage is hanging_cell else 600
    options = [f"--nbval-cell-timeout={timeout}"]
    said, status = run(course, "--numprocesses=0", *options, "tests", "notebooks")
    assert status == (2 if damage is damaged_notebook else 1), said
    lines = [line for line in said.splitlines() if line.startswith(f"{FILES[0]}.ipynb: ")]
    assert any(DAMAGE[damage] in line for line in lines), said
    for line in lines:
        assert f"edit solutions/{NAME}.py, then `make notebooks LESSON=00`" in line
        assert "`make reset LESSON=00` keeps them in a copy" in line
    # nbval alone would wait for a dead kernel until the timeout of a cell.
    assert time.monotonic() - start < 300
