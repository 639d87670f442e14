"""The export of exercise 1: three layers of one shape, among others, in an order that is drawn."""

import functools
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from helpers.inspection.explore import explore

ALIKE = ("left", "middle", "right")
ASKED_FOR = "middle"
INPUTS, COLUMNS, UNITS = 5, 3, 4  # of the model, and of each of the three layers
# Names of further layers of UNITS units, before and after the asked one in the alphabet.
OTHERS = ("blend", "coarse", "gain", "inner", "outer", "smooth", "total", "weigh")


def three_alike(folder: Path, seed: int | None = None) -> Path:
    """Make an export of three layers of one shape, and of others, with drawn weights.

    Parameters
    ----------
    folder : Path
        The directory of the export.
    seed : int, optional
        Another seed draws other layers, another order and other weights.

    Returns
    -------
    Path
        The directory of the export.
    """
    import tensorflow as tf

    chance = generator(seed)
    before, alike, after = _drawn_layers(chance)
    dense = tf.keras.layers.Dense
    inputs = value = tf.keras.Input((INPUTS,), name="x")
    for name in before:
        value = dense(UNITS, name=name)(value)
    value = dense(COLUMNS, name="narrow")(value)
    value = tf.keras.layers.add([dense(UNITS, name=name)(value) for name in alike])
    for name in after:
        value = dense(UNITS, name=name)(value)
    model = tf.keras.Model(inputs, value)
    model.set_weights([chance.uniform(-2, 2, weight.shape) for weight in model.get_weights()])
    model.export(folder, verbose=False)
    return Path(folder)


def generator(seed: int | None) -> np.random.Generator:
    """Return a generator of random numbers for the seed of an exercise, also without a seed."""
    return np.random.default_rng(zlib.crc32(repr(seed).encode()))


def _drawn_layers(chance):
    """Draw the names of the layers before, among and after the three, until no place is usual."""
    place = int(chance.choice([0, 2]))  # of the asked layer, among the three
    while True:
        names = [str(name) for name in chance.permutation(OTHERS)]
        first, count = int(chance.integers(5)), int(chance.integers(3, 7))
        alike = [str(name) for name in chance.permutation(ALIKE)]
        before, after = names[:first], names[first:count]
        fair = _place_says_nothing([*before, "narrow", *alike, *after])
        if fair and alike[place] == ASKED_FOR:
            return before, alike, after


def _place_says_nothing(layers):
    """Say whether the asked bias is neither first, second nor in the middle of its shape.

    This holds in the order of the layers, of their keys and of their names. In the first and the
    last of these orders it is not the last one either.
    """
    numbered = [(name, str(2 * number + 1)) for number, name in enumerate(layers)]
    numbered = [item for item in numbered if item[0] != "narrow"]
    by_key = sorted(numbered, key=lambda item: item[1])
    orders = [[name for name, _ in order] for order in (numbered, by_key, sorted(numbered))]
    places, count = [order.index(ASKED_FOR) for order in orders], len(numbered)
    of_three = [[name for name in order if name in ALIKE] for order in orders[:2]]
    return (
        not {0, 1, count // 2} & {*places}
        and count - 1 not in (places[0], places[2])
        and len({*places}) > 1
        and all(order.index(ASKED_FOR) != 1 for order in of_three)
    )


def checkpoint_of(directory: Path) -> Any:
    """Open the checkpoint of an export: get_tensor(key) reads a weight."""
    import tensorflow as tf

    return tf.train.load_checkpoint(str(directory / "variables" / "variables"))


@functools.cache
def weights_in(directory: Path) -> dict[str, np.ndarray]:
    """Read the weights of an export by their names, such as "middle/bias"."""
    checkpoint = checkpoint_of(directory)
    return {v.name: checkpoint.get_tensor(v.key) for v in explore(directory).variables}
