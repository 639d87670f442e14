"""The exercises of lesson 09, performance."""

from collections.abc import Callable
from functools import cache, partial
from statistics import median
from typing import Any

import numpy as np

from helpers.benchmark.predictors import by_hand
from helpers.benchmark.timing import measure
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_09 import q3_retracing, q4_batch_size
from helpers.exercises.lesson_09.q2_slow_scorer import new_scorer, require_fast, scorer

LIMIT, MANY = 50, 10_000
MANY_TIMINGS, ONE_TIMINGS = 2, 9  # one row more often: some timing then has no interruption
CLEAR, AGAIN = 1.8, 5  # times the limit that counts as clear, and measurements at most
Way = Callable[[np.ndarray], Any]
LESS, MORE = f"less than {LIMIT} times", f"more than {LIMIT} times"


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
        "arithmetic(rows)": lambda rows: by_hand(weights, rows),
        "model.predict(rows, batch_size=len(rows), verbose=0)": lambda rows: model.predict(
            rows, batch_size=len(rows), verbose=0
        ),
        "model(rows)": model,
        # A part of the rows is enough: it takes ten times as long as LIMIT says.
        "[graph(row[np.newaxis]) for row in rows]": lambda rows: [
            graph(row[np.newaxis]) for row in rows[: 10 * LIMIT]
        ],
    }


def factor(way: Way) -> float:
    """Measure how many times as long MANY rows take as one row.

    Parameters
    ----------
    way : function of rows
        A value of `ways()`.

    Returns
    -------
    float
        The ratio of the shortest timings. Other programs only make a timing longer.
    """
    rows = np.random.default_rng(0).normal(size=(MANY, 10)).astype(np.float32)
    one = measure(partial(way, rows[:1]), ONE_TIMINGS, warm_up=1)
    many = measure(partial(way, rows), MANY_TIMINGS, warm_up=0)
    return many.least / one.least


def growth(way: Way) -> str:
    """Measure whether MANY rows take more than LIMIT times as long as one row.

    A factor near LIMIT is measured again, and the median of all counts.

    Parameters
    ----------
    way : function of rows
        A value of `ways()`.

    Returns
    -------
    str
        LESS or MORE.
    """
    found = [factor(way)]
    while LIMIT / CLEAR < median(found) < LIMIT * CLEAR and len(found) < AGAIN:
        found.append(factor(way))
    return MORE if median(found) > LIMIT else LESS


@exercise(
    "q1",
    "prediction",
    hints=[
        "A call has a fixed cost, and a cost for each row. Which of the two is larger for one row?",
        "The arithmetic for one row takes a few microseconds. model.predict took thousands of "
        "times as long for the same row, so nearly all of its time is the fixed cost of the call.",
        "The last line makes one call for each row.",
    ],
)
def predict_the_growth(prediction: Any) -> str:
    """Predict how much longer 10,000 rows take than one"""
    require_prediction(prediction, ways(), (LESS, MORE), growth)
    return (
        "right, all four: if the fixed cost of a call is the larger part, more rows cost nearly "
        "nothing. If the arithmetic is the larger part, they cost. A loop pays the fixed cost for "
        "each row."
    )


@exercise(
    "q2",
    "fast",
    hints=[
        "You can do every step of the loop for all rows at once. For example, rows - slow.means "
        "subtracts the means from every row.",
        "One call of slow.model.predict for all rows is still too slow, because each call of "
        "predict has a large fixed cost. Call slow.model(rows), or a tf.function of it.",
        "np.where(np.isnan(rows).any(axis=1), -1.0, scores) puts -1 where a number is missing. "
        "The model's answer for such a row does not matter.",
    ],
    needs="slow",
    given=new_scorer,
)
def speed_up_the_scorer(fast: Any, slow: Any) -> str:
    """Make the scorer at least 100 times as fast, with equal numbers"""
    require_fast(fast)
    return (
        "the same numbers, at least 100 times as fast on 12 new rows in each call, and right for 1 "
        "to 300 rows. `slow` is unchanged."
    )


@exercise(
    "q3",
    "cause steady",
    hints=[
        "Make a new tf.function(shop.bill), call it several times, and change only one of the "
        "three arguments. graph.experimental_get_tracing_count() returns the number of graphs.",
        "A Python number is part of the graph, so a new number makes a new graph. A tensor is an "
        "input: a new value of the same shape and dtype uses the same graph.",
        "Make the tf.function once, outside of `steady`. In `steady`, call it with "
        "tf.constant(discount).",
    ],
    given=q3_retracing.make_shop,
)
def stop_the_retracing(cause: Any, steady: Any) -> str:
    """Diagnose what makes a new graph for each request, and stop it"""
    q3_retracing.require_cause(cause)
    q3_retracing.require_steady(steady)
    return (
        f"you found the cause, and {q3_retracing.REQUESTS} new requests need at most "
        f"{q3_retracing.MOST} graphs."
    )


@exercise(
    "q4",
    "pick",
    hints=[
        "The first row of a batch waits (size - 1) / rate seconds for the other rows. Then the "
        "model computes the whole batch.",
        "late = np.mean((size - 1) / rate + times[size] > budget) is the share of batches that "
        "are late. This share may be at most 0.05.",
        "Of the sizes that are left, take the one with the least np.mean(times[size]) / size. "
        "min(sizes, key=..., default=None) returns None when no size is left.",
    ],
    given=q4_batch_size.given,
)
def pick_the_batch_size(pick: Any) -> str:
    """Pick the batch size that keeps a latency budget at the least cost"""
    q4_batch_size.require_pick(pick)
    return (
        f"in {len(q4_batch_size.TABLES)} tables your function picks the cheapest size that keeps "
        "the budget, or None where no size does."
    )
