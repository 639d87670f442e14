"""The Palmer penguins: real data with texts and missing values."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

PENGUINS = Path(__file__).with_name("penguins.csv")  # README.md names source and licence
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
ISLANDS = ("Biscoe", "Dream", "Torgersen")
SEXES = ("female", "male")
MEASUREMENTS = ("bill_length_mm", "body_mass_g")
RAW = (*MEASUREMENTS, "island", "sex")  # the inputs of lesson 05's model


def penguins() -> dict[str, np.ndarray]:
    """Read the Palmer penguins, in the order of the file.

    Returns
    -------
    dict of str to (344,) array
        float32 columns with NaN for a missing value: bill_length_mm, bill_depth_mm and
        flipper_length_mm in millimetres, body_mass_g in grams, year. Text columns with "" for a
        missing value: species, island, sex.
    """
    with PENGUINS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(texts):
    known = [text for text in texts if text != "NA"]
    if known[0].replace(".", "").isdigit():
        return np.array([np.nan if text == "NA" else text for text in texts], np.float32)
    return np.array(["" if text == "NA" else text for text in texts])


def take(
    rows: Mapping[str, np.ndarray], which: int | slice | list | np.ndarray
) -> dict[str, np.ndarray]:
    """Select some of the rows.

    Parameters
    ----------
    rows : dict of str to (n, ...) array
        The columns.
    which : int, slice, array of int, or (n,) bool array
        The index of each column.

    Returns
    -------
    dict of str to array
        The selected part of each column.
    """
    return {name: column[which] for name, column in rows.items()}


def complete(rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Find the rows without a missing value.

    Parameters
    ----------
    rows : dict of str to (n,) array
        A missing value is NaN in a column of numbers, and "" in a column of texts.

    Returns
    -------
    (n,) bool array
    """
    gaps = [
        column == "" if column.dtype.kind == "U" else np.isnan(column) for column in rows.values()
    ]
    return ~np.any(gaps, axis=0)


def folds(labels: np.ndarray, count: int = 5, seed: int = 0) -> np.ndarray:
    """Divide rows into folds, so that every fold has nearly the same share of every label.

    Parameters
    ----------
    labels : (n,) array
    count : int
        The number of folds, from 2 to n.
    seed : int

    Returns
    -------
    (n,) int array
        The fold of each row, from 0 to count - 1.

    Raises
    ------
    ValueError
        If `count` is out of its range.
    """
    if not 2 <= count <= len(labels):
        raise ValueError(f"count={count!r}: from 2 folds to {len(labels)}, one for each row")
    rng, found = np.random.default_rng(seed), np.empty(len(labels), int)
    # The numbers continue from label to label, so that the folds differ by at most one row.
    order = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    found[np.concatenate(order)] = np.arange(len(labels)) % count
    return found


def one_hot(labels: Sequence[str] | np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Make a column for each name, with 1 where a label is that name and 0 elsewhere.

    Parameters
    ----------
    labels : (n,) array or sequence of str
    names : sequence of str
        A label that is not among them becomes a row of zeros.

    Returns
    -------
    (n, len(names)) float32 array
    """
    return (np.asarray(labels)[:, np.newaxis] == np.asarray(names)).astype(np.float32)
