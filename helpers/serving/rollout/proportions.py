"""Two rates: whether they differ, by how much, and how many users it takes to see it.

A rate is a number of users who did something out of a number of users; users are independent of
each other, requests of one user are not. The test and its interval are the score ones, which fit
together: 0 lies outside the interval exactly when the p-value is below alpha. Both are
approximations for large numbers; with a handful of successes they are rough.
"""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from statistics import NormalDist
from typing import NamedTuple

from helpers.text import safe_repr

NORMAL = NormalDist()
LEAST = 1e-6  # rates and levels below it are beyond these approximations


class Users(NamedTuple):
    """Numbers of users in the two arms."""

    stable: int
    canary: int

    @property
    def total(self):
        return self.stable + self.canary


@dataclass(frozen=True)
class Comparison:
    """What two rates say about each other.

    stable, canary : float, the rates
    difference : float, canary minus stable
    low, high : float, an interval that holds the true difference in 1 - alpha of experiments
    z, p_value : float, of the two-sided test of no difference
    alpha : float
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
    def differs(self):
        """Whether chance alone would rarely give such a difference: p_value < alpha."""
        return self.p_value < self.alpha

    def __str__(self):
        verdict = "they differ" if self.differs else "this shows no difference"
        return (
            f"canary {self.canary:.1%}, stable {self.stable:.1%}: {self.difference:+.1%} "
            f"({self.low:+.1%} to {self.high:+.1%}), p = {self.p_value:.3f}: {verdict}"
        )

    __repr__ = __str__


def users_needed(baseline, effect, *, alpha=0.05, power=0.8, share=0.5):
    """How many users each arm needs, so that the test of `compare` finds the effect.

    Parameters
    ----------
    baseline : float
        the rate of the stable version, 0 to 1
    effect : float
        the smallest difference worth finding; 0.02 is from 10 % to 12 %
    alpha : float
        how often two equal versions may be called different
    power : float
        how often the effect is found when it is there
    share : float
        the canary's part of the users: 0.1 for a canary of 10 %

    Returns
    -------
    Users
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
            f"effect is a difference, not 0, that leaves a rate between 0 and 1: "
            f"{safe_repr(effect)} from {baseline:g} does not"
        )
    if power <= alpha:
        raise ValueError(f"power must be larger than alpha, not {power:g} and {alpha:g}")
    other, ratio = baseline + effect, (1 - share) / share
    mean = baseline * (1 - share) + other * share
    chance = NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(mean * (1 - mean) * (1 + 1 / ratio))
    spread = other * (1 - other) + baseline * (1 - baseline) / ratio
    canary = ((chance + NORMAL.inv_cdf(power) * math.sqrt(spread)) / effect) ** 2
    return Users(math.ceil(canary * ratio - 1e-9), math.ceil(canary - 1e-9))


def compare(stable, canary, *, alpha=0.05):
    """Test whether two rates differ, and by how much.

    Parameters
    ----------
    stable, canary : (int, int)
        successes and users of an arm
    alpha : float
        how often two equal versions may be called different, when this is asked once

    Returns
    -------
    Comparison
    """
    check_part("alpha", alpha)
    arms = (*check_arm("stable", stable), *check_arm("canary", canary))
    rates = arms[0] / arms[1], arms[2] / arms[3]
    z, critical = _z(arms, 0), NORMAL.inv_cdf(1 - alpha / 2)
    difference = rates[1] - rates[0]
    # z falls from one end to the other: where it passes `critical` is an end of the interval.
    low = _crossing(lambda shift: _z(arms, shift) - critical, -1, difference)
    high = _crossing(lambda shift: _z(arms, shift) + critical, difference, 1)
    return Comparison(*rates, difference, low, high, z, 2 * NORMAL.cdf(-abs(z)), alpha)


def _z(arms, shift):
    """How many standard errors the difference lies above `shift`, if `shift` were the truth."""
    x, n, y, m = arms
    above = y / m - x / n - shift
    if abs(above) < 1e-12:
        return 0.0
    first = _likeliest(arms, shift)
    second = first + shift
    variance = first * (1 - first) / n + second * (1 - second) / m
    return above / math.sqrt(max(variance, 1e-30))


def _likeliest(arms, shift):
    """The stable rate that makes the data likeliest when the canary's is larger by `shift`."""
    x, n, y, m = arms

    def slope(rate):  # of the likelihood's logarithm, times what is positive
        other = rate + shift
        return (x - n * rate) * other * (1 - other) + (y - m * other) * rate * (1 - rate)

    low, high = max(0, -shift), min(1, 1 - shift)
    return _crossing(slope, low, high)


def _crossing(falling, low, high):
    """Where a falling function passes zero, found by halving."""
    for _ in range(50):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def check_part(name, value):
    """Raise unless `value` is between 0 and 1, and not next to them."""
    if not isinstance(value, Real) or not LEAST <= value <= 1 - LEAST:
        raise ValueError(f"{name} is between 0 and 1, not {safe_repr(value)}")


def check_arm(name, arm):
    """(successes, users) as two numbers, or ValueError."""
    try:
        successes, users = arm
    except (TypeError, ValueError):
        successes = users = None
    if not all(isinstance(n, Integral) for n in (successes, users)) or not 0 <= successes <= users:
        raise ValueError(f"{name} is (successes, users), like (120, 1000), not {safe_repr(arm)}")
    if users == 0:
        raise ValueError(f"{name} has no users yet")
    return int(successes), int(users)
