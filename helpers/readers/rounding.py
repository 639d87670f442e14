"""Whether rounding explains that two readers give numbers which are a little apart.

A difference of large numbers is small and has their rounding: a unit that is switched on by little
more than 0 is such a difference. How large that rounding may be depends on the model. It is
measured: all floats that go in are changed by a millionth, and the answers are compared with those
without the change.
"""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from helpers import readers
from helpers.processes.clean_process import ReaderError

PART = 2.0**-20  # of each input and variable: sixteen times the precision of float32
SHAKES = 4
FACTOR = 2  # how much larger than the usual effect of a change a difference may be
LARGEST = 1e-4  # of the largest number of an output: what is further apart is not rounding

Answers = Sequence[Mapping[str, np.ndarray]]


def explains(
    directory: str | os.PathLike,
    key: str,
    feeds: Answers,
    right: Answers,
    got: Answers,
    outputs: Sequence[str],
    deadline: float = readers.DEADLINE,
) -> bool:
    """Say whether rounding explains all differences between two readers' answers.

    Parameters
    ----------
    directory : str or path
        The export. Python must be able to use it.
    key : str
        The signature.
    feeds, right, got : sequence of dict of str to array
        The inputs, the answers of the reference and those of the reader, of each set.
    outputs : sequence of str
        The names of the outputs that differ.
    deadline : float
        Seconds, for each call.

    Returns
    -------
    bool
        False for other names, shapes, whole numbers and texts, and for what is far apart.
    """
    pairs = [
        (a[name], b[name])
        for a, b in zip(right, got, strict=True)
        for name in outputs
        if name in a and name in b
    ]
    if len(pairs) < len(right) * len(outputs) or not all(_near(*pair) for pair in pairs):
        return False
    try:
        return all(
            _explained(directory, key, feed, a, b, outputs, deadline)
            for feed, a, b in zip(feeds, right, got, strict=True)
        )
    except ReaderError:
        return False


def _near(right, got):
    if right.shape != got.shape or right.dtype.kind != "f" or got.dtype.kind != "f":
        return False
    finite = np.isfinite(right)
    if not np.array_equal(right[~finite], got[~finite], equal_nan=True):
        return False
    largest = np.abs(right[finite]).max(initial=0)
    return bool((np.abs(right - got)[finite] <= LARGEST * largest).all())


def _explained(directory, key, feed, right, got, outputs, deadline):
    still = readers.run_shaken(directory, key, feed, 0.0, 0, deadline)
    moved = [
        readers.run_shaken(directory, key, feed, PART, seed, deadline) for seed in range(SHAKES)
    ]
    for name in outputs:
        effects = np.array([one[name].astype(float) - still[name] for one in moved])
        # The rows of an output belong together: of one number, the effect may be 0 by chance.
        over = (0, 1) if effects.ndim > 2 else (0,)
        usual = np.sqrt(np.mean(np.nan_to_num(effects) ** 2, axis=over))
        apart = np.nan_to_num(np.abs(right[name].astype(float) - got[name]))
        if (apart > FACTOR * usual).any():
            return False
    return True
