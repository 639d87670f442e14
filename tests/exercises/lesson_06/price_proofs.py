"""Proofs of exercises 3 and 4 of lesson 06: right answers, named mistakes, near misses."""

import os

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06.exercises import repair_the_names, repair_the_path
from tests.exercises.lesson_06 import near_misses as near
from tests.exercises.lesson_06 import price_answers as answers
from tests.exercises.proofs import Mistake, Proofs
from tests.exercises.repairs import (
    as_it_was,
    first_rows,
    just,
    over_the_given,
    repaired,
    saved_again,
    without_column,
)

NAMES, PATH = "signature-by-name", "path-in-graph"

Q3 = Proofs(
    right={
        "an ExportArchive around the signature": repaired(NAMES, answers.renamed),
        "a tf.Module around it": repaired(NAMES, answers.renamed_by_a_module),
        "a new model with named inputs": repaired(NAMES, answers.functional),
        "a path as text": lambda folder: (NAMES, str(answers.renamed(folder))),
        "the formula of the sentence": repaired(NAMES, near.priced),
        "a case's name as a text of NumPy": lambda folder: (
            np.str_(NAMES),
            answers.renamed_by_probing(folder),
        ),
    },
    wrong={
        "over the given export": Mistake(
            lambda folder: (
                NAMES,
                over_the_given(folder, answers.renamed, repair_the_names),
            ),
            "its files should stay as they are",
        ),
        "another diagnosis": Mistake(
            just("shape-refused", "none"),
            "'shape-refused' is \"The export refuses a shape\". Here the export gives right",
        ),
        "no diagnosis": Mistake(
            just("wrong names", "none"),
            "should be the name of a case of the clinic, as a text, but is 'wrong names'",
        ),
        "a case's title": Mistake(
            just("The export refuses a shape", "none"),
            "should be the name of a case of the clinic",
        ),
        "as it was": Mistake(
            as_it_was(NAMES, repair_the_names),
            "serving_default should have an input named 'area', but takes a, b",
        ),
        "swapped": Mistake(
            repaired(NAMES, answers.swapped),
            "should answer 280 for area=100.0, rooms=3.0, but answers 1056",
        ),
        "no name for the price": Mistake(
            repaired(NAMES, answers.renamed, output="output_0"),
            "should have an output named 'price', but its outputs are: output_0",
        ),
        "other names": Mistake(
            repaired(NAMES, answers.renamed, names=("area", "room")), "an input named 'rooms'"
        ),
        "one house at a time": Mistake(
            repaired(NAMES, answers.renamed, rows=1), "takes area of shape (1, 1)"
        ),
        "one input more": Mistake(
            repaired(NAMES, answers.one_input_more),
            "should take only what clients send, but takes garden as well",
        ),
        "no such directory": Mistake(
            lambda folder: (NAMES, folder / "none"), "repaired_dir_3: directory: there is nothing"
        ),
        "the loaded export": Mistake(
            lambda _: (NAMES, tf.saved_model.load(repair_the_names.given())),
            "the path of an export directory",
        ),
    },
    untouched=(..., ...),
    near={
        "the ground a little off": repaired(NAMES, near.priced, ground=50.1),
        "a room 1 % too expensive": repaired(NAMES, near.priced, rooms=10.1),
        "a square metre 1 % too expensive": repaired(NAMES, near.priced, area=2.02),
        "whole square metres": repaired(NAMES, near.of_whole_metres),
        "whole prices": repaired(NAMES, near.priced, tf.round),
        "no price below the ground": repaired(
            NAMES, near.priced, lambda price: tf.maximum(price, 50.0)
        ),
        "a whole number": repaired(NAMES, near.priced, lambda price: tf.cast(price, tf.int32)),
        "a price without a column": repaired(NAMES, near.priced, without_column),
        "100 houses": repaired(NAMES, near.priced, first_rows),
        "the first house's price": repaired(
            NAMES, near.priced, lambda price: price[:1] + 0 * price
        ),
        "columns of float64": repaired(NAMES, near.priced, dtype=tf.float64),
        "a function of NumPy": repaired(NAMES, near.by_numpy),
    },
)

