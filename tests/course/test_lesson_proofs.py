"""Each lesson has exercises, proofs of each exercise, and checks that refuse nonsense.

A failure is one sentence that names the file and says what to do. `test_proofs_gate.py` damages
lessons and reads these sentences.
"""

import re
from importlib import import_module

import pytest

from helpers.exercises import Lesson
from helpers.exercises.exercise import Exercise
from helpers.exercises.outcomes import PASSED
from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT
from tests.exercises.nonsense import NONSENSE
from tests.exercises.proofs import RIGHT, WRONG

EVERY_LESSON = pytest.mark.parametrize("name", lesson_names())


def exercises_file(name):
    return f"helpers/exercises/lesson_{name[:2]}/exercises.py"


def proofs_file(name):
    return f"tests/exercises/lesson_{name[:2]}/test_exercises.py"


def fail(file, what):
    pytest.fail(f"{file}: {what}.", pytrace=False)


def import_file(file, advice):
    """Import the module `file`. A missing or damaged file fails with one sentence."""
    if not (ROOT / file).exists():
        fail(file, f"this file is missing: {advice}")
    try:
        return import_module(file.removesuffix(".py").replace("/", "."))
    except Exception as error:  # every mistake of an author needs a sentence
        words = f"{type(error).__name__} ({error})"
    return fail(file, f"its import fails with {words}: fix it")


def exercises_of(name):
    """Return {key: Exercise} of a lesson."""
    advice = f"write the exercises of lesson {name} there, like those of the other lessons"
    module = import_file(exercises_file(name), advice)
    exercises = [value for value in vars(module).values() if isinstance(value, Exercise)]
    keys = [exercise.key for exercise in exercises]
    for key in keys:
        if keys.count(key) > 1:
            fail(exercises_file(name), f"two exercises have the key {key}: change one")
    return dict(zip(keys, exercises, strict=True))


@EVERY_LESSON
def test_each_exercise_is_checked_in_the_lesson(name):
    defined = exercises_of(name)
    code = "\n".join(cell.source for cell in derive(name, "notebooks").cells)
    checked = re.findall(r"lesson\.(\w+)\.check\(", code)
    for key in checked:
        if key not in defined:
            fail(exercises_file(name), f"it has no exercise {key}, which the lesson checks: add it")
    for key in defined.keys() - set(checked):
        fail(f"solutions/{name}.py", f"no cell calls lesson.{key}.check(...): add one")


@EVERY_LESSON
def test_each_exercise_has_its_proofs(name):
    file = proofs_file(name)
    module = import_file(file, f"write the proofs of lesson {name} there, with `prove`")
    table = getattr(module, "PROOFS", None)
    if table is None or not hasattr(module, "test_right_answer_passes"):
        fail(file, f'it proves nothing: end it with globals().update(prove("{name}", ...))')
    for key in exercises_of(name):
        if key not in table:
            fail(file, f"{key} has no proofs: add it to the table of `prove`")
        right, wrong = table[key].right, table[key].wrong
        if len(right) < RIGHT:
            what = f"{key} has {len(right)} right answers besides the solution and needs {RIGHT}"
            fail(file, f"{what}: add answers that are written in another way")
        if len(wrong) < WRONG:
            what = f"{key} has {len(wrong)} named mistakes and needs {WRONG}"
            fail(file, f"{what}: add wrong answers with the words that the learner must read")
        for mistake, proof in wrong.items():
            if not proof.words.strip():
                fail(file, f"{key}, mistake {mistake!r}: say which words the learner must read")


@pytest.mark.share(3)
@EVERY_LESSON
def test_each_check_refuses_nonsense(name, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    exercises_of(name)
    for key, exercise in Lesson(name).exercises.items():
        for what, make in NONSENSE.items():
            result = exercise.grade(*[make() for _ in exercise.answers])
            if result.outcome == PASSED:
                fail(exercises_file(name), f"the check of {key} passes {what}: make it refuse that")
