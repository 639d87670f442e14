"""Exports of lesson 03 with three endpoints, one of which has older weights than the others."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

ENDPOINTS = ("predict_two", "predict_three", "classify")
POWERS = (-4.0, -2.0, 2.0, 4.0)  # for kernel[1], see exact_zeros
SIZES = np.setdiff1d(np.arange(1, 20) / 4, np.abs(POWERS))


class Weights(NamedTuple):
    """The weights of y = kernel[0]·x0 + kernel[1]·x1 + bias."""

    kernel: tuple[float, float]
    bias: float


class Variant(NamedTuple):
    """What is in an export: the weights, the older ones, and the endpoint that has these.

    The order is that of the calls of add_endpoint.
    """

    now: Weights
    old: Weights
    stale: str
    order: tuple[str, ...]


FIRST = Variant(Weights((3.0, -2.0), 0.5), Weights((1.25, 2.0), -0.75), "classify", ENDPOINTS)


def variant(seed: int | None = None) -> Variant:
    """Return the variant of a seed. Its numbers are exact in float32, with scores of exactly 0."""
    if seed is None:
        return FIRST
    # A negative seed is no seed for NumPy.
    chance = np.random.default_rng([abs(seed), int(seed < 0)])
    different = chance.permutation(SIZES)[:5] * chance.choice([-1, 1], 5)
    k0, old0, old1, bias, old_bias = map(float, different)
    now = Weights((k0, float(chance.choice(POWERS))), bias)
    old = Weights((old0, old1), old_bias)
    stale = ENDPOINTS[int(chance.integers(len(ENDPOINTS)))]
    order = tuple(map(str, chance.permutation(ENDPOINTS)))
    return Variant(now, old, stale, order)


def with_a_stale_endpoint(folder: Path, seed: int | None = None) -> Path:
    """Make an export of three endpoints, one of which has older weights.

    Parameters
    ----------
    folder : Path
    seed : int, optional
        For another seed, other weights, another order and another stale endpoint.

    Returns
    -------
    Path
        The directory.
    """
    import tensorflow as tf

    from helpers.models import MultiSignatureModel

    made = variant(seed)
    kernel, bias = _arrays(made.old)
    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights(_arrays(made.now))

    def older(x):
        return x[:, :2] @ kernel + bias

    def classify(x):
        score = older(x) if made.stale == "classify" else model(x)
        return {"score": score, "label": tf.cast(score > 0, tf.int32)}

    two, three = (tf.TensorSpec((None, columns), tf.float32, name="x") for columns in (2, 3))
    endpoints = {
        "predict_two": (model.predict_first_two_features,),
        "predict_three": (model.predict_first_three_features,),
        "classify": (classify, [two]),
    }
    if made.stale != "classify":
        endpoints[made.stale] = (older, [two if made.stale == "predict_two" else three])
    export = tf.keras.export.ExportArchive()
    export.track(model)
    for key in made.order:
        export.add_endpoint(key, *endpoints[key])
    export.write_out(folder, verbose=False)
    return Path(folder)


def _arrays(weights):
    return [np.array(weights.kernel, np.float32)[:, None], np.array([weights.bias], np.float32)]


def exact_zeros(kernel: np.ndarray, bias: np.ndarray, count: int = 10) -> np.ndarray:
    """Make rows whose score is exactly 0, where kernel[1] is a power of 2.

    Parameters
    ----------
    kernel : ndarray, shape (2, 1)
    bias : ndarray, shape (1,)
    count : int

    Returns
    -------
    (count, 2) float32 array
    """
    x0 = np.arange(count) / 4 - 1
    return np.column_stack([x0, -(bias + kernel[0] * x0) / kernel[1]]).astype(np.float32)
