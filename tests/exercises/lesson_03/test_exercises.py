"""Lesson 03: right answers, named mistakes, untouched."""

import time

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises import learner_code
from helpers.exercises.lesson_03 import exercises, parcel_checks, parcel_exports
from helpers.exercises.lesson_03.default_signatures import OUTCOMES, columns_of_default
from helpers.exercises.lesson_03.endpoint_checks import rows_around
from helpers.exercises.lesson_03.function_pairs import CHANGED, HONEST, counterfeits, pair
from helpers.exercises.lesson_03.stale_exports import ENDPOINTS, exact_zeros, variant
from helpers.exercises.outcomes import NOT_YET, PASSED
from tests.exercises.lesson_03.answers import (
    THIRD_FIRST,
    notebook,
    trained,
    with_classify,
)
from tests.exercises.lesson_03.q1_proofs import PROOFS as Q1
from tests.exercises.lesson_03.q2_proofs import PREDICTION
from tests.exercises.lesson_03.q2_proofs import PROOFS as Q2
from tests.exercises.lesson_03.q3_proofs import PROOFS as Q3
from tests.exercises.lesson_03.q3_proofs import compared
from tests.exercises.lesson_03.q4_proofs import PROOFS as Q4
from tests.exercises.lesson_03.q4_proofs import STALE, from_the_export, from_the_weights
from tests.exercises.lesson_03.q5_proofs import PROOFS as Q5
from tests.exercises.proofs import prove


@pytest.mark.parametrize("words", counterfeits())
def test_a_counterfeit_differs_from_its_original(words):
    """Otherwise no proof could find it. The honest pairs agree on the same rows."""
    rows = np.array([[-1, 2, -3], [4, -5, 1e6], [0.5, 1, np.nan], [2, 2, 0]], np.float32)

    def agree(two, three):
        batches = rows, rows[:2], rows[3:]
        try:
            return all(np.allclose(two(batch[:, :2]), three(batch)) for batch in batches)
        except tf.errors.InvalidArgumentError:
            return False

    assert not agree(*pair(*CHANGED, counterfeits()[words]))
    assert all(agree(*pair(*honest)) for honest in HONEST.values())


def test_an_endless_proof_is_stopped(monkeypatch, lesson):
    monkeypatch.setattr(learner_code, "SECONDS", 1)
    answered = []

    def endless(two, three):
        while len(answered) == 3:
            two(np.ones((1, 2)))
        answered.append(two)
        return True

    result = lesson.exercises["q3"].grade(endless)
    assert "should return within 1 seconds, but did not" in result.message
    assert "It has answered 3 of 22 pairs." in result.message


def test_a_slow_proof_reads_how_far_it_came(monkeypatch, lesson):
    monkeypatch.setattr(exercises, "MOST_SECONDS", 0.2)

    def slow(two, three):
        began = time.process_time()
        while time.process_time() < began + 0.05:
            pass
        return compared()(None)[0](two, three)

    result = lesson.exercises["q3"].grade(slow)
    assert result.outcome == NOT_YET
    assert "should answer all pairs within 0.2 seconds of computing" in result.message
    assert "It has answered" in result.message and "of 22 pairs" in result.message


@pytest.mark.parametrize("key", ["q1", "q2"])
def test_another_model_in_the_notebook(lesson, tmp_path, key):
    folder = with_classify(tmp_path, order=THIRD_FIRST)
    answer = (folder,) if key == "q1" else (PREDICTION, folder)
    result = lesson.exercises[key].grade(*answer, notebook={"model": trained((5, 5))})
    assert "model should compute about 2·(x0 + x1) + 1, but answers -6.51 for the row" in (
        result.message
    )
    result = lesson.exercises[key].grade(*answer, notebook={"model": print})
    assert "for rows of two numbers, but does not" in result.message
    result = lesson.exercises[key].grade(*answer, notebook={})
    assert "this check needs model of the notebook" in result.message


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_a_variant_has_its_own_right_answer(lesson, tmp_path, seed):
    q4 = lesson.exercises["q4"]
    of_the_first = from_the_weights(tmp_path / "first")
    try:
        q4.given(seed)
        stale = variant(seed).stale
        right = from_the_weights(tmp_path / "variant")
        assert q4.grade(stale, right).outcome == PASSED
        assert q4.grade(stale, of_the_first).outcome == NOT_YET
        for other in {*ENDPOINTS, "serving_default"} - {stale}:
            assert q4.grade(other, right).outcome == NOT_YET
    finally:
        q4.given()


