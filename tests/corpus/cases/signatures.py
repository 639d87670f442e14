"""Several signatures, and what their inputs are called: shared weights, flags, order, no inputs."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
W = np.float32([[2], [-1]])
X = np.float32([[1, 2], [3, -1]])
KEY = "serving_default"


def floats(name):
    """Return the spec of rows of two numbers."""
    return tf.TensorSpec([None, 2], tf.float32, name=name)


class Linear(tf.Module):
    """Functions of one weight."""

    def __init__(self):
        self.w = tf.Variable(W)
        self.version_number = tf.Variable(7, dtype=tf.int64)

    @tf.function(input_signature=[floats("x")])
    def value(self, x):
        return {"y": x @ self.w}

    @tf.function(input_signature=[floats("x")])
    def positive(self, x):
        return {"positive": x @ self.w > 0}

    @tf.function(input_signature=[floats("rows")])
    def named_otherwise(self, rows):
        return {"result": rows @ self.w}

    @tf.function(input_signature=[])
    def version(self):
        return {"version": self.version_number, "name": tf.constant("penguins")}

    @tf.function(input_signature=[floats("x"), tf.TensorSpec([], tf.bool, name="training")])
    def flagged(self, x, training):
        kept = tf.cond(training, lambda: tf.nn.dropout(x, 0.5), lambda: x)
        return {"y": kept @ self.w}

    @tf.function(input_signature=[floats("b"), floats("a")])
    def ordered(self, b, a):
        return {"difference": b - a}


@export(
    family="signatures",
    verdict=EVERYWHERE,
    why="Each signature reads the same variable, under names of its own.",
    quick=True,
)
def signatures_of_shared_weights(directory: Path):
    module = Linear()
    names = ("value", "positive", "named_otherwise")
    signatures = {name: getattr(module, name) for name in names}
    tf.saved_model.save(module, directory, signatures=signatures)
    return {
        "value": ({"x": X}, {"y": X @ W}),
        "positive": ({"x": X}, {"positive": X @ W > 0}),
        "named_otherwise": ({"rows": X}, {"result": X @ W}),
    }


@export(
    family="signatures",
    verdict=EVERYWHERE,
    why="Three keys call one function. LiteRT keeps one of them in a file, and can be asked each.",
)
def one_function_under_three_keys(directory: Path):
    module = Linear()
    keys = ("serve", KEY, "predict")
    tf.saved_model.save(module, directory, signatures=dict.fromkeys(keys, module.value))
    return {key: ({"x": X}, {"y": X @ W}) for key in keys}


@export(
    family="signatures",
    verdict=EVERYWHERE,
    why="A signature without inputs has one answer, so this answer shows all.",
    quick=True,
)
def signature_without_inputs(directory: Path):
    module = Linear()
    signatures = {"value": module.value, "version": module.version}
    tf.saved_model.save(module, directory, signatures=signatures)
    version = {"version": np.int64(7), "name": np.array(b"penguins", object)}
    return {"value": ({"x": X}, {"y": X @ W}), "version": ({}, version)}


@export(
    family="signatures",
    verdict=EVERYWHERE,
    why="A served model leaves the flag for training False. True would give random answers.",
    quick=True,
)
def flag_for_training(directory: Path):
    module = Linear()
    tf.saved_model.save(module, directory, signatures=module.flagged)
    return {KEY: ({"x": X, "training": np.array(False)}, {"y": X @ W})}


@export(
    family="signatures",
    verdict=EVERYWHERE,
    why="Readers that take inputs by position would subtract the wrong way round.",
    quick=True,
)
def inputs_in_another_order(directory: Path):
    module = Linear()
    tf.saved_model.save(module, directory, signatures=module.ordered)
    a = X[::-1].copy()
    return {KEY: ({"b": X, "a": a}, {"difference": X - a})}
