"""Making inputs that fit a signature: sizes for its open axes, and values of several kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from helpers import artifact

ROWS = (3, 1)  # batch sizes for an open batch dimension; one alone would hide a frozen batch
SIZE = 8  # the size of every other open dimension, where one is enough
SIZES = (8, 64, 512, 3, 1)  # of every other open dimension, in the order in which they are tried
RARE_SIZES = (2, 4, 5, 10, 16, 28, 32, 100, 128, 224, 256)  # tried only if all others are refused
MORE_ROWS = (8, 64, 512)  # tried if an answer to fewer rows shows nothing
MOST_NUMBERS = 2**22  # of one input that has an open dimension
COLOURS = ("red", "green", "blue")

# The kinds of values, in the order in which they are tried: of floats, whole numbers and texts.
FLOATS = {
    "usual": "random numbers around 0",
    "positive": "numbers from 0 to 1",
    "wide": "random numbers around 0, times 10",
    "byte": "numbers from 0 to 255",
    "huge": "random numbers around 0, times 10,000",
}
INTEGERS = {"usual": 9, "positive": 1, "wide": 99, "byte": 255, "huge": 9999}  # the largest
TEXTS = {
    "usual": COLOURS,
    "positive": ("1", "2.5", "-3"),
    "wide": ("The red fox", "a blue sky over GREEN hills", "one"),
    "byte": ("", "a", "É"),
    "huge": ("2024-01-31", "2020-02-29", "1999-12-01"),
}


@dataclass(frozen=True)
class Trial:
    """The sizes and values of one set of made inputs.

    Parameters
    ----------
    rows : int
        The size of an open first dimension.
    size : int
        The size of every other open dimension.
    values : str
        A key of FLOATS, INTEGERS and TEXTS.
    seed : int
    """

    rows: int
    size: int
    values: str = "usual"
    seed: int = 0


@dataclass(frozen=True)
class Hint:
    """What the graph of an export tells about the values of one input.

    Parameters
    ----------
    source : str
        Where the values come from, in words for a report.
    make : function of (numpy.random.Generator, shape, Trial)
        Returns the array.
    """

    source: str
    make: Callable[[np.random.Generator, tuple[int, ...], Trial], np.ndarray] = field(repr=False)


def trials(signature: artifact.Signature) -> list[Trial]:
    """List the sizes and values to try for a signature, the usual ones first.

    Parameters
    ----------
    signature : helpers.artifact.Signature

    Returns
    -------
    list of Trial
        Without those whose inputs would be too large, except for the first.
    """
    shapes = [tensor.shape for tensor in signature.inputs]
    open_rows = any(shape is None or (shape and shape[0] is None) for shape in shapes)
    open_sizes = any(None in shape[1:] for shape in shapes if shape)
    rows = ROWS if open_rows else ROWS[:1]
    found = []
    for values in FLOATS:
        pairs = [(n, SIZE) for n in rows]
        if open_sizes:
            # The second size comes with the second number of rows, which costs no call of its own.
            pairs = [(rows[0], SIZE), (rows[-1], 64), (rows[-1], SIZE), (rows[0], 64)]
        seeds = (0,) if open_rows else (0, 1)
        found += [Trial(*pair, values, seed) for pair in pairs for seed in seeds]
    if open_sizes:
        found += [Trial(n, size) for size in SIZES[2:] for n in rows]
    elif open_rows:
        found += [Trial(n, SIZE, values) for n in MORE_ROWS for values in ("usual", "huge")]
    fits = [trial for trial in found if _numbers(signature, trial) <= MOST_NUMBERS]
    return list(dict.fromkeys([found[0], *fits]))


def rare_trials(signature: artifact.Signature) -> list[Trial]:
    """List more sizes to try for a signature that refuses all others.

    Parameters
    ----------
    signature : helpers.artifact.Signature

    Returns
    -------
    list of Trial
        Each size with all numbers of rows. Empty if no size besides the rows is open.
    """
    shapes = [tensor.shape for tensor in signature.inputs if tensor.shape]
    if not any(None in shape[1:] for shape in shapes):
        return []
    rows = ROWS if any(shape[0] is None for shape in shapes) else ROWS[:1]
    found = [Trial(n, size) for size in RARE_SIZES for n in rows]
    return [trial for trial in found if _numbers(signature, trial) <= MOST_NUMBERS]


def make(
    signature: artifact.Signature, trial: Trial, hints: Mapping[str, Hint] | None = None
) -> dict[str, np.ndarray]:
    """Make one set of inputs for a signature.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    trial : Trial
    hints : dict of str to Hint, optional
        What the graph tells about an input, by its name.

    Returns
    -------
    dict of str to array
        By the name of the input.
    """
    # Each trial has values of its own, so that a second one adds something.
    kind = list(FLOATS).index(trial.values)
    rng = np.random.default_rng([trial.seed, trial.rows, trial.size, kind])
    made = {}
    for tensor in signature.inputs:
        shape = shape_of(tensor, trial)
        hint = (hints or {}).get(tensor.name)
        made[tensor.name] = (
            hint.make(rng, shape, trial) if hint else _values(tensor, shape, rng, trial)
        )
    return made


def shape_of(tensor: artifact.TensorInfo, trial: Trial) -> tuple[int, ...]:
    """Return the shape of an input in a trial. An unknown shape becomes one axis of rows."""
    shape = (None,) if tensor.shape is None else tensor.shape
    return tuple(
        size if size is not None else trial.rows if axis == 0 else trial.size
        for axis, size in enumerate(shape)
    )


def source(tensor: artifact.TensorInfo, values: str) -> str:
    """Say in a few words which values an input without a hint gets."""
    if tensor.dtype == "string":
        return f"texts such as {TEXTS[values][0]!r}"
    if tensor.dtype == "bool":
        return "False and True" if tensor.shape != () else "False"
    if "int" in tensor.dtype:
        return f"whole numbers from 0 to {INTEGERS[values]:,}"
    return FLOATS[values]


def make_inputs(signature: artifact.Signature, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Make inputs that fit the spec of a signature, without a look at the graph.

    Floats are standard normal numbers, integers are 0 or 1, and strings are names of colours.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    seed : int

    Returns
    -------
    list of dict of str to array
        The inputs by name: for 3 rows and for 1 row if the number of rows is open, else once.
    """
    batches = ROWS if any(t.shape and t.shape[0] is None for t in signature.inputs) else ROWS[:1]
    rng = np.random.default_rng(seed)
    made = []
    for rows in batches:
        trial = Trial(rows, SIZE)
        made.append(
            {t.name: _values(t, shape_of(t, trial), rng, trial, most=1) for t in signature.inputs}
        )
    return made


