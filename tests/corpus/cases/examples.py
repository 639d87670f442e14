"""Serialized Examples: an input of bytes whose content the graph describes."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.cases.encoded import pixels
from tests.corpus.record import export

NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
WHY = "LiteRT parses no Examples. Other bytes are refused by every reader."
EXAMPLES = [tf.TensorSpec([None], tf.string, name="examples")]


class Parsed(tf.Module):
    """Functions of serialized Examples."""

    def __init__(self):
        self.w = tf.Variable(tf.random.stateless_normal([3, 2], seed=[1, 2]))
        self.table = tf.Variable(tf.random.stateless_normal([50, 2], seed=[3, 4]))

    @tf.function(input_signature=EXAMPLES)
    def fixed(self, examples):
        spec = {
            "x": tf.io.FixedLenFeature([3], tf.float32),
            "id": tf.io.FixedLenFeature([], tf.int64),
            "note": tf.io.FixedLenFeature([], tf.string, default_value=""),
        }
        row = tf.io.parse_example(examples, spec)
        y = row["x"] @ self.w + tf.gather(self.table, row["id"])
        return {"y": y, "note": tf.strings.upper(row["note"])}

    @tf.function(input_signature=EXAMPLES)
    def open_lengths(self, examples):
        spec = {
            "values": tf.io.VarLenFeature(tf.float32),
            "ids": tf.io.RaggedFeature(tf.int64),
        }
        row = tf.io.parse_example(examples, spec)
        rows = tf.reduce_sum(tf.gather(self.table, row["ids"]), axis=1)
        return {"sum": tf.sparse.reduce_sum(row["values"], axis=1), "rows": rows}

    @tf.function(input_signature=EXAMPLES)
    def images(self, examples):
        spec = {"image/encoded": tf.io.FixedLenFeature([], tf.string)}

        def colour(image):
            decoded = tf.cast(tf.io.decode_jpeg(image, channels=3), tf.float32)
            return tf.reduce_mean(decoded, axis=[0, 1])

        encoded = tf.io.parse_example(examples, spec)["image/encoded"]
        return {"colour": tf.map_fn(colour, encoded, fn_output_signature=tf.float32)}

    @tf.function(input_signature=EXAMPLES)
    def sequences(self, examples):
        steps = {"steps": tf.io.FixedLenSequenceFeature([2], tf.float32)}
        _, found, _ = tf.io.parse_sequence_example(examples, {}, steps)
        return {"sum": tf.reduce_sum(found["steps"], axis=[1, 2])}


def example(**features):
    """Return a serialized Example. Two underscores in a name stand for a slash."""
    made = tf.train.Example()
    for name, values in features.items():
        feature = made.features.feature[name.replace("__", "/")]
        if isinstance(values, bytes):
            feature.bytes_list.value.append(values)
        elif all(isinstance(value, int) for value in values):
            feature.int64_list.value.extend(values)
        else:
            feature.float_list.value.extend(values)
    return made.SerializeToString()


def save(directory, name, values):
    """Save one of the functions, and return what it answers in this process."""
    module, given = Parsed(), np.array(values, object)
    function = getattr(module, name)
    tf.saved_model.save(module, directory, signatures=function)
    answer = {key: value.numpy() for key, value in function(tf.constant(given)).items()}
    return {"serving_default": ({"examples": given}, answer)}


@export(family="examples", verdict=NO_LITERT, why=WHY, quick=True)
def examples_of_fixed_length(directory: Path):
    full = example(x=[1.0, 2.0, 3.0], id=[4], note=b"hi")
    return save(directory, "fixed", [full, example(x=[0.0, 1.0, -1.0], id=[49])])


@export(family="examples", verdict=NO_LITERT, why=WHY)
def examples_of_open_length(directory: Path):
    full = example(values=[1.0, 2.0], ids=[1])
    return save(directory, "open_lengths", [full, example(ids=[3, 3])])


@export(family="examples", verdict=NO_LITERT, why=WHY)
def examples_with_images(directory: Path):
    encoded = [tf.io.encode_jpeg(pixels(seed)).numpy() for seed in (1, 2)]
    return save(directory, "images", [example(image__encoded=one) for one in encoded])


@export(family="examples", verdict=NO_LITERT, why=WHY)
def sequence_examples(directory: Path):
    made = []
    for steps in ([[1.0, 2.0]], [[1.0, 1.0], [4.0, 4.0]]):
        one = tf.train.SequenceExample()
        for step in steps:
            one.feature_lists.feature_list["steps"].feature.add().float_list.value.extend(step)
        made.append(one.SerializeToString())
    return save(directory, "sequences", made)
