"""The exports that the exercises of lesson 08 start from; some do not run in other runtimes."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

# Weights of the bakery's scores.
KERNEL = np.array([[3.0], [-1.0]], np.float32)
BIAS = np.array([0.5], np.float32)

WORDS = ("good", "great", "bad", "dull")
WORTH = np.array([[1.0], [2.0], [-1.0], [-0.5]], np.float32)
START = 0.25
METER = (8, 256, 256, 1)
METER_BYTES = 4 * sum(rows * units for rows, units in pairwise(METER))  # of float32 weights
REVIEWS = (
    "Good, GOOD film!",
    "dull",
    "Great: not a bad minute",
    "",
    "A film.",
    "bad bad BAD, and dull",
)


def right_scores(x: np.ndarray) -> np.ndarray:
    """Compute the bakery's scores, (n, 1), of rows of two or three numbers."""
    return x[:, :2] @ KERNEL + BIAS


def counts(reviews: Iterable[str]) -> np.ndarray:
    """Count each of WORDS in each review; the result is (n, 4), float32."""
    plain = ["".join(c if c.isalpha() else " " for c in text.lower()).split() for text in reviews]
    return np.array([[text.count(word) for word in WORDS] for text in plain], np.float32)


def opinions(reviews: Iterable[str]) -> np.ndarray:
    """Compute what the export of reviews answers, (n, 1)."""
    return counts(reviews) @ WORTH + START


def bakery(folder: Path) -> Path:
    """Make an export with three signatures, of which `advice` joins texts. Return its directory."""
    import tensorflow as tf

    kernel, bias = tf.Variable(KERNEL), tf.Variable(BIAS)

    def score(x):
        return x[:, :2] @ kernel + bias

    def advice(x):
        words = tf.strings.as_string(score(x), precision=1)
        return {"text": tf.strings.join(["bake ", words])}

    archive = tf.keras.export.ExportArchive()
    for key, function, columns in (
        ("advice", advice, 2),
        ("predict_two", lambda x: score(x), 2),
        ("predict_three", lambda x: score(x), 3),
    ):
        archive.add_endpoint(key, function, [tf.TensorSpec((None, columns), tf.float32, name="x")])
    archive.write_out(folder, verbose=False)
    return Path(folder)


def three_exports(folder: Path) -> Path:
    """Make houses, colours and reviews; reviews cannot run in LiteRT. Return their folder."""
    import tensorflow as tf

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
            self.worth = tf.Variable(WORTH)

        @tf.function(input_signature=texts)
        def count_words(self, text):
            plain = tf.strings.regex_replace(tf.strings.lower(text), "[^a-z]+", " ")
            words = tf.strings.split(plain).to_tensor()
            hits = tf.cast(words[:, :, tf.newaxis] == tf.constant(WORDS), tf.float32)
            return tf.ensure_shape(tf.reduce_sum(hits, axis=1), (None, len(WORDS)))

        @tf.function(input_signature=[tf.TensorSpec((None, len(WORDS)), tf.float32, name="counts")])
        def weigh(self, counts):
            return counts @ self.worth + START

        @tf.function(input_signature=texts)
        def opinion(self, text):
            return {"opinion": self.weigh(self.count_words(text))}

    for name, module in (("houses", Houses()), ("colours", Colours()), ("reviews", Reviews())):
        signature = module.opinion if name == "reviews" else module.price
        tf.saved_model.save(module, str(Path(folder) / name), signatures=signature)
    return Path(folder)


def meter(folder: Path) -> tuple[Path, np.ndarray]:
    """Make an export of a network of 8-256-256-1, and rows of readings for it.

    The weights are random and seeded. Quantisation treats them like trained weights.

    Returns
    -------
    directory : Path
    rows : ndarray, shape (500, 8), float32
    """
    import tensorflow as tf

    module = tf.Module()
    module.kernels = [
        tf.Variable(tf.keras.initializers.GlorotUniform(seed=units)((rows, units)))
        for rows, units in pairwise(METER)
    ]

    @tf.function(input_signature=[tf.TensorSpec((None, METER[0]), tf.float32, name="readings")])
    def measure(readings):
        for kernel in module.kernels[:-1]:
            readings = tf.nn.relu(readings @ kernel)
        return {"output_0": readings @ module.kernels[-1]}

    signatures = {"serving_default": measure, "serve": measure}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    rows = np.random.default_rng(8).uniform(-20, 20, (500, METER[0])).astype(np.float32)
    return Path(folder), rows
