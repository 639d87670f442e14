"""The exercises of lesson 09, performance."""

from functools import cache, partial

import numpy as np

from helpers.benchmark.predictors import by_hand
from helpers.benchmark.timing import measure
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import require_prediction
from helpers.exercises.lesson_09 import q3_retracing, q4_batch_size
from helpers.exercises.lesson_09.q2_slow_scorer import require_fast, scorer

LIMIT, MANY = 50, 10_000
TIMINGS = 3  # few: what is measured is far from LIMIT
LESS, MORE = f"less than {LIMIT} times", f"more than {LIMIT} times"


@cache
def ways():
    """{call as the page writes it: function of rows}, all with the same weights."""
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
        # Some of the rows: they take more than LIMIT times one row's time as well.
        "[graph(row[np.newaxis]) for row in rows]": lambda rows: [
            graph(row[np.newaxis]) for row in rows[: max(1, len(rows) // 50)]
        ],
    }


@cache
def growth(way):
    """How much longer MANY rows take than one: LESS or MORE."""
    rows = np.random.default_rng(0).normal(size=(MANY, 10)).astype(np.float32)
    many, one = (measure(partial(way, some), TIMINGS, warm_up=0) for some in (rows, rows[:1]))
    return MORE if many.median > LIMIT * one.median else LESS


@exercise(
    "q1",
    "prediction",
    hints=[
        "A call costs something before the first row is looked at, and something for each row. "
        "What is the larger part, when there is one row?",
        "The arithmetic for one row takes a few millionths of a second. model.predict took "
        "thousands of times as long for that row, so nearly all of it was for the call.",
        "In the last one, there is a call for each row.",
    ],
)
def predict_the_growth(prediction):
    """Predict how much longer 10,000 rows take than one"""
    require_prediction(prediction, ways(), (LESS, MORE), growth)
    return (
        "right, all four: where the call is what costs, rows are nearly free, and where only the "
        "arithmetic costs, they are not. A loop pays for the call again and again."
    )


@exercise(
    "q2",
    "fast",
    hints=[
        "Everything in the loop can be done for all rows at once: rows - slow.means subtracts the "
        "means from every row, and so on.",
        "One call of slow.model.predict for all rows is not enough: that call alone is what makes "
        "the slow one slow. Call slow.model(rows), or a tf.function of it.",
        "np.where(np.isnan(rows).any(axis=1), -1.0, scores) puts -1 where a number is missing; "
        "what the model says of such a row does not matter.",
    ],
    given=lambda folder: scorer(),
)
def speed_up_the_scorer(fast):
    """Make the scorer at least 100 times as fast, with equal numbers"""
    require_fast(fast)
    return "the same numbers, and more than 100 times as fast, on rows that were new each time."


@exercise(
    "q3",
    "cause steady",
    hints=[
        "Call a new tf.function(shop.bill) again and again, and change one of the three arguments "
        "only. graph.experimental_get_tracing_count() tells how many graphs there are.",
        "A Python number is part of the graph, so another number is another graph. A tensor of the "
        "same shape and dtype is an input.",
        "Make the tf.function once, outside of `steady`; there call it with tf.constant(discount).",
    ],
    given=q3_retracing.make_shop,
)
def stop_the_retracing(cause, steady):
    """Diagnose what makes a new graph for each request, and stop it"""
    q3_retracing.require_cause(cause)
    q3_retracing.require_steady(steady)
    return "you found the cause, and 20 new requests are answered by a handful of graphs."


@exercise(
    "q4",
    "pick",
    hints=[
        "The first row of a batch has to wait for the others: (size - 1) / rate seconds. Then the "
        "whole batch is computed.",
        "late = np.mean((size - 1) / rate + times[size] > budget) is the share of batches that "
        "come too late; up to 0.05 of them may.",
        "Of the sizes that are left, take the one with the least np.mean(times[size]) / size. "
        "min(sizes, key=..., default=None) gives None when none is left.",
    ],
    given=q4_batch_size.given,
)
def pick_the_batch_size(pick):
    """Pick the batch size that keeps a latency budget at the least cost"""
    q4_batch_size.require_pick(pick)
    return "six tables: always in time, and never dearer than need be."
