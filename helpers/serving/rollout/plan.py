"""Deciding between two versions: whom to count, how long to run, and when one may stop early.

What this does not do: the looks are planned before the first one; users who come back later in the
experiment count once; one measure is tested, not twenty; the interval after an early stop is a
little too far from zero; a difference in the first week need not last.
"""

import math
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


def per_user(rows):
    """Successes and users of both arms, from one row for each request.

    Parameters
    ----------
    rows : iterable of (user, role, success)
        role is "stable" or "canary"; a user has success when one of the requests had

    Returns
    -------
    dict
        {"stable": (successes, users), "canary": (successes, users)}

    Raises
    ------
    ValueError
        a user is in both arms, as when the percentage changed on the way
    """
    role_of, succeeded = {}, {}
    for user, role, success in rows:
        if role not in ROLES:
            raise ValueError(f"a role is stable or canary, not {safe_repr(role)}")
        if role_of.setdefault(user, role) != role:
            raise ValueError(
                f"user {safe_repr(user)} had both versions: keep the percentage while an "
                "experiment runs, and count from its start"
            )
        succeeded[user] = succeeded.get(user, False) or bool(success)
    found = {}
    for role in ROLES:
        users = [user for user in role_of if role_of[user] == role]
        found[role] = (sum(succeeded[user] for user in users), len(users))
    return found


@dataclass(frozen=True)
class Decision:
    """What a look at the experiment says.

    number, looks : int
    verdict : "canary is better", "stable is better", "go on" or "no difference shown"
    threshold : float, what |z| had to exceed
    comparison : Comparison, with the interval of a single look
    """

    number: int
    looks: int
    verdict: str
    threshold: float
    comparison: Comparison

    @property
    def stop(self):
        return self.verdict != "go on"

    def __str__(self):
        found = self.comparison
        return (
            f"look {self.number} of {self.looks}: canary {found.canary:.1%}, stable "
            f"{found.stable:.1%}, z = {found.z:.2f} of ±{self.threshold:.2f}: {self.verdict}"
        )

    __repr__ = __str__


@dataclass(frozen=True)
class Plan:
    """An experiment with a number of looks that is fixed before it starts.

    Early looks ask for more (O'Brien and Fleming's thresholds), so that all looks together call
    two equal versions different in only `alpha` of the experiments, and the last look asks for
    little more than a single one would. With `corrected=False` every look asks for the same as a
    single one: what people do, and what
    helpers/serving/rollout/simulation.py shows to be wrong.

    baseline, effect, alpha, power, share : see `users_needed`
    looks : int, 1 to 50
    users : Users, what each arm needs in the end
    schedule : list of Users, when to look
    thresholds : list of float, what |z| must exceed at each look
    """

    baseline: float
    effect: float
    looks: int = 5
    alpha: float = 0.05
    power: float = 0.8
    share: float = 0.5
    corrected: bool = True
    users: Users = field(init=False)
    schedule: list = field(init=False)
    thresholds: list = field(init=False)

    def __post_init__(self):
        single = users_needed(
            self.baseline, self.effect, alpha=self.alpha, power=self.power, share=self.share
        )
        if not isinstance(self.looks, Integral) or not 1 <= self.looks <= MOST_LOOKS:
            raise ValueError(f"looks is 1 to {MOST_LOOKS}, not {safe_repr(self.looks)}")
        looks, more = range(1, self.looks + 1), 1
        thresholds = [NORMAL.inv_cdf(1 - self.alpha / 2)] * self.looks
        if self.corrected:
            bound, more = _boundary(int(self.looks), self.alpha, self.power)
            thresholds = [bound / math.sqrt(look) for look in looks]
        users = Users(*(math.ceil(n * more) for n in single))
        schedule = [Users(*(math.ceil(n * k / self.looks) for n in users)) for k in looks]
        for name, value in {"users": users, "schedule": schedule, "thresholds": thresholds}.items():
            object.__setattr__(self, name, value)

    def look(self, number, stable, canary):
        """What to do at a look.

        Parameters
        ----------
        number : int
            1 for the first; each look once
        stable, canary : (int, int)
            successes and users so far; success is what you want more of

        Returns
        -------
        Decision

        Raises
        ------
        ValueError
            there is no such look, or it is too early for it
        """
        if not isinstance(number, Integral) or not 1 <= number <= self.looks:
            raise ValueError(f"this plan has looks 1 to {self.looks}, not {safe_repr(number)}")
        due = self.schedule[number - 1].total
        so_far = check_arm("stable", stable)[1] + check_arm("canary", canary)[1]
        if so_far < due:
            raise ValueError(f"look {number} is due at {due:,} users; there are {so_far:,}")
        found, threshold = compare(stable, canary, alpha=self.alpha), self.thresholds[number - 1]
        verdict = "go on" if number < self.looks else "no difference shown"
        if abs(found.z) > threshold:
            verdict = "canary is better" if found.z > 0 else "stable is better"
        return Decision(int(number), self.looks, verdict, threshold, found)


@lru_cache
def _boundary(looks, alpha, power):
    """O'Brien and Fleming's bound on z * sqrt(look), and how many times the users it takes.

    That product is a random walk with steps of variance 1 (of mean 0 if nothing differs), and the
    bound is the same at every look.
    """
    bound = _where(lambda bound: alpha - _crosses(bound, looks, 0), 0.5, 10 * math.sqrt(looks))
    drift = _where(lambda drift: _crosses(bound, looks, drift) - power, 0, 10)
    single = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)
    return bound, max(1, looks * (drift / single) ** 2)


def _crosses(bound, looks, drift):
    """The chance that the walk leaves -bound .. bound at one of the looks.

    The density of the walks that are still inside is carried from look to look, at the points of
    Gauss and Legendre's rule.
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


def _where(rising, low, high):
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
