"""Subclassed models, which are exported as they were called."""

from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from tests.corpus.making import SAME_IN_ALL, numbers, whole
from tests.corpus.record import export


class Ids(keras.Model):
    """A table of ids with a dense layer."""

    def __init__(self):
        super().__init__()
        self.table, self.dense = layers.Embedding(30, 4), layers.Dense(2)

    def call(self, ids):
        return self.dense(self.table(ids))


@export(
    family="subclassed",
    verdict=SAME_IN_ALL,
    why="The signature takes float32 in place of int32, which holds the ids of this small table.",
    quick=True,
)
def subclassed_ids(directory: Path):
    model, ids = Ids(), whole(30, 2, 4)
    answer = model(ids).numpy()
    model.export(directory, verbose=False)
    return {"serving_default": ({"args_0": ids.astype("float32")}, {"output_0": answer})}


@export(
    family="subclassed",
    verdict=SAME_IN_ALL,
    why="With input_signature the ids stay int32.",
)
def subclassed_ids_with_signature(directory: Path):
    model, ids = Ids(), whole(30, 2, 4)
    answer = model(ids).numpy()
    spec = [tf.TensorSpec((None, 4), tf.int32, name="ids")]
    model.export(directory, input_signature=spec, verbose=False)
    return {"serving_default": ({"ids": ids}, {"output_0": answer})}


class Words(keras.Model):
    """The places of words in a list."""

    def __init__(self):
        super().__init__()
        self.lookup = layers.StringLookup(vocabulary=["red", "green", "blue"])

    def call(self, words):
        return self.lookup(words)


@export(
    family="subclassed",
    verdict={"python": "fails", "session": "fails", "litert": "fails"},
    why="The signature takes float32 in place of text, and the lookup refuses every number.",
)
def subclassed_texts(directory: Path):
    model = Words()
    model(tf.constant([["red"], ["blue"]]))
    model.export(directory, verbose=False)


class Two(keras.Model):
    """The sum of two dense layers, called with a dict."""

    def __init__(self):
        super().__init__()
        self.left, self.right = layers.Dense(2), layers.Dense(2)

    def call(self, inputs):
        return {"sum": self.left(inputs["a"]) + self.right(inputs["b"])}


@export(
    family="subclassed",
    verdict=SAME_IN_ALL,
    why="Products and a sum. The inputs are args_0 and args_0_1, in the order of the dict.",
)
def subclassed_dict(directory: Path):
    model, inputs = Two(), {"a": numbers(2, 3), "b": numbers(2, 4, seed=2)}
    answer = model(inputs)["sum"].numpy()
    model.export(directory, verbose=False)
    named = {"args_0": inputs["a"], "args_0_1": inputs["b"]}
    return {"serving_default": (named, {"sum": answer})}
