"""The destination of a user's request, and its result."""

import math
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral, Real
from urllib.parse import quote

from helpers.text import safe_repr


@dataclass(frozen=True)
class Route:
    """The destination of a user's next request.

    Attributes
    ----------
    role : str
        "stable" or "canary"
    target : int or str
        a version (int) or a label (str)
    address : str
        the server that the router asks first
    url : str
        the URL for a predict request
    """

    role: str
    target: int | str
    address: str
    url: str


@dataclass(frozen=True)
class Reply:
    """The result of a request.

    Attributes
    ----------
    role, target : str, int or str
        as in Route
    address : str
        the server that was asked last
    status : int or None
        the HTTP status; None when no server answered
    answer : dict or None
        the body of the response
    error : str
        one line; "" when the request succeeded
    seconds : float
        time from the call to the response, with all attempts
    attempts : tuple of (str, str)
        each server that was asked, and its error or status, in order
    """

    role: str
    target: int | str
    address: str
    status: int | None
    answer: dict | None
    error: str
    seconds: float
    attempts: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return self.status == 200 and not self.error


@lru_cache(maxsize=1000)
def request_path(model: str, target: int | str, verb: str) -> str:
    """Return the path of a URL that asks a version or label of a model."""
    kind = "labels" if isinstance(target, str) else "versions"
    return f"/v1/models/{quote(model, '')}/{kind}/{quote(str(target), '')}:{verb}"


def target_name(target: int | str) -> str:
    """Return a target in words: "version 2" or "label canary"."""
    return f"label {target}" if isinstance(target, str) else f"version {target}"


def is_within(number: object, low: float, high: float) -> bool:
    """Return whether a value is a number from `low` to `high`."""
    return isinstance(number, Real) and not isinstance(number, bool) and low <= number <= high


def checked_percent(percent: float) -> float:
    """Return a percentage, rounded to 0.01.

    Raises
    ------
    ValueError
        it is not a number from 0 to 100, or it has more than two decimal places
    """
    if not is_within(percent, 0, 100):
        raise ValueError(f"percent must be from 0 to 100, not {safe_repr(percent)}")
    steps = percent * 100
    if not math.isclose(steps, round(steps), abs_tol=1e-6):
        raise ValueError(f"percent must be a multiple of 0.01, not {safe_repr(percent)}")
    return round(steps) / 100


def checked_target(target: int | str) -> int | str:
    """Return a version as int, or a label.

    Raises
    ------
    ValueError
        it is neither a version number nor a label
    """
    whole = isinstance(target, Integral) and not isinstance(target, bool) and 0 <= target < 2**63
    if whole or (isinstance(target, str) and target):
        return target if isinstance(target, str) else int(target)
    raise ValueError(
        f"a target must be a version like 2 or a label like 'canary', not {safe_repr(target)}"
    )
