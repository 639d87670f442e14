"""Proofs of exercise 3: predictions, and exports of the sorter."""

import functools
import tempfile
from pathlib import Path

import tensorflow as tf

from helpers.exercises.lesson_02.sorter import sorter
from tests.exercises.lesson_02.exports import Spec, write
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings

PREDICTION = {
    "1000001": True,
    "16777216": True,
    "16777218": True,
    "16777219": False,
    "33554434": False,
}
IDS = Spec((None,), tf.int32, name="ids")


@functools.cache
def given_sorter():
    model, _ = sorter(Path(tempfile.mkdtemp()) / "given")
    return model


def sorted_again(folder, prediction=PREDICTION, model=None, spec=IDS):
    model = model or given_sorter()
    model.export(folder / "export", input_signature=[spec], verbose=False)
    return prediction, folder / "export"


def as_given(folder):
    given_sorter().export(folder / "export", verbose=False)
    return PREDICTION, folder / "export"


class Belts(tf.keras.Model):
    """A sorter of somebody else."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self(tf.constant([1]))

    def call(self, ids):
        return self.function(ids)


def belts(function):
    return lambda folder: sorted_again(folder, model=Belts(function))


def sorted_by(function, spec=IDS, key="serving_default"):
    """Write an export with ExportArchive."""
    return lambda folder: (PREDICTION, *write(folder, function, spec, key, given_sorter()))


def functional_sorter(folder):
    ids = tf.keras.Input((), dtype="int32", name="ids")
    tf.keras.Model(ids, given_sorter()(ids)).export(folder / "export", verbose=False)
    return PREDICTION, folder / "export"


def predicted(**changed):
    return lambda folder: sorted_again(folder, {**PREDICTION, **changed})


def each_with_an_export(answers):
    """Add a right export to each prediction."""
    return {
        name: lambda folder, answer=answer: sorted_again(folder, answer(folder)[0])
        for name, answer in answers.items()
    }


Q3 = Proofs(
    right=each_with_an_export(other_mappings(PREDICTION))
    | {
        "64 bits": lambda folder: sorted_again(folder, spec=Spec((None,), tf.int64, "ids")),
        "an archive": sorted_by(lambda ids: given_sorter()(ids)),
        "an archive with a named output": sorted_by(lambda ids: {"belt": given_sorter()(ids)}),
        "a functional model": functional_sorter,
        "under a name of its own as well": sorted_by(lambda ids: ids % 97, key="sort"),
        "without the model": sorted_by(lambda ids: tf.math.floormod(ids, 97)),
        "a spec from a list": lambda folder: sorted_again(
            folder, spec=Spec([None], "int32", "ids")
        ),
    },
    wrong={
        "every number above the limit changes": Mistake(
            predicted(**{"16777218": False}),
            "16777218: you say False, but it is True. float32 holds 16,777,218 exactly. "
            "The model answers 1, and the export answers 1.",
        ),
        "every even number stays": Mistake(
            predicted(**{"33554434": True}),
            "33554434: you say True, but it is False. As float32, 33,554,434 becomes 33,554,432.",
        ),
        "no number changes": Mistake(
            predicted(**{"16777219": True}), "As float32, 16,777,219 becomes 16,777,220."
        ),
        "large numbers change": Mistake(
            predicted(**{"1000001": False}), "float32 holds 1,000,001 exactly"
        ),
        "words": Mistake(
            predicted(**{"1000001": "same"}), "1000001: 'same' is not one of True, False"
        ),
        "exported as before": Mistake(
            as_given,
            "the input of serving_default should have a dtype of whole numbers, but args_0 is "
            "float32. Give sorter.export an input_signature.",
        ),
        "64 bits of a float": Mistake(
            lambda folder: sorted_again(folder, spec=Spec((None,), tf.float64, "ids")),
            "but ids is float64",
        ),
        "no name": Mistake(
            lambda folder: sorted_again(folder, spec=Spec((None,), tf.int32)),
            "should be called ids, but is called args_0",
        ),
        "one number": Mistake(
            lambda folder: sorted_again(folder, spec=Spec((1,), tf.int32, "ids")),
            "should accept any number of rows",
        ),
        "16 bits": Mistake(
            lambda folder: sorted_again(folder, spec=Spec((None,), tf.int16, "ids")),
            "int16, which cannot hold the number ",
        ),
        "other belts": Mistake(belts(lambda ids: ids % 96), "as sorter does"),
        "no export": Mistake(lambda folder: (PREDICTION, folder / "none"), "no such directory"),
    },
    near=each_with_an_export(one_wrong(PREDICTION, (True, False)))
    | {
        "through float32": belts(lambda ids: tf.cast(tf.cast(ids, tf.float32), tf.int32) % 97),
        "answers of floats": belts(lambda ids: tf.cast(ids % 97, tf.float32)),
        "negative numbers cut": belts(lambda ids: tf.maximum(ids, 0) % 97),
        "the remainder of C": belts(lambda ids: tf.math.sign(ids) * (tf.abs(ids) % 97)),
        "98 belts": belts(lambda ids: ids % 98),
        "of shape (n, 1)": belts(lambda ids: (ids % 97)[:, None]),
    },
    untouched=(dict.fromkeys(PREDICTION, ...), ...),
)
