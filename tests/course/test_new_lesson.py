"""`make new-lesson` writes a lesson that passes every test at once, and refuses other names."""

import subprocess
import sys

import pytest

from helpers import new_lesson
from helpers.new_lesson import CannotWrite
from helpers.paths import ROOT
from tests.course.test_notebook_plugin import run
from tests.support.tiny_course import copy_files

NAME = "13_new_name"
README = """\
All lessons together take
45 minutes.

| | lesson | minutes | you learn |
|---|---|---|---|
| 00 | [Start here](notebooks/00_start_here.ipynb) | 10 | how |
| 03 | [Later](notebooks/03_later.ipynb) | 35 | what |

More.
"""


@pytest.mark.weekly
def test_new_lesson_passes_every_test_at_once(tmp_path):
    course = tmp_path / "a course"
    copy_files(
        course,
        *("README.md", "pyproject.toml", "*/00_*", "helpers/**/*.py", "helpers/**/*.t*"),
        *("helpers/penguins/*.csv", "tests/__init__.py", "tests/support/*"),
        *(f"tests/exercises/{name}.py" for name in ("__init__", "nonsense", "proofs")),
        "tests/exercises/test_exercise.py",
        *("tests/course/__init__.py", "tests/course/test_consistency.py"),
        *("tests/course/test_lessons.py", "tests/course/test_lesson_proofs.py"),
        *("tests/course/test_pages.py", "notebooks/images/one_export.svg"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "helpers.new_lesson", NAME],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    files = done.stdout.split("content:\n")[1].split()
    assert len(files) == 8 and all((course / file).exists() for file in files)

    said, status = run(
        course,
        *("--numprocesses=0", "-p", "no:cacheprovider", "-k", "13_ or lesson_13 or Cell or source"),
        *(
            f"tests/course/test_{name}.py"
            for name in ("lessons", "consistency", "lesson_proofs", "pages")
        ),
        *("tests/exercises", f"notebooks/{NAME}.ipynb", f"solutions/{NAME}.ipynb"),
    )
    assert status == 0, said
    assert " skipped" not in said and " failed" not in said
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        done = subprocess.run(ruff, cwd=course, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lessons, whose notebooks are not derived."""
    monkeypatch.setattr(new_lesson, "make", lambda names, course: None)
    (tmp_path / "solutions").mkdir()
    for name in ("00_start_here", "03_later"):
        (tmp_path / "solutions" / f"{name}.py").touch()
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    return tmp_path


def snapshot(course):
    return {path: path.is_file() and path.read_bytes() for path in course.rglob("*")}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "'' is not a name of a lesson: write two digits, then lower-case words"),
        ("transfer", "'transfer' is not a name of a lesson"),
        ("1_transfer", "write two digits"),
        ("013_transfer", "write two digits"),
        ("12", "NAME=13_transfer_learning"),
        ("12_", "joined by underscores"),
        ("12-transfer", "joined by underscores"),
        ("12_Transfer", "lower-case words"),
        ("12_../../x", "is not a name of a lesson"),
        ("12_new\n", "is not a name of a lesson"),
        (
            "03_new",
            "the number 03 is in use: lesson 03_later has it. Choose another number, for ex",
        ),
        ("04_later", "the name later is in use: lesson 03_later has it"),
    ],
)
def test_other_names_are_refused_and_nothing_is_written(course, name, words):
    before = snapshot(course)
    with pytest.raises(CannotWrite) as raised:
        new_lesson.new_lesson(name, course)
    assert words in str(raised.value)
    assert snapshot(course) == before


def test_a_folder_that_is_left_over_is_not_overwritten(course):
    (course / "tests/exercises/lesson_13").mkdir(parents=True)
    with pytest.raises(CannotWrite, match="tests/exercises/lesson_13 exists"):
        new_lesson.new_lesson(NAME, course)


def test_a_readme_without_lessons_is_refused(course):
    (course / "README.md").write_text("No table.\n", encoding="utf-8")
    with pytest.raises(CannotWrite, match=r"README\.md has no table of lessons"):
        new_lesson.new_lesson(NAME, course)
    assert not (course / "helpers").exists()


@pytest.mark.parametrize(("name", "row"), [("02_new_name", 1), (NAME, 2)])
def test_readme_gets_a_row_in_order_and_the_new_sum(course, name, row):
    new_lesson.new_lesson(name, course)
    text = (course / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if "ipynb" in line]
    mine = rows.pop(row)
    assert mine == f"| {name[:2]} | [New name](notebooks/{name}.ipynb) | 10 | what you learn |"
    assert rows == [line for line in README.splitlines() if "ipynb" in line]
    assert "together take\n55 minutes.\n" in text and text.endswith("\nMore.\n")


def test_make_without_a_name_says_what_to_write():
    done = subprocess.run(["make", "new-lesson", "NAME="], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "make new-lesson NAME=13_transfer_learning" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["12_a", "13_b"], ["12"]])
def test_command_line_says_what_form_a_name_has(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "helpers.new_lesson", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1
    assert "NAME=13_transfer_learning" in done.stderr and "Traceback" not in done.stderr
