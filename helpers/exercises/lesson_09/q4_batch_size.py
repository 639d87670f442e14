"""Exercise 4 of lesson 09: the batch size for a latency budget."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

LATE = 0.05  # largest share of batches that may be later than the budget
BATCHES = 200
DRAWN = 60  # tables


@dataclass(frozen=True)
class Measured:
    """Measured times of batches, and the budget that they should keep.

    Attributes
    ----------
    times : dict of int to (200,) array
        For each number of rows in a batch: the seconds that the model took.
    rate : float
        Rows that arrive in a second, evenly.
    budget : float
        Seconds from the arrival of a row to its answer.
    """

    times: dict[int, np.ndarray]
    rate: float
    budget: float

    def late(self, size: int) -> float:
        """Return the share of batches whose first row waits longer than the budget.

        Parameters
        ----------
        size : int
            Rows in a batch.

        Returns
        -------
        float
        """
        return float(np.mean((size - 1) / self.rate + self.times[size] > self.budget))

    def cost(self, size: int) -> float:
        """Return the mean seconds of computing for one row.

        Parameters
        ----------
        size : int
            Rows in a batch.

        Returns
        -------
        float
        """
        return float(np.mean(self.times[size])) / size

    @property
    def best(self) -> int | None:
        """The cheapest size that keeps the budget, or None if no size does."""
        in_time = [size for size in self.times if self.late(size) <= LATE]
        return min(in_time, key=self.cost, default=None)


def measured(
    fixed: float,
    row: float,
    rate: float,
    budget: float,
    hiccup: float = 0.0,
    cache: int | None = None,
    seed: int = 0,
) -> Measured:
    """Make times from a fixed part and a part for each row, with noise of 2 %.

    Parameters
    ----------
    fixed, row : float
        Milliseconds for a call, and for each row in it.
    rate : float
        Rows that arrive in a second.
    budget : float
        Milliseconds.
    hiccup : float
        Share of the batches of 16 rows or more that take 30 ms longer.
    cache : int or None
        Size from which on each row takes three times as long.
    seed : int

    Returns
    -------
    Measured
    """
    chance, times = np.random.default_rng(seed), {}
    for size in 2 ** np.arange(8):
        each = row * (3 if cache and size >= cache else 1)
        taken = (fixed + each * size) * chance.lognormal(0, 0.02, BATCHES)
        taken[: round(hiccup * BATCHES) if size >= 16 else 0] += 30
        times[int(size)] = chance.permutation(taken) / 1000
    return Measured(times, rate, budget / 1000)


def drawn(seed: int) -> Measured:
    """Draw a table in which 5 % decide: of one size, 6 to 14 of 200 batches are late.

    Some batches of each size take much longer, so the mean differs from the median.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Measured
    """
    chance, times = np.random.default_rng(seed), {}
    fixed, row = chance.uniform(0.5, 8), chance.uniform(0.02, 0.5)  # milliseconds
    rate = 10 ** chance.uniform(2.3, 4.3)
    for size in 2 ** np.arange(8):
        taken = (fixed + row * size) * chance.lognormal(0, chance.uniform(0.02, 0.3), BATCHES)
        slow = chance.random(BATCHES) < chance.uniform(0, 0.3)
        times[int(size)] = (taken + slow * chance.uniform(0, 4) * (fixed + row * size)) / 1000
    size, late = int(2 ** chance.integers(1, 8)), int(chance.integers(6, 15))
    ordered = np.sort((size - 1) / rate + times[size])
    return Measured(times, rate, float(ordered[-late - 1 : BATCHES - late + 1].mean()))


def given(folder: Path | None) -> Measured:
    """Make the numbers on the page.

    Parameters
    ----------
    folder : path or None
        Not used.

    Returns
    -------
    Measured
    """
    return measured(fixed=4, row=0.1, rate=2000, budget=30, hiccup=0.02)


# Each table shows one named mistake.
TABLES = {
    "the numbers on the page": given(None),
    "rows that arrive slowly, 200 in a second": measured(4, 0.1, 200, 42),
    "batches from 16 rows on that sometimes take 30 ms longer": measured(
        4, 0.1, 4000, 25, hiccup=0.1
    ),
    "rows that cost more in batches from 32 on": measured(1, 0.1, 20000, 100, cache=32),
    "a budget that no size keeps": measured(4, 0.1, 2000, 3),
    "a budget that every size keeps": measured(4, 0.1, 5000, 1000, hiccup=0.1),
    **{f"table {seed} of {DRAWN} that are drawn": drawn(seed) for seed in range(1, DRAWN + 1)},
}


def require_pick(pick: Callable[..., Any]) -> None:
    """Require that `pick` finds the best size in every table.

    Parameters
    ----------
    pick : function of times, rate and budget

    Raises
    ------
    NotYet
        `pick` returns another size than `Measured.best`.
    """
    for number, (words, table) in enumerate(TABLES.items()):
        times = {size: seconds.copy() for size, seconds in table.times.items()}
        progress = f"It has answered {number} of {len(TABLES)} tables."
        said = call(pick, times, table.rate, table.budget, progress=progress)
        if said is None and table.best is None:
            continue
        where = f"{words}: your function picks {safe_repr(said)}"
        if table.best is None:
            raise NotYet(f"{where}. It should return None, because no size keeps the budget.")
        sizes = f"{where}. It should be one of the sizes {', '.join(map(str, times))}."
        try:
            said = answer_types.whole_number(said, "the size")
        except NotYet:
            raise NotYet(sizes) from None
        require(said in table.times, sizes)
        require(
            table.late(said) <= LATE,
            f"{where}. Of its batches, {table.late(said):.0%} are later than "
            f"{table.budget * 1000:g} ms after the arrival of their first row, which waits "
            f"{(said - 1) / table.rate * 1000:.3g} ms for the last row. At most {LATE:.0%} may be "
            "late.",
        )
        require(
            said == table.best,
            f"{where}, which costs {table.cost(said) * 1000:.2g} ms of computing for each row. "
            f"{table.best} keeps the budget as well and costs "
            f"{table.cost(table.best) * 1000:.2g} ms.",
        )
