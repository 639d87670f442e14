"""Exercise 4 of lesson 11: a scorer that calls the model row by row, and a faster one."""

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
from helpers.exercises.notebook import changed
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.exercises.side_effects import digest

if TYPE_CHECKING:
    from helpers.models import ComplexModel

ROWS, GAIN = 12, 100
CALLS, SECONDS = 7, 0.3  # of the answer, before and after the slow scorer; fewer if they take long
CLEAR, LOOKS, TWICE = 1.8, 4, 2  # times GAIN that counts as clear, and measurements at most
HOPELESS = 10  # times too slow: no second measurement
PER_ROW = 3  # a call whose time grows by more for 12 rows does a step for each row
UNKNOWN = -1.0
SPREAD = 1.5  # standard deviation of the model's answers, of which 2 is the score 100


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


class TolerantScorer(SlowScorer):
    """A scorer that takes the mean for a missing number. The score is -1 if three are missing."""

    def __call__(self, rows):
        scores = []
        for row in rows:
            missing = np.isnan(row)
            if missing.sum() > 2:
                scores.append(-1.0)
            else:
                filled = np.where(missing, self.means, row)
                scaled = (filled - self.means) / self.deviations
                answer = self.model.predict(scaled[np.newaxis], verbose=0)
                scores.append(float(np.clip(50 + 25 * answer[0, 0], 0, 100)))
        return np.array(scores)


class CautiousScorer(SlowScorer):
    """A scorer that takes the lowest of three scores: of the row, and of a lower and a higher row.

    The score is -1 if a number is missing.
    """

    def __call__(self, rows):
        scores = []
        for row in rows:
            if np.isnan(row).any():
                scores.append(-1.0)
            else:
                lowest = 100.0
                for shift in (-0.5, 0.0, 0.5):
                    scaled = (row - self.means) / self.deviations + shift
                    answer = self.model.predict(scaled[np.newaxis], verbose=0)
                    lowest = min(lowest, float(np.clip(50 + 25 * answer[0, 0], 0, 100)))
                scores.append(lowest)
        return np.array(scores)


VARIANTS = SlowScorer, TolerantScorer, CautiousScorer  # of the seeds None, 1, 2, and so on
OWN_CALLS = {variant: variant.__call__ for variant in VARIANTS}


def new_scorer(folder: Path | None = None, seed: int | None = None) -> SlowScorer:
    """Make the scorer of the exercise: a network with random weights, the same at each call.

    Parameters
    ----------
    folder : path or None
        Not used.
    seed : int, optional
        Another seed makes other weights, and a scorer with another loop.

    Returns
    -------
    SlowScorer
    """
    from helpers.models import ComplexModel

    _predict()  # before a learner's code can replace it
    seed = abs(seed or 0)
    chance = np.random.default_rng(9 + seed)
    model = ComplexModel()
    model.build((None, 10))
    model.set_weights([chance.normal(0, 0.25, w.shape) for w in model.get_weights()])
    if seed:
        *others, kernel, bias = model.get_weights()
        answers = by_hand([*others, kernel, bias], chance.normal(0, 1.5, (1000, 10)))
        # The scores then reach both limits, 0 and 100.
        scale = SPREAD / answers.std()
        model.set_weights([*others, kernel * scale, scale * (bias - answers.mean())])
    means, deviations = chance.uniform(-50, 50, 10), chance.uniform(1, 20, 10)
    variant = VARIANTS[seed % len(VARIANTS)]
    return variant(model, means.astype(np.float32), deviations.astype(np.float32))


@cache
def _predict():
    from helpers.models import ComplexModel

    return ComplexModel.predict


@cache
def scorer() -> SlowScorer:
    """Return a scorer like that of the page, which no learner gets."""
    return new_scorer()


def customers(count: int, seed: int, made: SlowScorer | None = None) -> np.ndarray:
    """Make rows of customers. In the fifth row, and every eighth row after it, numbers are missing.

    They are one number, two, three, one, and so on. The columns differ.

    Parameters
    ----------
    count, seed : int
    made : SlowScorer, optional
        `scorer()` by default.

    Returns
    -------
    (count, 10) float32 array
    """
    chance, made = np.random.default_rng(seed), made or scorer()
    rows = made.means + made.deviations * chance.normal(0, 1.5, (count, 10))
    for number, row in enumerate(rows[4::8]):
        row[chance.permutation(10)[: number % 3 + 1]] = np.nan
    return rows.astype(np.float32)


