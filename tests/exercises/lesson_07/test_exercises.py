"""Lesson 07: right answers, named mistakes, untouched, variants."""

import functools

import numpy as np
import pytest

from helpers import readers
from helpers.exercises.lesson_07 import variants
from helpers.exercises.lesson_07.exercises import (
    repair_for_the_phone,
    repair_the_number_of_rows,
    repair_the_threshold,
    repair_the_weights,
)
from helpers.exercises.outcomes import NOT_YET, PASSED
from tests.exercises.lesson_07 import answers
from tests.exercises.lesson_07.score_proofs import (
    CUT,
    FROZEN,
    GARBAGE,
    PREDICTION,
    Q1,
    Q2,
    Q3,
    Q4,
    STATE,
)
from tests.exercises.proofs import prove
from tests.exercises.repairs import KEY

NAME = "07_silent_failures"

BROKEN = {  # the reader that does not give the right answer, or None for an error in it
    "nonsense on the phone": (
        repair_for_the_phone,
        "inputs",
        "litert",
        variants.phone().score,
    ),
    "restored weights": (repair_the_weights, "rows", "python", variants.restored().score),
    "two articles": (repair_the_number_of_rows, "rows", "python", variants.average().above),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_silently_wrong(name, lesson):
    exercise, key, reader, right = BROKEN[name]
    rows = variants.ROWS[:2]
    (got,) = readers.run(exercise.given(), KEY, {key: rows}, reader).values()
    assert got.shape == (2, 1)
    assert abs(got - right(rows)).max() > 0.1


VARIANTS = {  # repairs that read what was given, and so are right for each variant
    "q1": (
        repair_for_the_phone,
        GARBAGE,
        functools.partial(answers.rebuilt, exercise=repair_for_the_phone),
    ),
    "q2": (repair_the_weights, CUT, answers.of_variables),
    "q3": (repair_the_number_of_rows, FROZEN, answers.averaged),
    "q4": (repair_the_threshold, STATE, answers.of_the_restored_function),
}


def predicted(exercise, seed):
    if exercise is not repair_the_threshold:
        return ()
    drawn, row = variants.labelled(seed), variants.ROWS[:1]
    old, new = (int(drawn.score(row).item() > limit) for limit in (drawn.before, drawn.after))
    return (dict(zip(PREDICTION, (old, new, new), strict=True)),)


@pytest.mark.parametrize("key", VARIANTS)
def test_the_answer_of_a_variant_is_right_for_that_variant_only(key, lesson, tmp_path, monkeypatch):
    exercise, diagnosis, repair = VARIANTS[key]
    first = repair(tmp_path / "first")
    given = exercise.given
    for seed in (1, 2):
        monkeypatch.setattr(exercise, "given", functools.partial(given, seed))
        prediction = predicted(exercise, seed)
        repaired = repair(tmp_path / str(seed))
        passed = exercise.grade(diagnosis, *prediction, repaired, notebook={})
        assert passed.outcome == PASSED, passed
        assert f"lesson.{key}.given({seed + 1})" in passed.message
        refused = exercise.grade(diagnosis, *prediction, first, notebook={})
        assert refused.outcome == NOT_YET, refused
    given()
    answer = diagnosis, *predicted(exercise, None), first
    assert exercise.grade(*answer, notebook={}).outcome == PASSED


def test_each_variant_tells_a_right_answer_from_the_nearest_wrong_ones():
    assert predicted(repair_the_threshold, None) == (PREDICTION,)
    for seed in (None, *range(100)):
        labels = variants.labelled(seed)
        scores = labels.score(labels.many_rows())
        for threshold in (labels.before, labels.after):
            assert np.float32(threshold) in scores
        assert labels.score(variants.ROWS[:1]).item() == pytest.approx(0.6)
        assert seed is None or predicted(repair_the_threshold, seed) != (PREDICTION,)
        articles = variants.average(seed)
        assert abs(articles.score(articles.many_rows()).mean()) > 1


globals().update(prove(NAME, {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))
