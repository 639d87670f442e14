"""Answers to the exercises of lesson 11, right and wrong ones, for their proofs."""

import os
import statistics
import time
import timeit

import numpy as np
import tensorflow as tf

from helpers.benchmark.predictors import by_hand, interpreter
from helpers.exercises.lesson_11 import q1_days, q5_retracing
from helpers.exercises.lesson_11.exercises import stop_the_retracing
from helpers.exercises.lesson_11.q4_slow_scorer import new_scorer, require_same_scorer, scorer
from helpers.exercises.outcomes import NotYet


def just(*answers):
    return lambda _: answers


# Exercise 1: verdicts, and the median of the day that may be published.
VERDICTS = {"monday": "too noisy", "tuesday": "publish", "wednesday": "not in turn"}


def published(function):
    """Compute a number of the timings, old and new, of the day that may be published."""
    made = q1_days.times_of(q1_days.make_days(None)["tuesday"])
    return function(made["old"], made["new"])


def judged(function):
    return just(VERDICTS, published(function))


def verdicts(**changed):
    return just(VERDICTS | changed, 1.2)


# Exercise 2: functions of function, baseline and clock.
def timing(way, calls, clock):
    begin = clock()
    for _ in range(calls):
        way()
    return clock() - begin


def enough(way, clock, least):
    calls = 1
    while timing(way, calls, clock) < least:
        calls *= 2
    return calls


def by_one_call(way, clock, least):
    """Count the calls of a timing by one call, which can be shorter than a step of the clock."""
    return max(1, round(2 * least / max(timing(way, 1, clock), 0.001)))


def compares(warm_up=2, least=0.05, turns=9, middle=np.median, calls=None, count=enough):
    """Make an answer that takes the pairs in turn."""

    def times_as_long(function, baseline, clock):
        counts = []
        for way in (function, baseline):
            timing(way, warm_up, clock)
            counts.append(calls or count(way, clock, least))
        pairs = []
        for _ in range(turns):
            first = timing(function, counts[0], clock) / counts[0]
            pairs.append(first / (timing(baseline, counts[1], clock) / counts[1]))
        return middle(pairs)

    return just(times_as_long)


def by_timeit(function, baseline, clock):
    timers = [timeit.Timer(way, timer=clock) for way in (function, baseline)]
    counts = []
    for timer in timers:
        timer.timeit(3)
        counts.append(timer.autorange()[0])
    turns = [
        [timer.timeit(count) / count for timer, count in zip(timers, counts, strict=True)]
        for _ in range(11)
    ]
    return statistics.median(first / second for first, second in turns)


def abba(function, baseline, clock):
    """Change who begins, and divide the medians."""
    found = {function: [], baseline: []}
    for way in found:
        timing(way, 3, clock)
    counts = {way: enough(way, clock, 0.1) for way in found}
    for turn in range(16):
        for way in (function, baseline) if turn % 2 else (baseline, function):
            found[way].append(timing(way, counts[way], clock) / counts[way])
    return np.median(found[function]) / np.median(found[baseline])


def by_time(function, baseline, clock):
    """Call until 50 ms are over, without a number of calls. The first turns do not count."""

    def seconds(way):
        begin, calls = clock(), 0
        while clock() - begin < 0.05:
            way()
            calls += 1
        return (clock() - begin) / calls

    pairs = [seconds(function) / seconds(baseline) for _ in range(15)]
    return tf.constant(np.median(pairs[3:]))


def shortest(function, baseline, clock):
    """Take the shortest timing of each, as Python's documentation of timeit advises."""
    for way in (function, baseline):
        timing(way, 2, clock)
    counts = {way: enough(way, clock, 0.1) for way in (function, baseline)}
    found = [[timing(way, n, clock) / n for way, n in counts.items()] for _ in range(12)]
    return np.divide(*np.min(found, axis=0))


