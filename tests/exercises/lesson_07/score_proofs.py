"""Proofs of the exercises of lesson 07: right answers, named mistakes, near misses."""

from types import MappingProxyType

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_07.exercises import (
    repair_for_the_phone,
    repair_the_number_of_rows,
    repair_the_threshold,
    repair_the_weights,
)
from helpers.readers.rescue import rescue
from tests.exercises.lesson_07 import answers
from tests.exercises.lesson_07 import near_misses as near
from tests.exercises.proofs import Mistake, Proofs
from tests.exercises.repairs import (
    as_it_was,
    first_rows,
    just,
    module,
    repaired,
    spec,
    without_column,
)

FROZEN = "frozen-batch"
GARBAGE, CUT, STATE = "litert-garbage", "cut-from-weights", "python-state"

OFF = {  # for exercises 1 and 2, in which the answer is a score
    "a bias a little off": {"weights": near.bias_off},
    "a kernel 1 % off": {"weights": near.kernel_off},
    "a kernel the wrong way round": {"weights": near.kernel_reversed},
    "no negative score": {"change": tf.nn.relu},
    "whole scores": {"change": tf.round},
    "scores up to 10": {"change": lambda score: tf.clip_by_value(score, -10.0, 10.0)},
    "a score without a column": {"change": without_column},
    "100 rows": {"change": first_rows},
    "scores of 64 bits": {"change": lambda score: tf.cast(score, tf.float64)},
}

Q1 = Proofs(
    right={
        "rescued": repaired(GARBAGE, answers.rescued),
        "the other case of the same save": repaired("only-python-can-read", answers.saved_again),
        "an ExportArchive around the signature": repaired(GARBAGE, answers.wrapped),
        "a tf.Module around it": repaired(GARBAGE, answers.held_by_a_module),
        "a new model with the weights": repaired(GARBAGE, answers.rebuilt),
        "a module with the weights": repaired(
            GARBAGE, answers.of_variables, exercise=repair_for_the_phone
        ),
    },
    wrong={
        "the converter's limits blamed": Mistake(
            just("litert-no-such-operation", "none"),
            "Python gives right numbers, LiteRT gives different numbers without an error",
        ),
        "as it was": Mistake(
            as_it_was(GARBAGE, repair_for_the_phone), "fails in the session (Python)"
        ),
        "the same save again": Mistake(
            repaired(GARBAGE, answers.saved_the_old_way),
            "use rescue, which saves again what Python loads",
        ),
        "new weights": Mistake(
            repaired(GARBAGE, answers.rebuilt, change=lambda kernel, bias: (0 * kernel, bias)),
            "serving_default in Python (tf.saved_model.load) should answer 6 for the row "
            "[3, 0.5], but answers 0.5",
        ),
        "one row": Mistake(
            repaired(GARBAGE, answers.wrapped, spec=spec("rows", 2, rows=1)),
            "takes rows of shape (1, 2)",
        ),
        "the report in place of the directory": Mistake(
            lambda folder: (GARBAGE, rescue(repair_for_the_phone.given(), folder / "repaired")),
            "but is the report that rescue returns. Give the directory that rescue wrote",
        ),
        "no directory": Mistake(just(GARBAGE, None), "not None"),
    },
    near={
        name: repaired(GARBAGE, near.scored, repair_for_the_phone, **change)
        for name, change in OFF.items()
    },
    untouched=(..., ...),
)

