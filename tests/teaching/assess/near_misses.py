"""Capstones that miss one requirement: by name, the requirement, its words, and how to make one."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from helpers.exercises.lesson_12.drafts import DRAFTS
from helpers.penguins.data import ISLANDS
from tests.teaching.assess.penguin_models import FOLDER, LOWER, Linear, plan, write_plan


@dataclass(frozen=True)
class NearMiss:
    """A capstone that misses one requirement.

    Parameters
    ----------
    number : int
        The requirement.
    words : str
        What the report must say.
    make : function of a folder
        It makes version 1 in the folder 1, where version 2 and the plan are right already; or it
        changes these.
    """

    number: int
    words: str
    make: Callable[[Path], object]


class WritesAFile(Linear):
    def whole(self, *columns):
        found = super().whole(*columns)
        with tf.control_dependencies([tf.io.write_file("/tmp/penguins.txt", "called")]):
            return tf.identity(found)


class OtherName(Linear):
    def specs(self, key):
        specs = super().specs(key)
        return [specs[0], tf.TensorSpec((None,), tf.float32, "mass_g"), *specs[2:]]


class WordsAsTheyCome(Linear):
    vocabulary = ISLANDS

    def word(self, texts):
        return texts


class ListOfIslands(Linear):
    """The asset is in the export, and the endpoints use another table."""

    def table_of_islands(self):
        self.unused = super().table_of_islands()
        pairs = tf.lookup.KeyValueTensorInitializer(LOWER, tf.range(3, dtype=tf.int64))
        return tf.lookup.StaticHashTable(pairs, -1)


class MeasurementsLookUp(Linear):
    def measurements(self, bill_length_mm, body_mass_g):
        words = tf.fill(tf.shape(bill_length_mm), "")
        return {"probabilities": self.whole(bill_length_mm, body_mass_g, words, words)}


class MeanOfTheRequest(Linear):
    def scaled(self, *columns):
        scaled = super().scaled(*columns)
        return scaled - 0.1 * tf.reduce_mean(scaled, axis=0, keepdims=True)


class Heavy(Linear):
    def __init__(self):
        super().__init__()
        self.left = tf.Variable(tf.random.uniform((1000, 200)))


class RowByRow(Linear):
    def classify(self, *columns):
        def one(row):
            found = Linear.classify(self, *(value[tf.newaxis] for value in row))
            return {name: value[0] for name, value in found.items()}

        kinds = {"species": tf.string, "probability": tf.float32}
        return tf.map_fn(one, columns, fn_output_signature=kinds)


class OneSignatureMore(Linear):
    def functions(self):
        functions = super().functions()
        return functions | {"serving_default": functions["classify"]}


def first(model: Callable[[], Linear]) -> Callable[[Path], object]:
    """Put a model in the place of version 1."""
    return lambda folder: model().export(folder / "1")


def with_plan(**changed: object) -> Callable[[Path], object]:
    """Write a plan with some fields changed, beside two right versions."""

    def make(folder):
        shutil.copytree(good() / "1", folder / "1")
        write_plan(folder, plan() | changed)

    return make


def copy_version_1(folder: Path) -> None:
    """Publish version 1 again as version 2."""
    for number in (1, 2):
        shutil.rmtree(folder / str(number), ignore_errors=True)
        shutil.copytree(good() / "1", folder / str(number))


def good() -> Path:
    """Return a folder that meets all requirements; it is made once, and must not be changed."""
    folder = Path(FOLDER.name) / "good"
    if not folder.exists():
        folder.mkdir()
        Linear(1.0).export(folder / "1")
        Linear(5.0).export(folder / "2")
        write_plan(folder, plan())
    return folder


def made(one: NearMiss, folder: Path) -> Path:
    """Make a near miss in a new folder, and return the folder."""
    shutil.copytree(good() / "2", folder / "2")
    write_plan(folder, plan())
    one.make(folder)
    return folder


NEAR_MISSES = {
    "a file is written": NearMiss(1, "WriteFile writes files", first(WritesAFile)),
    "an input has another name": NearMiss(2, "no input body_mass_g: it has", first(OtherName)),
    "the words go to the lookup as they come": NearMiss(
        3, "a sex in capital letters should get the same answer", first(WordsAsTheyCome)
    ),
    "the islands are a list in the code": NearMiss(
        4, "Does the model use another list of the islands?", first(ListOfIslands)
    ),
    "measurements looks up empty words": NearMiss(
        5, "measurements in litert: fails", first(MeasurementsLookUp)
    ),
    "the mean of the request is subtracted": NearMiss(
        6, "answers other probability if a row is sent alone", first(MeanOfTheRequest)
    ),
    "a variable of 200,000 numbers is left over": NearMiss(
        7, "version 1 should have at most 500 kB, but has 8", first(Heavy)
    ),
    "version 2 has the weights of version 1": NearMiss(
        8, "should be a retrained model, but gives the answers of version 1", copy_version_1
    ),
    "the guard never ends a version": NearMiss(
        9, "fails in 1 of 2 requests should be ended", with_plan(max_error_rate=0.5)
    ),
    "classify computes row by row": NearMiss(
        10, "times the time of the baseline for 344 rows", first(RowByRow)
    ),
}
assert NEAR_MISSES.keys() >= DRAFTS.keys()
