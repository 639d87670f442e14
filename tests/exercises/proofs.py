"""The proofs of an exercise: right answers pass, named mistakes fail with their own words, and an
untouched cell is not attempted.

The executed notebooks prove the solution itself (tests/course/test_lessons.py). A lesson without
enough proofs fails in tests/course/test_lesson_proofs.py.
"""

from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from helpers.exercises import Lesson
from helpers.exercises.outcomes import NOT_ATTEMPTED, NOT_YET, PASSED, RAISED

RIGHT, WRONG, REFUSED = 5, 4, 12  # how many answers of each kind an exercise needs, at least
SHARE = 4  # a commit tries one answer in four: some right and some wrong ones of each exercise


@dataclass(frozen=True)
class Mistake:
    """A wrong answer to an exercise.

    Attributes
    ----------
    answer : callable
        Function of a new folder. It returns the tuple of answers for `check`.
    words : str
        Words that the learner must read.
    outcome : {NOT_YET, RAISED}
    """

    answer: Callable[[Path], tuple]
    words: str
    outcome: str = NOT_YET


@dataclass(frozen=True)
class Proofs:
    """The proofs of one exercise.

    Attributes
    ----------
    right : dict of str to callable
        Right answers by name, besides the solution. Each is a function of a new folder and returns
        the tuple of answers for `check`.
    wrong : dict of str to Mistake
        Wrong answers by name.
    untouched : tuple
        The answers in the cell before the learner writes.
    near : dict of str to callable
        Further wrong answers by name, which differ from a right one in one thing: a constant a
        little off, a condition left out, a shortcut, a side effect. Each is a function of a new
        folder and returns the tuple of answers for `check`.
    """

    right: dict[str, Callable[[Path], tuple]]
    wrong: dict[str, Mistake]
    untouched: tuple
    near: dict[str, Callable[[Path], tuple]] = field(default_factory=dict)


def other_mappings(right: Mapping[str, object]) -> dict[str, Callable[[Path], tuple]]:
    """Write the same right answer as mappings of other types, for `Proofs.right`."""
    written = {
        "backwards": dict(reversed(right.items())),
        "ordered": OrderedDict(right),
        "read only": MappingProxyType(dict(right)),
        "own class": UserDict(right),
        "of numpy": {key: _of_numpy(value) for key, value in right.items()},
    }
    return {name: lambda _, answer=answer: (answer,) for name, answer in written.items()}


def _of_numpy(value):
    return np.array([value])[0]


def one_wrong(
    right: Mapping[str, object], outcomes: Iterable[object]
) -> dict[str, Callable[[Path], tuple]]:
    """Write each answer with one wrong outcome or one of another kind, for `Proofs.near`."""
    outcomes = list(outcomes)
    answers = {}
    for key, value in right.items():
        changed = [other for other in outcomes if other != value]
        kinds = (
            (value.encode(), value.upper(), f"{value} ")
            if isinstance(value, str)
            else (str(value),)
        )
        for other in (*changed, *kinds):
            answers[f"{key}: {other!r}"] = {**right, key: other}
        answers[f"without {key}"] = {k: v for k, v in right.items() if k != key}
    return {name: lambda _, answer=answer: (answer,) for name, answer in answers.items()}


def prove(
    lesson_name: str,
    table: Mapping[str, Proofs],
    notebook: Callable[[], Mapping[str, object]] = dict,
) -> dict[str, object]:
    """Make the tests that prove the exercises of a lesson.

    Parameters
    ----------
    lesson_name : str
        "01_basic_export".
    table : mapping of str to Proofs
        By exercise: {"q1": ...}.
    notebook : callable
        It returns the names of the notebook that the checks need: {"model": ...}.

    Returns
    -------
    dict of str to object
        Names for `globals()` of the test module: the tests, their fixture, and `PROOFS`, the table.
    """
    rights = [(key, name) for key, proofs in table.items() for name in proofs.right]
    wrongs = [(key, name) for key, proofs in table.items() for name in proofs.wrong]
    misses = [(key, name) for key, proofs in table.items() for name in proofs.near]

    def grade(lesson, key, answers):
        exercise = lesson.exercises[key]
        result = exercise.grade(*answers, notebook=notebook())
        exercise._digest = None  # the next answer is that of another learner
        return result

    @pytest.fixture(scope="module")
    def lesson(tmp_path_factory):
        with pytest.MonkeyPatch.context() as patch:
            folder = tmp_path_factory.mktemp(lesson_name)
            patch.setenv("COURSE_EXPORTS", str(folder))
            patch.setenv("COURSE_PROGRESS", str(folder / "progress.json"))
            yield Lesson(lesson_name)

    def test_every_exercise_has_its_proofs(lesson):
        assert table.keys() == lesson.exercises.keys()
        for key, proofs in table.items():
            assert len(proofs.right) >= RIGHT, f"{key}: {RIGHT} right answers besides the solution"
            assert len(proofs.wrong) >= WRONG, f"{key}: {WRONG} named mistakes"
            refused = len(proofs.wrong) + len(proofs.near)
            assert refused >= REFUSED, f"{key}: {REFUSED} mistakes and near misses, not {refused}"

    @pytest.mark.share(SHARE)
    @pytest.mark.parametrize(("key", "name"), rights)
    def test_right_answer_passes(lesson, tmp_path, key, name):
        result = grade(lesson, key, table[key].right[name](tmp_path))
        assert result.outcome == PASSED, result

    @pytest.mark.share(SHARE)
    @pytest.mark.parametrize(("key", "name"), wrongs)
    def test_mistake_fails_with_its_own_words(lesson, tmp_path, key, name):
        mistake = table[key].wrong[name]
        result = grade(lesson, key, mistake.answer(tmp_path))
        assert result.outcome == mistake.outcome, result
        assert mistake.words in result.message, result
        assert mistake.outcome in (NOT_YET, RAISED)

    @pytest.mark.share(SHARE)
    @pytest.mark.parametrize(("key", "name"), misses)
    def test_near_miss_is_refused(lesson, tmp_path, key, name):
        result = grade(lesson, key, table[key].near[name](tmp_path))
        assert result.outcome in (NOT_YET, RAISED), result

    @pytest.mark.parametrize("key", table)
    def test_untouched_is_not_attempted(lesson, key):
        untouched = table[key].untouched
        assert grade(lesson, key, untouched).outcome == NOT_ATTEMPTED
        for position in range(len(untouched)):
            half = list(untouched)
            half[position] = ...
            assert grade(lesson, key, half).outcome == NOT_ATTEMPTED

    functions = [
        test_every_exercise_has_its_proofs,
        test_right_answer_passes,
        test_mistake_fails_with_its_own_words,
        test_untouched_is_not_attempted,
    ]
    if misses:
        functions.append(test_near_miss_is_refused)
    names = {"PROOFS": dict(table), "lesson": lesson}
    return names | {function.__name__: function for function in functions}
