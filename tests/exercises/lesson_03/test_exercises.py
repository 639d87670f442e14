"""Lesson 03: right answers, named mistakes, untouched."""

import time

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises import learner_code
from helpers.exercises.lesson_03 import exercises
from helpers.exercises.lesson_03.endpoint_checks import rows_around
from helpers.exercises.lesson_03.function_pairs import HONEST, counterfeits, pair
from helpers.exercises.lesson_03.stale_exports import ENDPOINTS, exact_zeros, variant
from helpers.exercises.outcomes import NOT_YET, PASSED
from tests.exercises.lesson_03.answers import (
    BIAS,
    KERNEL,
    THREE,
    archive,
    classify,
    copied,
    module,
    notebook,
    plane_of,
    saved_the_old_way,
    snapshot,
    trained,
    with_classify,
    with_mean,
    with_the_bias_copied,
    with_where,
    with_words,
    wrapped,
)
from tests.exercises.lesson_03.q3_proofs import PROOFS as Q3
from tests.exercises.lesson_03.q3_proofs import compared
from tests.exercises.lesson_03.q4_proofs import PROOFS as Q4
from tests.exercises.lesson_03.q4_proofs import from_the_weights
from tests.exercises.proofs import Mistake, Proofs, prove


def made(function, *arguments, **options):
    """An answer of one directory, made in a new folder when it is asked for."""
    return lambda folder: (function(folder, *arguments, **options),)


def exported(folder):
    model = trained()
    model(np.ones((1, 2)))
    model.export(folder, verbose=False)
    return folder


def of_model(make, **options):
    """As `made`, of with_classify with the function that `make` makes of the model."""

    def answer(folder):
        model = trained()
        return (with_classify(folder, make(model), model=model, **options),)

    return answer


THIRD_FIRST = ("predict_three", "predict_two")


def by_default(make):
    """An answer whose serving_default is the function that `make` makes of the model."""

    def answer(folder):
        model = trained()
        return (archive(folder, model, serving_default=(make(model), THREE)),)

    return answer


def of_every_endpoint(make):
    """An answer whose endpoints are the function of rows that `make` makes of the model."""

    def answer(folder):
        model = trained()
        score = make(model)
        endpoints = {"predict_three": (lambda x: score(x[:, :2]), THREE), "predict_two": score}
        return (archive(folder, model, order=(), **endpoints),)

    return answer


