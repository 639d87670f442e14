"""Read an answer strictly: a number, a whole number, a text, an array, a mapping or a function.

All checks read answers with these functions, so the same answer has the same kind everywhere.
"""

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.text import safe_repr

DEPTH, MOST = 8, 1_000_000  # of nested lists, and of the numbers in them
KINDS = {"f": "numbers with a fraction", "iu": "whole numbers", "fiu": "numbers", "b": "booleans"}


def number(value: Any, name: str) -> float:
    """Read one finite number: of Python, of NumPy, or an array or a tensor of shape ().

    Parameters
    ----------
    value : object
        The answer.
    name : str
        Its name, for the message.

    Returns
    -------
    float

    Raises
    ------
    NotYet
        For a text, a bool, nan and anything else.
    """
    found = _one(value)
    if isinstance(found, bool | np.bool_) or not isinstance(found, numbers.Real | Decimal):
        raise NotYet(f"{name} should be a number, but is {_words(value)}.")
    try:
        found = float(found)
    except OverflowError:
        found = math.inf
    require(math.isfinite(found), f"{name} should be a finite number, but is {safe_repr(value)}.")
    return found


def whole_number(value: Any, name: str) -> int:
    """Read one whole number: an int of Python or NumPy, or an array or a tensor of shape ().

    Raises
    ------
    NotYet
        For a bool, a text, a number with a fraction part such as 100.0, and anything else.
    """
    found = _one(value)
    try:
        if isinstance(found, bool | np.bool_):
            raise TypeError
        return operator.index(found)
    except Exception:
        raise NotYet(f"{name} should be a whole number, but is {_words(value)}.") from None


def boolean(value: Any, name: str) -> bool:
    """Read True or False, of Python, NumPy or TensorFlow."""
    found = _one(value)
    require(
        isinstance(found, bool | np.bool_),
        f"{name} should be True or False, but is {_words(value)}.",
    )
    return bool(found)


def text(value: Any, name: str, choices: Iterable[str] = ()) -> str:
    """Read a text, one of `choices` if there are any.

    Raises
    ------
    NotYet
        The message names the choices.
    """
    choices, value = list(choices), plain(value)
    if choices:
        require(
            isinstance(value, str) and value in choices,
            f"{name}: {safe_repr(value)} is not one of {', '.join(map(repr, choices))}.",
        )
    require(isinstance(value, str), f"{name} should be a text, but is {_words(value)}.")
    return value


def plain(value: Any) -> Any:
    """Return a text of a subclass of str, which may compare in its own way, as a plain text."""
    return str.__str__(value) if isinstance(value, str) else value


def array(
    value: Any, name: str, shape: Sequence[int | None] | None = None, kinds: str = "fiu"
) -> np.ndarray:
    """Read an array of numbers: an array, a tensor, or nested lists of numbers.

    Parameters
    ----------
    value : object
        The answer.
    name : str
        Its name, for the message.
    shape : sequence of int or None, optional
        The exact shape. None stands for any size.
    kinds : {"f", "iu", "fiu", "b"}
        The kinds of dtypes that are right, as in `numpy.dtype.kind`.

    Returns
    -------
    ndarray

    Raises
    ------
    NotYet
        For texts, objects, another kind or another shape. The message names shape and dtype.
    """
    expected = f"an array of {KINDS.get(kinds, 'numbers')}"
    if shape is not None:
        expected += f" of shape ({', '.join('any' if n is None else str(n) for n in shape)}"
        expected += ",)" if len(shape) == 1 else ")"
    wrong = NotYet(f"{name} should be {expected}, but is {_words(value)}.")
    if isinstance(value, list | tuple) and not _is_small(value):
        raise wrong
    if isinstance(value, str | bytes) or callable(value):
        raise wrong
    try:
        found = np.asarray(value)
    except Exception:
        raise wrong from None
    if found.dtype.kind not in kinds:
        raise wrong
    if shape is not None:
        same = len(shape) == found.ndim and all(
            size in (None, have) for size, have in zip(shape, found.shape, strict=True)
        )
        if not same:
            raise wrong
    return found


def mapping(value: Any, keys: Iterable[str], name: str) -> dict[str, Any]:
    """Read a mapping with exactly these keys.

    Raises
    ------
    NotAttempted
        If a value is `...`. It names the keys that are left.
    NotYet
        If the answer is not a mapping, or has different keys.
    """
    keys = list(keys)
    expected = f"{name} should be a dict with the keys {', '.join(map(repr, keys))}"
    require(isinstance(value, Mapping), f"{expected}, but is {_words(value)}.")
    found = {plain(key): plain(item) for key, item in value.items()}
    missing = [repr(key) for key in keys if key not in found]
    require(not missing, f"{expected}, but has no {', '.join(missing)}.")
    more = [safe_repr(key) for key in found if key not in keys]
    require(not more, f"{expected}, but has {', '.join(more[:3])} as well.")
    left = [f"{name}[{key!r}]" for key in keys if found[key] is ...]
    if left:
        raise NotAttempted(left if len(left) < len(keys) else ())
    return found


def function(value: Any, name: str) -> Callable[..., Any]:
    """Read a function, or anything else that can be called."""
    require(
        callable(value),
        f"{name} should be a function, but is {_words(value)}. Define it with def.",
    )
    return value


def _one(value):
    """Take the number out of an array or a tensor of shape ()."""
    if isinstance(value, np.ndarray) or hasattr(type(value), "numpy"):
        try:
            found = np.asarray(value)
            return found.item() if found.ndim == 0 else value
        except Exception:
            return value
    return value


def _is_small(value):
    """Return whether nested lists can be read: not too deep, and not too many numbers."""
    level, count = [value], 0
    for _ in range(DEPTH):
        count += len(level)
        if count > MOST:
            return False
        level = [item for one in level if isinstance(one, list | tuple) for item in one[: MOST + 1]]
        if not level:
            return True
    return False


def _words(value):
    """Say what a value is: arrays by shape and dtype, texts in quotes, others by their repr."""
    try:
        if isinstance(value, np.ndarray) or hasattr(type(value), "numpy"):
            found = np.asarray(value)
            return f"an array of {found.dtype} of shape {found.shape}"
    except Exception:
        return f"an object of type {type(value).__name__}"
    return safe_repr(value)
