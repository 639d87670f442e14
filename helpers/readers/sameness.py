"""Whether two answers are the same: names, shapes and values of every output.

Numbers may differ by what rounding explains. That depends on the dtype, and on the usual size of
the numbers in an output: 1e-6 and 9e-6 differ if the others are as small.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# By dtype: the part of a value, and the part of the usual size of an output, that a difference may
# have. Both are far above the rounding of sums in a different order: two layers of 2,000 units give
# numbers that are up to 6e-5 of their usual size apart.
TOLERANCES = {
    "float16": (1e-2, 2e-3),
    "bfloat16": (3e-2, 1e-2),
    "float32": (1e-4, 1e-4),
    "float64": (1e-10, 1e-11),
}
COMPLEX = {"complex64": "float32", "complex128": "float64"}
WHOLE = 2.0**24  # float32 holds every whole number up to this one
# Whole numbers that a graph rounds, such as the pixels of an image: of so many, one may be rounded
# the other way. With fewer levels, or larger numbers, they are classes or ids.
ONE_OF, LEVELS, HIGHEST = 1000, 16, 2**16
COLUMN_ROWS = 3  # from so many rows on, each column has a usual size of its own


@dataclass(frozen=True)
class Difference:
    """How one output of two answers differs.

    Parameters
    ----------
    output : str
        Its name.
    words : str
        What differs, without numbers that vary from run to run.
    largest : float
        The largest absolute difference. Infinite if names, shapes or texts differ.
    """

    output: str
    words: str
    largest: float


def differences(
    left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]
) -> list[Difference]:
    """List the outputs in which the answer `right` differs from the reference `left`.

    Parameters
    ----------
    left, right : dict of str to array
        The outputs by name.

    Returns
    -------
    list of Difference
        Sorted by name. Empty if the answers are the same.
    """
    found = []
    for name in sorted(left.keys() | right.keys()):
        if name not in right:
            found.append(Difference(name, "is missing", np.inf))
        elif name not in left:
            found.append(Difference(name, "is not an output of the reference", np.inf))
        elif left[name].shape != right[name].shape:
            shapes = f"has the shape {right[name].shape}, not {left[name].shape}"
            found.append(Difference(name, shapes, np.inf))
        elif not close(left[name], right[name]):
            largest = _largest(left[name], right[name])
            found.append(Difference(name, "has other values", largest))
    return found


def same(left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> bool:
    """Say whether two answers have the same names, shapes and values.

    Parameters
    ----------
    left, right : dict of str to array
        `left` is the reference. NaN equals NaN.

    Returns
    -------
    bool
    """
    return not differences(left, right)


def difference(left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> float:
    """Compute the largest absolute difference between two answers.

    Parameters
    ----------
    left, right : dict of str to array

    Returns
    -------
    float
        Infinite if names, shapes or texts differ.
    """
    if left.keys() != right.keys() or any(left[k].shape != right[k].shape for k in left):
        return np.inf
    return max([0.0, *(_largest(left[name], right[name]) for name in left)])


def close(left: np.ndarray, right: np.ndarray) -> bool:
    """Say whether two arrays of one shape hold the same values, except for rounding.

    Parameters
    ----------
    left : array
        The reference. Its dtype and its usual size decide.
    right : array
        Of the same shape.

    Returns
    -------
    bool
        Whole numbers and texts must be equal, also whole numbers in a float dtype, unless the
        whole numbers are only rounded in a different way.
    """
    part, usual = tolerance(left, right)
    if not part:
        return bool(np.array_equal(left, right)) or rounded_apart(left, right)
    a, b = _wide(left), _wide(right)
    if _all_whole(a) and _all_whole(b):
        return bool(np.array_equal(a, b)) or rounded_apart(left, right)
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    allowed = part * np.abs(a) + usual * usual_size(a)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((np.abs(a - b) <= allowed)[finite].all())


def rounded_apart(left: np.ndarray, right: np.ndarray) -> bool:
    """Say whether two arrays of whole numbers differ as numbers do that a graph has rounded.

    Parameters
    ----------
    left, right : array
        Of one shape.

    Returns
    -------
    bool
        True if they differ, but at most one number of 1,000, and by 1. False for fewer numbers, for
        fewer than 16 different ones, and for numbers above 65,536: classes and ids must be equal.
    """
    if left.size < ONE_OF or not all(
        side.dtype.kind in "iu" or _float_name(side) for side in (left, right)
    ):
        return False
    a, b = _wide(left), _wide(right)
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or np.abs(a).max() > HIGHEST:
        return False
    gaps = np.abs(a - b)
    apart = np.count_nonzero(gaps)
    return bool(0 < apart <= a.size / ONE_OF and gaps.max() == 1 and len(np.unique(a)) >= LEVELS)


def tolerance(left: np.ndarray, right: np.ndarray | None = None) -> tuple[float, float]:
    """Return which part of a value, and of the usual size of an output, a difference may have.

    Parameters
    ----------
    left : array
        The reference.
    right : array, optional
        What is compared with it.

    Returns
    -------
    float, float
        Both 0 if the values must be equal.
    """
    sides = [left] if right is None else [left, right]
    if not all(_float_name(side) for side in sides):
        return 0.0, 0.0
    name = _float_name(left)
    if name == "float64" and all(map(_holds_float32, sides)):
        name = "float32"  # computed in float32, and converted at the end
    return TOLERANCES.get(name, TOLERANCES["bfloat16"])


def usual_size(values: np.ndarray) -> np.ndarray:
    """Return the usual absolute size of the numbers in an output, without 0 and infinity.

    Parameters
    ----------
    values : array
        Of float64 or complex128.

    Returns
    -------
    array
        Of a shape that broadcasts with `values`: the lower quartile, so that a few large numbers
        do not hide the small ones. A column of three or more rows has at most its own largest size.
    """
    sizes = np.abs(values)
    counted = np.isfinite(sizes) & (sizes > 0)
    if not counted.any():
        return np.zeros(())
    # Between two numbers, the logarithm decides: one of two units must not hide the other.
    quartile = np.exp(np.quantile(np.log(sizes[counted]), 0.25))
    if values.ndim < 2 or values.size // values.shape[-1] < COLUMN_ROWS:
        return np.asarray(quartile)
    columns = np.where(counted, sizes, 0).max(axis=tuple(range(values.ndim - 1)))
    return np.minimum(quartile, columns)


def _float_name(array):
    """Return the name of the float dtype that decides, or "" for other dtypes."""
    name = COMPLEX.get(array.dtype.name, array.dtype.name)
    return name if "float" in name else ""


def _wide(array):
    # bfloat16 and float8 are no dtypes of NumPy's own: its functions refuse them.
    return np.asarray(array).astype(complex if array.dtype.kind == "c" else float)


def _holds_float32(array):
    if array.dtype.kind == "c":
        return np.array_equal(array, array.astype(np.complex64), equal_nan=True)
    with np.errstate(over="ignore"):
        return np.array_equal(array, array.astype(np.float32), equal_nan=True)


def _all_whole(array):
    if array.dtype.kind == "c" or not array.size:
        return False
    return bool((np.isfinite(array) & (np.abs(array) <= WHOLE) & (array == np.rint(array))).all())


def _largest(left, right):
    if not all(side.dtype.kind in "iub" or _float_name(side) for side in (left, right)):
        return 0.0 if np.array_equal(left, right) else np.inf
    # Every kind of number is a complex number. A scalar cannot be indexed by a mask.
    a, b = (np.atleast_1d(side).astype(complex) for side in (left, right))
    apart = (a != b) & ~(np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(a[apart] - b[apart]), nan=np.inf, posinf=np.inf)
    return max([0.0, *gap.tolist()])
