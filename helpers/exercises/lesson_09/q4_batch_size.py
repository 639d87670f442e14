"""Exercise 4 of lesson 09: the batch size for a latency budget."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

LATE = 0.05  # the share of batches that may come later than the budget
BATCHES = 200


@dataclass(frozen=True)
class Measured:
    """What somebody measured, and what is wanted.

    times : {rows in a batch: (200,) array of seconds that the model took for it}
    rate : rows that come per second, evenly
    budget : seconds from the moment a row comes to its answer
    """

    times: dict
    rate: float
    budget: float

    def late(self, size):
        """The share of batches whose first row waits longer than the budget."""
        return float(np.mean((size - 1) / self.rate + self.times[size] > self.budget))

    def cost(self, size):
        """Seconds of computing for one row."""
        return float(np.mean(self.times[size])) / size

    @property
    def best(self):
        """The size that costs least among those in time; None if there is none."""
        in_time = [size for size in self.times if self.late(size) <= LATE]
        return min(in_time, key=self.cost, default=None)


def measured(fixed, row, rate, budget, hiccup=0.0, cache=None, seed=0):
    """Times made of a fixed part and one for each row, in milliseconds, with noise of 2 %.

    hiccup : the share of batches, from 16 rows on, that take 30 ms longer
    cache : from this size on, each row takes three times as long
    """
    chance, times = np.random.default_rng(seed), {}
    for size in 2 ** np.arange(8):
        each = row * (3 if cache and size >= cache else 1)
        taken = (fixed + each * size) * chance.lognormal(0, 0.02, BATCHES)
        taken[: round(hiccup * BATCHES) if size >= 16 else 0] += 30
        times[int(size)] = chance.permutation(taken) / 1000
    return Measured(times, rate, budget / 1000)


def given(folder):
    """The numbers on the page."""
    return measured(fixed=4, row=0.1, rate=2000, budget=30, hiccup=0.02)


# Each goes wrong for those who forget one thing.
TABLES = {
    "the numbers on the page": given(None),
    "rows that come slowly, 200 in a second": measured(4, 0.1, 200, 42),
    "batches from 16 rows on that now and then take 30 ms longer": measured(
        4, 0.1, 4000, 25, hiccup=0.1
    ),
    "rows that cost more in batches from 32 on": measured(1, 0.1, 20000, 100, cache=32),
    "a budget that no batch keeps": measured(4, 0.1, 2000, 3),
    "a budget with room for everything": measured(4, 0.1, 5000, 1000, hiccup=0.1),
}


def require_pick(pick):
    """`pick` must find the best size in every table."""
    for words, table in TABLES.items():
        times = {size: seconds.copy() for size, seconds in table.times.items()}
        said = call(pick, times, table.rate, table.budget)
        if said is None and table.best is None:
            continue
        where = f"{words}: your function picks {safe_repr(said)}"
        require(table.best is not None, f"{where}; no size keeps the budget, so None is wanted.")
        if isinstance(said, bool) or not isinstance(said, Integral) or said not in table.times:
            raise NotYet(f"{where}; one of the sizes {', '.join(map(str, times))} is wanted.")
        require(
            table.late(said) <= LATE,
            f"{where}. Of its batches {table.late(said):.0%} come later than "
            f"{table.budget * 1000:g} ms, when the first row has waited "
            f"{(said - 1) / table.rate * 1000:.3g} ms for the last; 5 % may.",
        )
        require(
            said == table.best,
            f"{where}, which costs {table.cost(said) * 1000:.2g} ms of computing for each row. "
            f"{table.best} is in time as well and costs {table.cost(table.best) * 1000:.2g} ms.",
        )
