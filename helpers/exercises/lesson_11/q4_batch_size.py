"""Exercise 4 of lesson 11: the batch size for a latency budget."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.examples import require_for_all
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.text import safe_repr

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

LATE = 0.05  # largest share of batches that may be later than the budget
BATCHES, MANY = 200, 4000
DRAWN = 100  # tables
# Seconds: sums and differences of its multiples are exact, so it does not matter in which order
# an answer adds them.
UNIT = 1 / 8
SIZES = (1, 2, 3, 4, 6, 8)  # in the drawn tables
EQUAL = 1e-9  # relative: costs that differ by less are equal


@dataclass(frozen=True)
class Measured:
    """Measured times of batches, and the budget that they should keep.

    Attributes
    ----------
    times : dict of int to array
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
    batches: int = BATCHES,
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
    batches : int
        Of each size.

    Returns
    -------
    Measured
    """
    chance, times = np.random.default_rng(0), {}
    for size in 2 ** np.arange(8):
        each = row * (3 if cache and size >= cache else 1)
        taken = (fixed + each * size) * chance.lognormal(0, 0.02, batches)
        taken[: round(hiccup * batches) if size >= 16 else 0] += 30
        times[int(size)] = chance.permutation(taken) / 1000
    return Measured(times, rate, budget / 1000)


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


@dataclass(frozen=True)
class Batches:
    """Batches of one size in a small table: some take longer than the others.

    Attributes
    ----------
    usual, slow : int
        Units of time that a batch takes. `slow` is larger.
    late : int
        Number of slow ones.
    """

    usual: int
    slow: int
    late: int


@dataclass(frozen=True)
class SmallTable:
    """A table that can be read in one sentence.

    Attributes
    ----------
    count : int
        Number of batches of each size.
    sizes : dict of int to Batches
    rate : int
        Rows that arrive in a second.
    budget : int
        Units of time.
    """

    count: int
    sizes: Mapping[int, Batches]
    rate: int
    budget: int

    def measured(self) -> Measured:
        """Return the table as the learner's function gets it."""
        times = {}
        for size, made in self.sizes.items():
            units = np.full(self.count, made.usual)
            units[: made.late] = made.slow
            times[size] = np.random.default_rng(size).permutation(units) * UNIT
        return Measured(times, float(self.rate), self.budget * UNIT)

    def __str__(self) -> str:
        parts = []
        for size, made in self.sizes.items():
            counts = {made.usual: self.count - made.late, made.slow: made.late}
            taken = [f"{count} of {1000 * n * UNIT:g} ms" for n, count in counts.items() if count]
            parts.append(f"of {size} row{'s' * (size > 1)} {' and '.join(taken)}")
        return (
            f"a table with {self.rate} row{'s' * (self.rate > 1)} per second, the budget "
            f"{1000 * self.budget * UNIT:g} ms, and {self.count} batches of each size "
            f"({', '.join(parts)})"
        )


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
    "200 of 4,000 batches from 16 rows on take 30 ms longer": measured(
        4, 0.1, 4000, 25, hiccup=0.05, batches=MANY
    ),
    "201 of 4,000 batches from 16 rows on take 30 ms longer": measured(
        4, 0.1, 4000, 25, hiccup=201 / MANY, batches=MANY
    ),
    "batches of 8 rows that answer their first row after 32.1 ms": Measured(
        {4: np.full(BATCHES, 0.02), 8: np.full(BATCHES, 0.0251)}, 1000, 0.032
    ),
    "batches of 8 rows that answer their first row after 31.9 ms": Measured(
        {4: np.full(BATCHES, 0.02), 8: np.full(BATCHES, 0.0249)}, 1000, 0.032
    ),
    "batches of 8 rows of which a third take 3.75 s": SmallTable(
        BATCHES, {4: Batches(4, 5, 0), 8: Batches(6, 30, 66)}, 16, 40
    ).measured(),
    "20 batches of 8 rows of which one takes a minute": SmallTable(
        20, {4: Batches(4, 5, 0), 8: Batches(6, 480, 1)}, 16, 40
    ).measured(),
    "20 batches of 8 rows of which one takes 87.5 s": SmallTable(
        20, {4: Batches(30, 31, 0), 8: Batches(6, 700, 1)}, 16, 40
    ).measured(),
    "batches of 8 rows of which a tenth take 2 s": SmallTable(
        BATCHES, {8: Batches(4, 16, 20), 4: Batches(4, 5, 0)}, 16, 40
    ).measured(),
}