Q1 = Proofs(
    right={
        "added first": made(archive, order=THIRD_FIRST),
        "not tracked": made(archive, track=False, order=THIRD_FIRST),
        "named serving_default": lambda folder: (
            archive(
                folder,
                model := trained(),
                serving_default=(model.predict_first_three_features,),
            ),
        ),
        "a tf.Module": made(module, default="predict_three"),
        "a path as text": lambda folder: (str(archive(folder, order=THIRD_FIRST)),),
        "the model itself": of_every_endpoint(lambda model: model),
        "a function of its own": by_default(lambda model: lambda x: model(x[:, :2])),
        "one endpoint more": made(with_classify, order=THIRD_FIRST),
    },
    wrong={
        "predict_two first": Mistake(
            made(archive), "should take x of shape (None, 3), but takes x of shape (None, 2)"
        ),
        "no default": Mistake(made(module), "should have the signature 'serving_default'"),
        "the default alone": Mistake(
            made(exported),
            "serving_default should take args_0 of shape (None, 3), but takes args_0 of shape "
            "(None, 2)",
        ),
        "predict_two left out": Mistake(
            made(archive, order=("predict_three",)), "should have the signature 'predict_two'"
        ),
        "the old recipe": Mistake(
            made(saved_the_old_way, "serving_default"), "Export with model.export(directory)"
        ),
        "a default for one row": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    serving_default=(
                        lambda x: model(x[:, :2]),
                        [tf.TensorSpec((1, 3), tf.float32, name="x")],
                    ),
                ),
            ),
            "takes x of shape (1, 3)",
        ),
        "a default with the wrong columns": Mistake(
            by_default(lambda model: lambda x: model(x[:, 1:])), "serving_default in Python"
        ),
        "names swapped": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    order=(),
                    predict_three=(model.predict_first_two_features,),
                    predict_two=(model.predict_first_three_features,),
                    serving_default=(model.predict_first_three_features,),
                ),
            ),
            "predict_two should take x of shape (None, 2), but takes x of shape (None, 3)",
        ),
        "not trained": Mistake(
            made(archive, model=trained((0, 0), 0), order=THIRD_FIRST),
            "as the notebook's model does, for the row",
        ),
        "the archive instead of the directory": Mistake(
            lambda _: (tf.keras.export.ExportArchive(),), "expected the path of an export directory"
        ),
        "what write_out returns": Mistake(lambda _: (None,), "not None"),
        "ten million characters": Mistake(lambda _: ("x" * 10**7,), "10,000,000 characters"),
    },
    near={
        "no model, the numbers of the page": of_every_endpoint(
            lambda _: lambda x: 2 * tf.reduce_sum(x, axis=1, keepdims=True) + 1
        ),
        "trained to nearly these weights": made(
            archive, model=trained(KERNEL, BIAS + 0.001), order=THIRD_FIRST
        ),
        "a default times 1.01": by_default(lambda model: lambda x: 1.01 * model(x[:, :2])),
        "a default that swaps columns": by_default(lambda model: lambda x: model(x[:, 1::-1])),
        "a default that reads 0 times the third column": by_default(
            lambda model: lambda x: model(x[:, :2] + 0 * x[:, 2:])
        ),
        "within the range of the training only": of_every_endpoint(
            lambda model: lambda x: tf.clip_by_value(model(x), -3.5, 5.5)
        ),
        "rounded": of_every_endpoint(lambda model: lambda x: tf.round(model(x) * 100) / 100),
        "shifted by the batch": of_every_endpoint(
            lambda model: lambda x: model(x) + 0.01 * tf.cast(tf.shape(x)[0] > 1, tf.float32)
        ),
        "scores without a column": of_every_endpoint(lambda model: lambda x: model(x)[:, 0]),
    },
    untouched=(...,),
)

