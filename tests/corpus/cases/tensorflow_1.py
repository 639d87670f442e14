"""Exports of TensorFlow 1: frozen and variable weights, several graphs, tables, Estimators."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.cases.examples import example
from tests.corpus.record import export

v1 = tf.compat.v1
predict = v1.saved_model.predict_signature_def
KEY = "serving_default"
EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
W = np.float32([[1], [2], [3]])
X = np.float32([[1, 0, 2], [0.5, -1, 0]])


def write(directory, graph, *tag_sets, **options):
    """Write one graph for each set of tags; `graph(tags)` makes it and returns its signatures."""
    builder = v1.saved_model.Builder(str(directory))
    for number, tags in enumerate(tag_sets or [["serve"]]):
        with tf.Graph().as_default(), v1.Session() as session:
            signatures = graph(tags)
            session.run([v1.global_variables_initializer(), v1.tables_initializer()])
            if options.get("tables"):
                assets = v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS) or None
                more = {"main_op": v1.tables_initializer(), "assets_collection": assets}
            else:
                more = {}
            if number:
                builder.add_meta_graph(tags, signature_def_map=signatures)
            else:
                builder.add_meta_graph_and_variables(
                    session, tags, signature_def_map=signatures, **more
                )
    builder.save()


def rows():
    """Return a placeholder for rows of three numbers."""
    return v1.placeholder(tf.float32, [None, 3], name="x")


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="The weights are constants of the graph, so there is nothing to restore.",
    quick=True,
)
def tf1_frozen_constants(directory: Path):
    def graph(tags):
        x = rows()
        return {KEY: predict({"x": x}, {"y": tf.tanh(x @ tf.constant(W))})}

    write(directory, graph)
    return {KEY: ({"x": X}, {"y": np.tanh(X @ W)})}


def linear(tags):
    """Make the graph of one layer. That for training gives twice the numbers."""
    x = rows()
    y = x @ v1.get_variable("w", initializer=W)
    return {KEY: predict({"x": x}, {"y": y if "serve" in tags else 2 * y})}


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="The restore operation of the graph fills the variable in every reader.",
)
def tf1_variables(directory: Path):
    write(directory, linear)
    return {KEY: ({"x": X}, {"y": X @ W})}


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="Every reader can load the graph with the tag serve, if it names the tag.",
    quick=True,
)
def tf1_graphs_to_train_and_to_serve(directory: Path):
    write(directory, linear, ["train"], ["serve"])
    return {KEY: ({"x": X}, {"y": X @ W})}


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="The only graph has two tags. A reader that names both can load it.",
)
def tf1_graph_with_two_tags(directory: Path):
    write(directory, linear, ["serve", "tpu"])
    return {KEY: ({"x": X}, {"y": X @ W})}


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="The main operation fills the table in every reader.",
)
def tf1_table_of_constants(directory: Path):
    def graph(tags):
        word = v1.placeholder(tf.string, [None], name="word")
        content = tf.lookup.KeyValueTensorInitializer(
            ["Adelie", "Gentoo"], tf.constant([1, 2], tf.int64)
        )
        return {KEY: predict({"word": word}, {"id": looked_up(content, word)})}

    write(directory, graph, tables=True)
    return {KEY: ({"word": texts("Gentoo", "adelie", "Adelie")}, {"id": np.int64([2, -1, 1])})}


def with_constants(directory: Path, cured: Path):
    """Export the same words as a table of constants."""

    def graph(tags):
        word = v1.placeholder(tf.string, [None], name="word")
        content = tf.lookup.KeyValueTensorInitializer(
            ["Adelie", "Gentoo"], tf.constant([0, 1], tf.int64)
        )
        return {KEY: predict({"word": word}, {"id": looked_up(content, word)})}

    write(cured, graph, tables=True)


@export(
    family="tensorflow 1",
    verdict=NO_LITERT,
    why="LiteRT's converter gives up on the file name that the graph gets from outside.",
    cure=with_constants,
    told=("KeyValueTensorInitializer",),
)
def tf1_table_of_a_file(directory: Path):
    file = directory.with_name("words.txt")
    file.write_text("Adelie\nGentoo\n")

    def graph(tags):
        name = tf.constant(str(file))
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, name)
        word = v1.placeholder(tf.string, [None], name="word")
        line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        content = tf.lookup.TextFileInitializer(name, tf.string, line, tf.int64, number)
        return {KEY: predict({"word": word}, {"id": looked_up(content, word)})}

    write(directory, graph, tables=True)
    file.unlink()
    return {KEY: ({"word": texts("Gentoo", "adelie", "Adelie")}, {"id": np.int64([1, -1, 0])})}


def looked_up(content, word):
    """Return the ids of words in a table, -1 for an unknown word."""
    return tf.lookup.StaticHashTable(content, -1).lookup(word)


def texts(*values):
    """Return an array of texts."""
    return np.array(values, object)


@export(
    family="tensorflow 1",
    verdict=NO_LITERT,
    why="LiteRT parses no Examples. The signatures are those that an Estimator writes.",
    quick=True,
)
def tf1_classifier_of_examples(directory: Path):
    weights = np.float32([[1, -1], [2, 0], [3, 1]])

    def graph(tags):
        given = v1.placeholder(tf.string, [None], name="input_example_tensor")
        parsed = v1.parse_example(given, {"x": tf.io.FixedLenFeature([3], tf.float32)})
        scores = tf.nn.softmax(parsed["x"] @ v1.get_variable("w", initializer=weights))
        classes = tf.tile(tf.constant([["no", "yes"]]), [tf.shape(scores)[0], 1])
        classify = v1.saved_model.classification_signature_def(given, classes, scores)
        return {KEY: classify, "predict": predict({"examples": given}, {"probabilities": scores})}

    write(directory, graph)
    powers = np.exp(X @ weights)
    right = powers / powers.sum(axis=1, keepdims=True)
    given = texts(*(example(x=row.tolist()) for row in X))
    classes = texts([b"no", b"yes"], [b"no", b"yes"])
    return {
        KEY: ({"inputs": given}, {"classes": classes, "scores": right}),
        "predict": ({"examples": given}, {"probabilities": right}),
    }


@export(
    family="tensorflow 1",
    verdict=EVERYWHERE,
    why="Placeholders with a default need no value, and the flag for training is False.",
    quick=True,
)
def tf1_dropout_and_flag(directory: Path):
    def graph(tags):
        x, training = rows(), v1.placeholder(tf.bool, [], name="is_training")
        rate = v1.placeholder_with_default(0.5, [], name="rate")
        kept = tf.where(training, v1.nn.dropout(x, rate=rate), x)
        y = kept @ v1.get_variable("w", initializer=W)
        return {KEY: predict({"x": x, "is_training": training}, {"y": y})}

    write(directory, graph)
    return {KEY: ({"x": X, "is_training": np.array(False)}, {"y": X @ W})}
