"""Experiments on made-up users: how often two equal versions are called different, and why."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from helpers.serving.rollout.plan import Plan
from helpers.serving.rollout.proportions import NORMAL, check_part
from helpers.text import safe_repr

MOST_NUMBERS = 20_000_000  # that are drawn at once: more would fill the memory


@dataclass(frozen=True)
class Simulated:
    """What became of many experiments that were made up.

    found : float, part of them that called the versions different
    by_look : tuple of float, the same after each look
    users : float, users of both arms that an experiment took on average
    """

    found: float
    by_look: tuple
    users: float

    def __str__(self):
        return f"{self.found:.1%} called the versions different, after {self.users:,.0f} users"

    __repr__ = __str__


def simulate(plan, stable_rate, canary_rate, *, experiments=2000, seed=0):
    """Run a plan many times on made-up users.

    Parameters
    ----------
    plan : Plan
    stable_rate, canary_rate : float
        the truth; with equal rates, `found` is the rate of false positives
    experiments, seed : int

    Returns
    -------
    Simulated
    """
    if not isinstance(plan, Plan):
        raise TypeError(f"a Plan is wanted, not {safe_repr(plan)}")
    for name, rate in {"stable_rate": stable_rate, "canary_rate": canary_rate}.items():
        check_part(name, rate)
    _check_size(seed, experiments, plan.looks)
    generator = np.random.default_rng(seed)
    users = np.array(plan.schedule)  # (looks, 2)
    steps = np.diff(users, axis=0, prepend=0)
    size = (experiments, *steps.shape)
    successes = generator.binomial(steps, [stable_rate, canary_rate], size).cumsum(axis=1)
    crossed = np.abs(_pooled_z(successes, users)) > plan.thresholds  # (experiments, looks)
    by_look = np.maximum.accumulate(crossed, axis=1)
    last = np.where(by_look[:, -1], crossed.argmax(axis=1), plan.looks - 1)
    return Simulated(
        float(by_look[:, -1].mean()),
        tuple(by_look.mean(axis=0).tolist()),
        float(users.sum(axis=1)[last].mean()),
    )


def _check_size(seed, experiments, each):
    for name, number, least in (
        ("seed", seed, 0),
        ("experiments", experiments, 1),
        ("users", each, 1),
    ):
        if not isinstance(number, Integral) or number < least:
            raise ValueError(f"{name} is a whole number from {least} on, not {safe_repr(number)}")
    if experiments * each > MOST_NUMBERS:
        raise ValueError(
            f"{experiments:,} experiments are too many at once: take fewer, or smaller ones"
        )


def _pooled_z(successes, users):
    """z of no difference; both (..., 2), stable and canary."""
    rates = successes / users
    pooled = successes.sum(axis=-1) / users.sum(axis=-1)
    variance = pooled * (1 - pooled) * (1 / users).sum(axis=-1)
    difference = rates[..., 1] - rates[..., 0]
    return difference / np.sqrt(np.where(variance > 0, variance, 1))


@dataclass(frozen=True)
class Counting:
    """False positives when requests are counted, and when users are; parts of the experiments."""

    requests: float
    users: float

    def __str__(self):
        return f"false positives: {self.requests:.1%} by requests, {self.users:.1%} by users"

    __repr__ = __str__


def simulate_counting(*, users=1000, requests=10, baseline=0.1, experiments=500, seed=0):
    """Compare two equal versions many times, by requests and by users.

    Users differ: each has a rate of one's own (a beta distribution around `baseline`), and makes
    one request and a random number of further ones.

    Parameters
    ----------
    users : int
        in each arm
    requests : float
        of a user on average, at least 1
    baseline : float
        the mean rate of success of a request
    experiments, seed : int

    Returns
    -------
    Counting
    """
    check_part("baseline", baseline)
    if not isinstance(requests, Real) or not 1 <= requests <= 1e6:
        raise ValueError(f"a user makes 1 to 1,000,000 requests, not {safe_repr(requests)}")
    _check_size(seed, experiments, users)
    generator = np.random.default_rng(seed)
    size = (experiments, users, 2)
    own = generator.beta(2 * baseline, 2 * (1 - baseline), size)
    made = 1 + generator.poisson(requests - 1, size)
    successes = generator.binomial(made, own)
    by_requests = _pooled_z(successes.sum(axis=1), made.sum(axis=1))
    by_users = _pooled_z((successes > 0).sum(axis=1), np.array([users, users]))
    critical = NORMAL.inv_cdf(0.975)
    return Counting(*(float((np.abs(z) > critical).mean()) for z in (by_requests, by_users)))
