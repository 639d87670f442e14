"""Pairs of functions for lesson 03's proof: honest pairs, which agree, and counterfeits.

A pair is `two`, a function of (n, 2) rows, and `three`, a function of (n, 3) rows that should not
depend on the third column. Both take arrays or tensors and return an (n, 1) float32 tensor.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# The words of the InvalidArgumentError that one counterfeit raises.
NO_ANSWER = "three takes finite numbers only"


def pair(
    kernel: Sequence[float],
    bias: float,
    counterfeit: Callable[[Any, Any], Any] = lambda y, x: y,
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Make a pair of functions, which are equal unless `counterfeit` changes an answer.

    Parameters
    ----------
    kernel : sequence of two floats
    bias : float
    counterfeit : callable
        Function of the right answers (n, 1) and the rows (n, 3). It returns the answers (n, 1)
        that `three` gives.

    Returns
    -------
    two, three : callable
        See the docstring of the module.
    """
    import tensorflow as tf

    def floats(x, columns, name):
        x = tf.cast(tf.convert_to_tensor(x), tf.float32)
        if x.shape.rank != 2 or x.shape[1] != columns:
            raise ValueError(f"{name} takes rows of shape (n, {columns}), not {tuple(x.shape)}")
        return x

    def two(x):
        return floats(x, 2, "two") @ tf.constant(kernel, shape=(2, 1)) + bias

    def three(x):
        x = floats(x, 3, "three")
        return counterfeit(two(x[:, :2]), x)

    return two, three


def _nudged(y, x):
    """Return the next larger float32, as the same arithmetic in a different order may give it."""
    import tensorflow as tf

    return tf.math.nextafter(y, y + 1)


# The counterfeits change this pair. Its columns have different weights, so their order counts.
CHANGED = ([-1.0, 3.0], 0.5)

HONEST = {
    "predict_two and predict_three themselves": ([2.0, 2.0], 1.0, lambda y, x: y),
    "the same two endpoints of another model, y = 3·x1 - x0 + 0.5. Compare the two functions with "
    "each other, not with known numbers": (*CHANGED, lambda y, x: y),
    "a pair that differs only in the last binary digit, as float32 sums do when their order "
    "changes. Compare with np.allclose": ([2.0, 2.0], 1.0, _nudged),
}


def counterfeits():
    """Return {what `three` does wrong: function for pair}, in the order of the check."""
    import tensorflow as tf

    two, _ = pair(*CHANGED)

    def one_if(condition):
        return tf.cast(condition, tf.float32)

    def highest(column):
        return tf.reduce_max(tf.where(tf.math.is_nan(column), -np.inf, column))

    def finite_only(y, x):
        finite = tf.debugging.check_numerics(x[:, 2:], NO_ANSWER)
        return y + (finite - finite)

    def rows(y):
        return tf.range(len(y))[:, None]

    # Some add to the answer and some subtract, so that a proof must look at both directions.
    return {
        "adds half of the third column": lambda y, x: y + 0.5 * x[:, 2:],
        "reads the first two columns in reverse order": lambda y, x: two(x[:, 1::-1]),
        "is off by 0.01 everywhere": lambda y, x: y + 0.01,
        "uses the third column only when it is above 500,000": (
            lambda y, x: y + one_if(x[:, 2:] > 500_000)
        ),
        "uses the third column only when it is negative": lambda y, x: y - one_if(x[:, 2:] < 0),
        "uses the third column only where it varies from row to row": lambda y, x: (
            y + one_if(highest(x[:, 2:]) > -highest(-x[:, 2:]))
        ),
        "is wrong only where the first column is negative": lambda y, x: y + one_if(x[:, :1] < 0),
        "is wrong only where the second column is negative": lambda y, x: y - one_if(x[:, 1:2] < 0),
        "is wrong only in the last row of a batch": lambda y, x: (
            y + one_if((rows(y) > 0) & (rows(y) == len(y) - 1))
        ),
        "gives the answers of a batch in reverse order": lambda y, x: y[::-1],
        "is right for one row and gives every row of a batch the same answer": lambda y, x: (
            tf.ones_like(y) * tf.reduce_mean(y)
        ),
        "is right for batches and wrong for a single row": lambda y, x: y - one_if(len(y) == 1),
        "takes 0 in the third column for a missing number, and gives another answer there": (
            lambda y, x: y - one_if(x[:, 2:] == 0)
        ),
        "multiplies the third column by 0 and adds it, which changes the answer when it holds inf "
        "or nan": lambda y, x: y + 0 * x[:, 2:],
        "raises an error when the third column holds inf or nan": finite_only,
    }
