"""Exercise 2 of lesson 09: a scorer that calls the model row by row, and a faster one."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.benchmark.predictors import by_hand
from helpers.benchmark.timing import rounded
from helpers.exercises import answer_types
from helpers.exercises.export_checks import SAME_SCORE
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require

if TYPE_CHECKING:
    from helpers.models import ComplexModel

ROWS, GAIN = 12, 100
CALLS, SECONDS = 7, 0.3  # of the answer, before and after the slow scorer; fewer if they take long
UNKNOWN = -1.0


class SlowScorer:
    """A function that scores customers from 0 to 100, by ten numbers for each customer.

    The score is -1 if a number is missing.

    Attributes
    ----------
    model : ComplexModel
    means, deviations : (10,) float32 arrays
    """

    def __init__(self, model: "ComplexModel", means: np.ndarray, deviations: np.ndarray) -> None:
        self.model, self.means, self.deviations = model, means, deviations

    def __call__(self, rows):
        scores = []
        for row in rows:
            if np.isnan(row).any():
                scores.append(-1.0)
            else:
                scaled = (row - self.means) / self.deviations
                answer = self.model.predict(scaled[np.newaxis], verbose=0)
                scores.append(float(np.clip(50 + 25 * answer[0, 0], 0, 100)))
        return np.array(scores)


def new_scorer(folder: Path | None = None) -> SlowScorer:
    """Make the scorer of the exercise: a network with random weights, the same at each call.

    Parameters
    ----------
    folder : path or None
        Not used.

    Returns
    -------
    SlowScorer
    """
    from helpers.models import ComplexModel

    chance = np.random.default_rng(9)
    model = ComplexModel()
    model.build((None, 10))
    model.set_weights([chance.normal(0, 0.25, w.shape) for w in model.get_weights()])
    means, deviations = chance.uniform(-50, 50, 10), chance.uniform(1, 20, 10)
    return SlowScorer(model, means.astype(np.float32), deviations.astype(np.float32))


@cache
def scorer() -> SlowScorer:
    """Return the scorer of the check, which no learner gets."""
    return new_scorer()


def customers(count: int, seed: int) -> np.ndarray:
    """Make rows of customers. In the fifth row, and every eighth row after it, a number is missing.

    Parameters
    ----------
    count, seed : int

    Returns
    -------
    (count, 10) float32 array
    """
    chance, made = np.random.default_rng(seed), scorer()
    rows = made.means + made.deviations * chance.normal(0, 1.5, (count, 10))
    rows[4::8, chance.integers(10)] = np.nan
    return rows.astype(np.float32)


def right(rows: np.ndarray) -> np.ndarray:
    """Compute the scores of the slow scorer for all rows at once.

    Parameters
    ----------
    rows : (n, 10) float32 array

    Returns
    -------
    (n,) float64 array
    """
    made = scorer()
    weights = [weight.numpy() for weight in made.model.weights]
    answers = by_hand(weights, (rows - made.means) / made.deviations)[:, 0]
    scores = np.clip(50 + 25 * answers, 0, 100)
    return np.where(np.isnan(rows).any(axis=1), UNKNOWN, scores)


def require_fast(fast: Callable[[np.ndarray], Any]) -> None:
    """Require that `fast` gives the scores of the slow scorer in a hundredth of its time.

    Parameters
    ----------
    fast : function of (n, 10) rows

    Raises
    ------
    NotYet
        A score is wrong, the rows are changed, or the function is too slow.
    """
    for count, seed in ((ROWS, 1), (1, 2), (5, 3)):
        rows = customers(count, seed)
        _require_scores(rows, call(fast, rows))
    gain = gained(fast)
    require(
        gain >= GAIN,
        f"the scores are right, and your function is {_times(gain)} as fast as the slow one. It "
        f"should be at least {GAIN} times as fast. Which step do you still do for each row, or in "
        "each call, that you could do once for all rows?",
    )
    for count, seed in ((2, 4), (7, 5), (300, 6)):
        rows = customers(count, seed)
        _require_scores(rows, call(fast, rows))


def _times(gain: float) -> str:
    return f"{rounded(gain)} times" if gain >= 2 else "about"


def _require_scores(rows: np.ndarray, said: Any) -> None:
    scores = answer_types.array(said, "the result of your function")
    require(
        scores.shape in ((len(rows),), (len(rows), 1)),
        f"for {len(rows)} rows your function should return one score for each row, shape "
        f"({len(rows)},), but it returns shape {scores.shape}.",
    )
    scores, expected = scores.ravel(), right(rows)
    gaps = expected == UNKNOWN
    for which, words in ((gaps, "in which a number is missing"), (~gaps, "with all ten numbers")):
        wrong = np.flatnonzero(which & ~(np.abs(scores - expected) <= SAME_SCORE))
        if len(wrong):
            first = wrong[0]
            raise NotYet(
                f"the scores are not those of the slow one: of {len(rows)} rows, row {first}, "
                f"{words}, should get {expected[first]:.4g}, but gets {scores[first]:.4g}."
            )


def gained(fast: Callable[[np.ndarray], Any]) -> float:
    """Measure how many times as fast as the slow scorer `fast` is, on new rows in each call.

    The shortest time of each is compared. Other programs only make a call longer, so the verdict
    is the same on a busy machine.

    Parameters
    ----------
    fast : function of (n, 10) rows

    Returns
    -------
    float

    Raises
    ------
    NotYet
        A score of a timed call is wrong.
    """
    fast_seconds, asked = [], []
    made, seeds = scorer(), iter(range(100, 200))

    def ask_fast():
        spent = 0.0
        for _ in range(CALLS):
            rows = customers(ROWS, next(seeds))
            begin = time.perf_counter()
            said = fast(rows)
            fast_seconds.append(time.perf_counter() - begin)
            asked.append((rows, said))
            spent += fast_seconds[-1]
            if spent > SECONDS:
                break

    call(ask_fast)
    rows = customers(ROWS, next(seeds))
    complete = rows[~np.isnan(rows).any(axis=1)]
    # The slow scorer calls model.predict once for each complete row, so one row can be timed alone.
    slow_seconds = []
    for row in complete:
        begin = time.perf_counter()
        made(row[np.newaxis])
        slow_seconds.append(time.perf_counter() - begin)
    call(ask_fast)
    for rows, said in asked:
        _require_scores(rows, said)
    return len(complete) * min(slow_seconds) / min(fast_seconds)
