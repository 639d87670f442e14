"""The numbers of exercises 1 and 3 of lesson 07, for each seed, and the right answers.

Each exercise has a function that draws them. Without a seed they are those of the lesson's page.
"""

import random
from dataclasses import dataclass, replace

import numpy as np

from helpers.exercises import battery

ROWS = np.array([[1.0, 1.0], [0.5, -1.0], [-2.0, 0.25], [3.0, 0.5], [0.0, 2.0]], np.float32)
ASSIGNED = 0.5  # what exercise 1 assigns to the attribute of the loaded export
_THRESHOLDS = (0.8, 0.5), (0.7, 0.4), (0.2, 0.5), (0.7, 0.9), (0.9, 0.3)
# One of the two numbers is a power of 2, so that a score can be exactly a threshold. Their sum is
# 0.6, the score of the row [1, 1].
_KERNELS = (0.5, 0.1), (0.1, 0.5), (0.25, 0.35), (1.0, -0.4), (-0.4, 1.0)
_SIZES = 0.75, 1.25, 1.75, 2.25, 2.75  # of weights


@dataclass(frozen=True)
class Scorer:
    """A score of two numbers, and what an export makes of it.

    Attributes
    ----------
    kernel : tuple of two floats
    bias : float
    rows : int
        How many rows the graph of exercise 3 holds.
    before, after : float
        The threshold of the labels, before and after it was changed.
    """

    kernel: tuple[float, float]
    bias: float
    rows: int = 4
    before: float = 0.5
    after: float = 0.8

    @property
    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights of a Dense(1): (2, 1) and (1,) float32."""
        return np.array(self.kernel, np.float32)[:, np.newaxis], np.array([self.bias], np.float32)

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Compute rows @ kernel + bias, (n, 1)."""
        kernel, bias = self.weights
        return rows @ kernel + bias

    def above(self, rows: np.ndarray) -> np.ndarray:
        """Compute each row's score minus the mean score of the rows, (n, 1)."""
        scores = self.score(rows)
        return scores - scores.mean(axis=0) if len(rows) else scores

    def many_rows(self) -> np.ndarray:
        """Make 300 rows, and rows whose score is a threshold or up to 1 % beside it.

        Returns
        -------
        (n, 2) float32 array
        """
        edges = []
        for threshold in (self.before, self.after):
            for part in (1, 0.99, 1.01, 0.9999, 1.0001):
                value = part * threshold - self.bias
                edges += [(value / self.kernel[0], 0.0), (0.0, value / self.kernel[1])]
        rows = battery.numbers(2, -2, 3, reach=battery.OUTSIDE)
        return np.concatenate([rows, np.array(edges, np.float32)])


def restored(seed: int | None = None) -> Scorer:
    """Draw the weights of the scores of exercise 3."""
    return Scorer((1.5, 0.5), -1.0) if seed is None else _weights(random.Random(f"4 {seed}"))


def average(seed: int | None = None) -> Scorer:
    """Draw the weights of the lists of exercise 3, and the number of rows in their graph."""
    if seed is None:
        return Scorer((2.0, 3.0), 1.0)
    chance = random.Random(f"5 {seed}")
    drawn = _weights(chance)
    while abs(drawn.score(drawn.many_rows()).mean()) < 1:  # else the average would hardly matter
        drawn = _weights(chance)
    return replace(drawn, rows=chance.choice([3, 5, 6, 8]))


def labelled(seed: int | None = None) -> Scorer:
    """Draw the weights and the thresholds of exercise 1."""
    if seed is None:
        return Scorer((0.4, 0.2), 0.0)
    chance = random.Random(f"6 {seed}")
    before, after = chance.choice(_THRESHOLDS)
    return Scorer(chance.choice(_KERNELS), 0.0, before=before, after=after)


def _weights(chance):
    """Draw weights of different sizes, so that none can stand in another's place."""
    first, second, bias = (size * chance.choice([-1, 1]) for size in chance.sample(_SIZES, 3))
    return Scorer((first, second), bias)
