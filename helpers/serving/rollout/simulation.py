"""Simulate experiments, and count how often they report a difference between two versions."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from helpers.serving.rollout.plan import Plan
from helpers.serving.rollout.proportions import NORMAL, check_part
from helpers.text import safe_repr

MOST_NUMBERS = 20_000_000  # random numbers of one simulation; they limit the memory


@dataclass(frozen=True)
class Simulated:
    """The result of many simulated experiments.

    Attributes
    ----------
    found : float
        the share of experiments that reported a difference, 0 to 1
    by_look : tuple of float
        the same share after each look
    users : float
        the mean number of users of both arms in an experiment
    """

    found: float
    by_look: tuple[float, ...]
    users: float

    def __str__(self) -> str:
        return f"{self.found:.1%} reported a difference, after {self.users:,.0f} users on average"

    __repr__ = __str__


def simulate(
    plan: Plan,
    stable_rate: float,
    canary_rate: float,
    *,
    experiments: int = 2000,
    seed: int = 0,
) -> Simulated:
    """Simulate a plan many times.

    Parameters
    ----------
    plan : Plan
    stable_rate, canary_rate : float
        the true rates, 0 to 1; with equal rates, `found` is the rate of false positives
    experiments : int
        the number of experiments
    seed : int
        of the random numbers

    Returns
    -------
    Simulated

    Raises
    ------
    TypeError, ValueError
        an argument has the wrong type or value
    """
    if not isinstance(plan, Plan):
        raise TypeError(f"plan must be a Plan, not {safe_repr(plan)}")
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
            raise ValueError(
                f"{name} must be an integer of at least {least}, not {safe_repr(number)}"
            )
    if experiments * each > MOST_NUMBERS:
        raise ValueError(
            f"{experiments:,} experiments are too many at once: use fewer or smaller experiments"
        )


def _pooled_z(successes, users):
    """Return the z scores of the test of equal rates, (...); the arguments are (..., 2) arrays."""
    rates = successes / users
    pooled = successes.sum(axis=-1) / users.sum(axis=-1)
    variance = pooled * (1 - pooled) * (1 / users).sum(axis=-1)
    difference = rates[..., 1] - rates[..., 0]
    return difference / np.sqrt(np.where(variance > 0, variance, 1))


@dataclass(frozen=True)
class Counting:
    """The rates of false positives, 0 to 1, when you count requests and when you count users.

    Attributes
    ----------
    requests, users : float
    """

    requests: float
    users: float

    def __str__(self) -> str:
        return f"false positives: {self.requests:.1%} by requests, {self.users:.1%} by users"

    __repr__ = __str__


def simulate_counting(
    *,
    users: int = 1000,
    requests: float = 10,
    baseline: float = 0.1,
    experiments: int = 500,
    seed: int = 0,
) -> Counting:
    """Simulate comparisons of two equal versions, by requests and by users.

    Each user has an own success rate, from a beta distribution with the mean `baseline`. Each user
    makes one request and a random number of additional requests.

    Parameters
    ----------
    users : int
        in each arm
    requests : float
        the mean number of requests of a user, at least 1
    baseline : float
        the mean success rate of a request, 0 to 1
    experiments : int
        the number of experiments
    seed : int
        of the random numbers

    Returns
    -------
    Counting

    Raises
    ------
    ValueError
        an argument has the wrong value
    """
    check_part("baseline", baseline)
    if not isinstance(requests, Real) or not 1 <= requests <= 1e6:
        raise ValueError(f"requests must be from 1 to 1,000,000, not {safe_repr(requests)}")
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
