"""Data for the reference models: seeded numbers, all float32, and the Palmer penguins."""

import numpy as np


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


def _float32(*arrays):
    return tuple(array.astype(np.float32) for array in arrays)