def one_after_the_other(function, baseline, clock):
    medians = []
    for way in (function, baseline):
        timing(way, 2, clock)
        calls = enough(way, clock, 0.05)
        medians.append(np.median([timing(way, calls, clock) / calls for _ in range(9)]))
    return medians[0] / medians[1]


def one_number_of_calls(function, baseline, clock):
    """Use the calls of the function for the baseline too."""
    for way in (function, baseline):
        timing(way, 2, clock)
    calls = enough(function, clock, 0.05)
    turns = [[timing(way, calls, clock) for way in (function, baseline)] for _ in range(9)]
    return np.median([first / max(second, 1e-9) for first, second in turns])


def not_divided(function, baseline, clock):
    """Forget that the two timings hold different numbers of calls."""
    counts = []
    for way in (function, baseline):
        timing(way, 2, clock)
        counts.append(enough(way, clock, 0.05))
    return np.median(
        [timing(function, counts[0], clock) / timing(baseline, counts[1], clock) for _ in range(9)]
    )


def warm_function_only(function, baseline, clock):
    timing(function, 2, clock)
    counts = [enough(way, clock, 0.05) for way in (function, baseline)]
    pairs = []
    for _ in range(9):
        first = timing(function, counts[0], clock) / counts[0]
        pairs.append(first / (timing(baseline, counts[1], clock) / counts[1]))
    return np.median(pairs)


def changed_answer(change):
    """Make an answer that returns something else of the right number."""
    (right,) = compares()(None)
    return just(lambda function, baseline, clock: change(right(function, baseline, clock)))


def own_clock(function, baseline, clock):
    (right,) = compares(least=0.0005)(None)
    return right(function, baseline, time.perf_counter)


def of_the_function(function, baseline, clock):
    timing(function, 2, clock)
    calls = enough(function, clock, 0.05)
    return np.median([timing(function, calls, clock) / calls for _ in range(9)])


def moves_to(folder):
    (right,) = compares()(None)

    def times_as_long(function, baseline, clock):
        os.chdir(folder)
        return right(function, baseline, clock)

    return (times_as_long,)


# Exercise 4: the scorer of the notebook, and faster ones.
SLOW = [new_scorer()]


def notebook():
    """Return the names of the notebook, with a new scorer if an answer has changed the last one."""
    try:
        require_same_scorer(SLOW[0], scorer())
    except NotYet:
        SLOW[0] = new_scorer()
    return {"slow": SLOW[0]}


def scores(rows, answers):
    """Do the last step of the scorer for all rows at once."""
    scores = np.clip(50 + 25 * np.asarray(answers)[:, 0], 0, 100)
    return np.where(np.isnan(rows).any(axis=1), -1.0, scores)


def scaled(rows):
    return (rows - scorer().means) / scorer().deviations


def fast(model):
    """Make an answer that calls `model`, a function of scaled rows."""
    return lambda rows: scores(rows, model(scaled(rows)))


def weights():
    return [weight.numpy() for weight in scorer().model.weights]


def in_numpy(rows):
    return scores(rows, by_hand(weights(), scaled(rows)))


def in_float64(rows):
    wide = [w.astype(np.float64) for w in weights()]
    return scores(rows, by_hand(wide, scaled(rows.astype(np.float64))))


def restored(folder):
    """Export and load the model, call it for the complete rows only, and return a list."""
    scorer().model.export(folder / "scorer", verbose=False)
    loaded = tf.saved_model.load(folder / "scorer")

    def function(rows):
        found, known = np.full(len(rows), -1.0), ~np.isnan(rows).any(axis=1)
        answers = loaded.serve(tf.constant(scaled(rows[known]))).numpy()[:, 0]
        found[known] = np.clip(50 + 25 * answers, 0, 100)
        return found.tolist()

    return (function,)


def in_litert(folder):
    graph = tf.function(
        lambda x: scorer().model(x), input_signature=[tf.TensorSpec((None, 10), tf.float32)]
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()])
    (folder / "scorer.tflite").write_bytes(converter.convert())
    return (fast(interpreter(folder / "scorer.tflite")),)


