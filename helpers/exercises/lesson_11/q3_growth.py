"""Exercise 3 of lesson 11: how much longer many rows take than one."""

import math
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from helpers.benchmark.predictors import by_hand
from helpers.benchmark.timing import duration, measure, rounded
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_11.q4_slow_scorer import scorer

LIMIT, MANY = 50, 10_000
# A part of the rows is enough for the loop: it takes ten times as long as LIMIT says.
IN_THE_LOOP = 10 * LIMIT
ONE_TIMINGS, MANY_TIMINGS = 5, 2  # one row more often: some timing then has no interruption
CLEAR, AGAIN = 1.8, 5  # times the limit that counts as clear, and measurements at most
TWICE = 2  # measurements before a prediction is refused
Way = Callable[[np.ndarray], Any]
LESS, MORE = f"less than {LIMIT} times", f"more than {LIMIT} times"
ARITHMETIC, PREDICT, MODEL, LOOP = (
    "arithmetic(rows)",
    "model.predict(rows, batch_size=len(rows), verbose=0)",
    "model(rows)",
    "[graph(row[np.newaxis]) for row in rows]",
)
WHY = {
    ARITHMETIC: "The arithmetic is all that this call does, so each row costs time.",
    PREDICT: "Nearly all of the time for one row is the fixed cost of the call.",
    MODEL: "Nearly all of the time for one row is the fixed cost of the call.",
    LOOP: "The loop pays the fixed cost of a call for each row.",
}


@cache
def ways() -> dict[str, Way]:
    """Make the calls of the page, all with the same weights.

    Returns
    -------
    dict of str to function of rows
        The keys are the calls as the page writes them.
    """
    import tensorflow as tf

    model = scorer().model
    weights = [weight.numpy() for weight in model.weights]
    graph = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((None, 10))])
    return {
        ARITHMETIC: lambda rows: by_hand(weights, rows),
        PREDICT: lambda rows: model.predict(rows, batch_size=len(rows), verbose=0),
        MODEL: model,
        LOOP: lambda rows: [graph(row[np.newaxis]) for row in rows[:IN_THE_LOOP]],
    }


class Growth:
    """The time of MANY rows as a multiple of the time of one row, by the shortest timings so far.

    Other programs only make a timing longer, so more timings come nearer to the truth. On a busy
    computer a long call is interrupted in every timing, and its CPU time is the shorter one.

    Parameters
    ----------
    way : function of rows
        A value of `ways()`.

    Attributes
    ----------
    one, many : float
        Seconds.
    """

    def __init__(self, way: Way) -> None:
        self.way, self.one, self.many = way, math.inf, math.inf

    def look(self) -> None:
        """Measure both once more."""
        rows = np.random.default_rng(0).normal(size=(MANY, 10)).astype(np.float32)
        one_row = partial(self.way, rows[:1])
        one = measure(one_row, ONE_TIMINGS, warm_up=1)
        self.one = min(self.one, one.least, shorter_time(one_row))
        for _ in range(MANY_TIMINGS):
            self.many = min(self.many, shorter_time(partial(self.way, rows)))

    @property
    def factor(self) -> float:
        """How many times as long MANY rows took."""
        return self.many / self.one

    @property
    def clear(self) -> bool:
        """Whether the factor is far from LIMIT."""
        return not LIMIT / CLEAR < self.factor < LIMIT * CLEAR

    @property
    def outcome(self) -> str:
        """LESS or MORE."""
        return MORE if self.factor > LIMIT else LESS


def shorter_time(function: Callable[[], Any]) -> float:
    """Time one call: by the clock, or by the CPU time where that is shorter.

    Parameters
    ----------
    function : function without arguments

    Returns
    -------
    float
        Seconds.
    """
    clock, computed = time.perf_counter(), time.process_time()
    function()
    taken = time.perf_counter() - clock, time.process_time() - computed
    return min(filter(None, taken))  # on Windows the CPU time of a short call is 0


def growth(way: Way, said: str) -> Growth:
    """Measure whether MANY rows take more than LIMIT times as long as one row.

    A factor near LIMIT is measured again, and so is one that contradicts what was said.

    Parameters
    ----------
    way : function of rows
        A value of `ways()`.
    said : {LESS, MORE}
        The prediction.

    Returns
    -------
    Growth
    """
    found = Growth(way)
    for number in range(1, AGAIN + 1):
        found.look()
        if found.clear and (found.outcome == said or number >= TWICE):
            break
    return found


def require_growth(prediction: Any) -> None:
    """Require that the prediction of each call is what is measured now.

    Parameters
    ----------
    prediction : mapping of str to str
        For each key of `ways()`: LESS or MORE.

    Raises
    ------
    NotYet
        The message holds what was measured.
    """
    why: dict[tuple[str, str], str] = {}

    def outcome(name):
        found = growth(ways()[name], prediction[name])
        rows = f"{IN_THE_LOOP} of the rows" if name == LOOP else f"{MANY:,} rows"
        wrong = LESS if found.outcome == MORE else MORE
        why[name, wrong] = (
            f"One row took {duration(found.one)}, and {rows} took {duration(found.many)}, "
            f"{rounded(found.factor)} times as long. {WHY[name]}"
        )
        return found.outcome

    require_prediction(prediction, {name: name for name in ways()}, (LESS, MORE), outcome, why)
