"""The exercises of lesson 11, performance."""

from typing import Any

from helpers.exercises.exercise import exercise
from helpers.exercises.lesson_11 import (
    q1_days,
    q2_computers,
    q3_growth,
    q4_slow_scorer,
    q5_retracing,
)


@exercise(
    "q1",
    "verdicts times",
    hints=[
        "Look at the names of the first four timings: do the functions take turns? Then look at "
        "the numbers: are they steps of a clock?",
        "For the other days, take the timings of each function out of the list, divide old by "
        "new, turn by turn, and give the results to Ratio(pairs=...).",
        "[ms for who, ms in timings if who == 'old'] are the timings of old. The median of the "
        "ratios is np.median(old / new), if both are arrays.",
    ],
    given=q1_days.make_days,
)
def judge_the_timings(verdicts: Any, times: Any) -> str:
    """Say which of three timings may be published, and what is wrong with the others"""
    days = judge_the_timings.original()
    q1_days.require_verdicts(verdicts, days)
    q1_days.require_times(times, days)
    return f"all three days are judged right. {q1_days.nearest(days)}"


@exercise(
    "q2",
    "times_as_long",
    hints=[
        "First write a function that calls one of the two `calls` times, and returns how long "
        "that took by `clock`.",
        "Find `calls` for each function: begin with 1, and double it while a timing takes less "
        "than 0.05 seconds. Call the function twice before.",
        "Nine times, time `function` and then `baseline`. Divide each timing by its own number "
        "of calls, divide the two results, and return the median of the nine.",
    ],
)
def compare_two_functions(times_as_long: Any) -> str:
    """Write a function that compares the time of two functions on a busy computer"""
    q2_computers.require_times_as_long(times_as_long)
    return (
        f"right within {q2_computers.EQUAL:.0%} on {q2_computers.COUNT} simulated computers: with "
        "short and with long calls, slow first calls, a computer that becomes slower, and up to "
        "four interruptions. The check refuses a similar wrong answer, too: the mean of the "
        "turns in place of their median."
    )


@exercise(
    "q3",
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
    q3_growth.require_growth(prediction)
    return (
        f"right, all four were measured just now, the loop with {q3_growth.IN_THE_LOOP} of the "
        "rows. Where the fixed cost of a call is the larger part, more rows take hardly longer. "
        "Where the arithmetic is the larger part, they do. A loop pays the fixed cost for each row."
    )


@exercise(
    "q4",
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
    given=q4_slow_scorer.new_scorer,
)
def speed_up_the_scorer(fast: Any, slow: Any) -> str:
    """Make the scorer at least 100 times as fast, with equal numbers"""
    made = speed_up_the_scorer.original()
    q4_slow_scorer.require_same_scorer(slow, made)
    q4_slow_scorer.require_fast(fast, made)
    return (
        "the same numbers, at least 100 times as fast on 12 new rows in each call, and right for 1 "
        f"to 300 rows. `slow` is unchanged. {q4_slow_scorer.nearest(made)}"
    )


@exercise(
    "q5",
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
    given=q5_retracing.make_shop,
)
def stop_the_retracing(cause: Any, steady: Any) -> str:
    """Diagnose what makes a new graph for each request, and stop it"""
    shop = stop_the_retracing.original()
    q5_retracing.require_cause(cause, shop)
    q5_retracing.require_steady(steady, shop)
    return (
        f"you found the cause, and {q5_retracing.REQUESTS + q5_retracing.MORE} new requests need "
        f"at most {q5_retracing.MOST} graphs. {q5_retracing.nearest(shop)}"
    )
