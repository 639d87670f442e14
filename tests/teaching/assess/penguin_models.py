"""Good solutions of the capstone that differ in kind, and models that miss one requirement."""

import functools
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from helpers.models import PenguinModel
from helpers.penguins.data import ISLANDS, MEASUREMENTS, RAW, SEXES, SPECIES, one_hot
from helpers.serving.rollout.plan import Plan
from helpers.teaching.assess.brief import BASELINE, EFFECT, MEANS, PLAN, training_penguins
from helpers.training import train

NUMBERS, TEXTS = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((None,), tf.string)
LOWER = tuple(island.lower() for island in ISLANDS)
FOLDER = tempfile.TemporaryDirectory(prefix="capstone-")


def vocabulary(islands: Sequence[str]) -> str:
    """Write islands to a file, one on each line, and return its path."""
    file = Path(FOLDER.name) / islands[0] / "islands.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(islands), encoding="utf-8")
    return str(file)


def plan(percent: float = 10, **changed) -> dict:
    """Return a plan that meets requirement 9, with some fields changed."""
    made = Plan(BASELINE, EFFECT, looks=4, share=percent / 100)
    looks = [users.total for users in made.schedule]
    fields = {"stable": 1, "canary": 2, "percent": percent, "max_error_rate": 0.2, "window": 50}
    return fields | {"looks": looks} | changed


def write_plan(folder: Path, fields: object) -> None:
    """Write a plan as JSON."""
    (folder / PLAN).write_text(json.dumps(fields), encoding="utf-8")


@functools.cache
def trained_keras(steps: int) -> PenguinModel:
    """Train the course's PenguinModel on the penguins for the training."""
    rows = filled(training_penguins())
    tf.keras.utils.set_random_seed(steps)
    model = PenguinModel(rows, vocabulary(LOWER))
    features = lower_features(model, rows)
    train(model, features, one_hot(rows["species"], SPECIES), steps, 0.02, progress=False)
    return model


def filled(rows):
    """Put the means of the brief in place of missing measurements."""
    means = {n: np.where(np.isnan(rows[n]), m, rows[n]).astype("f") for n, m in MEANS.items()}
    return rows | means


def lower_features(model, rows):
    """Prepare rows as a PenguinModel with words in small letters does."""
    model.sexes = tf.keras.layers.StringLookup(vocabulary=SEXES, output_mode="one_hot")
    words = [np.char.lower(rows[name]) for name in ("island", "sex")]
    return model.prepare(*(rows[name] for name in MEASUREMENTS), *words)


def export_keras(folder: Path, steps: int = 150, **changed: Callable) -> Path:
    """Export a PenguinModel with ExportArchive and three endpoints.

    Parameters
    ----------
    folder : Path
    steps : int
        Of the training.
    **changed : callable
        A part of the solution to replace: fill, lower, probabilities.
    """
    model = trained_keras(steps)

    def fill(values, name):
        return tf.where(tf.math.is_nan(values), MEANS[name], values)

    part = SimpleNamespace(fill=fill, lower=tf.strings.lower, probabilities=lambda x: x)
    vars(part).update(changed)

    def rows_to_probabilities(bill_length_mm, body_mass_g, island, sex):
        numbers = (
            part.fill(bill_length_mm, MEASUREMENTS[0]),
            part.fill(body_mass_g, MEASUREMENTS[1]),
        )
        return part.probabilities(
            model(model.prepare(*numbers, part.lower(island), part.lower(sex)))
        )

    def probabilities(bill_length_mm, body_mass_g, island, sex):
        return {"probabilities": rows_to_probabilities(bill_length_mm, body_mass_g, island, sex)}

    def classify(bill_length_mm, body_mass_g, island, sex):
        found = rows_to_probabilities(bill_length_mm, body_mass_g, island, sex)
        species = tf.gather(tf.constant(SPECIES), tf.argmax(found, axis=1))
        return {"species": species, "probability": tf.reduce_max(found, axis=1)}

    def measurements(bill_length_mm, body_mass_g):
        numbers = [
            part.fill(bill_length_mm, MEASUREMENTS[0]),
            part.fill(body_mass_g, MEASUREMENTS[1]),
        ]
        scaled = model.normalization(tf.stack(numbers, axis=1))
        unknown = tf.zeros((tf.shape(scaled)[0], len(ISLANDS) + len(SEXES)))
        return {"probabilities": part.probabilities(model(tf.concat([scaled, unknown], axis=1)))}

    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    columns = [NUMBERS, NUMBERS, TEXTS, TEXTS]
    archive.add_endpoint("classify", classify, columns)
    archive.add_endpoint("probabilities", probabilities, columns)
    archive.add_endpoint("measurements", measurements, columns[:2])
    archive.write_out(folder, verbose=False)
    return folder


