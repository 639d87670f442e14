"""Exercise 3 of lesson 09: a function that is traced for every request, and its cure."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from helpers.exercises.export_checks import SAME_TOTAL
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

REQUESTS = 20
MOST = 4  # graphs: one for all requests, or some for members and some for others
ARGUMENTS = ("amounts", "discount", "member")
CAUSE = "discount"

Request = tuple[np.ndarray, float, bool]


class Shop:
    """A shop that sends bills.

    Attributes
    ----------
    requests : list of (amounts, discount, member)
        An (8,) float32 array, a float from 0 to 0.5, and a bool.
    """

    def __init__(self) -> None:
        self.requests = requests(seed=0)

    def bill(self, amounts, discount, member):
        import tensorflow as tf

        total = tf.reduce_sum(amounts) * (1 - discount)
        if member:
            total = 0.9 * total
        return total


def make_shop(folder: Path) -> Shop:
    """Make the shop of the exercise.

    Parameters
    ----------
    folder : path
        Not used.

    Returns
    -------
    Shop
    """
    return Shop()


def requests(seed: int) -> list[Request]:
    """Make the requests of one seed. Each has a different discount.

    Parameters
    ----------
    seed : int

    Returns
    -------
    list of (amounts, discount, member)
        An (8,) float32 array, a float from 0 to 0.5, and a bool.
    """
    chance = np.random.default_rng(seed)
    amounts = chance.integers(1, 100, (REQUESTS, 8)).astype(np.float32)
    discounts = chance.permutation(np.linspace(0, 0.5, REQUESTS))
    members = chance.permutation(REQUESTS) % 3 == 0
    return [
        (amount, float(discount), bool(member))
        for amount, discount, member in zip(amounts, discounts, members, strict=True)
    ]


def right(amounts: np.ndarray, discount: float, member: bool) -> float:
    """Compute a bill without TensorFlow.

    Parameters
    ----------
    amounts : (n,) float32 array
    discount : float
        From 0 to 0.5.
    member : bool

    Returns
    -------
    float
    """
    return float(amounts.sum() * (1 - discount) * (0.9 if member else 1.0))


def require_cause(cause: Any) -> None:
    """Require that `cause` names the argument that makes a new graph for each request.

    Parameters
    ----------
    cause : str

    Raises
    ------
    NotYet
        `cause` is not an argument, or not the right one.
    """
    if not (isinstance(cause, str) and cause in ARGUMENTS):
        raise NotYet(
            f"cause should be one of {', '.join(map(repr, ARGUMENTS))}, not {safe_repr(cause)}."
        )
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
        f"cause: when only {cause} changes, {len(shop.requests)} requests make "
        f"{count} graph{'s' * (count > 1)}. Which argument makes as many graphs as it has values?"
    )


@contextmanager
def counted() -> Iterator[Counter]:
    """Count the graphs that are made inside the `with` block, and the sums without a graph.

    Yields
    ------
    Counter
        With the keys "graphs" and "sums".
    """
    import tensorflow as tf

    counts, init, reduce_sum = Counter(), tf.Graph.__init__, tf.reduce_sum

    def make(graph, *details, **options):
        counts["graphs"] += tf.executing_eagerly()  # not the branches inside a graph
        init(graph, *details, **options)

    def add(*details, **options):
        counts["sums"] += tf.executing_eagerly()
        return reduce_sum(*details, **options)

    with mock.patch.object(tf.Graph, "__init__", make), mock.patch.object(tf, "reduce_sum", add):
        yield counts


def require_steady(steady: Callable[..., Any]) -> None:
    """Require that `steady` gives the right bills with few graphs.

    Parameters
    ----------
    steady : function of amounts, discount and member

    Raises
    ------
    NotYet
        A bill is wrong, or there are more than MOST graphs or calls without a graph.
    """
    with counted() as counts:
        _require_bills(steady)
    require(
        counts["sums"] <= MOST,
        f"the bills are right, but {counts['sums']} of {REQUESTS} were computed without a graph: "
        "your function runs the Python code of `bill` for each request. Call a tf.function.",
    )
    require(
        counts["graphs"] <= MOST,
        f"the bills are right, but your function made {counts['graphs']} new graphs for "
        f"{REQUESTS} requests. It should make at most {MOST}. A tf.function makes a new graph for "
        "each new Python value, and so does each new tf.function.",
    )


def _require_bills(steady: Callable[..., Any]) -> None:
    for amounts, discount, member in requests(seed=1):
        expected = right(amounts, discount, member)
        said = call(steady, amounts, discount, member)
        try:
            number = float(said)
        except (TypeError, ValueError):
            raise NotYet(
                f"your function should return one number, not {safe_repr(said)}."
            ) from None
        require(
            abs(number - expected) <= SAME_TOTAL * expected,
            f"with the discount {discount:.3f} and member {member}, your function should return "
            f"{expected:.2f}, but returns {number:.2f}.",
        )
