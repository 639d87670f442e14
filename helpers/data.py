"""Data for the reference models: seeded numbers, all float32, and the Palmer penguins."""

import csv
from pathlib import Path

import numpy as np

PENGUINS = Path(__file__).parent / "penguins" / "penguins.csv"  # source and licence beside it
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
ISLANDS = ("Biscoe", "Dream", "Torgersen")
SEXES = ("female", "male")
MEASUREMENTS = ("bill_length_mm", "body_mass_g")
RAW = (*MEASUREMENTS, "island", "sex")  # the columns that lesson 05's model is given


def line(rows=100, slope=2.0, intercept=1.0, noise=0.1, seed=0):
    """Noisy points of y = slope·x + intercept, x uniform in [-1, 1).

    Returns x : (rows, 1) array and y : (rows, 1) array.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 1))
    return _float32(x, slope * x + intercept + rng.normal(0, noise, x.shape))


def row_sums(rows=1000, columns=10, seed=0):
    """Rows of standard normal numbers and their sums.

    Returns x : (rows, columns) array and y : (rows, 1) array.
    """
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    return _float32(x, x.sum(axis=1, keepdims=True))


def two_features(rows=200, noise=0.1, seed=0):
    """Noisy points of y = 2·(x0 + x1) + 1, x uniform in [-1, 1).

    Returns x : (rows, 2) array and y : (rows, 1) array.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 2))
    y = 2 * x.sum(axis=1, keepdims=True) + 1
    return _float32(x, y + rng.normal(0, noise, y.shape))


def penguins():
    """The Palmer penguins, 344 rows, in the order of the file.

    Returns a dict of (344,) arrays. Numbers, float32, NaN where missing: bill_length_mm,
    bill_depth_mm and flipper_length_mm in millimetres, body_mass_g in grams, year. Texts, ""
    where missing: species, island, sex.
    """
    with PENGUINS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(texts):
    known = [text for text in texts if text != "NA"]
    if known[0].replace(".", "").isdigit():
        return np.array([np.nan if text == "NA" else text for text in texts], np.float32)
    return np.array(["" if text == "NA" else text for text in texts])


def take(rows, which):
    """Some of the `rows`, a dict of (n, ...) arrays: those that `which`, an index or a (n,) bool
    array, picks out of each column. Returns a dict of arrays."""
    return {name: column[which] for name, column in rows.items()}


def complete(rows):
    """Where no column of `rows` has a gap, NaN or "". Returns a (n,) bool array."""
    gaps = [
        column == "" if column.dtype.kind == "U" else np.isnan(column) for column in rows.values()
    ]
    return ~np.any(gaps, axis=0)


def folds(labels, count=5, seed=0):
    """The fold of each row, so that every fold has its share of every label.

    labels : (n,) array

    Returns (n,) array of whole numbers from 0 to count - 1.
    """
    if not 2 <= count <= len(labels):
        raise ValueError(f"count={count!r}: from 2 folds to {len(labels)}, one for each row")
    rng, found = np.random.default_rng(seed), np.empty(len(labels), int)
    # What is left over of one label goes on where the last one stopped.
    order = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    found[np.concatenate(order)] = np.arange(len(labels)) % count
    return found


def one_hot(labels, names):
    """A column for each of `names`, 1 where a label is that name. Returns (n, names) float32."""
    return (np.asarray(labels)[:, np.newaxis] == np.asarray(names)).astype(np.float32)


def _float32(*arrays):
    return tuple(array.astype(np.float32) for array in arrays)
