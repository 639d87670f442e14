"""The exports that exercises 2 and 3 of lesson 01 hand out."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

NAMES = ("a", "b", "c")
ROWS = 64  # of the export of exercise 3, without a seed


def three_exports(
    folder: Path, seed: int | None = None
) -> tuple[dict[str, Path], dict[str, "tf.keras.Model"]]:
    """Write three exports of Keras models of a line.

    In an order that depends on the seed: a model with weights that tf.saved_model.save wrote, a
    model without weights that it wrote, and a model with weights that model.export wrote.

    Returns
    -------
    exports : dict of str to Path
        By name: "a", "b", "c".
    models : dict of str to tf.keras.Model
        By the same names: (n, 1) float32 -> (n, 1) float32.
    """
    import tensorflow as tf

    slope, intercept = (3.0, -2.0) if seed is None else (4.0 + seed % 7, -1.0 - seed % 5)
    dense = [tf.keras.layers.Dense(1) for _ in range(2)]
    layers = [dense[0], tf.keras.layers.Rescaling(slope + 1, offset=intercept), dense[1]]
    made = [tf.keras.Sequential([tf.keras.Input((1,)), layer]) for layer in layers]
    for number in (0, 2):
        made[number].set_weights([np.array([[slope - number]]), np.array([intercept])])
    order = NAMES if seed is None else np.random.default_rng(seed + 1).permutation(NAMES).tolist()
    models = dict(sorted(zip(order, made, strict=True)))
    exports = {name: Path(folder) / name for name in NAMES}
    tf.saved_model.save(models[order[0]], str(exports[order[0]]))
    tf.saved_model.save(models[order[1]], str(exports[order[1]]))
    models[order[2]].export(exports[order[2]], verbose=False)
    return exports, models


def fixed_rows(folder: Path, seed: int | None = None) -> Path:
    """Write an export of y = 2x + 1 that promises so many rows, and return its directory.

    Without a seed and for an even one, the graph contains the number of rows, so the intercept is
    wrong for fewer rows.
    """
    import tensorflow as tf

    rows = ROWS if seed is None else 20 + 37 * seed % 180
    counts = seed is None or seed % 2 == 0

    class Line(tf.Module):
        def __init__(self):
            self.weights = tf.Variable([[2.0]]), tf.Variable([1.0])

        @tf.function(input_signature=[tf.TensorSpec((rows, 1), tf.float32, name="x")])
        def predict(self, x):
            kernel, bias = self.weights
            # Not tf.ones_like(x): TensorFlow would compute its sum from the declared shape.
            share = tf.reduce_sum(tf.cast(x == x, tf.float32)) / rows if counts else 1.0
            return x @ kernel + share * bias

    line = Line()
    tf.saved_model.save(line, str(folder), signatures=line.predict)
    return Path(folder)
