"""The export of exercise 3 of lesson 10: in one runtime, one of its signatures answers otherwise.

Each signature has four layers and returns the numbers after each. One layer of one signature holds
an operation that one runtime computes in another way, without an error.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpers import runtimes

LAYERS = ("layer_1", "layer_2", "layer_3", "layer_4")
NAMES = ("pressure", "heat", "light", "growth", "weight", "speed", "noise")
_made: dict[Path, "Laboratory"] = {}  # for each folder with an export
ASKED = ("litert", "onnx", "c", "openvino-f32")
ROWS, ROUNDING = 40, 0.001
MILLION = 1_000_000


@dataclass(frozen=True)
class Laboratory:
    """An export with a silent difference.

    Attributes
    ----------
    signatures : tuple of str
        In the order of the export. The first one is also the serving_default.
    differs : str
        The signature that a runtime computes otherwise.
    place : int
        Of the first layer that differs, from 0.
    limit : float
        The largest number that this layer returns.
    runtime : {"litert", "openvino-f32"}
    seed : int
        Of the rows.
    """

    signatures: tuple[str, str, str] = ("heat", "pressure", "light")
    differs: str = "pressure"
    place: int = 2
    limit: float = 400.0
    runtime: str = "litert"
    seed: int = 0
    rows: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "rows", _rows(self.seed))

    @property
    def layer(self) -> str:
        """The first layer that differs."""
        return LAYERS[self.place]

    @property
    def same_graph(self) -> tuple[str, ...]:
        """The names of the signature that differs."""
        is_default = self.differs == self.signatures[0]
        return (self.differs, "serving_default") if is_default else (self.differs,)

    def gaps(self) -> dict[str, np.ndarray]:
        """Compute the absolute differences from Python, (rows, 2), for each layer that differs."""
        before, right, found = self.rows, None, None
        gaps = {}
        for place, name in enumerate(LAYERS):
            if place == self.place:
                right, found = _right(self, before), _otherwise(self, before)
            elif right is None:
                before = SAFE[place](np, before)
                continue
            else:
                right, found = SAFE[place](np, right), SAFE[place](np, found)
            gaps[name] = np.abs(right - found)
        return gaps


# Layers that every runtime computes in the same way, by their place, with NumPy or TensorFlow.
SAFE: tuple[Callable[[Any, Any], Any], ...] = (
    lambda library, x: x * 2.0,
    lambda library, x: library.maximum(x, -50.0),
    lambda library, x: x * 0.5 + 1.0,
    lambda library, x: library.minimum(x, 1000.0) * 0.25,
)


def laboratory(seed: int | None = None) -> Laboratory:
    """Draw the names of the signatures, and where which runtime differs.

    Without OpenVINO, LiteRT differs for every seed.
    """
    if seed is None:
        return Laboratory()
    chance = random.Random(f"3 {seed}")
    first, second, third = chance.sample(NAMES, 3)
    in_openvino = seed % 2 == 1 and not runtimes.missing("openvino-f32")
    return Laboratory(
        signatures=(first, second, third),
        # OpenVINO calls the first signature only, and no other runtime differs there.
        differs=first if in_openvino else chance.choice([second, third]),
        place=chance.randrange(1, 3),
        limit=float(chance.choice([350, 450, 500, 600])),
        runtime="openvino-f32" if in_openvino else "litert",
        seed=seed,
    )


def made_in(folder: Path) -> Laboratory:
    """Return what was drawn for the export in a folder."""
    return _made[folder]


def _rows(seed):
    """Make rows of which only some show the difference."""
    chance = np.random.default_rng([3, abs(seed)])
    rows = chance.uniform(-30, 40, (ROWS, 2))
    places = chance.choice(np.arange(1, ROWS), 5, replace=False)
    rows[places, chance.integers(0, 2, 5)] = chance.uniform(60, 110, 5)
    # Multiples of 1/4, so that the layers before compute them exactly.
    return np.float32(np.round(rows * 4) / 4)


def _right(made, x):
    """Compute the layer that differs as Python does, in float32."""
    if made.runtime == "litert":
        return np.minimum(np.logaddexp(np.float32(0), x), np.float32(made.limit))
    return np.float32(np.int64(x * 4) * MILLION * 100) / np.float32(4 * MILLION * 100)


def _otherwise(made, x):
    """Compute the layer that differs as `made.runtime` does."""
    if made.runtime == "litert":  # log(1 + exp(x)), and exp(x) is infinite from 88.73 on
        with np.errstate(over="ignore"):
            return np.minimum(np.log(1 + np.exp(x)), np.float32(made.limit))
    whole = np.int64(x * 4) * MILLION * 100  # kept in 32 bits
    return np.float32((whole + 2**31) % 2**32 - 2**31) / np.float32(4 * MILLION * 100)


def export_laboratory(folder: Path, seed: int | None = None) -> tuple[Path, np.ndarray]:
    """Make an export with three signatures, one of which differs in a runtime.

    Returns
    -------
    directory : Path
    rows : ndarray, shape (40, 2), float32
    """
    import tensorflow as tf

    _made[folder] = made = laboratory(seed)

    def differs(x):
        if made.runtime == "litert":
            return tf.minimum(tf.math.softplus(x), made.limit)
        whole = tf.cast(x * 4.0, tf.int64) * (MILLION * 100)
        return tf.cast(whole, tf.float32) / (4.0 * MILLION * 100)

    def layers(name):
        def compute(x):
            found = {}
            for place, layer in enumerate(LAYERS):
                is_it = name == made.differs and place == made.place
                x = found[layer] = differs(x) if is_it else SAFE[place](tf, x)
            return found

        return compute

    archive = tf.keras.export.ExportArchive()
    spec = [tf.TensorSpec((None, 2), tf.float32, name="x")]
    for name in made.signatures:
        archive.add_endpoint(name, layers(name), spec)
    archive.write_out(folder, verbose=False)
    return folder, made.rows.copy()