class Fast:
    """An answer that is an object, with one graph for the whole computation."""

    def __init__(self):
        made = scorer()

        @tf.function(input_signature=[tf.TensorSpec((None, 10), tf.float32)])
        def score(rows):
            answers = made.model((rows - made.means) / made.deviations)[:, 0]
            found = tf.clip_by_value(50 + 25 * answers, 0, 100)
            missing = tf.reduce_any(tf.math.is_nan(rows), axis=1)
            return tf.where(missing, -1.0, found)

        self.score = score.get_concrete_function()

    def __call__(self, rows):
        return self.score(tf.constant(rows))


def one_predict(rows):
    return scores(rows, scorer().model.predict(scaled(rows), verbose=0))


def row_by_row(rows):
    return np.concatenate([fast(scorer().model)(row[np.newaxis]) for row in rows])


def gaps_forgotten(rows):
    return np.clip(50 + 25 * by_hand(weights(), scaled(rows))[:, 0], 0, 100)


def gaps_as_means(rows):
    return gaps_forgotten(np.where(np.isnan(rows), scorer().means, rows))


def gaps_if(missing):
    """Make an answer that takes -1 where `missing` says so, and the mean for other gaps."""
    return lambda rows: np.where(missing(np.isnan(rows)), -1.0, gaps_as_means(rows))


def own_means(rows):
    moved = (rows - np.nanmean(rows, axis=0)) / scorer().deviations
    return scores(rows, by_hand(weights(), moved))


def half_precision(rows):
    return scores(rows, by_hand([w.astype(np.float16) for w in weights()], scaled(rows)))


def clipped(low, high):
    def function(rows):
        answers = 50 + 25 * by_hand(weights(), scaled(rows))[:, 0]
        return np.where(np.isnan(rows).any(axis=1), -1.0, np.clip(answers, low, high))

    return function


def gaps_left_out(rows):
    return in_numpy(rows[~np.isnan(rows).any(axis=1)])


def remembered():
    """Give right scores for all calls before the measurement, and then repeat the last scores."""
    seen = {}

    def function(rows):
        number = (len(rows), len(seen))
        if len(seen) < 5:
            seen[number] = in_numpy(rows)
        return list(seen.values())[-1] if len(seen) == 5 else seen[number]

    return function


def in_place(rows):
    rows -= scorer().means
    rows /= scorer().deviations
    return scores(rows, by_hand(weights(), rows))


def moves_the_means(rows):
    answer = in_numpy(rows)
    SLOW[0].means += 1
    return answer


def moves_the_weights(rows):
    SLOW[0].model.set_weights([0.5 * weight for weight in SLOW[0].model.get_weights()])
    return in_numpy(rows)


def moves_away(folder):
    def function(rows):
        os.chdir(folder)
        return in_numpy(rows)

    return (function,)


def of_twelve(_):
    graph = tf.function(
        lambda x: scorer().model(x), input_signature=[tf.TensorSpec((12, 10), tf.float32)]
    )
    return (fast(lambda x: graph(x).numpy()),)


# Exercise 5: functions of amounts, discount and member.
def graph_of_bill(**options):
    return tf.function(stop_the_retracing.given().bill, **options)


def steady(make, cause="discount"):
    return lambda _: (cause, make())


def tensors_for(graph):
    return lambda amounts, discount, member: graph(amounts, tf.constant(discount), member)


def with_constants():
    return tensors_for(graph_of_bill())


def with_a_signature():
    spec = [tf.TensorSpec((None,)), tf.TensorSpec(()), tf.TensorSpec((), tf.bool)]
    return graph_of_bill(input_signature=spec)


def with_branches():
    graph = graph_of_bill()
    return lambda amounts, discount, member: graph(
        amounts, tf.constant(discount), tf.constant(member)
    )


