"""Proofs of exercise 4: exports of a mean with a guard."""

import numpy as np
import tensorflow as tf

from helpers.exercises.outcomes import NOT_YET
from tests.exercises.lesson_02.exports import Spec, write
from tests.exercises.proofs import Mistake, Proofs

OPEN = Spec((None, None), tf.float32, name="readings")
FOUR = Spec((None, 4), tf.float32, name="readings")


def means(function, spec=OPEN, key="mean"):
    return lambda folder: write(folder, lambda readings: function(readings), spec, key)


def guarded(readings, low=2, high=4, instead=np.nan, mean=tf.reduce_mean, axis=1):
    width = tf.shape(readings)[axis]
    is_right = (width >= low) & (width <= high)
    return {"mean": tf.where(is_right, mean(readings, axis=1), instead)}


def unguarded(readings):
    return {"mean": tf.reduce_mean(readings, axis=1)}


def nested(readings):
    width = tf.shape(readings)[1]
    at_least_2 = tf.where(width < 2, np.nan, tf.reduce_mean(readings, axis=1))
    return {"mean": tf.where(width > 4, np.nan, at_least_2)}


def factor(readings):
    one = tf.where(tf.reduce_any(tf.equal(tf.shape(readings)[1], [2, 3, 4])), 1.0, np.nan)
    return {"mean": one * tf.reduce_mean(readings, axis=1)}


def divided(readings):
    width = tf.shape(readings)[-1]
    count = tf.cast(width, tf.float32)
    count = tf.where(tf.abs(width - 3) <= 1, count, np.nan)
    return {"mean": tf.reduce_sum(readings, axis=-1) / count}


def added(readings):
    wrong = tf.cast(tf.abs(tf.shape(readings)[1] - 3) > 1, tf.float32)
    return {"mean": tf.reduce_mean(readings, axis=1) + 0.0 / (1.0 - wrong)}


def asserted(readings):
    tf.debugging.assert_less(tf.shape(readings)[1], 5)
    tf.debugging.assert_greater(tf.shape(readings)[1], 1)
    return unguarded(readings)


def ensured(readings):
    return unguarded(tf.ensure_shape(readings, (None, 4)))


def of_a_module(folder):
    module = tf.Module()
    module.compute = tf.function(lambda x: guarded(x), input_signature=[OPEN])
    tf.saved_model.save(module, str(folder), signatures={"mean": module.compute})
    return (folder,)


Q4 = Proofs(
    right={
        "nan for another width": means(guarded),
        "two tf.where": means(nested),
        "a factor": means(factor),
        "a divisor": means(divided),
        "zero by zero": means(added),
        "a tf.Module": of_a_module,
        "a path as text": lambda folder: (str(means(guarded)(folder)[0]),),
    },
    wrong={
        "no guard": Mistake(
            means(unguarded),
            "mean should give an error or nan for rows of 5 readings, but the reader 'signature, "
            "array' answers 7 such rows with",
        ),
        "only the spec": Mistake(
            means(unguarded, FOUR), "rows of 2, 3 and 4 readings, but its shape is (None, 4)"
        ),
        "ensure_shape": Mistake(
            means(ensured, FOUR), "but its shape is (None, 4). Declare (None, None)"
        ),
        "an assertion": Mistake(means(asserted), "but the reader 'LiteRT' answers 7 such rows"),
        "the spec knows the width": Mistake(
            means(guarded, FOUR), "but its shape is (None, 4). Declare (None, None)"
        ),
        "ensure_shape that LiteRT does not have": Mistake(
            means(ensured), "mean fails in LiteRT (phones, small devices)"
        ),
        "4 readings only": Mistake(
            means(lambda readings: guarded(readings, low=4)), "should be", NOT_YET
        ),
        "a shape that the spec leaves open": Mistake(
            means(lambda x: guarded(tf.reshape(x, (-1, 4))), Spec(None, tf.float32, "readings")),
            "mean",
            NOT_YET,
        ),
        "minus one": Mistake(
            means(lambda readings: guarded(readings, instead=-1.0)), "such rows with -1"
        ),
        "the sum": Mistake(
            means(lambda readings: guarded(readings, mean=tf.reduce_sum)), "as np.mean does"
        ),
        "of shape (n, 1)": Mistake(
            means(lambda readings: {"mean": guarded(readings)["mean"][:, None]}),
            "should have shape (0,), but has shape (0, 1)",
        ),
        "no name of the output": Mistake(
            means(lambda readings: guarded(readings)["mean"]),
            "should have an output named 'mean', but its outputs are: output_0",
        ),
        "another name of the input": Mistake(
            means(guarded, Spec((None, None), name="x")), "should be called readings, but is"
        ),
        "another signature": Mistake(
            means(guarded, key="average"), "should have the signature 'mean'"
        ),
        "one row": Mistake(
            means(guarded, Spec((1, None), tf.float32, "readings")), "any number of rows"
        ),
        "64 bits": Mistake(
            means(guarded, Spec((None, None), tf.float64, "readings")), "should be float32"
        ),
        "two outputs": Mistake(
            means(lambda readings: guarded(readings) | {"n": tf.shape(readings)[0]}),
            "should have one output",
        ),
    },
    near={
        "the number of rows": means(lambda readings: guarded(readings, axis=0)),
        "at least 2": means(lambda readings: guarded(readings, high=10**6)),
        "at most 4": means(lambda readings: guarded(readings, low=0)),
        "less than 4": means(lambda readings: guarded(readings, high=3)),
        "more than 2": means(lambda readings: guarded(readings, low=3)),
        "at most 5": means(lambda readings: guarded(readings, high=5)),
        "at least 1": means(lambda readings: guarded(readings, low=1)),
        "even": means(
            lambda readings: {
                "mean": tf.where(
                    tf.shape(readings)[1] % 2 == 0, unguarded(readings)["mean"], np.nan
                )
            }
        ),
        "infinity": means(lambda readings: guarded(readings, instead=np.inf)),
        "zero": means(lambda readings: guarded(readings, instead=0.0)),
        "rows cut at 4": means(lambda readings: unguarded(readings[:, :4])),
        "rows of 4 from all numbers": means(
            lambda readings: unguarded(tf.reshape(readings, (-1, 4)))
        ),
        "a little more": means(lambda readings: {"mean": guarded(readings)["mean"] + 0.001}),
        "the median": means(
            lambda readings: {
                "mean": tf.where(
                    tf.shape(readings)[1] <= 4,
                    tf.reduce_mean(tf.sort(readings, axis=1)[:, 1:3], axis=1),
                    np.nan,
                )
            }
        ),
        "nan for one row only": means(
            lambda readings: {
                "mean": tf.where(
                    (tf.shape(readings)[1] <= 4) | (tf.range(tf.shape(readings)[0]) > 0),
                    unguarded(readings)["mean"],
                    np.nan,
                )
            }
        ),
    },
    untouched=(...,),
)
