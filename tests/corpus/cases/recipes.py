"""Popular recipes that raise no error when they export, and break afterwards."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
NOWHERE = {"python": "fails", "session": "fails", "litert": "fails"}
KEY = "serving_default"
X = np.float32([[1, 2], [3, -1]])
ROWS = tf.TensorSpec([None, 2], tf.float32, name="x")


class Remainders(keras.Model):
    """A subclassed model that is called with whole numbers."""

    def call(self, ids):
        return tf.cast(ids, tf.int32) % 1000


@export(
    family="recipes",
    verdict=EVERYWHERE,
    promise="other",
    why="model.export declares the ids as float32, where 16,777,217 does not exist. The readers "
    "agree with each other, and none with the model: only the model's answers show that.",
    quick=True,
)
def subclassed_model_of_ids(directory: Path):
    model, ids = Remainders(), np.int32([[16_777_217], [5]])
    right = model(ids).numpy()
    model.export(directory, verbose=False)
    return {KEY: ({"args_0": ids.astype("float32")}, {"output_0": right})}


class LookedUp(keras.Model):
    """A subclassed model that is called with texts."""

    def __init__(self):
        super().__init__()
        self.look = layers.StringLookup(vocabulary=["Adelie", "Gentoo"], output_mode="one_hot")
        self.dense = layers.Dense(1)

    def call(self, words):
        return self.dense(self.look(words))


@export(
    family="recipes",
    verdict=NOWHERE,
    why="model.export declares the texts as float32. The graph casts them to texts, which no "
    "reader can: no input can be accepted.",
    quick=True,
)
def subclassed_model_of_texts(directory: Path):
    model = LookedUp()
    right = model(tf.constant([["Adelie"], ["King"]])).numpy()
    model.export(directory, verbose=False)
    return {KEY: ({"args_0": np.float32([[1], [2]])}, {"output_0": right})}


def linear():
    """Return a model of one layer."""
    return keras.Sequential([keras.Input((2,), name="x"), layers.Dense(2)])


def with_any_rows(directory: Path, cured: Path):
    """Export the endpoint with a signature for any number of rows."""
    model, archive = linear(), keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, [ROWS])
    archive.write_out(cured, verbose=False)


@export(
    family="recipes",
    verdict=EVERYWHERE,
    why="The endpoint keeps the trace of its first call, with two rows. Every reader answers two "
    "rows, and the report must say that it takes no others.",
    quick=True,
    cure=with_any_rows,
    told=("takes exactly 2 rows", "None as the number of rows"),
)
def endpoint_of_a_called_function(directory: Path):
    model, archive = linear(), keras.export.ExportArchive()
    predict = tf.function(lambda x: model(x))
    right = predict(tf.constant(X)).numpy()
    archive.track(model)
    archive.add_endpoint("serve", predict)
    archive.write_out(directory, verbose=False)
    golden = {"x": X}, {"output_0": right}
    return {"serve": golden, KEY: golden}


class Checked(tf.Module):
    """A function that refuses other numbers of columns than two."""

    def __init__(self):
        self.w = tf.Variable([[1.0], [10.0]])

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def serve(self, x):
        tf.debugging.assert_equal(tf.shape(x)[1], 2, "two columns")
        return {"y": x[:, :2] @ self.w}


@export(
    family="recipes",
    verdict=EVERYWHERE,
    why="Two columns give the same numbers everywhere. LiteRT leaves the assertion out and answers "
    "other numbers of columns, too.",
)
def assertion_about_columns(directory: Path):
    module = Checked()
    tf.saved_model.save(module, directory, signatures=module.serve)
    return {KEY: ({"x": X}, {"y": X @ np.float32([[1], [10]])})}


class Noisy(keras.Model):
    """A model whose default is training."""

    def __init__(self):
        super().__init__()
        self.dropout = layers.Dropout(0.5)

    def call(self, x, training=True):
        return self.dropout(x, training=training)


@export(
    family="recipes",
    verdict=NO_LITERT,
    why="The default training=True is exported: dropout stays on. Its generator is a variable of "
    "the export, so each reader draws the same after a start. LiteRT lacks the random numbers.",
)
def dropout_that_stays_on(directory: Path):
    model = Noisy()
    model(X)
    model.export(directory, verbose=False)


class Scaled(tf.Module):
    """A function that calls NumPy when it runs."""

    @tf.function(input_signature=[ROWS])
    def serve(self, x):
        y = tf.numpy_function(lambda row: np.float32(row / row.max()), [x], tf.float32)
        return {"y": tf.ensure_shape(y, [None, 2])}


@export(
    family="recipes",
    verdict=NOWHERE,
    why="The graph holds the number of a function in the memory of the program that exported it. "
    "In this program the export answers; no other program has the function.",
    quick=True,
)
def numpy_function_in_the_graph(directory: Path):
    module = Scaled()
    tf.saved_model.save(module, directory, signatures=module.serve)


class FromFile(tf.Module):
    """A function that reads a file each time that it is called."""

    def __init__(self, file):
        self.file = str(file)

    @tf.function(input_signature=[ROWS])
    def serve(self, x):
        return {"y": x * tf.strings.to_number(tf.io.read_file(self.file))}


@export(
    family="recipes",
    verdict=NOWHERE,
    why="The graph holds the path of a file, and not the file: it is not an asset. Where the file "
    "is missing, every call fails.",
)
def file_read_by_its_path(directory: Path):
    file = directory.with_name("scale.txt")
    file.write_text("2")
    module = FromFile(file)
    tf.saved_model.save(module, directory, signatures=module.serve)
    file.unlink()
    return {KEY: ({"x": X}, {"y": X * 2})}


class Normalized(keras.Model):
    """A model that normalizes each batch by its own mean."""

    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization()

    def call(self, x):
        return self.norm(x, training=True)


@export(
    family="recipes",
    verdict=EVERYWHERE,
    why="training=True in call is part of the graph: a row's answer depends on the other rows.",
)
def batch_normalization_in_training(directory: Path):
    model = Normalized()
    rows = np.float32([[1, 2], [3, -1], [0.5, 7]])
    right = model(rows).numpy()
    model.export(directory, verbose=False)
    return {KEY: ({"args_0": rows}, {"output_0": right})}
