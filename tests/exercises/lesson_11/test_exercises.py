"""Lesson 11: right answers, named mistakes, untouched cells, and the facts that checks use."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises.lesson_11 import q1_growth, q2_slow_scorer, q3_retracing, q4_batch_size
from helpers.exercises.lesson_11.exercises import stop_the_retracing
from helpers.exercises.lesson_11.q1_growth import ARITHMETIC, LESS, LOOP, MODEL, MORE, PREDICT, WHY
from helpers.exercises.lesson_11.q2_slow_scorer import customers, right, scorer
from helpers.exercises.lesson_11.q4_batch_size import LATE
from helpers.exercises.outcomes import NOT_YET, PASSED
from tests.exercises.lesson_11 import answers as a
from tests.exercises.lesson_11.answers import choose, just, steady
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

TRUTH = {ARITHMETIC: MORE, PREDICT: LESS, MODEL: LESS, LOOP: MORE}


def said(key, outcome):
    assert key in TRUTH
    return Mistake(just({**TRUTH, key: outcome}), f"times as long. {WHY[key]}")


Q1 = Proofs(
    right=other_mappings(TRUTH),
    wrong={
        "arithmetic is as good as free": said(ARITHMETIC, LESS),
        "predict works row by row": said(PREDICT, MORE),
        "a model works row by row": said(MODEL, MORE),
        "a graph in a loop is one graph call": said(LOOP, LESS),
        "another word": Mistake(
            just({**TRUTH, MODEL: "less"}), "'less' is not one of 'less than 50 times'"
        ),
        "a list": Mistake(just(list(TRUTH.values())), "with the keys 'arithmetic(rows)', 'model"),
    },
    near={  # the other outcome of each call stands above
        name: answer
        for name, answer in one_wrong(TRUTH, (LESS, MORE)).items()
        if not name.endswith((repr(LESS), repr(MORE)))
    },
    untouched=(dict.fromkeys(TRUTH, ...),),
)


Q2 = Proofs(
    right={
        "NumPy": just(a.in_numpy),
        "NumPy, with 64 bits": just(a.in_float64),
        "one call of the model": just(a.fast(lambda x: scorer().model(x).numpy())),
        "an object with one graph": lambda _: (a.Fast(),),
        "LiteRT": a.in_litert,
    },
    wrong={
        "one predict": Mistake(
            just(a.one_predict), "so most of the time is a fixed cost of each call"
        ),
        "the slow one itself": Mistake(
            lambda _: (scorer(),), "the scores are right, and your function is about as fast"
        ),
        "the model, row by row": Mistake(
            just(a.row_by_row), "Which step do you still do for each row"
        ),
        "fast and wrong: gaps forgotten": Mistake(
            just(a.gaps_forgotten),
            "the scores are not those of the slow one: of 12 rows, row 4, in which a number is "
            "missing, should get -1, but gets nan",
        ),
        "fast and wrong: gaps as means": Mistake(
            just(a.gaps_as_means), "in which a number is missing"
        ),
        "fast and wrong: means of the batch": Mistake(
            just(a.own_means), "row 0, with all ten numbers, should get"
        ),
        "fast and wrong: half precision": Mistake(
            just(a.half_precision), "the scores are not those of the slow one"
        ),
        "fast and wrong: not clipped": Mistake(
            just(a.clipped(-np.inf, np.inf)), "with all ten numbers, should get"
        ),
        "fast and wrong: rows left out": Mistake(
            just(a.gaps_left_out), "shape (12,), as `slow` does, but it returns shape (11,)"
        ),
        "a column of scores": Mistake(
            just(lambda rows: a.in_numpy(rows)[:, np.newaxis]),
            "shape (12,), as `slow` does, but it returns shape (12, 1)",
        ),
        "fast and wrong: remembered": Mistake(
            lambda _: (a.remembered(),), "the scores are not those of the slow one"
        ),
        "changes the rows": Mistake(just(a.in_place), "should leave rows as it is, but changed it"),
        "moves the means of slow": Mistake(just(a.moves_the_means), "should leave slow as it is"),
        "for 12 rows only": Mistake(a.of_twelve, "Can not cast TensorSpec", "raised"),
        "words": Mistake(
            just(lambda rows: np.array(["good"] * len(rows))), "should be an array of numbers"
        ),
        "an export, as a list": Mistake(a.restored, "but returns a list"),
    },
    near={
        "the first 12 rows": just(lambda rows: a.in_numpy(rows[:12])),
        "the first 12 rows, and the last score for others": just(
            lambda rows: np.resize(a.in_numpy(rows[:12]), len(rows))
        ),
        "moves the weights of slow": just(a.moves_the_weights),
        "another working directory": a.moves_away,
        "texts of numbers": just(lambda rows: a.in_numpy(rows).astype(str)),
        "0.02 too high": just(
            lambda rows: np.where(a.in_numpy(rows) < 0, -1, a.in_numpy(rows) + 0.02)
        ),
        "0 for a gap": just(lambda rows: np.maximum(a.in_numpy(rows), 0)),
        "-1.005 for a gap": just(
            lambda rows: np.where(a.in_numpy(rows) < 0, -1.005, a.in_numpy(rows))
        ),
        "whole points": just(lambda rows: a.in_numpy(rows).round()),
        "in another order": just(lambda rows: np.sort(a.in_numpy(rows))),
        "no lower limit": just(a.clipped(-np.inf, 100)),
        "no upper limit": just(a.clipped(0, np.inf)),
        "an upper limit of 101": just(a.clipped(0, 101)),
        "-1 only if all numbers are missing": just(a.gaps_if(lambda gaps: gaps.all(axis=1))),
        "-1 only if one number is missing": just(a.gaps_if(lambda gaps: gaps.sum(axis=1) == 1)),
        "-1 only if the last number is missing": just(a.gaps_if(lambda gaps: gaps[:, -1])),
    },
    untouched=(lambda rows: ...,),
)


Q3 = Proofs(
    right={
        "constants": steady(a.with_constants),
        "a signature": steady(a.with_a_signature),
        "one graph with branches": steady(a.with_branches),
        "scalars of NumPy, as a float": steady(a.with_numpy_scalars),
        "its own formula": steady(lambda: a.tensors_for(tf.function(a.its_own_formula))),
        "two concrete functions": steady(a.two_graphs),
        "an export": a.restored_bill,
        "a method": steady(a.Bills),
        "stored bills": steady(a.stored_bills),
    },
    wrong={
        "blames the amounts": Mistake(
            steady(a.with_constants, "amounts"),
            "when only amounts changes, 20 requests make 1 graph.",
        ),
        "blames the member": Mistake(
            steady(a.with_constants, "member"),
            "when only member changes, 20 requests make 2 graphs.",
        ),
        "blames something else": Mistake(
            steady(a.with_constants, "the loop"),
            "cause: 'the loop' is not one of 'amounts', 'discount', 'member'",
        ),
        "Python numbers": Mistake(
            steady(a.graph_of_bill), "your function made 20 new graphs for 20 requests"
        ),
        "reduce_retracing": Mistake(
            steady(lambda: a.graph_of_bill(reduce_retracing=True)),
            "your function made 20 new graphs for 20 requests",
        ),
        "its own formula": Mistake(
            steady(lambda: tf.function(a.its_own_formula)),
            "your function made 20 new graphs for 20 requests",
        ),
        "changes the amounts": Mistake(
            steady(lambda: a.in_place_bill),
            "your function should leave amounts as it is, but changed it",
        ),
        "a new tf.function each time": Mistake(
            steady(lambda: a.anew),
            "It also made 20 new tf.functions, and each new tf.function makes a new graph",
        ),
        "no graph at all": Mistake(
            lambda _: ("discount", stop_the_retracing.given().bill),
            "20 of 20 were computed without a graph",
        ),
        "NumPy": Mistake(
            steady(lambda: a.without_tensorflow), "20 of 20 were computed without a graph"
        ),
        "a graph that is not used": Mistake(
            steady(a.unused_graph), "calls a tf.function, but does not use what it returns"
        ),
        "functions run eagerly": Mistake(
            steady(lambda: a.eagerly), "but called run_functions_eagerly"
        ),
        "functions run eagerly afterwards": Mistake(
            steady(a.left_eager), "but called run_functions_eagerly"
        ),
        "the first discount for all": Mistake(steady(a.frozen), "your function should return"),
        "rounded discounts": Mistake(steady(lambda: a.rounded(1)), "your function should return"),
        "eight times the mean": Mistake(
            steady(lambda: a.tensors_for(tf.function(a.of_the_mean))),
            "with 5 amounts, the discount",
        ),
        "no member": Mistake(steady(a.never_a_member), "member True, your function should return"),
        "no number": Mistake(
            steady(lambda: lambda *_: "free"), "should be a number, but is 'free'"
        ),
    },
    near={
        "discounts of two digits": steady(lambda: a.rounded(2)),
        "the page's discounts traced before": steady(a.traced_before),
        "one amount left out": steady(a.changed(lambda x, d, m: (x[:-1], d, m))),
        "always a member": steady(a.changed(lambda x, d, m: (x, d, True))),
        "members and others swapped": steady(a.changed(lambda x, d, m: (x, d, not m))),
        "a discount of 1 % more": steady(a.changed(lambda x, d, m: (x, 1.01 * d, m))),
        "0.1 % too much": steady(a.times(1.001)),
        "0.002 % too much": steady(a.times(1.00002)),
        "whole cents": steady(lambda: a.tensors_for(tf.function(a.in_cents))),
        "whole amounts of money": steady(
            lambda: lambda *request: round(float(a.EAGER(*map(tf.constant, request))))
        ),
        "a text of the number": steady(
            lambda: lambda *request: f"{a.EAGER(*map(tf.constant, request)):.9g}"
        ),
        "the cause in capitals": steady(a.with_constants, "Discount"),
        "two causes": steady(a.with_constants, ["discount", "member"]),
    },
    untouched=(..., ...),
)


Q4 = Proofs(
    right={
        "by rows per second": choose(a.share, lambda size, s: -size / np.mean(s)),
        "sorted times": choose(a.in_order),
        "in milliseconds": choose(a.in_milliseconds),
        "a size of NumPy": just(a.numpy_size),
        "a loop, the largest first": just(a.step_by_step),
    },
    wrong={
        "the mean keeps the budget": Mistake(
            choose(lambda n, s, rate, budget: (n - 1) / rate + np.mean(s) > budget),
            "your function picks 32. Of its batches, 10% are later than 25 ms",
        ),
        "not one may be late": Mistake(
            choose(lambda n, s, rate, budget: (n - 1) / rate + np.max(s) > budget),
            "the numbers on the page: your function picks 8, which costs",
        ),
        "waiting forgotten": Mistake(
            choose(lambda n, s, rate, budget: np.quantile(s, 0.95) > budget),
            "the numbers on the page: your function picks 128. Of its batches, 100% are later",
        ),
        "half the budget": Mistake(
            choose(lambda n, s, rate, budget: n / rate + np.quantile(s, 0.95) > budget / 2),
            "the numbers on the page: your function picks",
        ),
        "the last row waits, too": Mistake(
            choose(lambda n, s, rate, budget: n / rate + np.quantile(s, 0.95) > budget),
            "rows that arrive slowly, 200 in a second: your function picks 4, which costs",
        ),
        "the largest in time": Mistake(
            choose(a.share, lambda size, seconds: -size),
            "rows that cost more in batches from 32 on: your function picks 128, which costs",
        ),
        "the quickest batch": Mistake(
            choose(a.share, lambda size, seconds: np.mean(seconds)),
            "your function picks 1, which costs 4.1 ms of computing for each row",
        ),
        "1 where there is none": Mistake(
            choose(a.share, none=1),
            "your function picks 1. It should return None, because no size keeps the budget",
        ),
        "always None": Mistake(
            just(lambda *_: None),
            "picks None. It should be 32: of its batches, 2% are later than 30 ms",
        ),
        "a text": Mistake(just(a.for_text), "picks '32'. It should be one of the sizes 1, 2"),
        "a size that was not measured": Mistake(
            just(lambda *_: 24),
            "picks 24. It should be one of the sizes 1, 2, 4, 8, 16, 32, 64, 128",
        ),
        "the eleventh of any number": Mistake(
            choose(a.eleventh), "200 of 4,000 batches from 16 rows on take 30 ms longer"
        ),
        "the median for the cost": Mistake(
            choose(a.share, lambda size, s: np.median(s) / size),
            "batches of 8 rows of which a third take 3.75 s: your function picks 8",
        ),
        "not later than the budget, but as late": Mistake(
            choose(lambda n, s, rate, budget: np.mean((n - 1) / rate + s >= budget) > LATE),
            "a table with 8 rows per second, the budget 125 ms, and 20 batches of each size (of 1 "
            "row 20 of 125 ms): your function picks None",
        ),
        "deletes from the dict": Mistake(
            just(a.deletes), "your function should leave times as it is, but changed it"
        ),
        "fails where there is none": Mistake(just(a.fails_without), "ValueError", "raised"),
    },
    near={
        "a percentile between two batches": choose(a.percentile),
        "the mean of the batches in time": just(a.mean_in_time),
        "6 % may be late": choose(a.most(0.06)),
        "4 % may be late": choose(a.most(0.04)),
        "5.05 % may be late": choose(a.most(0.0505)),
        "4.95 % may be late": choose(a.most(0.0495)),
        "less than 5 % may be late": choose(
            lambda n, s, rate, budget: np.mean((n - 1) / rate + s > budget) >= LATE
        ),
        "the cost of a batch": choose(a.share, lambda size, s: np.mean(s)),
        "the best batch for the cost": choose(a.share, lambda size, s: np.min(s) / size),
        "the worst batch for the cost": choose(a.share, lambda size, s: np.max(s) / size),
        "a budget of 1 % more": choose(
            lambda n, s, rate, budget: a.share(n, s, rate, budget * 1.01)
        ),
        "a budget of 1 % less": choose(
            lambda n, s, rate, budget: a.share(n, s, rate, budget * 0.99)
        ),
        "the middle row's wait": choose(
            lambda n, s, rate, budget: np.mean((n - 1) / 2 / rate + s > budget) > LATE
        ),
        "always 8": just(lambda *_: 8),
        "deletes the late sizes": just(a.deletes_the_late),
        "sorts the times": just(a.sorts),
        "the sizes of the page only": just(a.best_power),
    },
    untouched=(lambda times, rate, budget: ...,),
)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_slow_scorer_says_what_it_is_held_to(seed):
    made = q2_slow_scorer.new_scorer(None, seed)
    rows = customers(24, 11, made)
    assert np.isnan(rows).sum(axis=1).tolist() == [
        n // 8 + 1 if n % 8 == 4 else 0 for n in range(24)
    ]
    some = rows[[0, 1, 4, 12, 20]]
    np.testing.assert_allclose(made(some), right(some, made), atol=1e-3)
    assert len(set(right(customers(400, 12, made), made).round(1))) > 200, (
        "scores that a learner cannot guess"
    )


def tolerant(slow):
    def fast(rows):
        missing = np.isnan(rows)
        scaled = np.where(missing, 0, (rows - slow.means) / slow.deviations)
        scores = np.clip(50 + 25 * slow.model(scaled).numpy()[:, 0], 0, 100)
        return np.where(missing.sum(axis=1) > 2, -1.0, scores)

    return fast


def cautious(slow):
    def fast(rows):
        scaled = (rows - slow.means) / slow.deviations
        answers = [slow.model(scaled + shift).numpy()[:, 0] for shift in (-0.5, 0, 0.5)]
        scores = np.clip(50 + 25 * np.min(answers, axis=0), 0, 100)
        return np.where(np.isnan(rows).any(axis=1), -1.0, scores)

    return fast


@pytest.mark.parametrize(("seed", "solve"), [(1, tolerant), (2, cautious)])
def test_another_scorer(lesson, seed, solve):
    exercise = lesson.exercises["q2"]
    try:
        slow = exercise.given(seed)
        result = exercise.grade(solve(slow), notebook={"slow": slow})
        assert result.outcome == PASSED, result
        assert f"another variant: lesson.q2.given({seed + 1})" in result.message
        of_the_page = a.fast(lambda x: slow.model(x).numpy())
        assert exercise.grade(of_the_page, notebook={"slow": slow}).outcome == NOT_YET
        result = exercise.grade(a.in_numpy, notebook={"slow": a.SLOW[0]})
        assert "slow should be what lesson.q2.given() returned last" in result.message
    finally:
        exercise.given()


def test_a_scorer_that_was_changed_before(lesson):
    slow = lesson.exercises["q2"].given()
    slow.means *= 0
    result = lesson.exercises["q2"].grade(a.in_numpy, notebook={"slow": slow})
    assert result.outcome == NOT_YET
    assert "this check compares with slow of the notebook" in result.message


@pytest.mark.parametrize("when", ["before", "in fast"])
@pytest.mark.parametrize("name", ["SlowScorer.__call__", "model.predict"])
def test_a_slow_scorer_that_was_made_slower(lesson, monkeypatch, when, name):
    slow = lesson.exercises["q2"].given()
    owner = type(slow.model if name == "model.predict" else slow)
    function = getattr(owner, name.split(".")[1])

    def replace(rows):
        monkeypatch.setattr(
            owner, function.__name__, lambda *given, **more: function(*given, **more)
        )
        return a.in_numpy(rows)

    if when == "before":
        replace(customers(1, 1))
    result = lesson.exercises["q2"].grade(
        a.in_numpy if when == "before" else replace, notebook={"slow": slow}
    )
    assert result.outcome == NOT_YET
    assert f"{name} should be as lesson.q2.given() handed it out" in result.message


def for_members(bill):
    graph = tf.function(bill)
    return lambda amounts, discount, member: graph(amounts, discount, bool(member))


def for_any_length(bill):
    return tf.function(
        bill,
        input_signature=[tf.TensorSpec((None,)), tf.TensorSpec(()), tf.TensorSpec((), tf.bool)],
    )


def relaxed(bill):
    return tf.function(bill, reduce_retracing=True)


@pytest.mark.parametrize(
    ("seed", "cause", "solve"),
    [
        (1, "member", for_members),
        (2, "amounts", for_any_length),
        (2, "amounts", relaxed),
        (3, "discount", lambda bill: a.tensors_for(tf.function(bill))),
    ],
)
def test_another_shop(lesson, seed, cause, solve):
    exercise = lesson.exercises["q3"]
    try:
        shop = exercise.given(seed)
        bill = tf.function(shop.bill)
        for request in shop.requests:
            bill(*request)
        assert bill.experimental_get_tracing_count() > 10
        result = exercise.grade(cause, solve(shop.bill))
        assert result.outcome == PASSED, result
        assert exercise.grade(cause, bill).outcome == NOT_YET
        for other in set(q3_retracing.ARGUMENTS) - {cause}:
            result = exercise.grade(other, solve(shop.bill))
            assert f"cause: when only {other} changes, 20 requests make" in result.message
    finally:
        exercise.given()


def test_functions_that_ran_eagerly_before(lesson):
    tf.config.run_functions_eagerly(True)
    try:
        result = lesson.exercises["q3"].grade("discount", a.with_constants())
    finally:
        tf.config.run_functions_eagerly(False)
    assert "tf.config.run_functions_eagerly should be off, but is on" in result.message


def test_the_check_switches_graphs_on_again(lesson):
    lesson.exercises["q3"].grade("discount", a.eagerly)
    assert not tf.config.functions_run_eagerly()


def test_the_requests_of_the_page_stay():
    amounts, discount, member = stop_the_retracing.given().requests[0]
    assert (amounts.tolist(), round(discount, 4), member) == FIRST_REQUEST


FIRST_REQUEST = ([85.0, 64.0, 51.0, 27.0, 31.0, 5.0, 8.0, 2.0], 0.4474, False)


def test_the_drawn_tables_tell_the_rules_apart():
    tables = []
    q4_batch_size.require_for_all(tables.append, q4_batch_size.small_tables())
    made = [small.measured() for small in tables]
    assert {table.best is None for table in made} == {True, False}
    for late in (a.most(0.06), a.most(0.04), a.most(0.0499), lambda n, s, r, b: np.mean(s) > b):
        (pick,) = choose(late)(None)
        assert any(pick(t.times, t.rate, t.budget) != t.best for t in made)


@pytest.mark.parametrize("way", TRUTH)
def test_the_growth_leaves_room(way):
    """The limit is 50. What is measured is far from it, in one of a few measurements at least."""
    found = q1_growth.Growth(q1_growth.ways()[way])
    for _ in range(6):
        found.look()
        if found.factor > 120 if TRUTH[way] == MORE else found.factor < 25:
            return
    raise AssertionError(found.factor)


@pytest.mark.parametrize(
    ("looks", "said", "outcome"),
    [
        ([(1, 200), (1, 5)], LESS, LESS),  # the many rows were interrupted
        ([(9, 200), (1, 200)], MORE, MORE),  # the one row was
        ([(1, 60), (1, 40), (1, 20)], MORE, LESS),
        ([(1, 5), (1, 5)], MORE, LESS),
        ([(1, 5)], LESS, LESS),
    ],
)
def test_a_busy_computer(monkeypatch, looks, said, outcome):
    left = iter(looks)

    def look(found):
        one, many = next(left)
        found.one, found.many = min(found.one, one), min(found.many, many)

    monkeypatch.setattr(q1_growth.Growth, "look", look)
    assert q1_growth.growth(None, said).outcome == outcome
    assert next(left, None) is None


TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}
globals().update(prove("11_performance", TABLE, a.notebook))
