"""Compare two rates: whether they differ, by how much, and how many users the comparison needs.

A rate is the number of users with a success divided by the number of users. Users are independent
of each other; requests of the same user are not. The test is the score test and the interval is the
score interval. They agree: 0 lies outside the interval exactly when the p-value is below alpha.
Both are approximations for large numbers. With few successes they are inaccurate.
"""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from statistics import NormalDist
from typing import NamedTuple

from helpers.text import safe_repr

NORMAL = NormalDist()
LEAST = 1e-6  # the approximations do not hold for smaller rates and levels


class Users(NamedTuple):
    """The numbers of users in the two arms."""

    stable: int
    canary: int

    @property
    def total(self) -> int:
        """The number of users in both arms."""
        return self.stable + self.canary


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison of two rates.

    Attributes
    ----------
    stable, canary : float
        the rates, 0 to 1
    difference : float
        canary minus stable
    low, high : float
        the interval; in 1 - alpha of all experiments it contains the true difference
    z, p_value : float
        of the two-sided test; the null hypothesis is that the rates are equal
    alpha : float
        the significance level
    """

    stable: float
    canary: float
    difference: float
    low: float
    high: float
    z: float
    p_value: float
    alpha: float

    @property
    def differs(self) -> bool:
        """Whether the difference is significant: p_value < alpha."""
        return self.p_value < self.alpha

    def __str__(self) -> str:
        verdict = "they differ" if self.differs else "this shows no difference"
        return (
            f"canary {self.canary:.1%}, stable {self.stable:.1%}: {self.difference:+.1%} "
            f"({self.low:+.1%} to {self.high:+.1%}), p = {self.p_value:.3f}: {verdict}"
        )

    __repr__ = __str__


def users_needed(
    baseline: float,
    effect: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    share: float = 0.5,
) -> Users:
    """Compute the number of users that each arm needs, so that `compare` finds an effect.

    Parameters
    ----------
    baseline : float
        the rate of the stable version, 0 to 1
    effect : float
        the smallest difference that you want to find; 0.02 is from 10 % to 12 %
    alpha : float
        the probability of a false positive, when the versions are equal
    power : float
        the probability to find the effect, when it exists
    share : float
        the canary's share of the users, 0 to 1: 0.1 for a canary of 10 %

    Returns
    -------
    Users

    Raises
    ------
    ValueError
        an argument is out of range
    """
    for name, value in {
        "baseline": baseline,
        "alpha": alpha,
        "power": power,
        "share": share,
    }.items():
        check_part(name, value)
    good = isinstance(effect, Real) and abs(effect) >= LEAST
    if not good or not LEAST <= baseline + effect <= 1 - LEAST:
        raise ValueError(
            "effect must not be 0, and baseline + effect must be between 0 and 1: "
            f"effect is {safe_repr(effect)}, baseline is {baseline:g}"
        )
    if power <= alpha:
        raise ValueError(f"power must be larger than alpha, not {power:g} and {alpha:g}")
    other, ratio = baseline + effect, (1 - share) / share
    mean = baseline * (1 - share) + other * share
    chance = NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(mean * (1 - mean) * (1 + 1 / ratio))
    spread = other * (1 - other) + baseline * (1 - baseline) / ratio
    canary = ((chance + NORMAL.inv_cdf(power) * math.sqrt(spread)) / effect) ** 2
    return Users(math.ceil(canary * ratio - 1e-9), math.ceil(canary - 1e-9))


def compare(stable: tuple[int, int], canary: tuple[int, int], *, alpha: float = 0.05) -> Comparison:
    """Test whether two rates differ, and estimate the difference.

    Parameters
    ----------
    stable, canary : (int, int)
        the numbers of successes and users of an arm
    alpha : float
        the probability of a false positive, when the versions are equal and you test only once

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        an argument is out of range, or an arm has no users
    """
    check_part("alpha", alpha)
    arms = (*check_arm("stable", stable), *check_arm("canary", canary))
    rates = arms[0] / arms[1], arms[2] / arms[3]
    z, critical = _z(arms, 0), NORMAL.inv_cdf(1 - alpha / 2)
    difference = rates[1] - rates[0]
    # z decreases with the shift; the interval ends where z is `critical` and `-critical`.
    low = _crossing(lambda shift: _z(arms, shift) - critical, -1, difference)
    high = _crossing(lambda shift: _z(arms, shift) + critical, difference, 1)
    return Comparison(*rates, difference, low, high, z, 2 * NORMAL.cdf(-abs(z)), alpha)


def _z(arms, shift):
    """Return the z score of the observed difference if the true difference is `shift`."""
    x, n, y, m = arms
    above = y / m - x / n - shift
    if abs(above) < 1e-12:
        return 0.0
    first = _likeliest(arms, shift)
    second = first + shift
    variance = first * (1 - first) / n + second * (1 - second) / m
    return above / math.sqrt(max(variance, 1e-30))


def _likeliest(arms, shift):
    """Return the maximum likelihood stable rate if the canary's rate is larger by `shift`."""
    x, n, y, m = arms

    def slope(rate):  # of the log-likelihood, times a positive factor
        other = rate + shift
        return (x - n * rate) * other * (1 - other) + (y - m * other) * rate * (1 - rate)

    low, high = max(0, -shift), min(1, 1 - shift)
    return _crossing(slope, low, high)


def _crossing(falling, low, high):
    """Find the zero of a decreasing function by bisection."""
    for _ in range(50):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def check_part(name: str, value: float) -> None:
    """Check that a value lies between 0 and 1, with a distance of at least LEAST.

    Raises
    ------
    ValueError
        with the name of the argument
    """
    if not isinstance(value, Real) or not LEAST <= value <= 1 - LEAST:
        raise ValueError(f"{name} must be between 0 and 1, not {safe_repr(value)}")


def check_arm(name: str, arm: tuple[int, int]) -> tuple[int, int]:
    """Check the numbers of successes and users of an arm, and return them.

    Raises
    ------
    ValueError
        with the name of the arm
    """
    try:
        successes, users = arm
        whole = all(isinstance(number, Integral) for number in (successes, users))
    except (TypeError, ValueError):
        successes = users = 0
        whole = False
    if not whole or not 0 <= successes <= users:
        raise ValueError(
            f"{name} must be (successes, users), like (120, 1000), not {safe_repr(arm)}"
        )
    if users == 0:
        raise ValueError(f"{name} has no users yet")
    return int(successes), int(users)