def small_tables() -> "SearchStrategy[SmallTable]":
    """Draw tables in which about 5 % of the batches of a size are late.

    Returns
    -------
    SearchStrategy of SmallTable
    """
    from hypothesis import strategies as st

    @st.composite
    def table(draw):
        count = draw(st.sampled_from((20, 40, 200)))
        allowed = round(LATE * count)
        lates = st.sampled_from((0, allowed, allowed + 1, count // 3))
        sizes = {}
        for size in draw(st.permutations(SIZES))[: draw(st.integers(1, 4))]:
            usual = draw(st.integers(1, 2 + 2 * size))
            sizes[size] = Batches(usual, usual + draw(st.integers(1, 16)), draw(lates))
        rate, budget = draw(st.sampled_from((8, 16, 32))), draw(st.integers(1, 24))
        return SmallTable(count, sizes, rate, budget)

    return table()


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
        progress = f"It has answered {number} of {len(TABLES) + DRAWN} tables."
        _require_best(pick, table, words, progress)
    require_for_all(
        lambda small: _require_best(pick, small.measured(), small), small_tables(), DRAWN
    )


def _require_best(pick, table, words, progress=""):
    times = {size: seconds.copy() for size, seconds in table.times.items()}
    said = call(pick, times, table.rate, table.budget, progress=progress)
    if said is None and table.best is None:
        return
    where = f"{words}: your function picks {safe_repr(said)}"
    if table.best is None:
        raise NotYet(f"{where}. It should return None, because no size keeps the budget.")
    if said is None:
        raise NotYet(
            f"{where}. It should be {table.best}: of its batches, "
            f"{table.late(table.best) * 100:.4g}% are later than {table.budget * 1000:g} ms after "
            f"the arrival of their first row, and {LATE:.0%} may be."
        )
    sizes = f"{where}. It should be one of the sizes {', '.join(map(str, times))}."
    try:
        said = answer_types.whole_number(said, "the size")
    except NotYet:
        raise NotYet(sizes) from None
    require(said in table.times, sizes)
    require(
        table.late(said) <= LATE,
        f"{where}. Of its batches, {table.late(said) * 100:.4g}% are later than "
        f"{table.budget * 1000:g} ms after the arrival of their first row, which waits "
        f"{(said - 1) / table.rate * 1000:.3g} ms for the last row. At most {LATE:.0%} may be "
        "late.",
    )
    require(
        math.isclose(table.cost(said), table.cost(table.best), rel_tol=EQUAL),
        f"{where}, which costs {table.cost(said) * 1000:.3g} ms of computing for each row. "
        f"{table.best} keeps the budget as well and costs "
        f"{table.cost(table.best) * 1000:.3g} ms.",
    )


def nearest() -> str:
    """Say which wrong rule is nearest to the right one in TABLES.

    Returns
    -------
    str
        See `same_answers.nearest_wrong`.
    """

    def rule(late, cost):
        def pick(table):
            in_time = [size for size in table.times if late(table, size) <= LATE]
            return min(in_time, key=lambda size: cost(table, size), default=0)

        return lambda table: {"size": np.array([pick(TABLES[words]) for words in table])}

    def with_wait(rows):
        return lambda table, size: np.mean(
            rows(size) / table.rate + table.times[size] > table.budget
        )

    words = nearest_wrong(
        {"table": np.array(list(TABLES), object)},
        rule(Measured.late, Measured.cost),
        {
            "the mean of a batch in place of its share of late ones": rule(
                lambda table, size: float(
                    np.mean((size - 1) / table.rate + table.times[size]) > table.budget
                ),
                Measured.cost,
            ),
            "size / rate in place of (size - 1) / rate": rule(
                with_wait(lambda size: size), Measured.cost
            ),
            "the wait of the middle row": rule(
                with_wait(lambda size: (size - 1) / 2), Measured.cost
            ),
            "the largest size in time": rule(Measured.late, lambda _, size: -size),
            "the median time by the size": rule(
                Measured.late, lambda table, size: np.median(table.times[size]) / size
            ),
        },
    )
    return words.replace("rows,", "tables,")
