"""Ragged and sparse inputs: one argument in Python, several inputs of the signature."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
FLOATS = tf.RaggedTensorSpec([None, None], tf.float32)
IDS = tf.RaggedTensorSpec([None, None], tf.int64)
NESTED = tf.RaggedTensorSpec([None, None, None], tf.float32)
WORDS = tf.RaggedTensorSpec([None, None], tf.string)


class Ragged(tf.Module):
    """Functions of ragged and sparse tensors."""

    def __init__(self):
        self.w = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    @tf.function(input_signature=[FLOATS])
    def sums(self, rows):
        return {"sum": tf.reduce_sum(rows, axis=1), "longest": tf.reduce_max(rows.row_lengths())}

    @tf.function(input_signature=[IDS])
    def looked_up(self, ids):
        return {"row": tf.reduce_sum(tf.gather(self.w, ids), axis=1)}

    @tf.function(input_signature=[NESTED])
    def nested(self, rows):
        return {"sum": tf.reduce_sum(tf.reduce_sum(rows, axis=2), axis=1)}

    @tf.function(input_signature=[WORDS])
    def joined(self, words):
        return {"sentence": tf.strings.reduce_join(words, axis=1, separator=" ")}

    @tf.function(input_signature=[tf.SparseTensorSpec([None, 3], tf.float32)])
    def product(self, counts):
        return {"y": tf.sparse.sparse_dense_matmul(counts, self.w)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="lengths")])
    def ranges(self, lengths):
        found = tf.ragged.range(lengths)
        return {"values": found.flat_values, "row_splits": found.row_splits}


def save(directory, name):
    """Save one of the functions as serving_default."""
    module = Ragged()
    tf.saved_model.save(module, directory, signatures=getattr(module, name))


@export(
    family="ragged and sparse",
    verdict=EVERYWHERE,
    why="Sums of segments and row numbers are in LiteRT. Row splits that do not belong to the "
    "values are refused or read beyond their end.",
    quick=True,
)
def ragged_sums_and_ids(directory: Path):
    module = Ragged()
    tf.saved_model.save(
        module, directory, signatures={"sums": module.sums, "looked_up": module.looked_up}
    )
    rows = {"rows": np.float32([1, 2, 3]), "rows_1": np.int64([0, 2, 3])}
    ids = {"ids": np.int64([0, 1, 2]), "ids_1": np.int64([0, 1, 3])}
    return {
        "sums": (rows, {"sum": np.float32([3, 3]), "longest": np.int64(2)}),
        "looked_up": (ids, {"row": np.float32([[1, 2], [8, 10]])}),
    }


@export(
    family="ragged and sparse",
    verdict=EVERYWHERE,
    why="A second level is one more input of row splits, and nothing else.",
)
def ragged_of_two_levels(directory: Path):
    save(directory, "nested")
    rows = tf.ragged.constant([[[1.0, 2.0], [3.0]], [[], [4.0, 5.0]]])
    outer, inner = rows.nested_row_splits
    given = {"rows": rows.flat_values, "rows_1": outer, "rows_2": inner}
    given = {name: tensor.numpy() for name, tensor in given.items()}
    return {"serving_default": (given, {"sum": np.float32([6, 9])})}


@export(
    family="ragged and sparse",
    verdict=NO_LITERT,
    why="LiteRT has no operation that joins texts.",
)
def ragged_words(directory: Path):
    save(directory, "joined")
    given = {"words": np.array(["a", "b", "c"], object), "words_1": np.int64([0, 2, 3])}
    return {"serving_default": (given, {"sentence": np.array([b"a b", b"c"], object)})}


@export(
    family="ragged and sparse",
    verdict=NO_LITERT,
    why="LiteRT has no product of a sparse and a dense matrix. Indices outside of the shape are "
    "refused by every reader.",
    quick=True,
)
def sparse_product(directory: Path):
    save(directory, "product")
    given = {
        "counts": np.int64([[0, 1], [1, 0]]),
        "counts_1": np.float32([2, 1]),
        "counts_2": np.int64([2, 3]),
    }
    return {"serving_default": (given, {"y": np.float32([[6, 8], [1, 2]])})}


@export(
    family="ragged and sparse",
    verdict=EVERYWHERE,
    why="model.export makes the sparse input a dense one, so that all readers can call it.",
)
def sparse_input_of_keras(directory: Path):
    counts = keras.Input((5,), sparse=True, name="counts")
    model = keras.Model(counts, layers.Dense(2)(counts))
    model.export(directory, verbose=False)
    x = np.float32([[0, 1, 0, 0, 2], [0, 0, 0, 3, 0]])
    return {"serving_default": ({"counts": x}, {"output_0": model(x).numpy()})}


@export(
    family="ragged and sparse",
    verdict=NO_LITERT,
    why="LiteRT has no operation RaggedRange. The parts of the ragged answer are two outputs.",
)
def ragged_answer(directory: Path):
    save(directory, "ranges")
    right = {"values": np.int32([0, 1, 0, 1, 2]), "row_splits": np.int64([0, 2, 2, 5])}
    return {"serving_default": ({"lengths": np.int32([2, 0, 3])}, right)}
