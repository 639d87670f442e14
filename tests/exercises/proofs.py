"""The three proofs of an exercise, written once: right answers pass, named mistakes fail with
their own words, untouched says not attempted. The solution itself is proved where it stands, in
the executed notebooks (tests/course/test_lessons.py).
"""

from dataclasses import dataclass

import pytest

from helpers.exercises import Lesson
from helpers.exercises.outcomes import NOT_ATTEMPTED, NOT_YET, PASSED, RAISED


@dataclass(frozen=True)
class Mistake:
    """A wrong answer, and words that the learner must read; `outcome` is NOT_YET or RAISED."""

    answer: object
    words: str
    outcome: str = NOT_YET


@dataclass(frozen=True)
class Proofs:
    """right, wrong : by name; each answer is a function of a new folder that returns the tuple of
    answers for `check`. untouched : how the cell stands before the learner writes."""

    right: dict
    wrong: dict
    untouched: tuple


def prove(lesson_name, table):
    """The pytest functions that prove the exercises of a lesson, by name, for globals().

    table : {exercise key: Proofs}
    """
    rights = [(key, name) for key, proofs in table.items() for name in proofs.right]
    wrongs = [(key, name) for key, proofs in table.items() for name in proofs.wrong]

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
            assert len(proofs.right) >= 2, f"{key}: two right answers besides the solution"
            assert len(proofs.wrong) >= 4, f"{key}: four named mistakes"

    @pytest.mark.parametrize(("key", "name"), rights)
    def test_right_answer_passes(lesson, tmp_path, key, name):
        result = lesson.exercises[key].grade(*table[key].right[name](tmp_path))
        assert result.outcome == PASSED, result

    @pytest.mark.parametrize(("key", "name"), wrongs)
    def test_mistake_fails_with_its_own_words(lesson, tmp_path, key, name):
        mistake = table[key].wrong[name]
        result = lesson.exercises[key].grade(*mistake.answer(tmp_path))
        assert result.outcome == mistake.outcome, result
        assert mistake.words in result.message, result
        assert mistake.outcome in (NOT_YET, RAISED)

    @pytest.mark.parametrize("key", table)
    def test_untouched_is_not_attempted(lesson, key):
        untouched = table[key].untouched
        assert lesson.exercises[key].grade(*untouched).outcome == NOT_ATTEMPTED
        for position in range(len(untouched)):
            half = list(untouched)
            half[position] = ...
            assert lesson.exercises[key].grade(*half).outcome == NOT_ATTEMPTED

    functions = (
        test_every_exercise_has_its_proofs,
        test_right_answer_passes,
        test_mistake_fails_with_its_own_words,
        test_untouched_is_not_attempted,
    )
    return {"lesson": lesson} | {function.__name__: function for function in functions}
