"""How good is a model on rows that it has not seen? Folds, two baselines, two intervals."""

import numpy as np

from helpers.penguins.data import SPECIES, folds, one_hot, take
from helpers.training import train

Z = 1.96  # standard errors on each side of a 95 % interval


class HeldOut:
    """Five models: each is trained on four fifths of the penguins and asked about the rest.

    rows : dict of (n,) columns, as helpers.data.penguins gives
    prepare : function (rows, known) -> (m, k) features of `rows`; what it has to learn from data,
        such as a mean, it takes from the rows `known`, those that its model was trained on
    new_model : function of no arguments, a new Keras model: (m, k) -> (m, 3) probabilities
    """

    def __init__(self, rows, prepare, new_model):
        import tensorflow as tf

        self.parts = []
        for held, known in _parts(rows):
            tf.keras.utils.set_random_seed(1)
            model, labels = new_model(), one_hot(known["species"], SPECIES)
            train(model, prepare(known, known), labels, 300, 0.02, progress=False)
            self.parts.append((held, known, model))
        self.rows = rows

    def right(self, prepare, change=lambda rows: rows):
        """Which penguins get their own species when the caller prepares them by `prepare`.

        change : function of rows, what happens to them on their way to the caller

        Returns (n,) bool array.
        """
        found, rows = np.empty(len(self.rows["species"]), bool), change(self.rows)
        for held, known, model in self.parts:
            answer = model(prepare(take(rows, held), known)).numpy().argmax(axis=1)
            found[held] = np.array(SPECIES)[answer] == rows["species"][held]
        return found


def _parts(rows):
    fold = folds(rows["species"])
    return [(fold == number, take(rows, fold != number)) for number in range(fold.max() + 1)]


def most_frequent(rows):
    """Which held-out penguins are of the species that most of the others are. (n,) bool array."""
    right = np.empty(len(rows["species"]), bool)
    for held, known in _parts(rows):
        names, counts = np.unique(known["species"], return_counts=True)
        right[held] = rows["species"][held] == names[counts.argmax()]
    return right


def nearest_mean(rows, prepare):
    """Which held-out penguins are nearest to the mean features of their own species.

    Returns (n,) bool array.
    """
    right = np.empty(len(rows["species"]), bool)
    for held, known in _parts(rows):
        features, x = prepare(known, known), prepare(take(rows, held), known)
        means = np.stack([features[known["species"] == name].mean(axis=0) for name in SPECIES])
        distances = np.linalg.norm(x[:, np.newaxis] - means, axis=2)
        right[held] = np.array(SPECIES)[distances.argmin(axis=1)] == rows["species"][held]
    return right


def interval(right):
    """Wilson's 95 % interval for the share of right answers. right : (n,) bool array."""
    share, n = np.mean(right), len(right)
    centre, spread = share + Z**2 / (2 * n), np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return tuple(float((centre + side * Z * spread) / (1 + Z**2 / n)) for side in (-1, 1))


def interval_of_gain(right, other):
    """95 % interval for how much larger a share `right` has than `other`, for the same rows.

    right, other : (n,) bool arrays. Each row is compared with itself, so only the rows on which
    the two differ count.
    """
    gains = np.asarray(right, float) - np.asarray(other, float)
    spread = Z * gains.std() / np.sqrt(len(gains))
    return float(gains.mean() - spread), float(gains.mean() + spread)
