"""Large exports, in bytes and in operations. CI does not ask them."""

from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from tests.corpus.making import SAME_IN_ALL, keras_export, module_export, numbers, whole
from tests.corpus.record import export


@export(family="large", verdict=SAME_IN_ALL, why="A table of 300 MB, of which a call reads rows.")
def table_of_300_mb(directory: Path):
    ids = keras.Input((4,), dtype="int32", name="ids")
    model = keras.Model(ids, layers.Embedding(1_200_000, 64)(ids))
    return keras_export(model, directory, {"ids": whole(1_200_000, 2, 4)})


@export(family="large", verdict=SAME_IN_ALL, why="A product with 100 MB of weights.")
def weights_of_100_mb(directory: Path):
    stack = [keras.Input((5000,), name="x"), layers.Dense(5000), layers.Dense(3)]
    return keras_export(keras.Sequential(stack), directory, {"x": numbers(2, 5000)})


@export(family="large", verdict=SAME_IN_ALL, why="A chain of products: many operations, all known.")
def two_thousand_operations(directory: Path):
    weights = [tf.constant(numbers(4, 4, seed=seed) / 2) for seed in range(20)]

    def compute(x):
        for step in range(1000):
            x += 0.001 * tf.tanh(tf.matmul(x, weights[step % 20]))
        return {"y": x}

    return module_export(
        compute, directory, [tf.TensorSpec((None, 4), tf.float32, name="x")], numbers(3, 4)
    )
