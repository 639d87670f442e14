"""Another team's export for lesson 03: features of parcels, behind which the learner builds."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

COLUMNS, FEATURES = 4, 6
GIVEN, NEW = 400, 300  # parcels for the training, and for the check
SURE = 0.3  # no parcel is nearer to the limit, so that a trained model can tell all of them apart
# Shares of parcels that a plane tells apart: at most PLAIN without the features, at least EASY with
# them, so that a short training is enough.
PLAIN, EASY = 0.8, 0.97
ENDPOINTS = ("features", "hours", "hours_of_features")


class Variant(NamedTuple):
    """The numbers in an export, and the rule of the late parcels.

    features = relu(parcels @ kernel + bias), hours = features @ hours + 24. A parcel is late if
    features @ rule > limit.
    """

    kernel: np.ndarray
    bias: np.ndarray
    hours: np.ndarray
    rule: np.ndarray
    limit: float
    order: tuple[str, ...]


_made: dict[Path, Variant] = {}  # by directory, what `with_features` wrote


def variant(seed: int | None = None) -> Variant:
    """Return the variant of a seed: late parcels that only the six features tell apart.

    Parameters
    ----------
    seed : int, optional

    Returns
    -------
    Variant
        A plane through the four numbers, or a limit for `hours`, is right for at most 80 % of the
        parcels.
    """
    # A negative seed is no seed for NumPy.
    first = [7, 1, 1]
    chance = np.random.default_rng(first if seed is None else [abs(seed), int(seed < 0)])
    while True:
        kernel = chance.normal(size=(COLUMNS, FEATURES)).astype(np.float32)
        bias = chance.normal(size=FEATURES).astype(np.float32)
        hours, rule = chance.normal(0, 2, (2, FEATURES, 1)).astype(np.float32)
        x = _draw(chance, 1000)
        limit = float(np.median(features(x, kernel, bias) @ rule))
        order = tuple(map(str, chance.permutation(ENDPOINTS)))
        made = Variant(kernel, bias, hours, rule, limit, order)
        x, late = parcels(made, 1000, seed=1)
        all_six = features(x, kernel, bias)
        shares = [
            share_right(separate(columns, late)(columns), late)
            for columns in (x, all_six @ hours, all_six)
        ]
        if max(shares[:2]) < PLAIN and shares[2] > EASY:
            return made


def made_in(directory: Path) -> Variant:
    """Return the numbers in an export that `with_features` made in this process."""
    return _made[Path(directory)]


def features(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Compute the (n, 6) features of (n, 4) parcels."""
    return np.maximum(x @ kernel + bias, 0)


def parcels(made: Variant, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw parcels, and say which of them are late.

    Parameters
    ----------
    made : Variant
    count, seed : int

    Returns
    -------
    x : (count, 4) float32 array
    late : (count, 1) float32 array
        1 or 0.
    """
    x = _draw(np.random.default_rng(seed), 4 * count)
    score = (features(x, made.kernel, made.bias) @ made.rule - made.limit).ravel()
    kept = np.flatnonzero(np.abs(score) > SURE)[:count]
    return x[kept], (score[kept, None] > 0).astype(np.float32)


def separate(x: np.ndarray, late: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a plane to (n, k) columns by least squares. Returns the function of rows to 1 or 0."""

    def columns(rows):
        return np.column_stack([rows, np.ones(len(rows))])

    weights = np.linalg.lstsq(columns(x), 2 * late - 1, rcond=None)[0]
    return lambda rows: (columns(rows) @ weights > 0).astype(np.float32)


def share_right(said: np.ndarray, late: np.ndarray) -> float:
    """Compute the share of equal values of two (n, 1) arrays."""
    return float(np.mean(said == late))


def _draw(chance, count):
    return chance.uniform(-1, 1, (count, COLUMNS)).astype(np.float32)


def with_features(folder: Path, seed: int | None = None) -> tuple[Path, np.ndarray, np.ndarray]:
    """Make the export of another team, and draw parcels for the training.

    Parameters
    ----------
    folder : Path
    seed : int, optional
        For another seed, other weights, another rule and another order of the endpoints.

    Returns
    -------
    directory : Path
    parcels : (400, 4) float32 array
    late : (400, 1) float32 array
        1 or 0.
    """
    import tensorflow as tf

    made = _made[Path(folder)] = variant(seed)
    layer = tf.keras.layers.Dense(FEATURES, activation="relu")
    compute = tf.keras.Sequential([tf.keras.Input((COLUMNS,)), layer])
    estimate = tf.keras.Sequential([tf.keras.Input((FEATURES,)), tf.keras.layers.Dense(1)])
    compute.set_weights([made.kernel, made.bias])
    estimate.set_weights([made.hours, np.array([24.0], np.float32)])
    parcel = tf.TensorSpec((None, COLUMNS), tf.float32, name="parcel")
    computed = tf.TensorSpec((None, FEATURES), tf.float32, name="features")
    endpoints = {
        "features": (compute, [parcel]),
        "hours": (lambda parcel: estimate(compute(parcel)), [parcel]),
        "hours_of_features": (estimate, [computed]),
    }
    archive = tf.keras.export.ExportArchive()
    for key in made.order:
        archive.add_endpoint(key, *endpoints[key])
    archive.write_out(folder, verbose=False)
    return Path(folder), *parcels(made, GIVEN, seed=0)