def with_numpy_scalars():
    graph = graph_of_bill()
    return lambda amounts, discount, member: float(graph(amounts, np.float32(discount), member))


def two_graphs():
    """Make one concrete function for members and one for others."""
    shop = stop_the_retracing.given()
    spec = tf.TensorSpec((8,)), tf.TensorSpec(())
    graphs = {
        member: tf.function(
            lambda amounts, discount, member=member: shop.bill(amounts, discount, member)
        ).get_concrete_function(*spec)
        for member in (False, True)
    }
    return lambda amounts, discount, member: graphs[member](
        tf.constant(amounts), tf.constant(discount)
    ).numpy()


def restored_bill(folder):
    module = tf.Module()
    module.bill = with_a_signature()
    tf.saved_model.save(module, folder / "bill")
    loaded = tf.saved_model.load(folder / "bill")
    return "discount", lambda *request: loaded.bill(*map(tf.constant, request))


def stored_bills():
    """Store each bill, for a request that comes twice."""
    graph, stored = with_constants(), {}

    def bill(amounts, discount, member):
        key = amounts.tobytes(), discount, member
        if key not in stored:
            stored[key] = graph(amounts, discount, member)
        return stored[key]

    return bill


class Bills(tf.Module):
    """An answer that is a method, decorated with tf.function."""

    @tf.function
    def _bill(self, amounts, discount, member):
        return its_own_formula(amounts, discount, member)

    def __call__(self, amounts, discount, member):
        return self._bill(tf.convert_to_tensor(amounts), tf.convert_to_tensor(discount), member)


def without_tensorflow(amounts, discount, member):
    return q5_retracing.right(amounts, discount, member)


def anew(amounts, discount, member):
    return graph_of_bill()(amounts, tf.constant(discount), member)


def eagerly(amounts, discount, member):
    tf.config.run_functions_eagerly(True)
    return EAGER(amounts, tf.constant(discount), member)


def left_eager():
    """Switch the graphs off after a call of one."""
    graph = with_constants()

    def bill(*request):
        tf.config.run_functions_eagerly(False)
        result = graph(*request)
        tf.config.run_functions_eagerly(True)
        return result

    return bill


def frozen():
    kept = []

    def bill(amounts, discount, member):
        kept.append(discount)
        return graph_of_bill()(amounts, kept[0], member)

    return bill


def rounded(digits):
    graph = graph_of_bill()
    return lambda amounts, discount, member: graph(amounts, round(discount, digits), member)


def traced_before():
    """Trace a graph for each discount of the page, and for members and others."""
    graph = graph_of_bill()
    for amounts, discount, _ in stop_the_retracing.given().requests:
        for member in (False, True):
            graph(amounts, discount, member)
    return graph


def unused_graph():
    graph = tf.function(tf.identity)

    def bill(amounts, discount, member):
        graph(tf.constant(discount))
        return without_tensorflow(amounts, discount, member)

    return bill


def never_a_member():
    graph = graph_of_bill()
    return lambda amounts, discount, member: graph(amounts, tf.constant(discount), False)


def its_own_formula(amounts, discount, member):
    return tf.math.reduce_sum(amounts) * (1 - discount) * (0.9 if member else 1.0)


def changed(change):
    """Make an answer whose graph gets arguments that `change` returns, as constants."""
    graph = graph_of_bill()

    def bill(*request):
        amounts, discount, member = change(*request)
        return graph(amounts, tf.constant(discount), member)

    return lambda: bill


def of_the_mean(amounts, discount, member):
    return its_own_formula(8 * tf.reduce_mean(amounts), discount, member)


def in_cents(amounts, discount, member):
    return tf.round(100 * its_own_formula(amounts, discount, member)) / 100


def times(factor):
    graph = with_constants()
    return lambda: lambda *request: factor * graph(*request)


def in_place_bill(amounts, discount, member):
    amounts *= 1 - discount
    return EAGER(amounts, tf.constant(0.0), member)


EAGER = graph_of_bill()
