"""Mistakes that callers make when they write the preparation a second time (lesson 05)."""

from collections.abc import Callable

import numpy as np

from helpers.penguins.data import MEASUREMENTS, SEXES, take

Rows = dict[str, np.ndarray]


def in_kilograms(rows: Rows) -> Rows:
    """Return the rows with the body mass in kilograms."""
    return rows | {"body_mass_g": rows["body_mass_g"] / 1000}


def in_capitals(rows: Rows) -> Rows:
    """Return the rows with islands and sexes in capital letters."""
    return rows | {name: np.char.upper(rows[name]) for name in ("island", "sex")}


def lose_a_fifth(rows: Rows) -> Rows:
    """Return the rows without a fifth of each measurement. It is always the same fifth."""
    lost = np.random.default_rng(2).random((2, len(rows["island"]))) < 0.2
    columns = zip(MEASUREMENTS, lost, strict=True)
    return rows | {name: np.where(gone, np.nan, rows[name]) for name, gone in columns}


def slips(by_hand: Callable[..., np.ndarray]) -> dict[str, tuple[Callable, ...]]:
    """List the mistakes as arguments for `HeldOut.right`.

    Parameters
    ----------
    by_hand : function of (rows, known, islands, sexes, gap)
        The preparation of the training. Returns the (m, 7) features of `rows`.

    Returns
    -------
    dict of str to tuple
        For each mistake in words: how the caller prepares the rows, and optionally a function that
        changes the rows before.
    """

    def one_island(rows, known):
        return by_hand(rows, take(known, known["island"] == "Torgersen"))

    def in_order_of_arrival(rows, known):
        return by_hand(rows, known, islands=("Torgersen", "Biscoe", "Dream"))

    def male_first(rows, known):
        return by_hand(rows, known, sexes=SEXES[::-1])

    def zero_for_gaps(rows, known):
        return by_hand(rows, known, gap=0)

    return {
        "body mass in kilograms": (by_hand, in_kilograms),
        "mean and deviation of one island": (one_island,),
        "islands in another order": (in_order_of_arrival,),
        "male before female": (male_first,),
        "words in capitals": (by_hand, in_capitals),
        "a fifth lost, mean instead": (by_hand, lose_a_fifth),
        "a fifth lost, 0 instead": (zero_for_gaps, lose_a_fifth),
    }
