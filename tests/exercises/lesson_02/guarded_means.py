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


def guarded(readings, width=4, instead=np.nan, mean=tf.reduce_mean, axis=1):
    return {"mean": tf.where(tf.shape(readings)[axis] == width, mean(readings, axis=1), instead)}


def unguarded(readings):
    return {"mean": tf.reduce_mean(readings, axis=1)}


def factor(readings):
    one = tf.where(tf.equal(tf.shape(readings)[1], 4), 1.0, np.nan)
    return {"mean": one * tf.reduce_mean(readings, axis=1)}


def divided(readings):
    count = tf.where(tf.shape(readings)[-1] == 4, 4.0, np.nan)
    return {"mean": tf.reduce_sum(readings, axis=-1) / count}


def added(readings):
    wrong = tf.cast(tf.shape(readings)[1] != 4, tf.float32)
    return {"mean": tf.reduce_mean(readings, axis=1) + 0.0 / (1.0 - wrong)}


def asserted(readings):
    tf.debugging.assert_equal(tf.shape(readings)[1], 4)
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
        "a factor": means(factor),
        "a divisor": means(divided),
        "zero by zero": means(added),
        "a tf.Module": of_a_module,
        "a path as text": lambda folder: (str(means(guarded)(folder)[0]),),
    },
    wrong={
        "no guard": Mistake(
            means(unguarded),
            "mean should give an error or nan for rows of 3 readings, but the reader 'signature, "
            "array' answers 7 such rows with",
        ),
        "only the spec": Mistake(
            means(unguarded, FOUR), "but the reader 'signature, tf.Tensor' answers 7 such rows"
        ),
        "ensure_shape": Mistake(
            means(ensured, FOUR), "but the reader 'LiteRT' answers 7 such rows with"
        ),
        "an assertion": Mistake(means(asserted), "but the reader 'LiteRT' answers 7 such rows"),
        "the spec knows the width": Mistake(
            means(guarded, FOUR), "but the reader 'LiteRT' answers 7 such rows with"
        ),
        "ensure_shape that LiteRT does not have": Mistake(
            means(ensured), "mean fails in LiteRT (phones, small devices)"
        ),
        "3 readings": Mistake(
            means(lambda readings: guarded(readings, width=3)), "should be", NOT_YET
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
        "at least 4": means(
            lambda readings: {
                "mean": tf.where(tf.shape(readings)[1] >= 4, unguarded(readings)["mean"], np.nan)
            }
        ),
        "at most 4": means(
            lambda readings: {
                "mean": tf.where(tf.shape(readings)[1] <= 4, unguarded(readings)["mean"], np.nan)
            }
        ),
        "even": means(
            lambda readings: {
                "mean": tf.where(
                    tf.shape(readings)[1] % 2 == 0, unguarded(readings)["mean"], np.nan
                )
            }
        ),
        "5 readings": means(lambda readings: guarded(readings, width=5)),
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
                    tf.shape(readings)[1] == 4,
                    tf.reduce_mean(tf.sort(readings, axis=1)[:, 1:3], axis=1),
                    np.nan,
                )
            }
        ),
        "nan for one row only": means(
            lambda readings: {
                "mean": tf.where(
                    (tf.shape(readings)[1] == 4) | (tf.range(tf.shape(readings)[0]) > 0),
                    unguarded(readings)["mean"],
                    np.nan,
                )
            }
        ),
    },
    untouched=(...,),
)
