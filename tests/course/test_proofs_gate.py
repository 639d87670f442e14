"""Damaged lessons fail `test_lesson_proofs.py`, each with the sentence that says what to do.

A small course has one lesson per kind of damage. The real gate reads it once.
"""

import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from helpers.paths import ROOT
from tests.course.test_notebook_plugin import run
from tests.support.tiny_course import copy_files

EXERCISES = '''
"""The exercise of a small lesson."""

from helpers.exercises.exercise import exercise
from helpers.exercises.outcomes import require


@exercise("q1", "answer", hints=["Add."])
def add(answer):
    """Add one and two"""
    require(type(answer) in (int, float) and answer == 3, "answer should be 3.")
    return "the sum."
'''
SECOND = EXERCISES.split("\n\n\n")[1].replace("def add", "def add_again")
PROOFS = '''
"""The proofs of a small lesson."""

from tests.exercises.proofs import Mistake, Proofs, prove

WRONG = {
    "adds one": Mistake(lambda _: (2,), "should be 3"),
    "multiplies": Mistake(lambda _: (2.0,), "should be 3"),
    "a text": Mistake(lambda _: ("3",), "should be 3"),
    "subtracts": Mistake(lambda _: (-1,), "should be 3"),
}
RIGHT = {"an int": lambda _: (3,), "a float": lambda _: (3.0,)}
RIGHT |= {f"a sum {n}": lambda _, n=n: (n + 3 - n,) for n in range(3)}
NEAR = {f"{n}": lambda _, n=n: (n,) for n in range(4, 12)}
globals().update(prove("NAME", {"q1": Proofs(RIGHT, WRONG, (...,), NEAR)}))
'''


def changed(**texts):
    """Return the texts of a small lesson, with some of them replaced."""
    lesson = {"solution": "lesson.q1.check(3)", "exercises": EXERCISES, "proofs": PROOFS}
    return lesson | texts