def right(rows: np.ndarray, made: SlowScorer | None = None) -> np.ndarray:
    """Compute the scores of a slow scorer for all rows at once.

    Parameters
    ----------
    rows : (n, 10) float32 array
    made : SlowScorer, optional
        `scorer()` by default.

    Returns
    -------
    (n,) float64 array
    """
    return _scores(rows, made or scorer())


def _scores(rows, made, low=0.0, high=100.0):
    missing = np.isnan(rows)
    unknown = missing.any(axis=1)
    scaled, shifts = (rows - made.means) / made.deviations, (0.0,)
    if isinstance(made, TolerantScorer):
        unknown, scaled = missing.sum(axis=1) > 2, np.where(missing, 0, scaled)
    elif isinstance(made, CautiousScorer):
        shifts = (-0.5, 0.0, 0.5)
    weights = [weight.numpy() for weight in made.model.weights]
    answers = [by_hand(weights, scaled + np.float32(shift))[:, 0] for shift in shifts]
    scores = np.clip(50 + 25 * np.min(answers, axis=0), low, high)
    return np.where(unknown, UNKNOWN, scores)


def require_same_scorer(slow: Any, made: SlowScorer) -> None:
    """Require that the scorer of the notebook is the one that the exercise has handed out.

    Parameters
    ----------
    slow : SlowScorer
        Of the notebook.
    made : SlowScorer
        Of the check.

    Raises
    ------
    NotYet
        A learner's code has changed it, or it is of another variant.
    """

    def content(scorer):
        names = "model", "means", "deviations"
        return [type(scorer).__name__, *(digest(getattr(scorer, name, None)) for name in names)]

    if content(slow) != content(made):
        raise changed(
            "slow",
            "should be what lesson.q4.given() returned last, but another scorer is there, or its "
            "weights, means or deviations were changed",
        )


def _require_own_code(made):
    """Require that nothing has replaced the code that makes the slow scorer slow."""
    kind = type(made)
    for name, now, before in (
        (f"{kind.__name__}.__call__", kind.__call__, OWN_CALLS[kind]),
        ("model.predict", type(made.model).predict, _predict()),
    ):
        require(
            now is before,
            f"this check times `slow` of the notebook. {name} should be as lesson.q4.given() "
            "handed it out, but your code has replaced it. Take that out, choose Kernel > Restart "
            "Kernel, then Run > Run All Above Selected Cell, and run this cell.",
        )


def require_fast(fast: Callable[[np.ndarray], Any], made: SlowScorer | None = None) -> None:
    """Require that `fast` gives the scores of the slow scorer in a hundredth of its time.

    Parameters
    ----------
    fast : function of (n, 10) rows
    made : SlowScorer, optional
        `scorer()` by default.

    Raises
    ------
    NotYet
        A score is wrong, the rows are changed, the function is too slow, or the code of the slow
        scorer was replaced.
    """
    made = made or scorer()
    _require_own_code(made)
    for rows in (customers(ROWS, 1, made), customers(1, 2, made), customers(5, 3, made)):
        _require_scores(rows, call(fast, rows), made)
    gain, least = _race(fast, made)
    _require_own_code(made)
    if gain < GAIN:
        raise NotYet(
            f"the scores are right, and your function is {_times(gain)} as fast as the slow one. "
            f"It should be at least {GAIN} times as fast. {_where_the_time_goes(fast, made, least)}"
        )
    many = customers(300, 6, made)
    for rows in (customers(2, 4, made), customers(7, 5, made), many[4::8][:2], many):
        _require_scores(rows, call(fast, rows), made)


def _times(gain):
    return f"{rounded(gain)} times" if gain >= 2 else "about"


def _where_the_time_goes(fast, made, many):
    """Say whether ROWS rows, for which `fast` took `many` seconds, take longer than one row."""
    row = customers(1, 2, made)
    one = min(_repeated(lambda: call(fast, row)))
    if many > PER_ROW * one:
        return (
            f"{ROWS} rows take {rounded(many / one)} times as long as one row. Which step do you "
            "still do for each row, that you could do for all rows at once?"
        )
    return (
        f"{ROWS} rows take less than {PER_ROW} times as long as one row, so most of the time is a "
        "fixed cost of each call. What does your function do in each call that costs so much "
        "(model.predict, a new tf.function), and what costs less?"
    )