Q2 = Proofs(
    right={
        "ExportArchive": made(with_classify),
        "not tracked": made(with_classify, track=False),
        "a label of type float": of_model(lambda model: classify(model, dtype=tf.float32)),
        "a label by tf.where": of_model(lambda model: with_where(model, 1, 0)),
        "the default too": of_model(classify, serving_default=lambda x: {"score": x[:, :1]}),
        "a label of type int64": of_model(lambda model: classify(model, dtype=tf.int64)),
        "through the other endpoint": of_model(
            lambda model: classify(model.predict_first_two_features)
        ),
        "a tf.Module, scores without a column": made(module),
        "a module that holds the weights": made(wrapped),
        "a path as text": lambda folder: (str(with_classify(folder)),),
    },
    wrong={
        "no classify": Mistake(made(archive), "the export should have the signature 'classify'"),
        "outputs without names": Mistake(
            of_model(lambda model: lambda x: (model(x), tf.cast(model(x) > 0, tf.int32))),
            "classify should have outputs named 'score' and 'label', but its outputs are: "
            "output_0, output_1",
        ),
        "words as labels": Mistake(of_model(with_words), "should give a label that is a number"),
        "another limit": Mistake(
            of_model(lambda model: classify(model, limit=1.0)),
            "should answer label 1 for the score 0.",
        ),
        "labels upside down": Mistake(
            of_model(lambda model: with_where(model, 0, 1)),
            "The label is 1 where the score is above 0, and 0 elsewhere",
        ),
        "a probability": Mistake(
            of_model(lambda model: classify(lambda x: tf.sigmoid(model(x)))),
            "score should be",
        ),
        "one score for the batch": Mistake(
            of_model(with_mean), "score should have shape (0, 1), but has shape (1, 1)"
        ),
        "a snapshot of the weights": Mistake(
            of_model(snapshot), "classify should share predict_two's weights, but does not"
        ),
        "a second model": Mistake(
            of_model(lambda _: classify(trained())),
            "classify should share predict_two's weights, but does not",
        ),
        "a boolean as label": Mistake(
            of_model(lambda model: classify(model, dtype=tf.bool)),
            "a number, 1 or 0, but gives a bool",
        ),
        "`>=` in place of `>`": Mistake(
            of_model(lambda model: classify(model, compare=tf.greater_equal)),
            "should answer label 0 for the score 0 of the row",
        ),
        "one output more": Mistake(
            of_model(lambda model: lambda x: classify(model)(x) | {"rows": x}),
            "but its outputs are: label, rows, score",
        ),
        "constants everywhere": Mistake(
            lambda folder: (
                archive(
                    folder,
                    order=(),
                    predict_two=plane_of,
                    predict_three=(plane_of, THREE),
                    classify=classify(plane_of),
                ),
            ),
            "predict_two should read its weights from variables, but reads no variable",
        ),
        "the old recipe": Mistake(made(saved_the_old_way), "Export with model.export(directory)"),
        "one row only": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    classify=(classify(model), [tf.TensorSpec((1, 2), tf.float32, name="x")]),
                ),
            ),
            "classify should accept any number of rows, but takes x of shape (1, 2)",
        ),
        "three columns": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    classify=(classify(model.predict_first_three_features), THREE),
                ),
            ),
            "classify should take x of shape (None, 2), but takes x of shape (None, 3)",
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        "a limit a little above 0": of_model(lambda model: classify(model, limit=1e-4)),
        "a limit a little below 0": of_model(lambda model: classify(model, limit=-1e-4)),
        "labels -1 and 1": of_model(lambda model: with_where(model, 1, -1)),
        "labels 2 and 0": of_model(lambda model: with_where(model, 2, 0)),
        "the label from a copy of the weights": of_model(
            lambda model: classify(model, decide=copied(model))
        ),
        "a copy of the bias": of_model(lambda model: classify(with_the_bias_copied(model))),
        "the columns swapped": of_model(lambda model: classify(lambda x: model(x[:, ::-1]))),
        "the columns swapped for the label": of_model(
            lambda model: classify(model, decide=lambda x: model(x[:, ::-1]))
        ),
        "a score a little off": of_model(lambda model: classify(lambda x: model(x) + 0.001)),
        "labels as a row": of_model(
            lambda model: (
                lambda x: {
                    "score": model(x),
                    "label": tf.transpose(tf.cast(model(x) > 0, tf.int32)),
                }
            )
        ),
        "predict_three from a copy of the weights": lambda folder: (
            archive(
                folder,
                model := trained(),
                predict_three=(copied(model), THREE),
                classify=classify(model),
            ),
        ),
        "no model": lambda folder: (
            archive(folder, trained((2, 2), 1), classify=classify(trained((2, 2), 1))),
        ),
    },
    untouched=(...,),
)


@pytest.mark.parametrize("words", counterfeits())
def test_a_counterfeit_differs_from_its_original(words):
    """Otherwise no proof could find it. The honest pairs agree on the same rows."""
    rows = np.array([[-1, 2, -3], [4, 5, 1e6], [0.5, 1, np.nan], [2, 2, 0]], np.float32)

    def agree(two, three):
        batches = rows, rows[:2], rows[3:]
        return all(np.allclose(two(batch[:, :2]), three(batch)) for batch in batches)

    assert not agree(*pair([2.0, 2.0], 1.0, counterfeits()[words]))
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
    assert "It has answered 3 of 20 pairs." in result.message


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
    assert "It has answered" in result.message and "of 20 pairs" in result.message


@pytest.mark.parametrize("key", ["q1", "q2"])
def test_another_model_in_the_notebook(lesson, tmp_path, key):
    folder = with_classify(tmp_path, order=THIRD_FIRST)
    result = lesson.exercises[key].grade(folder, notebook={"model": trained((5, 5))})
    assert "model should compute about 2·(x0 + x1) + 1, but answers -6.51 for the row" in (
        result.message
    )
    result = lesson.exercises[key].grade(folder, notebook={"model": print})
    assert "for rows of two numbers, but does not" in result.message
    result = lesson.exercises[key].grade(folder, notebook={})
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
    prove("03_many_signatures", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}, notebook=notebook)
)
