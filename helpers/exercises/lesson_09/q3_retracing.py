"""Exercise 3 of lesson 09: a function that is traced for every request, and the cure."""

from collections import Counter
from contextlib import contextmanager
from unittest import mock

import numpy as np

from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

REQUESTS = 20
MOST = 4  # graphs: one for all, or some for members and others
ARGUMENTS = ("amounts", "discount", "member")
CAUSE = "discount"


class Shop:
    """A shop that sends bills.

    requests : list of (amounts, discount, member): (8,) float32 array, float from 0 to 0.5, bool
    """

    def __init__(self):
        self.requests = requests(seed=0)

    def bill(self, amounts, discount, member):
        import tensorflow as tf

        total = tf.reduce_sum(amounts) * (1 - discount)
        if member:
            total = 0.9 * total
        return total


def make_shop(folder):
    return Shop()


def requests(seed):
    chance = np.random.default_rng(seed)
    amounts = chance.integers(1, 100, (REQUESTS, 8)).astype(np.float32)
    discounts = chance.permutation(np.linspace(0, 0.5, REQUESTS))
    members = chance.permutation(REQUESTS) % 3 == 0
    return [
        (amount, float(discount), bool(member))
        for amount, discount, member in zip(amounts, discounts, members, strict=True)
    ]


def right(amounts, discount, member):
    return float(amounts.sum() * (1 - discount) * (0.9 if member else 1.0))


def require_cause(cause):
    """`cause` must name the argument that makes a new graph for each request."""
    if not (isinstance(cause, str) and cause in ARGUMENTS):
        raise NotYet(f"cause: {safe_repr(cause)} is not one of {', '.join(map(repr, ARGUMENTS))}.")
    if cause == CAUSE:
        return
    import tensorflow as tf

    graph, shop = tf.function(Shop().bill), Shop()
    place = ARGUMENTS.index(cause)
    for request in shop.requests:
        changed = list(shop.requests[0])
        changed[place] = request[place]
        graph(*changed)
    count = graph.experimental_get_tracing_count()
    raise NotYet(
        f"cause: when nothing but {cause} changes, {len(shop.requests)} requests make "
        f"{count} graph{'s' * (count > 1)}. Which argument makes as many graphs as it has values?"
    )


@contextmanager
def counted():
    """A Counter of the graphs that are made meanwhile, and of the sums taken without one."""
    import tensorflow as tf

    counts, init, reduce_sum = Counter(), tf.Graph.__init__, tf.reduce_sum

    def make(graph, *details, **options):
        counts["graphs"] += tf.executing_eagerly()  # not the branches, which are made inside of one
        init(graph, *details, **options)

    def add(*details, **options):
        counts["sums"] += tf.executing_eagerly()
        return reduce_sum(*details, **options)

    with mock.patch.object(tf.Graph, "__init__", make), mock.patch.object(tf, "reduce_sum", add):
        yield counts


def require_steady(steady):
    """`steady` must give the bills with few graphs, whatever the requests."""
    with counted() as counts:
        _require_bills(steady)
    require(
        counts["sums"] <= MOST,
        f"the bills are right, and {counts['sums']} of {REQUESTS} came without a graph: your "
        "function runs the Python of it for each.",
    )
    require(
        counts["graphs"] <= MOST,
        f"the bills are right, with {counts['graphs']} new graphs for {REQUESTS} requests; at most "
        f"{MOST} are wanted. A graph is made anew for every Python value that it has not seen, and "
        "by every new tf.function.",
    )


def _require_bills(steady):
    for amounts, discount, member in requests(seed=1):
        wanted = right(amounts, discount, member)
        said = call(steady, given := amounts.copy(), discount, member)
        try:
            number = float(said)
        except (TypeError, ValueError):
            raise NotYet(f"your function is to return one number, not {safe_repr(said)}.") from None
        require(
            abs(number - wanted) <= 1e-3 * wanted,
            f"with the discount {discount:.3f} and member {member}, your function gives "
            f"{number:.2f}; {wanted:.2f} is wanted.",
        )
        require(np.array_equal(given, amounts), "your function changes the amounts that it gets.")