Q4 = Proofs(
    right={
        "a lookup table": repaired(PATH, answers.looked_up),
        "a StringLookup with the words": repaired(PATH, answers.by_a_layer),
        "a StringLookup with the file": lambda folder: (
            PATH,
            answers.by_a_layer(folder, vocabulary=answers.given_words()),
        ),
        "an asset": repaired(PATH, answers.of_an_asset),
        "comparisons": repaired(PATH, near.coloured),
    },
    wrong={
        "over the given export": Mistake(
            lambda folder: (
                PATH,
                over_the_given(folder, answers.looked_up, repair_the_path),
            ),
            "its files should stay as they are",
        ),
        "an asset blamed": Mistake(
            just("missing-asset", "none"), "the copy on the server is complete"
        ),
        "a py_function blamed": Mistake(
            just("py-function", "none"), "a clean process on this machine answers"
        ),
        "as it was": Mistake(
            as_it_was(PATH, repair_the_path), "but holds the path of colours.txt, a file of this"
        ),
        "saved again": Mistake(
            repaired(PATH, saved_again, exercise=repair_the_path), "the path of colours.txt"
        ),
        "a copy of the file in the export": Mistake(
            repaired(PATH, answers.of_a_copy_inside), "the path of colours.txt"
        ),
        "a path that leads nowhere": Mistake(
            repaired(PATH, answers.of_a_file, "colours.txt"),
            "reads a file (ReadFile), and the export has no assets",
        ),
        "a relative path of her file": Mistake(
            lambda folder: (
                PATH,
                answers.of_a_file(folder, os.path.relpath(answers.given_words())),
            ),
            "the path of colours.txt, a file of this",
        ),
        "a relative path of a copy": Mistake(
            repaired(PATH, answers.of_a_copy_beside), "the path of colours.txt, a file of this"
        ),
        "a joined path of a copy": Mistake(
            repaired(PATH, near.of_a_joined_copy),
            "reads a file (ReadFile), and the export has no assets",
        ),
        "a colour forgotten": Mistake(
            repaired(PATH, answers.looked_up, words=["red", "green"]),
            "should answer 7 for colour=blue, but answers 0",
        ),
        "no place for unknown colours": Mistake(
            repaired(PATH, answers.looked_up, prices=(3.0, 3.0, 5.0, 7.0)),
            "should answer 0 for colour=pink, but answers 3",
        ),
        "prices one off": Mistake(
            repaired(PATH, answers.looked_up, prices=(0.0, 0.0, 3.0, 5.0)),
            "should answer 5 for colour=green, but answers 3",
        ),
    },
    untouched=(..., ...),
    near={
        "small letters": repaired(PATH, near.coloured, tf.strings.lower),
        "without blanks": repaired(PATH, near.coloured, tf.strings.strip),
        "the first letters": repaired(
            PATH, near.coloured, lambda colour: tf.strings.regex_replace(colour, "^(red).*", r"\1")
        ),
        "the first colour for all": repaired(PATH, near.coloured, lambda colour: colour[:1]),
        "a price a little off": repaired(PATH, near.coloured, green=5.01),
        "a price for the unknown": repaired(PATH, near.coloured, unknown=0.01),
        "no price for the unknown": repaired(PATH, near.coloured, unknown=np.nan),
        "a price without a column": repaired(PATH, near.coloured, change=without_column),
        "a whole number": repaired(
            PATH, near.coloured, change=lambda price: tf.cast(price, tf.int32)
        ),
        "100 colours": repaired(PATH, near.coloured, change=first_rows),
        "another name": repaired(PATH, near.coloured, output="output_0"),
        "one row": repaired(PATH, near.coloured, rows=1),
        "a joined path": repaired(PATH, near.of_a_joined_path),
    },
)
