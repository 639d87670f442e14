"""The exercises of lesson 11, performance."""

from typing import Any

from helpers.exercises.exercise import exercise
from helpers.exercises.lesson_11 import q1_growth, q2_slow_scorer, q3_retracing, q4_batch_size


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
    q1_growth.require_growth(prediction)
    return (
        f"right, all four were measured just now, the loop with {q1_growth.IN_THE_LOOP} of the "
        "rows. If the fixed cost of a call is the larger part, more rows cost nearly nothing. If "
        "the arithmetic is the larger part, they cost. A loop pays the fixed cost for each row."
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
    given=q2_slow_scorer.new_scorer,
)
def speed_up_the_scorer(fast: Any, slow: Any) -> str:
    """Make the scorer at least 100 times as fast, with equal numbers"""
    made = speed_up_the_scorer.original()
    q2_slow_scorer.require_same_scorer(slow, made)
    q2_slow_scorer.require_fast(fast, made)
    return (
        "the same numbers, at least 100 times as fast on 12 new rows in each call, and right for 1 "
        f"to 300 rows. `slow` is unchanged. {q2_slow_scorer.nearest(made)}"
    )


@exercise(
    "q3",
    "cause steady",
    hints=[
        "Make a new tf.function(shop.bill), call it several times, and change only one of the "
        "three arguments. graph.experimental_get_tracing_count() returns the number of graphs.",
        "A Python number is part of the graph, so a new number makes a new graph. A tensor is an "
        "input: a new value of the same shape and dtype uses the same graph.",
        "Make the tf.function once, outside of `steady`. In `steady`, call it with a tensor for "
        "what changes, such as tf.constant(discount). Where the length changes, give None for it "
        "in an input_signature.",
    ],
    given=q3_retracing.make_shop,
)
def stop_the_retracing(cause: Any, steady: Any) -> str:
    """Diagnose what makes a new graph for each request, and stop it"""
    shop = stop_the_retracing.original()
    q3_retracing.require_cause(cause, shop)
    q3_retracing.require_steady(steady, shop)
    return (
        f"you found the cause, and {q3_retracing.REQUESTS + q3_retracing.MORE} new requests need "
        f"at most {q3_retracing.MOST} graphs. {q3_retracing.nearest(shop)}"
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
        f"in {len(q4_batch_size.TABLES) + q4_batch_size.DRAWN} tables your function picks the "
        "cheapest size that keeps the budget, or None where no size does. "
        f"{q4_batch_size.nearest()}"
    )
