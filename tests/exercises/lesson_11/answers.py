"""Answers to the exercises of lesson 11, right and wrong ones, for their proofs."""

import os

import numpy as np
import tensorflow as tf

from helpers.benchmark.predictors import by_hand, interpreter
from helpers.exercises.lesson_11 import q3_retracing
from helpers.exercises.lesson_11.exercises import stop_the_retracing
from helpers.exercises.lesson_11.q2_slow_scorer import new_scorer, require_same_scorer, scorer
from helpers.exercises.lesson_11.q4_batch_size import LATE
from helpers.exercises.outcomes import NotYet


def just(*answers):
    return lambda _: answers


# Exercise 2: the scorer of the notebook, and faster ones.
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


# Exercise 3: functions of amounts, discount and member.
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
    return q3_retracing.right(amounts, discount, member)


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


# Exercise 4: functions of times, rate and budget.
def mean_cost(size, seconds):
    return np.mean(seconds) / size


def choose(late, cost=mean_cost, none=None):
    """Make an answer. late(size, seconds, rate, budget) tells whether a size is too slow."""

    def pick(times, rate, budget):
        left = [size for size in times if not late(size, times[size], rate, budget)]
        return min(left, key=lambda size: cost(size, times[size]), default=none)

    return just(pick)


def share(size, seconds, rate, budget):
    return np.mean((size - 1) / rate + seconds > budget) > LATE


def most(part):
    return lambda n, s, rate, budget: np.mean((n - 1) / rate + s > budget) > part


def percentile(size, seconds, rate, budget):
    return (size - 1) / rate + np.quantile(seconds, 0.95) > budget


def mean_in_time(times, rate, budget):
    costs = {}
    for size, seconds in times.items():
        late = (size - 1) / rate + seconds > budget
        if late.mean() <= LATE:
            costs[size] = seconds[~late].mean() / size
    return min(costs, key=costs.get, default=None)


def in_order(size, seconds, rate, budget):
    allowed = len(seconds) // 20
    return sorted(seconds)[-allowed - 1] > budget - (size - 1) / rate


def eleventh(size, seconds, rate, budget):
    return sorted(seconds)[-11] + (size - 1) / rate > budget


def in_milliseconds(size, seconds, rate, budget):
    waits = 1000 * (size - 1) / rate
    return 20 * sum(waits + 1000 * one > 1000 * budget for one in seconds) > len(seconds)


right_pick = choose(share)(None)[0]


def numpy_size(times, rate, budget):
    size = right_pick(times, rate, budget)
    return None if size is None else np.int64(size)


def step_by_step(times, rate, budget):
    best = None
    for size, seconds in sorted(times.items(), reverse=True):
        late = sum(1 for one in seconds if (size - 1) / rate + one > budget)
        cheaper = best is None or sum(seconds) / size / len(seconds) < best[0]
        if late <= 0.05 * len(seconds) and cheaper:
            best = sum(seconds) / size / len(seconds), size
    return best[1] if best else None


def deletes(times, rate, budget):
    size = right_pick(times, rate, budget)
    times.clear()
    return size


def deletes_the_late(times, rate, budget):
    for size in [size for size in times if share(size, times[size], rate, budget)]:
        del times[size]
    return min(times, key=lambda size: np.mean(times[size]) / size, default=None)


def sorts(times, rate, budget):
    for seconds in times.values():
        seconds.sort()
    return right_pick(times, rate, budget)


def fails_without(times, rate, budget):
    left = [size for size in times if not share(size, times[size], rate, budget)]
    return min(left, key=lambda size: np.mean(times[size]) / size)


def for_text(times, rate, budget):
    return str(right_pick(times, rate, budget))


def best_power(times, rate, budget):
    """Look at the sizes of the page only."""
    table = {size: times[size] for size in (1, 2, 4, 8, 16, 32, 64, 128) if size in times}
    return right_pick(table, rate, budget)
