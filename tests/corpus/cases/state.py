"""Models with a state that a call changes, and with numbers drawn at random."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.making import SAME_IN_ALL, module_export, numbers
from tests.corpus.record import export

X = tf.TensorSpec((None, 3), tf.float32, name="x")
STATE = "Every reader starts from the stored value, so the first call of each gives the same."


@export(family="state", verdict=SAME_IN_ALL, why=f"{STATE} LiteRT has variables.")
def counter(directory: Path):
    module = tf.Module()
    module.calls = tf.Variable(0.0)

    def compute(x):
        return {"y": x + module.calls.assign_add(1.0)}

    return module_export(compute, directory, [X], numbers(2, 3), module=module)


@export(family="state", verdict=SAME_IN_ALL, why=f"{STATE} LiteRT has variables.")
def moving_average(directory: Path):
    module = tf.Module()
    module.mean = tf.Variable([0.5, 0.0, -0.5])

    def compute(x):
        mean = module.mean.assign(0.9 * module.mean + 0.1 * tf.reduce_mean(x, 0))
        return {"y": x - mean}

    return module_export(compute, directory, [X], numbers(2, 3), module=module)


@export(
    family="state",
    verdict=SAME_IN_ALL,
    why="In training, the numbers are those of the rows. The moving averages change, unread.",
)
def batch_norm_in_training(directory: Path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.BatchNormalization()])
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = [keras.InputSpec(shape=(None, 3), dtype="float32", name="x")]
    archive.add_endpoint("serving_default", lambda x: model(x, training=True), spec)
    archive.write_out(directory, verbose=False)
    x = numbers(4, 3)
    return {"serving_default": ({"x": x}, {"output_0": model(x, training=True).numpy()})}


@export(
    family="state",
    verdict={"python": "answers", "session": "answers", "litert": "answers"},
    why="Each call drops other numbers, so there is nothing to compare.",
)
def dropout_in_training(directory: Path):
    def compute(x):
        return {"y": tf.nn.dropout(x, 0.5)}

    module_export(compute, directory, [X], numbers(4, 3))


def places(x):
    """Return the places of boxes that do not overlap: fewer numbers than LiteRT returns."""
    boxes = tf.constant([[i, i, i + 1, i + 1] for i in range(6)], tf.float32)
    return tf.image.non_max_suppression(boxes, x, 4, score_threshold=0.2)


TWO = np.array([0.9, 0.1, 0.8, 0.05, 0.1, 0.1], "float32")  # above the threshold
SCORES = tf.TensorSpec((6,), tf.float32, name="x")
OTHER_PLACES = "LiteRT fills the places up to four, whatever the other output is."


@export(
    family="state",
    verdict={"python": "same", "session": "same", "litert": "other"},
    why=f"{OTHER_PLACES} The counter is the same in all.",
    quick=True,
)
def counter_and_places(directory: Path):
    module = tf.Module()
    module.calls = tf.Variable(0.0)

    def compute(x):
        return {"calls": module.calls.assign_add(1.0), "places": places(x)}

    return module_export(compute, directory, [SCORES], TWO, module=module)


@export(
    family="state",
    verdict={"python": "answers", "session": "answers", "litert": "other"},
    why=f"{OTHER_PLACES} The noise cannot be compared, but the places can.",
    quick=True,
)
def noise_and_places(directory: Path):
    def compute(x):
        return {"noise": x + tf.random.normal((6,)), "places": places(x)}

    module_export(compute, directory, [SCORES], TWO)


@export(
    family="state",
    verdict={"python": "answers", "session": "answers", "litert": "other"},
    why="The noise has as many numbers as there are places, and in LiteRT there are always four.",
)
def noise_of_another_shape(directory: Path):
    def compute(x):
        found = tf.cast(places(x), tf.float32)
        return {"noise": found + tf.random.normal(tf.shape(found))}

    module_export(compute, directory, [SCORES], TWO)


@export(
    family="state",
    verdict=SAME_IN_ALL,
    why="A queue of the last three numbers: the answer depends on the calls before.",
)
def last_three(directory: Path):
    module = tf.Module()
    module.kept = tf.Variable([0.0, 0.0, 0.0])

    def compute(x):
        kept = module.kept.assign(tf.concat([module.kept[1:], x], 0))
        return {"mean": tf.reduce_mean(kept)}

    spec = [tf.TensorSpec((1,), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(1), module=module)


@export(
    family="state",
    verdict={"python": "same", "session": "same", "litert": "fails"},
    why="The generator of a Keras layer is a variable, and what it draws depends on nothing else.",
)
def dropout_of_keras_in_training(directory: Path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(8), layers.Dropout(0.5, seed=3)])
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = [keras.InputSpec(shape=(None, 3), dtype="float32", name="x")]
    archive.add_endpoint("serving_default", lambda x: model(x, training=True), spec)
    archive.write_out(directory, verbose=False)
    x = numbers(4, 3)
    return {"serving_default": ({"x": x}, {"output_0": model(x, training=True).numpy()})}
