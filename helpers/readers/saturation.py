"""Inputs for a model that was trained for quantisation: some of them beyond the ends of its ranges.

Such a graph rounds numbers to the steps of a range. Readers may move the ends of the range by one
step in different directions, which usual numbers do not reach.
"""

import mmap
from pathlib import Path

import numpy as np

from helpers import artifact
from helpers.readers.made_inputs import Hint, Trial, floats

ROUNDING = (
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel",
)
FLOATS = ("float16", "bfloat16", "float32", "float64")
EVERY = 2  # one number of so many is large
TIMES = 10


def beyond_ranges(directory: Path, signature: artifact.Signature) -> dict[str, Hint]:
    """Return hints for the float inputs of an export whose graph rounds to the steps of a range.

    Parameters
    ----------
    directory : pathlib.Path
        An export.
    signature : helpers.artifact.Signature

    Returns
    -------
    dict of str to Hint
        By the name of the input. Empty for another graph.
    """
    if not _rounds(directory / "saved_model.pb"):
        return {}
    hint = Hint(f"numbers of which one in {EVERY} is times {TIMES}", _some_large)
    return {tensor.name: hint for tensor in signature.inputs if tensor.dtype in FLOATS}


def _rounds(file):
    """Say whether a graph holds one of these operations, without parsing it."""
    if not file.is_file() or not file.stat().st_size:
        return False
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # A protocol buffer stores the type of an operation as field 2, and the length of it.
        return any(data.find(bytes([0x12, len(op)]) + op.encode()) >= 0 for op in ROUNDING)


def _some_large(rng: np.random.Generator, shape: tuple[int, ...], trial: Trial) -> np.ndarray:
    made = floats(rng, shape, trial.values)
    flat = made.reshape(-1)
    flat[::EVERY] *= TIMES
    return flat.reshape(shape)
