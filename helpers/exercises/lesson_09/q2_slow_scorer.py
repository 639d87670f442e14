"""Exercise 2 of lesson 09: a scorer that asks the model row by row, and a faster one."""

import statistics
import time
from functools import cache

import numpy as np

from helpers.benchmark.predictors import by_hand
from helpers.benchmark.timing import rounded
from helpers.exercises import learner_code
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require

ROWS, GAIN = 12, 100
DEADLINES = 6  # the slow scorer must finish on a busy machine too: its ratio judges it
CALLS, SECONDS = 7, 0.3  # of the fast one before and after the slow; fewer where they take long
NEAR = 0.01  # of scores from 0 to 100
UNKNOWN = -1.0


class SlowScorer:
    """Scores customers from 0 to 100, by ten numbers each; -1 where a number is missing.

    model : ComplexModel
    means, deviations : (10,) float32 arrays
    """

    def __init__(self, model, means, deviations):
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


@cache
def scorer():
    """The one of the exercise: a network with random weights."""
    from helpers.models import ComplexModel

    chance = np.random.default_rng(9)
    model = ComplexModel()
    model.build((None, 10))
    model.set_weights([chance.normal(0, 0.25, w.shape) for w in model.get_weights()])
    means, deviations = chance.uniform(-50, 50, 10), chance.uniform(1, 20, 10)
    return SlowScorer(model, means.astype(np.float32), deviations.astype(np.float32))


def customers(count, seed):
    """(count, 10) float32 array; in every eighth row a number is missing, from the fifth on."""
    chance, made = np.random.default_rng(seed), scorer()
    rows = made.means + made.deviations * chance.normal(0, 1.5, (count, 10))
    rows[4::8, chance.integers(10)] = np.nan
    return rows.astype(np.float32)


def right(rows):
    """What the slow one answers, computed with all rows at once."""
    made = scorer()
    weights = [weight.numpy() for weight in made.model.weights]
    answers = by_hand(weights, (rows - made.means) / made.deviations)[:, 0]
    scores = np.clip(50 + 25 * answers, 0, 100)
    return np.where(np.isnan(rows).any(axis=1), UNKNOWN, scores)


def require_fast(fast):
    """`fast` must give the scores of the slow one in a hundredth of its time."""
    for count, seed in ((ROWS, 1), (1, 2), (5, 3)):
        rows = customers(count, seed)
        _require_scores(rows, call(fast, rows.copy(), deadline=DEADLINES * learner_code.DEADLINE))
    kept = customers(ROWS, 5)
    call(fast, given := kept.copy(), deadline=DEADLINES * learner_code.DEADLINE)
    require(np.array_equal(given, kept, equal_nan=True), "your function changes the rows it gets.")
    gain = gained(fast)
    require(
        gain >= GAIN,
        f"the numbers are right, and you are {_times(gain)} as fast as the slow one; {GAIN} "
        "times are wanted. What do you still do once for each row, or in each call, that could be "
        "done once for all of them?",
    )


def _times(gain):
    return f"{rounded(gain)} times" if gain >= 2 else "about"


def _require_scores(rows, said):
    try:
        scores = np.asarray(said, float)
    except (TypeError, ValueError):
        raise NotYet(
            "your function is to return an array of numbers, a score for each row."
        ) from None
    require(
        scores.shape in ((len(rows),), (len(rows), 1)),
        f"to {len(rows)} rows your function gives shape {scores.shape}; ({len(rows)},) is wanted, "
        "a score for each row.",
    )
    scores, wanted = scores.ravel(), right(rows)
    gaps = wanted == UNKNOWN
    for which, words in ((gaps, "in which a number is missing"), (~gaps, "with all ten numbers")):
        wrong = np.flatnonzero(which & ~(np.abs(scores - wanted) <= NEAR))
        if len(wrong):
            first = wrong[0]
            raise NotYet(
                f"fast, perhaps, but not the same numbers: of {len(rows)} rows, row {first}, "
                f"{words}, gets {scores[first]:.4g}, and {wanted[first]:.4g} from the slow one."
            )


def gained(fast):
    """How many times the slow one's time the fast one's is, on rows that are new each time; what
    it answers then must be right, too."""
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

    call(ask_fast, deadline=DEADLINES * learner_code.DEADLINE)
    rows = customers(ROWS, next(seeds))
    begin = time.perf_counter()
    made(rows)  # once: these are as many calls of model.predict as there are rows without gaps
    slow_seconds = time.perf_counter() - begin
    call(ask_fast, deadline=DEADLINES * learner_code.DEADLINE)
    for rows, said in asked:
        _require_scores(rows, said)
    return slow_seconds / statistics.median(fast_seconds)
