"""What lesson 05 measures: a model whose callers prepare the rows in a different way."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from helpers.display.bar_chart import Bars
from helpers.penguins.data import SPECIES, folds, one_hot, penguins, take
from helpers.penguins.evaluation import HeldOut
from helpers.penguins.hand_preparation import by_hand, new_network
from helpers.penguins.preparation_mistakes import slips
from helpers.training import train

if TYPE_CHECKING:
    import tensorflow as tf

Rows = dict[str, np.ndarray]


class SkewTest:
    """Five models of the penguins. Each penguin is tested with the one that has not seen it."""

    def __init__(self) -> None:
        self._five = HeldOut(penguins(), by_hand, new_network)

    def share_right(self, mistake: Callable[[Rows], Rows] = lambda rows: rows) -> float:
        """Measure the share of penguins with the right species.

        Parameters
        ----------
        mistake : function of rows
            Returns the rows as a caller sends them. Columns that it leaves out, and by default all
            columns, stay as they are.

        Returns
        -------
        float
            From 0 to 1.
        """
        right = self._five.right(by_hand, lambda rows: rows | mistake(rows))
        return float(right.mean())

    def chart(self) -> Bars:
        """Draw the share of penguins with the right species for the mistakes of lesson 05.

        Returns
        -------
        Bars
            The first bar is without a mistake.
        """
        shares = {"as in training": self.share_right()}
        for words, slip in slips(by_hand).items():
            shares[words] = float(self._five.right(*slip).mean())
        return Bars("Penguins with the right species, % of 344", shares)


def trained_network() -> "tuple[tf.keras.Model, Rows]":
    """Train a network on four fifths of the penguins, prepared by hand.

    Returns
    -------
    model : tf.keras.Model
        (n, 7) features -> (n, 3) probabilities, in the order of SPECIES.
    known : dict of str to (n,) array
        The rows of the training.
    """
    import tensorflow as tf

    rows = penguins()
    known = take(rows, folds(rows["species"]) != 0)
    tf.keras.utils.set_random_seed(1)
    model = new_network()
    labels = one_hot(known["species"], SPECIES)
    train(model, by_hand(known, known), labels, 300, 0.02, progress=False)
    return model, known
