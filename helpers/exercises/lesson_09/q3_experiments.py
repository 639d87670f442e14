"""Make the experiments of exercise 3 of lesson 09, and decide what each of them shows."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from helpers.serving.rollout.plan import compare

BETTER, WORSE = "canary is better", "stable is better"
EQUAL, BROKEN = "no difference shown", "broken split"
VERDICTS = (BETTER, WORSE, EQUAL, BROKEN)
SPLIT = 3  # a split whose z is farther from 0 is broken
NAMES = "abcde"
MANY, FEW = 8000, 600  # users of an experiment

Arm = tuple[int, int]  # customers who ordered, customers
Arms = tuple[Arm, Arm]  # of the stable version, of the canary
# By kind: users, share of the canary, rate of the stable version, rate of the canary; then the
# range of the z of the split and of the z of the rates.
KINDS: dict[str, tuple[tuple[int, float, float, float], tuple[float, float], tuple[float, float]]]
KINDS = {
    "equal": ((MANY, 0.5, 0.10, 0.10), (-2, 2), (0.4, 1.3)),
    "broken": ((MANY, 0.45, 0.10, 0.13), (-math.inf, -5), (3, math.inf)),
    "better": ((MANY, 0.5, 0.10, 0.125), (-2, 2), (3, math.inf)),
    "few": ((FEW, 0.5, 0.10, 0.13), (-2, 2), (0.8, 1.4)),
    "worse": ((MANY, 0.5, 0.125, 0.10), (-2, 2), (-math.inf, -3)),
    "broken, equal": ((MANY, 0.55, 0.10, 0.10), (5, math.inf), (-1.3, 1.3)),
}
OF_THE_PAGE = ("equal", "broken", "better", "few", "worse")


def draw_experiments(folder: Path, seed: int | None = None) -> dict[str, Arms]:
    """Draw five experiments with one look, in which half of the users should get each version.

    Parameters
    ----------
    folder : pathlib.Path
        nothing is written there
    seed : int, optional
        of a variant; every variant has one experiment with equal versions, one with a better
        canary, and one whose split is broken

    Returns
    -------
    dict of str to Arms
        by name, from "a" to "e"
    """
    if seed is None:
        chance, kinds = np.random.default_rng(9), list(OF_THE_PAGE)
    else:
        chance = np.random.default_rng([9, seed % 2**32])
        kinds = ["equal", "broken", "better"]
        kinds += chance.choice(["few", "worse", "broken, equal"], 2, replace=False).tolist()
        kinds = chance.permutation(kinds).tolist()
    return {name: _drawn(kind, chance) for name, kind in zip(NAMES, kinds, strict=True)}


def _drawn(kind, chance):
    (users, share, stable_rate, canary_rate), split, rates = KINDS[kind]
    while True:
        canary_users = int(chance.binomial(users, share))
        stable_users = users - canary_users
        stable = int(chance.binomial(stable_users, stable_rate)), stable_users
        canary = int(chance.binomial(canary_users, canary_rate)), canary_users
        found = compare(stable, canary)
        if split[0] < split_z(stable, canary) < split[1] and rates[0] < found.z < rates[1]:
            return stable, canary


def split_z(stable: Arm, canary: Arm) -> float:
    """Return how many standard errors the split is away from two halves."""
    return (canary[1] - stable[1]) / math.sqrt(canary[1] + stable[1])


def verdict(arms: Arms) -> str:
    """Decide what an experiment shows: one of VERDICTS."""
    if abs(split_z(*arms)) > SPLIT:
        return BROKEN
    found = compare(*arms)
    if not found.differs:
        return EQUAL
    return BETTER if found.difference > 0 else WORSE


class Reasons:
    """Say why a prediction is wrong, with what was measured."""

    def __init__(self, experiments: Mapping[str, Arms]) -> None:
        self._experiments = experiments

    def get(self, wrong: tuple[str, str], _: str = "") -> str:
        """Return the reason for (name of an experiment, wrong verdict)."""
        name, said = wrong
        stable, canary = self._experiments[name]
        split, z = -split_z(stable, canary), compare(stable, canary).z  # as on the page
        users = f"{stable[1]:,} and {canary[1]:,} users"
        if abs(split) > SPLIT:
            return (
                f"There are {users} in place of two halves. The z of this split is {split:.1f}, "
                "and chance stays between -3 and 3. So the rates belong to different users, and "
                "their difference says nothing."
            )
        if said == BROKEN:
            return (
                f"There are {users}. The z of this split is {split:.1f}, between -3 and 3, so it "
                f"can be chance. The z of the rates is {z:.1f}."
            )
        if abs(z) < 1.96:
            return (
                f"The rates are {_rate(stable)} and {_rate(canary)}, of {users}. Their z is "
                f"{z:.1f}, between -1.96 and 1.96, so the difference can be chance."
            )
        return (
            f"The split is right. The rates are {_rate(stable)} for the stable version and "
            f"{_rate(canary)} for the canary. Their z is {z:.1f}, so this is no chance."
        )


def _rate(arm):
    return f"{arm[0] / arm[1]:.1%}"
