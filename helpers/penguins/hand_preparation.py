"""The preprocessing of lesson 05 in NumPy, and the network that takes its seven numbers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.penguins.data import ISLANDS, MEASUREMENTS, SEXES, SPECIES, one_hot

if TYPE_CHECKING:
    import tensorflow as tf

FEATURES = len(MEASUREMENTS) + len(ISLANDS) + len(SEXES)


def by_hand(
    rows: Mapping[str, np.ndarray],
    known: Mapping[str, np.ndarray],
    islands: Sequence[str] = ISLANDS,
    sexes: Sequence[str] = SEXES,
    gap: float | None = None,
) -> np.ndarray:
    """Prepare raw rows: two scaled measurements, and a column for each known word.

    Parameters
    ----------
    rows : mapping of str to (n,) array
        At least the raw columns of the penguins.
    known : mapping of str to (m,) array
        The rows of the training. Mean and standard deviation are computed from them.
    islands, sexes : sequence of str
        The known words, in the order of their columns.
    gap : float, optional
        What stands for a missing measurement. The mean by default.

    Returns
    -------
    (n, 7) float32 array
    """
    numbers = np.stack([rows[name] for name in MEASUREMENTS], axis=1)
    seen = np.stack([known[name] for name in MEASUREMENTS], axis=1)
    mean, deviation = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)
    numbers = np.where(np.isnan(numbers), mean if gap is None else gap, numbers)
    words = one_hot(rows["island"], islands), one_hot(rows["sex"], sexes)
    return np.hstack([(numbers - mean) / deviation, *words]).astype(np.float32)


def new_network() -> "tf.keras.Model":
    """Make an untrained network: (n, 7) features -> (n, 3) probabilities of the species."""
    import tensorflow as tf

    hidden = tf.keras.layers.Dense(16, activation="relu")
    out = tf.keras.layers.Dense(len(SPECIES), activation="softmax")
    return tf.keras.Sequential([tf.keras.Input((FEATURES,), name="features"), hidden, out])
