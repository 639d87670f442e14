"""Exercise 5 of lesson 11: a function that is traced for every request, and its cure."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.export_checks import SAME
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.exercises.side_effects import require_graphs

REQUESTS, MORE = 20, 30  # the words of most messages are about the first 20 requests
MOST = 4  # graphs: one for all requests, or some for members and some for others
ARGUMENTS = ("amounts", "discount", "member")
CAUSES = ("discount", "member", "amounts")  # of the seeds None, 1, 2, and so on
LENGTH = 8  # amounts in a request, unless the lengths differ
# A function may refuse these numbers of amounts, but may not return a wrong bill for them.
OTHER_LENGTHS = (5, 13, 80)
OTHER_DISCOUNTS = (0.0, 0.7, 1.0)
SAME_BILL = 1e-5  # relative: float32 arithmetic in a different order, but no whole cents
SHIFT = 1000.0  # added to what a graph returns, to see whether the bill comes from it

Request = tuple[np.ndarray, float, bool | int]


class Shop:
    """A shop that sends bills.

    Attributes
    ----------
    requests : list of (amounts, discount, member)
        A float32 array, a number from 0 to 0.5, and whether the customer is a member: a bool, or
        the number of months, 0 for others.
    """

    def __init__(self, requests: list[Request]) -> None:
        self.requests = requests

    def bill(self, amounts, discount, member):
        import tensorflow as tf

        total = tf.reduce_sum(amounts) * (1 - discount)
        if member:
            total = 0.9 * total
        return total


def make_shop(folder: Path | None, seed: int | None = None) -> Shop:
    """Make the shop of the exercise.

    Parameters
    ----------
    folder : path or None
        Not used.
    seed : int, optional
        Another seed makes other requests. What makes a new graph for each of them then is the
        discount, the member or the amounts.

    Returns
    -------
    Shop
    """
    seed = abs(seed or 0)
    discounts = None if seed else np.linspace(0, 0.5, REQUESTS)
    return Shop(requests(CAUSES[seed % len(CAUSES)], seed, discounts=discounts))


def cause_of(shop: Shop) -> str:
    """Find which argument of `bill` makes a new graph for each request of a shop.

    Parameters
    ----------
    shop : Shop
        As `make_shop` made it.

    Returns
    -------
    {"discount", "member", "amounts"}
    """
    amounts, discounts, _ = zip(*shop.requests, strict=True)
    if len(set(map(len, amounts))) > 1:
        return "amounts"
    return "discount" if type(discounts[0]) is float else "member"


def requests(
    cause: str,
    seed: int,
    count: int = REQUESTS,
    discounts: np.ndarray | None = None,
    begin: int = 0,
) -> list[Request]:
    """Make requests, of which each makes a new graph of `bill`.

    Parameters
    ----------
    cause : {"discount", "member", "amounts"}
        The discounts are Python numbers, the months of the members are, or the lengths differ.
    seed, count : int
    discounts : array, optional
        In any order. Without it, they are drawn.
    begin : int
        Months and lengths are larger than `begin`. Two calls have none in common if their `begin`
        differ by `count` or more.

    Returns
    -------
    list of (amounts, discount, member)
    """
    chance = np.random.default_rng(seed)
    amounts = list(chance.integers(1, 100, (count, LENGTH)).astype(np.float32))
    if discounts is None:
        discounts = np.concatenate([[0, 0.5], chance.uniform(0, 0.5, count - 2)])
    discounts = chance.permutation(discounts)
    members = (chance.permutation(count) % 3 == 0).tolist()
    distinct = begin + 1 + chance.permutation(count)
    if cause == "amounts":
        amounts = [np.resize(amount, n) for amount, n in zip(amounts, distinct, strict=True)]
    if cause == "member":
        # A third of the customers are no members. The months of the others differ.
        members = [0 if n % 3 == 0 else int(n) for n in distinct]
    made = discounts.tolist() if cause == "discount" else list(discounts.astype(np.float32))
    return list(zip(amounts, made, members, strict=True))


def right(amounts: np.ndarray, discount: float, member: bool | int) -> float:
    """Compute a bill without TensorFlow.

    Parameters
    ----------
    amounts : (n,) float32 array
    discount : float
        From 0 to 0.5.
    member : bool or int

    Returns
    -------
    float
    """
    return float(amounts.sum() * (1 - float(discount)) * (0.9 if member else 1.0))


def require_cause(cause: Any, shop: Shop) -> None:
    """Require that `cause` names the argument that makes a new graph for each request.

    Parameters
    ----------
    cause : str
    shop : Shop

    Raises
    ------
    NotYet
        `cause` is not an argument, or not the right one.
    """
    cause = answer_types.text(cause, "cause", ARGUMENTS)
    require_graphs()
    if cause == cause_of(shop):
        return
    import tensorflow as tf

    graph = tf.function(shop.bill)
    place = ARGUMENTS.index(cause)
    for request in shop.requests:
        changed = list(shop.requests[0])
        changed[place] = request[place]
        graph(*changed)
    count = graph.experimental_get_tracing_count()
    raise NotYet(
        f"cause: when only {cause} changes, {len(shop.requests)} requests make "
        f"{count} graph{'s' * (count > 1)}. Which argument makes a new graph for nearly every "
        "request? Change one argument at a time, as this check did."
    )


@cache
def _classes() -> tuple[type, type]:
    """Return the classes of a tf.function and of one graph of it. Loaded exports use both."""
    import tensorflow as tf

    function = tf.function(tf.identity)
    return type(function), type(function.get_concrete_function(tf.TensorSpec(())))


@contextlib.contextmanager
def counted(shift: float = 0.0) -> Iterator[Counter]:
    """Count what calls in the block make and use.

    Parameters
    ----------
    shift : float
        Added to the numbers that a graph returns.

    Yields
    ------
    Counter
        With the keys "graphs" (new ones), "functions" (new tf.functions) and "calls" (of graphs).
    """
    import tensorflow as tf

    counts, of_functions, of_graphs = Counter(), *_classes()

    def counts_new(kind, function):
        def make(made, *details, **options):
            counts[kind] += tf.executing_eagerly()  # not the branches inside a graph
            function(made, *details, **options)

        return make

    def counts_calls(function):
        def run(graph, *details, **options):
            outermost = tf.executing_eagerly() and not tf.config.functions_run_eagerly()
            result = function(graph, *details, **options)
            counts["calls"] += outermost
            return tf.nest.map_structure(shifted, result) if outermost and shift else result

        return run

    def shifted(value):
        is_number = isinstance(value, tf.Tensor) and (
            value.dtype.is_floating or value.dtype.is_integer
        )
        return value + tf.cast(shift, value.dtype) if is_number else value

    with contextlib.ExitStack() as stack:
        for owner, name, instead in (
            (tf.Graph, "__init__", counts_new("graphs", tf.Graph.__init__)),
            (of_functions, "__init__", counts_new("functions", of_functions.__init__)),
            (of_functions, "__call__", counts_calls(of_functions.__call__)),
            (of_graphs, "__call__", counts_calls(of_graphs.__call__)),
        ):
            stack.enter_context(mock.patch.object(owner, name, instead))
        yield counts


def require_steady(steady: Callable[..., Any], shop: Shop) -> None:
    """Require that `steady` gives the right bills with few graphs, and computes them in these.

    Parameters
    ----------
    steady : function of amounts, discount and member
    shop : Shop

    Raises
    ------
    NotYet
        A bill is wrong or does not come from a graph, or there are more than MOST graphs.
    """
    require_graphs()
    *batches, (another, *_) = _new_requests(shop)
    total = Counter()
    for some in batches:
        for request in some:
            with counted() as counts:
                _require_bill(steady, request)
            total.update(counts, requests=1, without=not counts["calls"])
        _require_few(total)
    with counted(SHIFT):
        moved = answer_types.number(call(steady, *another), "the bill")
    require(
        abs(moved - right(*another)) > 1,
        "your function calls a tf.function, but does not use what it returns: the bill stays the "
        f"same when the check adds {SHIFT:g} to the result of the graph. Compute the bill in the "
        "graph.",
    )
    amounts, _, member = another
    for discount in OTHER_DISCOUNTS:
        _require_bill(steady, (amounts, discount, member))
    _require_bill(steady, (amounts - 50, another[1], member))  # some are given back
    for length in OTHER_LENGTHS:
        with contextlib.suppress(Raised):  # the page shows one length only
            _require_bill(steady, (np.resize(another[0], length), *another[1:]))


def _new_requests(shop):
    cause = cause_of(shop)
    return (
        requests(cause, seed=1, begin=40),
        requests(cause, seed=2, count=MORE, begin=70),
        requests(cause, seed=3, count=3, begin=110),  # a bill may be stored, so another one
    )


def _require_few(total):
    made, count = total["graphs"], total["requests"]
    require(
        not total["without"],
        f"the bills are right, but {total['without']} of {count} were computed without a graph: "
        "your function calls no tf.function for them. Compute the bill in a tf.function.",
    )
    if made <= MOST:
        return
    words = (
        f"the bills are right, but your function made {made} new graphs for {count} requests. It "
        f"should make at most {MOST}. "
    )
    if total["functions"] > MOST:
        raise NotYet(
            f"{words}It also made {total['functions']} new tf.functions, and each new tf.function "
            "makes a new graph. Make the tf.function once, outside of `steady`."
        )
    raise NotYet(
        f"{words}A tf.function makes a new graph for each new Python value, and for each new shape "
        "of a tensor."
    )


def _require_bill(steady, request):
    amounts, discount, member = request
    expected = right(*request)
    number = answer_types.number(
        call(steady, amounts, discount, member), "the result of your function"
    )
    require(
        abs(number - expected) <= SAME_BILL * max(1, expected),
        f"with {len(amounts)} amounts, the discount {discount:.3f} and member {member}, your "
        f"function should return {expected:.7g}, but returns {number:.7g}.",
    )


def nearest(shop: Shop) -> str:
    """Say which wrong bills are nearest to the right ones.

    Parameters
    ----------
    shop : Shop

    Returns
    -------
    str
        See `same_answers.nearest_wrong`.
    """
    made = [request for some in _new_requests(shop)[:2] for request in some]
    amounts = np.empty(len(made), object)
    amounts[:] = [request[0] for request in made]
    inputs = {
        "amounts": amounts,
        "discount": np.array([request[1] for request in made]),
        "member": np.array([request[2] for request in made]),
    }

    def bills(change):
        def compute(amounts, discount, member):
            changed = change(amounts, discount, member)
            return {"bill": np.array([right(*row) for row in zip(*changed, strict=True)])}

        return compute

    return nearest_wrong(
        inputs,
        bills(lambda *columns: columns),
        {
            "the discount rounded to two digits": bills(lambda a, d, m: (a, np.round(d, 2), m)),
            "the discount of the first request for all": bills(
                lambda a, d, m: (a, np.full_like(d, d[0]), m)
            ),
            "no lower price for members": bills(lambda a, d, m: (a, d, np.zeros_like(m))),
            "the lower price for all": bills(lambda a, d, m: (a, d, np.ones_like(m))),
        },
        SAME,
    )
