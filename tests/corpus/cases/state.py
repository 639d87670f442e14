"""Models with a state that a call changes, and with numbers drawn at random."""

from pathlib import Path

import keras
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