def _values(tensor, shape, rng, trial, most=None):
    if tensor.dtype == "string":
        return rng.choice(TEXTS[trial.values], shape).astype(object)
    if tensor.dtype == "bool":
        # One flag for all rows is most often `training`, which a served model leaves False.
        return rng.integers(0, 2, shape).astype(bool) if shape else np.array(False)
    if "int" in tensor.dtype:
        most = INTEGERS[trial.values] if most is None else most
        limit = 127 if tensor.dtype == "int8" else 255 if tensor.dtype == "uint8" else most
        return rng.integers(0, min(most, limit) + 1, shape).astype(_integer(tensor.dtype))
    return floats(rng, shape, trial.values)


def floats(rng: np.random.Generator, shape: tuple[int, ...], values: str) -> np.ndarray:
    """Make an array of float64 of one of the kinds in FLOATS."""
    if values in ("positive", "byte"):
        return rng.uniform(0, 1 if values == "positive" else 255, shape)
    return rng.normal(size=shape) * {"usual": 1, "wide": 10, "huge": 10_000}[values]


def _integer(dtype):
    return dtype if dtype.lstrip("u") in ("int8", "int16", "int32", "int64") else "int8"


def _numbers(signature, trial):
    sizes = (np.prod(shape_of(tensor, trial), dtype=float) for tensor in signature.inputs)
    return max(sizes, default=0)