@functools.cache
def least_squares(strength: float) -> np.ndarray:
    """Compute the weights of a linear model in closed form: (8, 3), the last row is the bias."""
    rows = filled(training_penguins())
    features = [(rows[n] - MEANS[n]) / DEVIATIONS[n] for n in MEASUREMENTS]
    words = [one_hot(rows["island"], ISLANDS), one_hot(rows["sex"], SEXES)]
    ones = np.ones((len(rows["sex"]), 1))
    x = np.hstack([np.stack(features, axis=1), *words, ones])
    target = 8 * one_hot(rows["species"], SPECIES) - 4
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ target).astype("f")


DEVIATIONS = {"bill_length_mm": 5.5, "body_mass_g": 800.0}


class Linear(tf.Module):
    """A solution without Keras: tables of tf.lookup, and a linear model in closed form.

    A subclass with one method replaced is a near miss.
    """

    vocabulary = LOWER

    def __init__(self, strength: float = 1.0):
        super().__init__()
        self.file = tf.saved_model.Asset(vocabulary(self.vocabulary))
        self.islands = self.table_of_islands()
        self.sexes = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(SEXES, tf.range(2, dtype=tf.int64)), -1
        )
        self.weights = tf.Variable(least_squares(strength))

    def table_of_islands(self):
        return tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                self.file,
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            -1,
        )

    def fill(self, values, name):
        return tf.where(tf.math.is_nan(values), MEANS[name], values)

    def word(self, texts):
        return tf.strings.lower(texts)

    def scaled(self, *columns):
        pairs = zip(columns, MEASUREMENTS, strict=True)
        filled = [(self.fill(c, n) - MEANS[n]) / DEVIATIONS[n] for c, n in pairs]
        return tf.stack(filled, axis=1)

    def compute(self, scaled, words):
        return tf.nn.softmax(
            tf.concat([scaled, words, tf.ones_like(scaled[:, :1])], axis=1) @ self.weights
        )

    def whole(self, bill_length_mm, body_mass_g, island, sex):
        words = [
            tf.one_hot(self.islands.lookup(self.word(island)), len(ISLANDS)),
            tf.one_hot(self.sexes.lookup(self.word(sex)), len(SEXES)),
        ]
        return self.compute(self.scaled(bill_length_mm, body_mass_g), tf.concat(words, axis=1))

    def classify(self, bill_length_mm, body_mass_g, island, sex):
        found = self.whole(bill_length_mm, body_mass_g, island, sex)
        species = tf.gather(tf.constant(SPECIES), tf.argmax(found, axis=1))
        return {"species": species, "probability": tf.reduce_max(found, axis=1)}

    def probabilities(self, bill_length_mm, body_mass_g, island, sex):
        return {"probabilities": self.whole(bill_length_mm, body_mass_g, island, sex)}

    def measurements(self, bill_length_mm, body_mass_g):
        scaled = self.scaled(bill_length_mm, body_mass_g)
        words = tf.zeros((tf.shape(scaled)[0], len(ISLANDS) + len(SEXES)))
        return {"probabilities": self.compute(scaled, words)}

    def specs(self, key):
        named = {
            name: tf.TensorSpec((None,), tf.float32 if name in MEASUREMENTS else tf.string, name)
            for name in RAW
        }
        return [named[name] for name in (MEASUREMENTS if key == "measurements" else RAW)]

    def export(self, folder: Path) -> Path:
        """Save the module with the three signatures of the brief."""
        tf.saved_model.save(self, str(folder), signatures=self.functions())
        return folder

    def functions(self):
        return {
            key: tf.function(getattr(self, key), input_signature=self.specs(key))
            for key in ("classify", "probabilities", "measurements")
        }
