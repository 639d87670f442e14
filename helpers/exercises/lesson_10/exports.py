"""The exports that the exercises of lesson 10 start from; some do not run in other runtimes.

Each maker takes a folder and a seed. `drawn_for` tells what was drawn for an export.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises.lesson_10 import variants

METER = (8, 256, 256, 1)
METER_WEIGHTS = sum(rows * units for rows, units in pairwise(METER))
REVIEWS = (
    "Good, GOOD film!",
    "dull",
    "Great: not a bad minute",
    "",
    "A film.",
    "bad bad BAD, and dull",
)

_drawn: dict[Path, Any] = {}  # for each folder that a maker has made


def drawn_for(folder: Path) -> Any:
    """Return the numbers and words that a maker drew for what it made in a folder."""
    return _drawn[folder]


def bakery(folder: Path, seed: int | None = None) -> Path:
    """Make an export with three signatures, of which one joins texts. Return its directory."""
    import tensorflow as tf

    _drawn[folder] = drawn = variants.bakery(seed)
    kernel, bias = tf.Variable([[weight] for weight in drawn.kernel]), tf.Variable([drawn.bias])

    def advice(x):
        words = tf.strings.as_string(x @ kernel[:2] + bias, precision=1)
        return {"text": tf.strings.join(["bake ", words])}

    endpoints = {
        "predict_two": (lambda x: x @ kernel[:2] + bias, 2),
        "predict_three": (lambda x: x @ kernel + bias, 3),
    }
    archive = tf.keras.export.ExportArchive()
    for key in drawn.keys:
        function, columns = endpoints.get(key, (advice, 2))
        archive.add_endpoint(key, function, [tf.TensorSpec((None, columns), tf.float32, name="x")])
    archive.write_out(folder, verbose=False)
    return folder


def three_exports(folder: Path, seed: int | None = None) -> Path:
    """Make three exports, one of which cannot run in LiteRT. Return their folder."""
    import tensorflow as tf

    _drawn[folder] = drawn = variants.reviews(seed)
    words, columns = [*drawn.worth], len(drawn.worth)
    numbers = [tf.TensorSpec((None, 2), tf.float32, name="x")]
    texts = [tf.TensorSpec((None,), tf.string, name="text")]

    class Houses(tf.Module):
        def __init__(self):
            self.worth = tf.Variable([[2.0], [10.0]])

        @tf.function(input_signature=numbers)
        def price(self, x):
            return {"price": tf.nn.relu(x @ self.worth + 50.0)}

    class Colours(tf.Module):
        def __init__(self):
            self.worth = tf.Variable([[3.0], [5.0], [7.0]])

        @tf.function(input_signature=texts)
        def price(self, text):
            known = tf.cast(
                text[:, tf.newaxis] == tf.constant(["red", "green", "blue"]), tf.float32
            )
            return {"price": known @ self.worth}

    class Reviews(tf.Module):
        def __init__(self):
            self.worth = tf.Variable([[worth] for worth in drawn.worth.values()])

        @tf.function(input_signature=texts)
        def count_words(self, text):
            plain = tf.strings.regex_replace(tf.strings.lower(text), "[^a-z]+", " ")
            found = tf.strings.split(plain).to_tensor()
            hits = tf.cast(found[:, :, tf.newaxis] == tf.constant(words), tf.float32)
            return tf.ensure_shape(tf.reduce_sum(hits, axis=1), (None, columns))

        @tf.function(input_signature=[tf.TensorSpec((None, columns), tf.float32, name="counts")])
        def weigh(self, counts):
            return counts @ self.worth + drawn.start

        @tf.function(input_signature=texts)
        def opinion(self, text):
            return {"opinion": self.weigh(self.count_words(text))}

    for name, module in zip(drawn.folders, (Houses(), Colours(), Reviews()), strict=True):
        signature = module.opinion if name == drawn.stuck else module.price
        tf.saved_model.save(module, str(folder / name), signatures=signature)
    return folder


def meter(folder: Path, seed: int | None = None) -> tuple[Path, np.ndarray]:
    """Make an export of a network of 8-256-256-1, and rows of readings for it.

    The weights are random and seeded. Quantisation treats them like trained weights.

    Returns
    -------
    directory : Path
    rows : ndarray, shape (500, 8), float32
    """
    import tensorflow as tf

    _drawn[folder] = drawn = variants.meter(seed)
    module = tf.Module()
    module.kernels = [
        tf.Variable(tf.keras.initializers.GlorotUniform(seed=units + drawn.seed)((rows, units)))
        for rows, units in pairwise(METER)
    ]

    @tf.function(input_signature=[tf.TensorSpec((None, METER[0]), tf.float32, name="readings")])
    def measure(readings):
        for kernel in module.kernels[:-1]:
            readings = tf.nn.relu(readings @ kernel)
        return {"output_0": readings @ module.kernels[-1]}

    tf.saved_model.save(module, str(folder), signatures=measure)
    chance, shape = np.random.default_rng(8 + drawn.seed), (500, METER[0])
    return folder, chance.uniform(-drawn.largest, drawn.largest, shape).astype(np.float32)
