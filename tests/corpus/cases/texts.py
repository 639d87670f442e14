"""Texts: vocabularies, operations on strings, and words that differ only in their case."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
SENTENCES = ["The penguin swims", "a Gentoo penguin", "snow and ice", "penguin Chicks eat fish"]
WORD = tf.TensorSpec([None], tf.string, name="word")


def words(*values):
    """Return an array of texts."""
    return np.array(values, object)


@export(
    family="texts",
    verdict=NO_LITERT,
    why="LiteRT has no operation that changes texts to small letters or splits them.",
    quick=True,
)
def text_vectorization(directory: Path):
    vectorize = layers.TextVectorization(output_sequence_length=6)
    vectorize.adapt(SENTENCES)
    sentence = keras.Input((), dtype="string", name="sentence")
    embedded = layers.Embedding(20, 4)(vectorize(sentence))
    model = keras.Model(
        sentence, layers.Dense(2)(layers.GlobalAveragePooling1D()(embedded)), name="sentences"
    )
    model.export(directory, verbose=False)
    x = words("the Penguin eats ICE", "fish", "", "unknown words")
    return {"serving_default": ({"sentence": x}, {"output_0": model(tf.constant(x)).numpy()})}


@export(
    family="texts",
    verdict=EVERYWHERE,
    why="The table is constant, and LiteRT has operations for such tables of texts.",
    quick=True,
)
def string_lookup_of_capitals(directory: Path):
    """A vocabulary in which only the case tells two words apart."""
    look = layers.StringLookup(vocabulary=["Adelie", "adelie", "Gentoo"], output_mode="one_hot")
    species = keras.Input((1,), dtype="string", name="species")
    model = keras.Model(species, layers.Dense(1)(look(species)))
    model.export(directory, verbose=False)
    x = words(["Adelie"], ["adelie"], ["ADELIE"], ["Gentoo"])
    return {"serving_default": ({"species": x}, {"output_0": model(tf.constant(x)).numpy()})}


class Capitals(tf.Module):
    """Answers that depend on the case of the letters and on nothing else."""

    @tf.function(input_signature=[WORD])
    def serve(self, word):
        return {"capital": tf.strings.regex_full_match(word, "[A-Z].*")}


@export(
    family="texts",
    verdict=NO_LITERT,
    why="LiteRT has no regular expressions. Texts without capitals would give equal answers.",
    quick=True,
)
def capital_letters(directory: Path):
    module = Capitals()
    tf.saved_model.save(module, directory, signatures=module.serve)
    right = np.array([True, False, True, False])
    return {"serving_default": ({"word": words("Red", "red", "RED", "")}, {"capital": right})}


class Lengths(tf.Module):
    """The lengths of texts, in bytes and in characters."""

    @tf.function(input_signature=[WORD])
    def serve(self, word):
        characters = tf.strings.length(word, unit="UTF8_CHAR")
        return {"characters": characters, "bytes": tf.strings.length(word)}


@export(family="texts", verdict=NO_LITERT, why="LiteRT has no operation StringLength.")
def text_lengths(directory: Path):
    module = Lengths()
    tf.saved_model.save(module, directory, signatures=module.serve)
    right = {"characters": np.int32([1, 3, 0]), "bytes": np.int32([2, 3, 0])}
    return {"serving_default": ({"word": words("é", "abc", "")}, right)}


class SpeciesOf(tf.Module):
    """Numbers come in, the name of the class goes out."""

    def __init__(self):
        self.names = tf.constant(["Adelie", "Chinstrap", "Gentoo"])
        self.w = tf.Variable([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="row")])
    def serve(self, row):
        scores = row @ self.w
        best = tf.argmax(scores, axis=1)
        return {"species": tf.gather(self.names, best), "score": tf.reduce_max(scores, axis=1)}


@export(
    family="texts",
    verdict=EVERYWHERE,
    why="LiteRT can choose a text from a constant: it only cannot change texts.",
    quick=True,
)
def names_of_classes(directory: Path):
    module = SpeciesOf()
    tf.saved_model.save(module, directory, signatures=module.serve)
    row = np.float32([[1, 0], [0, 1], [-1, -3], [5, 4]])
    right = {
        "species": words(b"Adelie", b"Chinstrap", b"Gentoo", b"Adelie"),
        "score": np.float32([1, 1, 3, 5]),
    }
    return {"serving_default": ({"row": row}, right)}


class SumOfTexts(tf.Module):
    """Numbers that come as one text, with semicolons between them."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="line")])
    def serve(self, line):
        parts = tf.strings.split(line, ";").to_tensor("0", shape=[None, 2])
        return {"sum": tf.reduce_sum(tf.strings.to_number(parts), axis=1)}


@export(
    family="texts",
    verdict=NO_LITERT,
    why="LiteRT neither splits texts nor reads numbers from them. Words that are no numbers are "
    "refused by every reader.",
)
def numbers_in_texts(directory: Path):
    module = SumOfTexts()
    tf.saved_model.save(module, directory, signatures=module.serve)
    given, right = {"line": words("1;2", "0.5;-1")}, {"sum": np.float32([3, -0.5])}
    return {"serving_default": (given, right)}


class Rows(tf.Module):
    """Rows of a CSV file, with defaults for what is missing."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="row")])
    def serve(self, row):
        length, depth, sex = tf.io.decode_csv(row, [[0.0], [0.0], ["unknown"]])
        return {"size": length * depth, "sex": sex}


@export(
    family="texts",
    verdict=NO_LITERT,
    why="LiteRT has no operation DecodeCSV. A text with more or fewer fields is refused by "
    "every reader.",
)
def rows_of_csv(directory: Path):
    module = Rows()
    tf.saved_model.save(module, directory, signatures=module.serve)
    right = {"size": np.float32([2, 0, 10]), "sex": words(b"male", b"unknown", b"b")}
    return {"serving_default": ({"row": words("1,2,male", "3,,", "2,5,b")}, right)}
