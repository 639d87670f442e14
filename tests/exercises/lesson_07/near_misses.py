"""Exports that differ from a right repair of exercise 3 of lesson 07 in one thing.

Each function takes a new folder and returns the directory of an export in it.
"""

import tensorflow as tf

from tests.exercises.lesson_07.answers import LISTS, SCORES, weights_of
from tests.exercises.repairs import ROWS, module


def scored(folder, change=lambda score: score, weights=lambda kernel, bias: (kernel, bias)):
    """Scores by a formula, with the stored weights."""
    kernel, bias = weights(*weights_of(SCORES))
    return module(folder, lambda rows: change(rows @ kernel + bias), ROWS)


def bias_off(kernel, bias):
    return kernel, bias + 0.01


def kernel_off(kernel, bias):
    return kernel * 1.01, bias


def kernel_reversed(kernel, bias):
    return kernel[::-1], bias


def median(scores):
    ordered, size = tf.sort(scores, axis=0), tf.shape(scores)[0]
    return (ordered[(size - 1) // 2] + ordered[size // 2]) / 2


def compared(folder, middle, weights=lambda kernel, bias: (kernel, bias)):
    """Scores minus what `middle` makes of the scores of the request."""
    kernel, bias = weights(*weights_of(LISTS))

    def above(rows):
        scores = rows @ kernel + bias
        return {"above": scores - middle(scores)}

    return module(folder, above, ROWS)
