"""How good a model is on rows that it has not seen: folds, two baselines and two intervals."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from helpers.penguins.data import SPECIES, folds, one_hot, take
from helpers.training import train

if TYPE_CHECKING:
    import tensorflow as tf

Rows = dict[str, np.ndarray]
Prepare = Callable[[Rows, Rows], np.ndarray]

Z = 1.96  # standard errors on each side of a 95 % interval


class HeldOut:
    """Five models. Each is trained on four fifths of the penguins and tested on the others.

    Parameters
    ----------
    rows : dict of str to (n,) array
        The columns, as helpers.penguins.data.penguins returns them.
    prepare : function of (rows, known)
        Returns the (m, k) features of `rows`. It computes a mean, for example, only from `known`,
        the rows that the model is trained on.
    new_model : function without arguments
        Returns a new Keras model: (m, k) features -> (m, 3) probabilities.
    """

    def __init__(
        self, rows: Rows, prepare: Prepare, new_model: "Callable[[], tf.keras.Model]"
    ) -> None:
        import tensorflow as tf

        self.parts = []
        for held, known in _parts(rows):
            tf.keras.utils.set_random_seed(1)
            model, labels = new_model(), one_hot(known["species"], SPECIES)
            train(model, prepare(known, known), labels, 300, 0.02, progress=False)
            self.parts.append((held, known, model))
        self.rows = rows

    def right(
        self, prepare: Prepare, change: Callable[[Rows], Rows] = lambda rows: rows
    ) -> np.ndarray:
        """Say for each penguin whether the model that has not seen it predicts its species.

        Parameters
        ----------
        prepare : function of (rows, known)
            The preparation by the caller of the model.
        change : function of rows
            Returns the rows as the caller receives them.

        Returns
        -------
        (n,) bool array
        """
        found, rows = np.empty(len(self.rows["species"]), bool), change(self.rows)
        for held, known, model in self.parts:
            answer = model(prepare(take(rows, held), known)).numpy().argmax(axis=1)
            found[held] = np.array(SPECIES)[answer] == rows["species"][held]
        return found


def _parts(rows):
    fold = folds(rows["species"])
    return [(fold == number, take(rows, fold != number)) for number in range(fold.max() + 1)]


def most_frequent(rows: Rows) -> np.ndarray:
    """Say for each penguin whether it has the most frequent species of the other folds.

    Parameters
    ----------
    rows : dict of str to (n,) array

    Returns
    -------
    (n,) bool array
    """
    right = np.empty(len(rows["species"]), bool)
    for held, known in _parts(rows):
        names, counts = np.unique(known["species"], return_counts=True)
        right[held] = rows["species"][held] == names[counts.argmax()]
    return right


def nearest_mean(rows: Rows, prepare: Prepare) -> np.ndarray:
    """Say for each penguin whether the nearest mean of the other folds is that of its species.

    Parameters
    ----------
    rows : dict of str to (n,) array
    prepare : function of (rows, known)
        Returns the (m, k) features of `rows`. Distances are measured between features.

    Returns
    -------
    (n,) bool array
    """
    right = np.empty(len(rows["species"]), bool)
    for held, known in _parts(rows):
        features, x = prepare(known, known), prepare(take(rows, held), known)
        means = np.stack([features[known["species"] == name].mean(axis=0) for name in SPECIES])
        distances = np.linalg.norm(x[:, np.newaxis] - means, axis=2)
        right[held] = np.array(SPECIES)[distances.argmin(axis=1)] == rows["species"][held]
    return right


def interval(right: np.ndarray) -> tuple[float, float]:
    """Compute Wilson's 95 % interval for the share of right answers.

    Parameters
    ----------
    right : (n,) bool array
        Whether each answer is right.

    Returns
    -------
    low, high : float
        Shares from 0 to 1.
    """
    share, n = np.mean(right), len(right)
    centre, spread = share + Z**2 / (2 * n), np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = ((centre + side * Z * spread) / (1 + Z**2 / n) for side in (-1, 1))
    return float(low), float(high)


def interval_of_gain(right: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Compute a 95 % interval for the share of `right` minus the share of `other`.

    Each row is compared with itself, so only the rows on which the two differ count.

    Parameters
    ----------
    right, other : (n,) bool array
        Whether each answer of two models to the same rows is right.

    Returns
    -------
    low, high : float
        Differences of shares, from -1 to 1.
    """
    gains = np.asarray(right, float) - np.asarray(other, float)
    spread = Z * gains.std() / np.sqrt(len(gains))
    return float(gains.mean() - spread), float(gains.mean() + spread)
