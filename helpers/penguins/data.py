"""The penguins: real rows, with words and missing values."""

import csv
from pathlib import Path

import numpy as np

PENGUINS = Path(__file__).with_name("penguins.csv")  # source and licence beside it
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
ISLANDS = ("Biscoe", "Dream", "Torgersen")
SEXES = ("female", "male")
MEASUREMENTS = ("bill_length_mm", "body_mass_g")
RAW = (*MEASUREMENTS, "island", "sex")  # the columns that lesson 05's model is given


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
