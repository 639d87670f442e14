"""Plan an experiment with two versions: which users count, how many, and when it may stop early.

The plan has limits. You must fix the number of looks before the first look. A user who comes back
counts once. The plan tests one measure, not several. The interval after an early stop is slightly
too far from zero. A difference in the first week may disappear later.
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral

import numpy as np

from helpers.serving.rollout.proportions import (
    NORMAL,
    Comparison,
    Users,
    check_arm,
    compare,
    users_needed,
)
from helpers.text import safe_repr

__all__ = ["Plan", "compare", "per_user", "users_needed"]

MOST_LOOKS = 50
ROLES = ("stable", "canary")


def per_user(rows: Iterable[tuple[Hashable, str, bool]]) -> dict[str, tuple[int, int]]:
    """Count successes and users of both arms from requests.

    A user has a success if at least one of the user's requests has.

    Parameters
    ----------
    rows : iterable of (user, role, success)
        one row for each request; role is "stable" or "canary"

    Returns
    -------
    dict of str to (int, int)
        {"stable": (successes, users), "canary": (successes, users)}

    Raises
    ------
    ValueError
        a user is in both arms, for example because the percentage was changed
    """
    role_of, succeeded = {}, {}
    for user, role, success in rows:
        if role not in ROLES:
            raise ValueError(f"a role must be stable or canary, not {safe_repr(role)}")
        if role_of.setdefault(user, role) != role:
            raise ValueError(
                f"user {safe_repr(user)} got both versions: do not change the percentage during an "
                "experiment, and count only requests since its start"
            )
        succeeded[user] = succeeded.get(user, False) or bool(success)
    found = {}
    for role in ROLES:
        users = [user for user in role_of if role_of[user] == role]
        found[role] = (sum(succeeded[user] for user in users), len(users))
    return found


@dataclass(frozen=True)
class Decision:
    """The result of a look at an experiment.

    Attributes
    ----------
    number, looks : int
        the number of this look, from 1, and the number of all looks
    verdict : str
        "canary is better", "stable is better", "go on" or "no difference shown"
    threshold : float
        |z| must exceed it for a difference
    comparison : Comparison
        its interval does not take other looks into account
    """

    number: int
    looks: int
    verdict: str
    threshold: float
    comparison: Comparison

    @property
    def stop(self) -> bool:
        """Whether the experiment is over."""
        return self.verdict != "go on"

    def __str__(self) -> str:
        found = self.comparison
        return (
            f"look {self.number} of {self.looks}: canary {found.canary:.1%}, stable "
            f"{found.stable:.1%}, z = {found.z:.2f} of ±{self.threshold:.2f}: {self.verdict}"
        )

    __repr__ = __str__


@dataclass(frozen=True)
class Plan:
    """An experiment whose number of looks is fixed in advance.

    The thresholds are those of O'Brien and Fleming: they are high at early looks, so that all looks
    together have a false positive rate of `alpha`, and the last threshold is only slightly higher
    than that of a single test. With `corrected=False`, each look has the threshold of a single
    test. `simulation.simulate` shows that this causes too many false positives.

    Parameters
    ----------
    baseline, effect, alpha, power, share : float
        see `users_needed`
    looks : int
        1 to 50
    corrected : bool
        whether the thresholds take the number of looks into account

    Attributes
    ----------
    users : Users
        the numbers of users at the last look
    schedule : list of Users
        the numbers of users at each look
    thresholds : list of float
        |z| must exceed it for a difference, at each look

    Raises
    ------
    ValueError
        a parameter is out of range
    """

    baseline: float
    effect: float
    looks: int = 5
    alpha: float = 0.05
    power: float = 0.8
    share: float = 0.5
    corrected: bool = True
    users: Users = field(init=False)
    schedule: list[Users] = field(init=False)
    thresholds: list[float] = field(init=False)

    def __post_init__(self) -> None:
        single = users_needed(
            self.baseline, self.effect, alpha=self.alpha, power=self.power, share=self.share
        )
        if not isinstance(self.looks, Integral) or not 1 <= self.looks <= MOST_LOOKS:
            raise ValueError(f"looks must be from 1 to {MOST_LOOKS}, not {safe_repr(self.looks)}")
        looks, more = range(1, self.looks + 1), 1
        thresholds = [NORMAL.inv_cdf(1 - self.alpha / 2)] * self.looks
        if self.corrected:
            bound, more = _boundary(int(self.looks), self.alpha, self.power)
            thresholds = [bound / math.sqrt(look) for look in looks]
        users = Users(*(math.ceil(n * more) for n in single))
        schedule = [Users(*(math.ceil(n * k / self.looks) for n in users)) for k in looks]
        for name, value in {"users": users, "schedule": schedule, "thresholds": thresholds}.items():
            object.__setattr__(self, name, value)

    def look(self, number: int, stable: tuple[int, int], canary: tuple[int, int]) -> Decision:
        """Compare the versions at a look and decide whether the experiment goes on.

        Parameters
        ----------
        number : int
            1 for the first look; take each look only once
        stable, canary : (int, int)
            the numbers of successes and users so far; a higher success rate is better

        Returns
        -------
        Decision

        Raises
        ------
        ValueError
            the plan has no such look, or there are not enough users yet
        """
        if not isinstance(number, Integral) or not 1 <= number <= self.looks:
            raise ValueError(f"this plan has looks 1 to {self.looks}, not {safe_repr(number)}")
        due = self.schedule[number - 1].total
        so_far = check_arm("stable", stable)[1] + check_arm("canary", canary)[1]
        if so_far < due:
            raise ValueError(f"look {number} is due at {due:,} users, but there are {so_far:,}")
        found, threshold = compare(stable, canary, alpha=self.alpha), self.thresholds[number - 1]
        verdict = "go on" if number < self.looks else "no difference shown"
        if abs(found.z) > threshold:
            verdict = "canary is better" if found.z > 0 else "stable is better"
        return Decision(int(number), self.looks, verdict, threshold, found)


@lru_cache
def _boundary(looks, alpha, power):
    """Compute O'Brien and Fleming's bound on z * sqrt(look), and the factor on the number of users.

    z * sqrt(look) is a random walk whose steps have the variance 1, and the mean 0 if the versions
    are equal. The bound is the same at every look.
    """
    bound = _zero(lambda bound: alpha - _crosses(bound, looks, 0), 0.5, 10 * math.sqrt(looks))
    drift = _zero(lambda drift: _crosses(bound, looks, drift) - power, 0, 10)
    single = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)
    return bound, max(1, looks * (drift / single) ** 2)


def _crosses(bound, looks, drift):
    """Compute the probability that the walk is outside -bound .. bound at one of the looks.

    The function computes the density of the walks inside the bound, look by look, at the points of
    the Gauss-Legendre quadrature.
    """
    points, weights = _rule()
    points, weights = points * bound, weights * bound
    step = _density(points[:, None] - points[None, :] - drift)
    inside = _density(points - drift)
    for _ in range(looks - 1):
        inside = step @ (weights * inside)
    return 1 - weights @ inside


@lru_cache
def _rule():
    return np.polynomial.legendre.leggauss(200)


def _density(x):
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def _zero(rising, low, high):
    """Find the zero of an increasing function by bisection."""
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
