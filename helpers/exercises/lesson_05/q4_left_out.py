"""The exports of exercise 4 of lesson 05, each without one step of the preparation.

Each is made once and then copied, so a copy that a learner has changed can be told.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import Artifact, read
from helpers.exercises.lesson_05.raw_row_checks import (
    KEY,
    WORDS,
    Columns,
    classify,
    of_changed_rows,
    require_rows,
)
from helpers.exercises.outcomes import NotYet
from helpers.penguins.data import (
    ISLANDS,
    MEASUREMENTS,
    RAW,
    SEXES,
    SPECIES,
    folds,
    one_hot,
    penguins,
    take,
)
from helpers.penguins.preparation_mistakes import in_capitals, in_kilograms

ROTATION = ("capitals", "kilograms", "gaps")  # the step that is left out, by the seed
HERS = "found_dir, after the missing step by hand,"
UNKNOWN = ("", "Paulet", "unknown")


@cache
def training_rows() -> dict[str, np.ndarray]:
    """Return all penguins except those of `held_out`."""
    rows = penguins()
    return take(rows, folds(rows["species"]) != 0)


@cache
def trained_model():
    """Train the lesson's PenguinModel on `training_rows`."""
    import tensorflow as tf

    from helpers.models import PenguinModel
    from helpers.training import train

    known = training_rows()
    tf.keras.utils.set_random_seed(1)
    model = PenguinModel(known)
    features = model.prepare(**{name: known[name] for name in RAW})
    train(model, features, one_hot(known["species"], SPECIES), 300, 0.02, progress=False)
    return model


def means(rows: Columns) -> dict[str, float]:
    """Return the mean of each measurement, without the missing values."""
    return {name: float(np.nanmean(rows[name])) for name in MEASUREMENTS}


def filled(rows: Columns, values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Return the rows with these values in place of the missing measurements."""
    columns = {name: np.nan_to_num(rows[name], nan=values[name]) for name in MEASUREMENTS}
    return {**rows, **columns}


def _fill(rows):
    return filled(rows, means(penguins()))


def _in_kilograms(rows):
    return in_kilograms(dict(rows))


def _in_capitals(rows):
    return in_capitals(dict(rows))


# The steps as the notebook does them by hand.
STEPS: dict[str, Callable[[Columns], Mapping[str, np.ndarray]]] = {
    "gaps": _fill,
    "kilograms": _in_kilograms,
    "capitals": _in_capitals,
}


@cache
def _export(left_out):
    """Export a good model with all steps but one. Return its directory."""
    import tensorflow as tf

    from helpers.models import COLUMNS

    model = trained_model()

    def as_in_the_file(word, words):
        if left_out != "capitals":
            word = tf.strings.upper(word)
        capitals = tf.constant(["", *map(str.upper, words)])
        known = tf.cast(word[:, tf.newaxis] == capitals, tf.int32)
        return tf.gather(tf.constant(["", *words]), tf.argmax(known, axis=1))

    def classify(bill_length_mm, body_mass_g, island, sex):
        mass = body_mass_g * 1000 if left_out == "kilograms" else body_mass_g
        words = as_in_the_file(island, ISLANDS), as_in_the_file(sex, SEXES)
        if left_out != "gaps":
            return model.classify(bill_length_mm, mass, *words)
        features = model.prepare(bill_length_mm, mass, *words)
        nan_in_gaps = 0 * tf.stack([bill_length_mm, mass], axis=1)
        probabilities = model(tf.concat([features[:, :2] + nan_in_gaps, features[:, 2:]], axis=1))
        return {
            "species": tf.gather(tf.constant(SPECIES), tf.argmax(probabilities, axis=1)),
            "probability": tf.reduce_max(probabilities, axis=1),
        }

    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint(KEY, classify, COLUMNS)
    folder = Path(tempfile.mkdtemp(prefix="left-out-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export.write_out(folder / "made", verbose=False)
    return folder / "made"


def with_a_step_left_outside(
    folder: Path, seed: int | None = None
) -> tuple[Path, dict[str, Callable[[Columns], dict[str, np.ndarray]]]]:
    """Make an export of a good model without one step of its preparation.

    Parameters
    ----------
    folder : Path
    seed : int, optional
        Another seed leaves another step out.

    Returns
    -------
    directory : Path
        The export.
    steps : dict of str to function
        Each takes the rows of the file, and returns the four raw columns.
    """
    directory = Path(shutil.copytree(_export(ROTATION[(seed or 0) % len(ROTATION)]), folder))
    return directory, {name: _of_raw_columns(step) for name, step in STEPS.items()}


def _of_raw_columns(step):
    def raw_columns(rows):
        changed = step(rows)
        return {name: changed[name] for name in RAW}

    return raw_columns


def named(export_dir: Path, rows: Columns) -> int:
    """Count the penguins whose species an export names rightly."""
    species, _ = classify(read(export_dir), KEY, rows, "python")
    return int((species == rows["species"]).sum())


def asked(export_dir: Path) -> Callable[..., dict[str, np.ndarray]]:
    """Return the function of raw columns that an export computes; see `require_rows`."""

    def answer(**rows):
        species, probability = classify(read(export_dir), KEY, rows, "python")
        return {
            "species": species,
            "probability": probability,
            "clear": np.ones(len(species), bool),
        }

    return answer


@cache
def other_rows() -> dict[str, np.ndarray]:
    """Make 344 rows that are not in the file: other measurements, order and spelling, and gaps."""
    chance, table = np.random.default_rng(8), penguins()
    rows = take(table, chance.permutation(len(table["species"])))
    count = len(rows["species"])
    for name in MEASUREMENTS:
        moved = np.round(rows[name] * chance.uniform(0.9, 1.1, count), 1).astype(np.float32)
        rows[name] = np.where(chance.random(count) < 0.15, np.float32(np.nan), moved)
    for name in WORDS:
        words = np.where(chance.random(count) < 0.1, chance.choice(UNKNOWN, count), rows[name])
        rows[name] = np.array([_spelt(word, chance) for word in words])
    return rows


def _spelt(word, chance):
    """Write a word as it is, in capitals, in small letters, or with each letter in either."""
    mixed = "".join(c.upper() if chance.random() < 0.5 else c.lower() for c in str(word))
    return (str(word), word.upper(), word.lower(), mixed)[chance.integers(4)]


def require_hers(
    repaired: Artifact, original: Path, missing: str, which: Iterable[str]
) -> Callable[..., Mapping[str, np.ndarray]]:
    """Require the answers of her model after the missing step by hand, row by row.

    A missing measurement may count as the mean of the file, as in the step by hand, or as the mean
    of the training, as inside her model.

    Parameters
    ----------
    repaired : Artifact
        The learner's.
    original : Path
        Her export.
    missing : str
        The step that it leaves out.
    which : iterable of str
        Keys of `readers.READERS`.

    Returns
    -------
    callable
        The function of raw columns that gives these answers.
    """
    of_file, of_training = means(penguins()), means(training_rows())
    steps = [STEPS[missing]]
    if missing == "gaps":
        steps.append(lambda rows: filled(rows, of_training))
    else:
        steps.append(lambda rows: STEPS[missing](filled(rows, of_file)))
    errors, rows = [], other_rows()
    for step in steps:
        answer = of_changed_rows(asked(original), step)
        try:
            require_rows(repaired, KEY, rows, answer, HERS, "which is not in the file", which)
            return answer
        except NotYet as error:
            errors.append(error)
    raise errors[0]