def _require_scores(rows, said, made):
    require(
        not isinstance(said, list | tuple),
        "your function should return an array, as `slow` does, but returns a "
        f"{type(said).__name__}.",
    )
    scores = answer_types.array(said, "the result of your function")
    require(
        scores.shape == (len(rows),),
        f"for {len(rows)} rows your function should return one score for each row, shape "
        f"({len(rows)},), as `slow` does, but it returns shape {scores.shape}.",
    )
    expected, gaps = right(rows, made), np.isnan(rows).any(axis=1)
    for which, words in ((gaps, "in which a number is missing"), (~gaps, "with all ten numbers")):
        allowed = np.where(expected == UNKNOWN, 0, SAME_SCORE)
        wrong = np.flatnonzero(which & ~(np.abs(scores - expected) <= allowed))
        if len(wrong):
            first = wrong[0]
            raise NotYet(
                f"the scores are not those of the slow one: of {len(rows)} rows, row {first}, "
                f"{words}, should get {expected[first]:.4g}, but gets {scores[first]:.4g}."
            )


def gained(fast: Callable[[np.ndarray], Any], made: SlowScorer | None = None) -> float:
    """Measure how many times as fast as the slow scorer `fast` is, on new rows in each call.

    The shortest time of each is compared. Other programs only make a call longer, so the verdict
    is the same on a busy machine. A gain near GAIN is measured again, and so is one that is too
    small.

    Parameters
    ----------
    fast : function of (n, 10) rows
    made : SlowScorer, optional
        `scorer()` by default.

    Returns
    -------
    float

    Raises
    ------
    NotYet
        A score of a timed call is wrong.
    """
    gain, _ = _race(fast, made or scorer())
    return gain


def _race(fast, made):
    """Return the gain, and the shortest time of `fast` for ROWS rows."""
    seeds, fast_seconds, slow_seconds = iter(range(100, 1000)), [], []
    for look in range(1, LOOKS + 1):
        fast_seconds += _timed(fast, seeds, made)
        rows = customers(ROWS, next(seeds), made)
        complete = rows[~np.isnan(rows).any(axis=1)]
        # The slow scorer handles each row alone, so one complete row can be timed alone.
        slow_seconds += [_seconds(lambda row=row: made(row[np.newaxis])) for row in complete]
        fast_seconds += _timed(fast, seeds, made)
        gain = len(complete) * min(slow_seconds) / min(fast_seconds)
        too_slow = gain < GAIN / (CLEAR if look >= TWICE else HOPELESS)
        if too_slow or gain > GAIN * CLEAR:
            break
    return gain, min(fast_seconds)


def _timed(fast, seeds, made):
    """Time calls of `fast`, require that their scores are right, and return the seconds."""
    asked = []

    def ask():
        spent = 0.0
        while len(asked) < CALLS and spent < SECONDS:
            rows = customers(ROWS, next(seeds), made)
            begin = time.perf_counter()
            said = fast(rows)
            asked.append((rows, said, time.perf_counter() - begin))
            spent += asked[-1][-1]

    call(ask)
    for rows, said, _ in asked:
        _require_scores(rows, said, made)
    return [seconds for *_, seconds in asked]


def _repeated(function):
    taken = [_seconds(function), _seconds(function)]  # the first call of a tf.function traces it
    while len(taken) < CALLS and sum(taken) < SECONDS:
        taken.append(_seconds(function))
    return taken


def _seconds(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def nearest(made: SlowScorer) -> str:
    """Say which wrong scores are nearest to those of a scorer.

    Parameters
    ----------
    made : SlowScorer

    Returns
    -------
    str
        See `same_answers.nearest_wrong`.
    """

    def scores(change=lambda rows: rows, low=0.0, high=100.0):
        return lambda row: {"score": _scores(change(row), made, low, high)}

    return nearest_wrong(
        {"row": customers(300, 6, made)},
        scores(),
        {
            "the mean for every missing number": scores(
                lambda rows: np.where(np.isnan(rows), made.means, rows)
            ),
            "0 in place of -1": lambda row: {"score": np.maximum(right(row, made), 0)},
            "no upper limit 100": scores(high=np.inf),
            "no lower limit 0": scores(low=-np.inf),
        },
        SAME_SCORE,
    )