def test_a_repair_over_the_given_export_is_said(lesson):
    q4 = lesson.exercises["q4"]
    folder = q4.given()
    try:
        result = q4.grade(STALE, from_the_export(folder))
    finally:
        q4.given()
    assert result.outcome == NOT_YET and "Export to another directory" in result.message


SEEDS = None, *range(-3, 40)


def test_every_mistake_differs_in_every_variant():
    for seed in SEEDS:
        made = variant(seed)
        kernel, old_kernel = (np.reshape(one.kernel, (2, 1)) for one in (made.now, made.old))
        bias, old_bias = made.now.bias, made.old.bias

        def score(rows, kernel=kernel, bias=bias):
            return rows @ kernel.astype(np.float32) + np.float32(bias)

        zeros = exact_zeros(kernel, np.array([bias]))
        assert not score(zeros).any()
        rows = rows_around(score, zeros)[:, :2]
        older = rows @ old_kernel + old_bias
        wrong = {
            "older": older,
            "twice the older": 2 * older,
            "half of the older": older / 2,
            "the older with the other sign": -older,
            "the older kernel": rows @ old_kernel + bias,
            "the older bias": rows @ kernel + old_bias,
            "swapped": score(rows[:, ::-1]),
        }
        for words, other in wrong.items():
            assert np.abs(other - score(rows)).max() > 0.1, (seed, words)
            assert ((other > 0) != (score(rows) > 0)).sum() > 1, (seed, words)


def test_the_variants_differ():
    variants = [variant(seed) for seed in SEEDS]
    assert len(set(variants)) == len(variants)
    assert {made.stale for made in variants} == set(ENDPOINTS)
    assert variant(1).stale != variant().stale


@pytest.mark.parametrize("seed", [1, -2])
def test_a_variant_of_the_parcels_has_its_own_right_answer(lesson, tmp_path, seed):
    q5 = lesson.exercises["q5"]
    (tmp_path / "first").mkdir()
    (of_the_first,) = Q5.right["a Sequential model"](tmp_path / "first")
    try:
        directory, parcels, late = q5.given(seed)
        assert directory.is_dir() and (parcels.shape, late.shape) == ((400, 4), (400, 1))
        (right,) = Q5.right["a Sequential model"](tmp_path)
        assert q5.grade(right).outcome == PASSED
        assert q5.grade(of_the_first).outcome == NOT_YET
    finally:
        q5.given()


def test_only_the_features_tell_the_parcels_apart():
    variants = [parcel_exports.variant(seed) for seed in SEEDS]
    for made in variants:
        x, late = parcel_exports.parcels(made, parcel_exports.GIVEN, seed=0)
        new, new_late = parcel_exports.parcels(made, parcel_exports.NEW, seed=2)
        assert len(x) == parcel_exports.GIVEN and len(new) == parcel_exports.NEW
        assert 0.3 < late.mean() < 0.7

        def all_six(rows, made=made):
            return parcel_exports.features(rows, made.kernel, made.bias)

        def hours(rows, made=made, all_six=all_six):
            return all_six(rows) @ made.hours

        for columns in (np.asarray, hours):
            plane = parcel_exports.separate(columns(x), late)
            right = np.count_nonzero(plane(columns(new)) == new_late)
            assert right < parcel_checks.ENOUGH - 10
        right = (all_six(new) @ made.rule > made.limit) == new_late
        assert right.all()
    assert len({made.limit for made in variants}) == len(variants)
    assert {made.order[0] for made in variants} == set(parcel_exports.ENDPOINTS)


def test_the_defaults_to_predict_differ():
    assert {columns_of_default(export) for export in PREDICTION} == set(OUTCOMES)


def test_rows_lie_on_both_sides_of_the_limit_at_every_distance():
    def score(rows):
        return rows @ np.array([[2.01], [1.98]], np.float32) + np.float32(0.99)

    rows = rows_around(score)
    scores = score(rows[:, :2]).ravel()
    for limit in (1, 0.1, 0.01, 1e-3, 1e-4, 1e-5):
        assert ((scores > 0) & (scores < limit)).sum() > 2
        assert ((scores < 0) & (scores > -limit)).sum() > 2
    assert np.isnan(rows[:, 2]).any() and np.isinf(rows[:, 2]).any()
    assert np.isfinite(rows[:, :2]).all()


globals().update(
    prove(
        "03_many_signatures",
        {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5},
        notebook=notebook,
    )
)