LESSONS = {
    # name: (its texts, the file that the sentence names, words of the sentence)
    "00_whole": (changed(), "", ""),
    "01_no_exercises": (
        changed(exercises=None),
        "helpers/exercises/lesson_01/exercises.py",
        "this file is missing: write the exercises of lesson 01_no_exercises there",
    ),
    "02_no_proofs": (
        changed(proofs=None),
        "tests/exercises/lesson_02/test_exercises.py",
        "this file is missing: write the proofs of lesson 02_no_proofs there",
    ),
    "03_one_right_answer": (
        changed(proofs=PROOFS.replace('"an int": lambda _: (3,), ', "")),
        "tests/exercises/lesson_03/test_exercises.py",
        "q1 has 4 right answers besides the solution and needs 5: add answers",
    ),
    "04_three_mistakes": (
        changed(proofs=PROOFS.replace("WRONG = {", "WRONG = {}\nUNUSED = {")),
        "tests/exercises/lesson_04/test_exercises.py",
        "q1 has 0 named mistakes and needs 4: add wrong answers",
    ),
    "05_says_yes": (
        changed(exercises=re.sub(r"\n    require.*", "", EXERCISES)),
        "helpers/exercises/lesson_05/exercises.py",
        "the check of q1 passes None: make it refuse that",
    ),
    "06_says_yes_to_numbers": (
        changed(exercises=EXERCISES.replace("and answer == 3", "")),
        "helpers/exercises/lesson_06/exercises.py",
        "the check of q1 passes zero: make it refuse that",
    ),
    "07_proofs_of_one_of_two": (
        changed(
            solution="lesson.q1.check(3)\nlesson.q2.check(3)",
            exercises=EXERCISES + SECOND.replace("q1", "q2"),
        ),
        "tests/exercises/lesson_07/test_exercises.py",
        "q2 has no proofs: add it to the table",
    ),
    "08_unused_proofs": (
        changed(proofs=PROOFS.replace("globals().update", "_ = ")),
        "tests/exercises/lesson_08/test_exercises.py",
        'it proves nothing: end it with globals().update(prove("08_unused_proofs", ...))',
    ),
    "09_exercise_without_check": (
        changed(solution="lesson.q2.check(3)"),
        "helpers/exercises/lesson_09/exercises.py",
        "it has no exercise q2, which the lesson checks: add it",
    ),
    "10_not_checked": (
        changed(solution="3"),
        "solutions/10_not_checked.py",
        "no cell calls lesson.q1.check(...): add one",
    ),
    "11_damaged": (
        changed(exercises="import helpers.nothing"),
        "helpers/exercises/lesson_11/exercises.py",
        "its import fails with ModuleNotFoundError (No module named 'helpers.nothing'): fix it",
    ),
    "13_one_key_twice": (
        changed(exercises=EXERCISES + SECOND),
        "helpers/exercises/lesson_13/exercises.py",
        "two exercises have the key q1: change one",
    ),
    "12_no_words": (
        changed(proofs=PROOFS.replace('(2,), "should be 3"', '(2,), ""')),
        "tests/exercises/lesson_12/test_exercises.py",
        "q1, mistake 'adds one': say which words the learner must read",
    ),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with the real gate and one small lesson per kind of damage."""
    folder = tmp_path_factory.mktemp("gate") / "a course"
    left_out = shutil.ignore_patterns("__pycache__", "lesson_[0-9]*", "*.whl", "serving", "clinic")
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=left_out)
    copy_files(
        folder,
        *("pyproject.toml", "tests/__init__.py", "tests/support/*.py", "tests/course/__init__.py"),
        *("tests/course/test_lesson_proofs.py", "tests/exercises/__init__.py"),
        *("tests/exercises/proofs.py", "tests/exercises/nonsense.py"),
    )
    for name, (texts, _, _) in LESSONS.items():
        write_lesson(folder, name, **texts)
    return folder


def write_lesson(course, name, solution, exercises, proofs):
    """Write a lesson of one cell. None as a text: the file is missing."""
    for file, text in (
        (f"solutions/{name}.py", f"# %%\n{solution}\n"),
        (f"helpers/exercises/lesson_{name[:2]}/__init__.py", ""),
        (f"helpers/exercises/lesson_{name[:2]}/exercises.py", exercises),
        (f"tests/exercises/lesson_{name[:2]}/__init__.py", ""),
        (f"tests/exercises/lesson_{name[:2]}/test_exercises.py", proofs),
    ):
        path = course / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text.lstrip().replace("NAME", name), encoding="utf-8")


@pytest.fixture(scope="module")
def said(course):
    """{lesson: what its failures say, a list of lines}."""
    gate = "tests/course/test_lesson_proofs.py"
    text, status = run(
        course, "--numprocesses=0", "-p", "no:cacheprovider", "--all", "--tb=short", gate
    )
    assert status == 1, text
    parts = re.split(
        r"^_+ (?:test_\w+)\[(\w+)\] _+$", text.split("= short test summary")[0], flags=re.M
    )
    found = {name: [] for name in LESSONS}
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        found[name] += [line for line in part.splitlines() if line and not line.startswith("=")]
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_damaged_lesson_fails_with_one_sentence(said, name):
    _, file, words = LESSONS[name]
    if not file:
        assert said[name] == []
        return
    sentences = set(said[name])
    assert len(sentences) == 1, sentences
    (sentence,) = sentences
    assert sentence.startswith(f"{file}: "), sentence
    assert words in sentence
    assert "Traceback" not in sentence


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "01_no_exercises",
            "FileNotFoundError: lesson 01_no_exercises has no exercises: its file ",
        ),
        ("11_damaged", "ModuleNotFoundError: No module named 'helpers.nothing'"),
        ("99_unknown", "ValueError: no lesson '99_unknown': there are 00_whole, 01_no_exercises"),
    ],
)
def test_a_lesson_that_cannot_start_says_why(course, tmp_path, name, words):
    code = f"""
        import sys
        sys.modules["tensorflow"] = None  # the sentence does not need it, and the import takes 4 s
        from helpers.exercises import Lesson
        Lesson({name!r})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(words), done.stderr
    if name == "01_no_exercises":
        assert "helpers/exercises/lesson_01/exercises.py is missing" in last
