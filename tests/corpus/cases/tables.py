"""Lookup tables: constant, from a file, mutable and dense."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
SPECIES, IDS = ["Adelie", "Chinstrap", "Gentoo"], [10, 20, 30]
WORD = tf.TensorSpec([None], tf.string, name="word")
NUMBER = tf.TensorSpec([None], tf.int64, name="number")


def words(*values):
    """Return an array of texts."""
    return np.array(values, object)


class Static(tf.Module):
    """A table from words to numbers, and one back."""

    def __init__(self):
        super().__init__()
        keys, numbers = tf.constant(SPECIES), tf.constant(IDS, tf.int64)
        to_number = tf.lookup.KeyValueTensorInitializer(keys, numbers)
        to_word = tf.lookup.KeyValueTensorInitializer(numbers, keys)
        self.numbers = tf.lookup.StaticHashTable(to_number, -1)
        self.words = tf.lookup.StaticHashTable(to_word, "unknown")

    @tf.function(input_signature=[WORD])
    def to_number(self, word):
        return {"number": self.numbers.lookup(word)}

    @tf.function(input_signature=[NUMBER])
    def to_word(self, number):
        return {"word": self.words.lookup(number)}


@export(
    family="tables",
    verdict=EVERYWHERE,
    why="LiteRT has tables of constants, in both directions. Only a word of the table tells two "
    "readers apart.",
    quick=True,
)
def hash_tables(directory: Path):
    module = Static()
    signatures = {"to_number": module.to_number, "to_word": module.to_word}
    tf.saved_model.save(module, directory, signatures=signatures)
    given = {"word": words("Gentoo", "gentoo", "Adelie")}
    return {
        "to_number": (given, {"number": np.int64([30, -1, 10])}),
        "to_word": ({"number": np.int64([20, 0])}, {"word": words(b"Chinstrap", b"unknown")}),
    }


class Buckets(tf.Module):
    """A vocabulary in a file, with two buckets for unknown words."""

    def __init__(self, file):
        super().__init__()
        line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        content = tf.lookup.TextFileInitializer(str(file), tf.string, line, tf.int64, number)
        self.table = tf.lookup.StaticVocabularyTable(content, num_oov_buckets=2)

    @tf.function(input_signature=[WORD])
    def serve(self, word):
        return {"id": self.table.lookup(word)}


@export(
    family="tables",
    verdict=NO_LITERT,
    why="The file travels as an asset. LiteRT has no operation that hashes the unknown words.",
    quick=True,
)
def table_of_a_file(directory: Path):
    file = directory.with_name("words.txt")
    file.write_text("\n".join(SPECIES))
    module = Buckets(file)
    tf.saved_model.save(module, directory, signatures=module.serve)
    file.unlink()
    given = words("Gentoo", "Emperor", "King", "Adelie")
    right = module.serve(tf.constant(given))["id"].numpy()
    return {"serving_default": ({"word": given}, {"id": right})}


class OfContent(tf.Module):
    """A table with any content, without buckets."""

    def __init__(self, content):
        super().__init__()
        self.table = tf.lookup.StaticHashTable(content, -1)

    @tf.function(input_signature=[WORD])
    def serve(self, word):
        return {"id": self.table.lookup(word)}


def with_constants(directory: Path, cured: Path):
    """Export the words of the file as constants."""
    numbers = tf.range(len(SPECIES), dtype=tf.int64)
    module = OfContent(tf.lookup.KeyValueTensorInitializer(tf.constant(SPECIES), numbers))
    tf.saved_model.save(module, cured, signatures=module.serve)


@export(
    family="tables",
    verdict=NO_LITERT,
    why="LiteRT converts the look-up, and leaves out what fills the table from its file.",
    cure=with_constants,
    told=("KeyValueTensorInitializer",),
)
def table_of_a_file_without_buckets(directory: Path):
    file = directory.with_name("words.txt")
    file.write_text("\n".join(SPECIES))
    line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    content = tf.lookup.TextFileInitializer(str(file), tf.string, line, tf.int64, number)
    module = OfContent(content)
    tf.saved_model.save(module, directory, signatures=module.serve)
    file.unlink()
    given = {"word": words("Gentoo", "gentoo", "Adelie")}
    return {"serving_default": (given, {"id": np.int64([2, -1, 0])})}


class Filled(tf.Module):
    """A table that is filled when the program runs."""

    def __init__(self, table, keys):
        super().__init__()
        self.table = table
        self.table.insert(keys, tf.constant([0.5, 0.75]))
        spec = tf.TensorSpec([None], table.key_dtype, name="key")
        self.serve = tf.function(self._serve, input_signature=[spec])

    def _serve(self, key):
        return {"value": self.table.lookup(key)}


@export(family="tables", verdict=NO_LITERT, why="LiteRT has only tables of constants.")
def mutable_table(directory: Path):
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, -1.0)
    module = Filled(table, tf.constant(["Adelie", "Gentoo"]))
    tf.saved_model.save(module, directory, signatures=module.serve)
    given = {"key": words("Gentoo", "King", "Adelie")}
    return {"serving_default": (given, {"value": np.float32([0.75, -1, 0.5])})}


@export(family="tables", verdict=NO_LITERT, why="LiteRT has only tables of constants.")
def dense_table(directory: Path):
    table = tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.float32, -1.0, empty_key=-1, deleted_key=-2
    )
    module = Filled(table, tf.constant([500, 700], tf.int64))
    tf.saved_model.save(module, directory, signatures=module.serve)
    given = {"key": np.int64([500, 700, 9])}
    return {"serving_default": (given, {"value": np.float32([0.5, 0.75, -1])})}