Q2 = Proofs(
    right={
        "a new model with the weights": repaired(CUT, answers.rebuilt, exercise=repair_the_weights),
        "the class with a build": repaired(CUT, answers.of_the_class),
        "a module with the weights": repaired(CUT, answers.of_variables),
        "the loaded variables": repaired(CUT, answers.of_loaded_variables),
        "two layers": repaired(CUT, answers.of_two_layers),
        "constants": repaired(CUT, near.scored, repair_the_weights),
    },
    wrong={
        "the old recipe blamed": Mistake(
            just("only-python-can-read", "none"),
            "the answers stay the same when every variable of the loaded export is set to zero",
        ),
        "a Python number blamed": Mistake(just(STATE, "none"), "the answers stay the same"),
        "as it was": Mistake(
            as_it_was(CUT, repair_the_weights), "should answer -3.88 for the row [-2, 0.25], but"
        ),
        "saved again": Mistake(
            repaired(CUT, answers.saved_again, exercise=repair_the_weights),
            "should answer -3.88 for the row [-2, 0.25], but",
        ),
        "wrapped": Mistake(
            repaired(CUT, answers.wrapped, exercise=repair_the_weights),
            "should answer -3.88 for the row [-2, 0.25], but",
        ),
        "the class once more": Mistake(
            repaired(CUT, answers.of_the_class, make=answers.Line),
            "in Python (tf.saved_model.load)",
        ),
        "no bias": Mistake(
            repaired(
                CUT,
                answers.rebuilt,
                exercise=repair_the_weights,
                change=lambda kernel, bias: (kernel, 0 * bias),
            ),
            "should answer 1 for the row [1, 1], but answers 2",
        ),
        "the old recipe": Mistake(
            repaired(CUT, answers.saved_the_old_way, exercise=repair_the_weights),
            "fails in the session (Python)",
        ),
        "one row": Mistake(
            repaired(CUT, answers.of_variables, spec=spec("rows", 2, rows=1)),
            "takes rows of shape (1, 2)",
        ),
    },
    near={
        name: repaired(CUT, near.scored, repair_the_weights, **change)
        for name, change in OFF.items()
    },
    untouched=(..., ...),
)

Q3 = Proofs(
    right={
        "a module": repaired(FROZEN, answers.averaged),
        "an ExportArchive": repaired(FROZEN, answers.averaged_by_an_archive),
        "a Keras model": repaired(FROZEN, answers.averaged_by_keras),
        "constants": repaired(
            FROZEN, near.compared, lambda scores: tf.reduce_mean(scores, axis=0, keepdims=True)
        ),
        "a sum divided by the number of rows": repaired(
            FROZEN,
            near.compared,
            lambda scores: tf.reduce_sum(scores) / tf.cast(tf.shape(scores)[0], tf.float32),
        ),
    },
    wrong={
        "the weights blamed": Mistake(
            just(CUT, "none"), "the export answers requests of four articles rightly"
        ),
        "a refused shape": Mistake(
            just("shape-refused", "none"), "divides the sum of a shorter request by four as well"
        ),
        "as it was": Mistake(
            as_it_was(FROZEN, repair_the_number_of_rows), "takes rows of shape (4, 2)"
        ),
        "saved again": Mistake(
            repaired(FROZEN, answers.saved_again, exercise=repair_the_number_of_rows),
            "takes rows of shape (4, 2)",
        ),
        "opened, the number still inside": Mistake(
            repaired(FROZEN, answers.opened_only), "should answer"
        ),
        "two rows": Mistake(
            repaired(FROZEN, answers.averaged, spec=spec("rows", 2, rows=2)),
            "takes rows of shape (2, 2)",
        ),
        "the scores themselves": Mistake(
            repaired(
                FROZEN,
                answers.averaged,
                lambda rows, kernel, bias: {"above": rows @ kernel + bias},
            ),
            "should answer 2.35 for the row [1, 1], but answers 6. The request was the list "
            "[[1.0, 1.0], [0.5, ",
        ),
        "another name for the rows": Mistake(
            repaired(FROZEN, answers.averaged_by_an_archive, spec=spec("x", 2)),
            "serving_default should have an input named 'rows', but takes x",
        ),
        "no name": Mistake(
            repaired(
                FROZEN, answers.averaged, lambda *arguments: answers.above(*arguments)["above"]
            ),
            "should have an output named 'above'",
        ),
    },
    near={
        "the median": repaired(FROZEN, near.compared, near.median),
        "one article less": repaired(
            FROZEN,
            near.compared,
            lambda scores: tf.reduce_sum(scores) / tf.cast(tf.shape(scores)[0] - 1, tf.float32),
        ),
        "the average of the first four": repaired(
            FROZEN, near.compared, lambda scores: tf.reduce_mean(scores[:4])
        ),
        "the average of the first 100": repaired(
            FROZEN, near.compared, lambda scores: tf.reduce_mean(scores[:100])
        ),
        "a quarter of the sum": repaired(
            FROZEN, near.compared, lambda scores: tf.reduce_sum(scores) / 4
        ),
        "the lowest score": repaired(FROZEN, near.compared, tf.reduce_min),
        "the average 1 % off": repaired(
            FROZEN, near.compared, lambda scores: 1.01 * tf.reduce_mean(scores)
        ),
        "a kernel 1 % off": repaired(FROZEN, near.compared, tf.reduce_mean, near.kernel_off),
        "a kernel the wrong way round": repaired(
            FROZEN, near.compared, tf.reduce_mean, near.kernel_reversed
        ),
    },
    untouched=(..., ...),
)

