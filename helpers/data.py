"""Random data for the reference models: always float32, and the same for the same seed."""

import numpy as np


def line(
    rows: int = 100,
    slope: float = 2.0,
    intercept: float = 1.0,
    noise: float = 0.1,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw noisy points of y = slope·x + intercept, with x uniform in [-1, 1).

    Parameters
    ----------
    rows : int
    slope, intercept : float
    noise : float
        The standard deviation of the normal noise in y.
    seed : int

    Returns
    -------
    x, y : (rows, 1) float32 array
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 1))
    return _float32(x, slope * x + intercept + rng.normal(0, noise, x.shape))


def row_sums(rows: int = 1000, columns: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of standard normal numbers, and compute the sum of each row.

    Parameters
    ----------
    rows, columns : int
    seed : int

    Returns
    -------
    x : (rows, columns) float32 array
    y : (rows, 1) float32 array
    """
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    return _float32(x, x.sum(axis=1, keepdims=True))


def two_features(
    rows: int = 200, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw noisy points of y = 2·(x0 + x1) + 1, with x uniform in [-1, 1).

    Parameters
    ----------
    rows : int
    noise : float
        The standard deviation of the normal noise in y.
    seed : int

    Returns
    -------
    x : (rows, 2) float32 array
    y : (rows, 1) float32 array
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 2))
    y = 2 * x.sum(axis=1, keepdims=True) + 1
    return _float32(x, y + rng.normal(0, noise, y.shape))


def _float32(*arrays):
    return tuple(array.astype(np.float32) for array in arrays)
