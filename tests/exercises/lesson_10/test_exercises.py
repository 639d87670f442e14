"""Lesson 10: right answers, named mistakes, near misses, variants, untouched."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.exercises.lesson_10 import variants
from helpers.exercises.lesson_10.exercises import (
    convert_two_signatures,
    predict_four_changes,
)
from helpers.exercises.lesson_10.q2_conversion import CHANGES, OUTCOMES, REASONS
from helpers.exercises.lesson_10.q3_difference import mistakes
from helpers.exercises.lesson_10.q3_laboratory import (
    ASKED,
    LAYERS,
    export_laboratory,
    laboratory,
)
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.runtimes import missing
from tests.exercises.lesson_10 import answers as made
from tests.exercises.lesson_10.q3_proofs import Q3
from tests.exercises.lesson_10.q5_proofs import Q5
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

KEYS = made.KEYS

Q1 = Proofs(
    right={
        "the bytes": lambda _: (made.of_the_bakery(),),
        "a bytearray": lambda _: (bytearray(made.of_the_bakery()),),
        "the path of a file": lambda folder: (made.in_a_file(folder, made.of_the_bakery()),),
        "a path as text": lambda folder: (str(made.in_a_file(folder, made.of_the_bakery())),),
        "exported anew, with a default": lambda folder: (
            made.converted_of(folder, (*KEYS, "serving_default")),
        ),
        "exported anew, with named outputs": made.changed(
            predict_two=lambda x: {"score": made.scores(x)}
        ),
        "with TF Select, which it does not need": lambda _: (
            made.convert(convert_two_signatures.original(), KEYS, target_spec=made.WITH_TF_SELECT),
        ),
        "optimized": lambda _: (
            made.convert(
                convert_two_signatures.original(), KEYS, optimizations=[tf.lite.Optimize.DEFAULT]
            ),
        ),
    },
    wrong={
        "one signature": Mistake(
            lambda _: (made.of_the_bakery(KEYS[:1]),),
            "litert_file_1 should have the signature 'predict_three'",
        ),
        "two files": Mistake(
            lambda _: ([made.of_the_bakery((key,)) for key in KEYS],),
            "the path of a file with it",
        ),
        "the directory of the export": Mistake(
            lambda _: (convert_two_signatures.original(),), "is a directory"
        ),
        "all of it, with TF Select": Mistake(
            lambda _: (
                made.convert(
                    convert_two_signatures.original(),
                    (*KEYS, "advice"),
                    target_spec=made.WITH_TF_SELECT,
                ),
            ),
            "should have predict_two and predict_three only, which are right, but has advice",
        ),
        "the converter, not converted": Mistake(
            lambda _: (
                tf.lite.TFLiteConverter.from_saved_model(str(convert_two_signatures.original())),
            ),
            "expected what convert() returned",
        ),
        "a path where no file is": Mistake(lambda folder: (folder / "a.tflite",), "is no file"),
        "half a file": Mistake(
            lambda _: (made.of_the_bakery()[:1000],),
            "not a valid Flatbuffer",
        ),
        "other bytes": Mistake(lambda _: (b"x" * 100,), "these 100 bytes are not a LiteRT file"),
        "one row only": Mistake(
            lambda folder: (
                made.converted_of(
                    folder,
                    predict_two=(
                        lambda x: made.scores(x),
                        [tf.TensorSpec((1, 2), tf.float32, name="x")],
                    ),
                ),
            ),
            "should take x of shape (None, 2), so that a caller may send any number of rows, but "
            "takes x of shape (1, 2)",
        ),
        "signatures exchanged": Mistake(
            lambda folder: (made.exchanged(folder),),
            "predict_two takes rows of three numbers, and predict_three takes rows of two. Did you "
            "exchange the names?",
        ),
        "the third number left out": Mistake(
            made.changed(predict_three=lambda x: made.scores(x[:, :2])),
            "These are the scores of the first two numbers.",
        ),
        "the columns exchanged": Mistake(
            made.changed(predict_two=lambda x: made.scores(x[:, ::-1])),
            "These are the scores of rows with exchanged columns.",
        ),
        "another model": Mistake(
            made.changed(predict_two=lambda x: x @ [[2.0], [2.0]]), "should answer"
        ),
        "whole numbers": Mistake(
            lambda folder: (
                made.converted_of(
                    folder,
                    predict_three=(
                        lambda x: made.scores(tf.cast(x, tf.float32)),
                        [tf.TensorSpec((None, 3), tf.int32, name="x")],
                    ),
                ),
            ),
            "should take x as float32, but takes x as int32",
        ),
        "an export that only Python reads": Mistake(
            lambda folder: (made.convert(made.old_recipe(folder), KEYS),), "should answer"
        ),
    },
    untouched=(...,),
    near={
        "without the bias": made.changed(predict_three=lambda x: made.scores(x) - 0.5),
        "the bias 1 % larger": made.changed(predict_two=lambda x: made.scores(x) + 0.005),
        "a weight 1 % larger": made.changed(
            predict_three=lambda x: made.scores(x * [1.0, 1.0, 1.01])
        ),
        "no negative scores": made.changed(predict_two=lambda x: tf.nn.relu(made.scores(x))),
        "large scores cut off": made.changed(
            predict_two=lambda x: tf.minimum(made.scores(x), 100.0)
        ),
        "rounded": made.changed(predict_three=lambda x: tf.round(made.scores(x))),
        "the scores of the first row": made.changed(
            predict_two=lambda x: made.scores(x[:1]) + 0 * made.scores(x)
        ),
        "without the axis": made.changed(predict_two=lambda x: made.scores(x)[:, 0]),
        "two outputs": made.changed(
            predict_two=lambda x: {"score": made.scores(x), "more": made.scores(x)}
        ),
    },
)

RIGHT = {
    "delete the export's variables/ afterwards": "same",
    "train the model in the notebook afterwards": "same",
    "ask with rows of float64": "error",
    "save with tf.saved_model.save, the same signature": "other",
}
MEASURED = {
    "same": "the file answers 0.5, -6, -3, and the model answered 0.5, -6, -3",
    "other": "and the model answered 0.5, -6, -3",
    "error": "The error of the interpreter: ValueError",
}


def slip(change, said):
    """A prediction with one wrong outcome, and the reason that the learner must read."""
    words = f"{change}: you say {said!r}, but it is {RIGHT[change]!r}. {REASONS[change][said]}"
    return Mistake(lambda _: (RIGHT | {change: said},), words)


Q2 = Proofs(
    right=other_mappings(RIGHT),
    wrong={
        f"{change}: {said}": slip(change, said)
        for change, right in RIGHT.items()
        for said in OUTCOMES
        if said != right
    }
    | {
        "a word of one's own": Mistake(
            lambda _: (RIGHT | {"ask with rows of float64": "right"},),
            "is not one of 'same', 'other'",
        ),
        "a list": Mistake(lambda _: (list(RIGHT.values()),), "should be a dict with the keys"),
    },
    untouched=(dict.fromkeys(RIGHT, ...),),
    near={
        name: answer
        for name, answer in one_wrong(RIGHT, RIGHT.values()).items()
        if name.startswith(("ask", "without", "save", "train"))
    }
    | {f"all {said}": lambda _, said=said: (dict.fromkeys(RIGHT, said),) for said in OUTCOMES},
)


def both(precise, small):
    return lambda _: (made.meter(precise), made.meter(small))


def packaged(precise, small):
    return lambda _: (made.by_the_package(precise), made.by_the_package(small))


ABOVE_TIGHT = "precise_file should have a largest error on `readings` of at most 0.01, but has"
ABOVE_LOOSE = "small_file should have a largest error on `readings` of at most 0.2, but has"
Q4 = Proofs(
    right={
        "float16 and dynamic": both("float16", "dynamic"),
        "with LiteRT Quantizer": packaged("float16", "weight_only_wi8_afp32"),
        "float16 and int8 of all readings": both("float16", "int8"),
        "int16 between the layers": both("float16", "int16 and int8"),
        "as files": lambda folder: (
            made.in_a_file(folder / "a", made.meter("float16")),
            made.in_a_file(folder / "b", made.meter("dynamic")),
        ),
        "without signature_keys": lambda _: (
            made.meter("float16", None),
            made.meter("int8", None),
        ),
        "written again, with two signatures": lambda _: (
            made.network("float16"),
            made.network("dynamic"),
        ),
    },
    wrong={
        "nothing quantised": Mistake(
            both("float32", "dynamic"),
            "270 kB. A kind with two bytes for each of the 67,840 weights, 140 kB in all, also "
            "keeps the budget",
        ),
        "half is not a third": Mistake(
            both("float16", "float16"), "A kind with one byte for each of the 67,840 weights"
        ),
        "one byte for the precise one": Mistake(both("dynamic", "dynamic"), ABOVE_TIGHT),
        "exchanged": Mistake(both("dynamic", "float16"), ABOVE_TIGHT),
        "calibrated with rows that are too small": Mistake(
            both("float16", "int8, rows / 10"), ABOVE_LOOSE
        ),
        "calibrated with a few rows": Mistake(both("float16", "int8, 50 rows"), ABOVE_LOOSE),
        "whole numbers in and out": Mistake(
            both("float16", "int8 in and out"),
            "should take readings as float32, but takes readings as int8",
        ),
        "4 bits": Mistake(packaged("float16", "dynamic_wi4_afp32"), ABOVE_LOOSE),
        "whole numbers everywhere": Mistake(
            packaged("float16", "static_wi8_ai8"), "but takes readings as int8"
        ),
        "another network": Mistake(
            lambda _: (made.meter("float16"), made.of_the_bakery(KEYS[:1])),
            "small_file: predict_two should take x of shape (None, 8), so that a caller may send "
            "any number of rows, but takes x of shape (None, 2)",
        ),
        "one row": Mistake(
            lambda _: (made.meter("float16"), made.network("dynamic", rows=1)),
            "but takes readings of shape (1, 8)",
        ),
        "the name of a kind": Mistake(lambda _: ("float16", "dynamic"), "'float16' is no file"),
    },
    untouched=(..., ...),
    near={
        "weights of 8 bits for the precise one": packaged("weight_only_wi8_afp32", "float16"),
        "4 bits for the precise one": packaged("dynamic_wi4_afp32", "dynamic_wi8_afp32"),
        "int8 for the precise one": both("int8", "float16"),
        "int16 between the layers for the precise one": both("int16 and int8", "dynamic"),
        "nothing quantised for the small one": both("float16", "float32"),
        "an answer a little larger": lambda _: (
            made.network("float16", made.larger),
            made.meter("dynamic"),
        ),
        "large answers cut off": lambda _: (
            made.meter("float16"),
            made.network("dynamic", made.cut_off),
        ),
        "the mean of the request": lambda _: (
            made.meter("float16"),
            made.network("dynamic", made.averaged),
        ),
        "a table of the answers for the readings": lambda _: (
            made.table_of_readings(),
            made.meter("dynamic"),
        ),
        "half a file": lambda _: (made.meter("float16"), made.meter("dynamic")[:40_000]),
        "filled with zeros": lambda _: (
            made.meter("float16"),
            made.meter("dynamic") + bytes(20_000),
        ),
    },
)

TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("10_other_runtimes", TABLE))


@pytest.mark.parametrize("change", CHANGES)
def test_wrong_prediction_is_refused_with_what_was_measured(change):
    for said in REASONS[change]:
        result = predict_four_changes.grade(RIGHT | {change: said}, notebook={})
        assert result.outcome == NOT_YET
        assert MEASURED[RIGHT[change]] in " ".join(result.message.split())


SOLVED = {
    "q1": (made.convert_the_variant, Q1.right["the bytes"]),
    "q4": (made.choose_for_the_variant, Q4.right["float16 and dynamic"]),
    "q5": (made.split_the_variant, Q5.right["the two methods, tracked"]),
}


@pytest.mark.share(4)
@pytest.mark.parametrize(
    ("key", "seed"),
    [(key, seed) for key in SOLVED for seed in (1, 2, 3) if (key, seed) != ("q5", 3)],
)
def test_variant_expects_its_own_answer(lesson, tmp_path, key, seed):
    exercise, (solve, of_the_page) = lesson.exercises[key], SOLVED[key]
    before = of_the_page(tmp_path / "page")
    try:
        answer = solve(exercise.given(seed), tmp_path / "variant")
        result = exercise.grade(*answer, notebook={})
        assert result.outcome == PASSED, result
        assert f"lesson.{key}.given({seed + 1})" in result.message
        assert exercise.grade(*before, notebook={}).outcome == NOT_YET
    finally:
        exercise.given()
    assert exercise.grade(*before, notebook={}).outcome == PASSED
    assert exercise.grade(*answer, notebook={}).outcome == NOT_YET


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4, -1])
def test_laboratory_differs_as_computed_in_the_runtime(tmp_path, seed):
    drawn = laboratory(seed)
    directory, rows = export_laboratory(tmp_path / "laboratory", seed)
    assert (drawn.runtime == "litert") == (seed in (None, 2, 4) or bool(missing("openvino-f32")))
    for runtime in ASKED:
        for key in () if missing(runtime) else runtimes.signatures(directory, runtime):
            right = readers.run(directory, key, {"x": rows})
            found = runtimes.run(directory, key, {"x": rows}, runtime)
            here = runtime == drawn.runtime and key in drawn.same_graph
            gaps = drawn.gaps() if here else {}
            for layer in LAYERS:
                expected = gaps.get(layer, 0.0)
                np.testing.assert_allclose(abs(right[layer] - found[layer]), expected, atol=1e-3)
    there = drawn.gaps()[drawn.layer]
    assert there.max() > 50 and mistakes(drawn).keys() > {"the sum of the differences"}


def test_laboratory_of_a_seed_has_its_own_answers(lesson):
    exercise, before = lesson.exercises["q3"], ("litert", "pressure", "layer_3", 275.0)
    try:
        exercise.given(2)
        drawn = laboratory(2)
        largest = drawn.gaps()[drawn.layer].max()
        answer = (drawn.runtime, drawn.differs, drawn.layer, largest)
        assert exercise.grade(*answer, notebook={}).outcome == PASSED
        assert exercise.grade(*before, notebook={}).outcome == NOT_YET
    finally:
        exercise.given()
    assert exercise.grade(*before, notebook={}).outcome == PASSED


def test_without_openvino_every_laboratory_differs_in_litert(monkeypatch):
    monkeypatch.setattr(runtimes, "missing", lambda name: "missing")
    assert {laboratory(seed).runtime for seed in range(20)} == {"litert"}


def test_variants_differ_in_what_decides():
    drawn = [laboratory(seed) for seed in range(1, 21)]
    assert {one.place for one in drawn} == {1, 2} and len({one.differs for one in drawn}) > 3
    drawn = [variants.reviews(seed) for seed in (None, *range(6))]
    assert len({one.stuck for one in drawn}) > 2
    assert len({tuple(one.worth) for one in drawn}) == len(drawn)
    assert len({tuple(variants.meter(seed).bytes_for.values()) for seed in range(3)}) == 3