PREDICTION = {
    "the signature": 1,
    "the restored function": 0,
    "the restored function, after labels.threshold = 0.5": 0,
}


def labelled(cure, /, *arguments, diagnosis=STATE, prediction=PREDICTION, **options):
    return lambda folder: (diagnosis, prediction, cure(folder, *arguments, **options))


def said(key, label, reason):
    return Mistake(
        just(STATE, {**PREDICTION, key: label}, "none"),
        f"{key}: you say {label}, but it is {PREDICTION[key]}. The score of the row is 0.6. "
        + reason,
    )


def predicted(key, label):
    """A prediction with one wrong answer or one of another kind, and a right repair."""
    return labelled(answers.with_a_variable, prediction={**PREDICTION, key: label})


Q4 = Proofs(
    right={
        "an ExportArchive around the signature": labelled(answers.labelled),
        "a tf.Module around it": labelled(answers.labelled, make=module),
        "a threshold that is a variable": labelled(answers.with_a_variable),
        "the restored function as the signature": labelled(answers.of_the_restored_function),
        "predicted with numbers of NumPy": labelled(
            answers.labelled,
            prediction=MappingProxyType({k: np.int64(v) for k, v in PREDICTION.items()}),
        ),
        "predicted in another order": labelled(
            answers.labelled, prediction=dict(reversed(PREDICTION.items()))
        ),
    },
    wrong={
        "the weights blamed": Mistake(
            labelled(answers.labelled, diagnosis=CUT), "the scores are right in every reader"
        ),
        "the signature predicted": said(
            "the signature",
            0,
            "The signature answers 1. It has the first trace, with the threshold 0.5",
        ),
        "the function predicted": said(
            "the restored function",
            1,
            "The restored function answers 0. Saving traced it again, when model.threshold was 0.8",
        ),
        "an attribute that counts": said(
            "the restored function, after labels.threshold = 0.5",
            1,
            "It answers 0 as before. The threshold 0.8 is a constant of its graph.",
        ),
        "one call forgotten": Mistake(
            labelled(answers.labelled, prediction={"the signature": 1}),
            "should be a dict with the keys",
        ),
        "as it was": Mistake(
            lambda _: (STATE, PREDICTION, repair_the_threshold.given()),
            "should answer 0 for the row [1, 1], but answers 1",
        ),
        "the attribute set": Mistake(
            labelled(answers.attribute_set), "should answer 0 for the row [1, 1], but answers 1"
        ),
        "another threshold": Mistake(
            labelled(answers.labelled, threshold=1.5), "should answer 1 for the row [3, 0.5], but"
        ),
        "the wrong way round": Mistake(
            labelled(answers.labelled, judge=lambda score, limit: score < limit), "should answer"
        ),
        "no score": Mistake(
            labelled(answers.label_only),
            "should have an output named 'score', but its outputs are: label",
        ),
    },
    near={
        "0.7": labelled(answers.with_a_variable, limit=0.7),
        "0.79": labelled(answers.with_a_variable, limit=0.795),
        "0.81": labelled(answers.with_a_variable, limit=0.805),
        "1.2": labelled(answers.with_a_variable, limit=1.2),
        "at least": labelled(answers.labelled, judge=lambda score, limit: score >= limit),
        "a float label": labelled(answers.with_a_variable, dtype=tf.float32),
        "a bool label": labelled(answers.with_a_variable, dtype=tf.bool),
        "a label without a column": labelled(answers.labelled, change=without_column),
        "a prediction of True": predicted("the signature", True),
        "a prediction as a text": predicted("the signature", "1"),
        "a prediction with a fraction": predicted("the restored function", 0.0),
        "one call more": predicted("the server", 1),
    },
    untouched=(..., dict.fromkeys(PREDICTION, ...), ...),
)
