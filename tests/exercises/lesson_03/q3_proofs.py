"""Proofs that two endpoints agree, as learners of lesson 03 write them, right and wrong."""

import functools
import itertools
import os

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_03.notebook_model import plane
from helpers.exercises.outcomes import RAISED
from tests.exercises.lesson_03.answers import BIAS, notebook
from tests.exercises.proofs import Mistake, Proofs

SPECIAL = (0.0, 7.0, -3.0, 1e6, -1e6, np.nan, np.inf)


def compared(rows=(1, 5), thirds=SPECIAL, negative=True, same=np.allclose, noise=True, equal=False):
    """A proof that looks at this much."""

    def proof(two, three):
        rng = np.random.default_rng(1)
        for n, third in itertools.product(rows, (*thirds, *([None] if noise else []))):
            a = rng.normal(size=(n, 2)).astype(np.float32)
            a = a if negative else abs(a)
            a = a[:, [0, 0]] if equal else a
            last = rng.normal(size=n) if third is None else np.full(n, third)
            if not same(two(a), three(np.column_stack([a, last]))):
                return False
        return True

    return lambda _: (proof,)


def with_tensors(two, three):
    for n in (1, 2, 50):
        a = tf.random.normal((n, 2), stddev=10.0)
        for scale in (0.0, 1.0, 1e7, float("nan")):
            b = tf.concat([a, scale * tf.random.normal((n, 1))], axis=1)
            if tf.reduce_any(~(tf.abs(two(a) - three(b)) < 1e-3)):
                return False
    return True


def in_one_comparison(two, three):
    grid = list(itertools.product((-2.0, 0.5, 3.0), (-1.0, 4.0), (*SPECIAL, 0.1)))
    b = np.array(grid, np.float32)
    each = np.concatenate([three(row[None]) for row in b])
    both = np.concatenate([three(b), each])
    return np.allclose(np.concatenate([two(b[:, :2])] * 2), both)


def as_a_tensor(two, three):
    return tf.constant(compared()(None)[0](two, three))


def asserting(two, three):
    a = np.ones((2, 2))
    np.testing.assert_allclose(two(a), three(np.ones((2, 3))))
    return True


def against_the_line(two, three):
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    return np.allclose(three(rows), plane(rows), atol=1e-3)


def wrong_shape(two, three):
    return two(np.ones(2)) == three(np.ones(3))


def leaving(two, three):
    raise SystemExit(0)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


def unprintable(two, three):
    raise Unprintable


def first_agree(_):
    """The order of the pairs instead of the pairs."""
    answered = []

    def proof(two, three):
        answered.append(two)
        return len(answered) <= 3

    return (proof,)


def moving(two, three):
    os.chdir("/")
    return compared()(None)[0](two, three)


def forgiving(two, three):
    """The comparisons in which `three` raises no error."""

    def tolerant(b):
        try:
            return three(b)
        except tf.errors.InvalidArgumentError:
            return two(b[:, :2])

    return compared()(None)[0](two, tolerant)


def strict(two, three):
    try:
        return compared()(None)[0](two, three)
    except tf.errors.InvalidArgumentError:
        return False


def training(two, three):
    """A proof that moves the notebook's model, and then back for the next test."""
    bias = notebook()["model"].dense.bias
    moved = float(bias[0]) != np.float32(BIAS)
    bias.assign([BIAS if moved else BIAS + 1])
    return compared()(None)[0](two, three)


class Proof:
    """A proof as an object that can be called."""

    def __init__(self, rows):
        self.rows = rows

    def __call__(self, two, three):
        return compared(rows=self.rows)(None)[0](two, three)


def largest_gap(a, b):
    return not np.any(np.abs(a - b) > 1e-4)


def second_not_negative(two, three):
    thirds = [0, -3, 1e6, np.nan]
    many = np.float32([[a, b, c] for a in (2, -1) for b in (0.5, 4) for c in thirds])
    tests = [many, *(many[n : n + 1] for n in range(16)), *(many[n::4] for n in range(4))]
    return all(np.allclose(two(rows[:, :2]), three(rows)) for rows in tests)


PROOFS = Proofs(
    right={
        "special values and noise": compared(),
        "with tensors": lambda _: (with_tensors,),
        "in one comparison": lambda _: (in_one_comparison,),
        "a tensor as the verdict": lambda _: (as_a_tensor,),
        "a wider tolerance": compared(same=lambda a, b: np.allclose(a, b, atol=1e-3)),
        "a boolean of numpy": lambda _: (
            lambda two, three: np.bool_(compared()(None)[0](two, three)),
        ),
        "an object": lambda _: (Proof((1, 3, 40)),),
        "a partial function": lambda _: (functools.partial(compared(rows=(1, 9))(None)[0]),),
        "an error is a difference": lambda _: (strict,),
        "a lambda": lambda folder: (lambda two, three: compared()(folder)[0](two, three),),
    },
    wrong={
        "always True": Mistake(lambda _: (lambda two, three: True,), "adds half of the third"),
        "always False": Mistake(
            lambda _: (lambda two, three: False,), "but returns False: predict_two and"
        ),
        "compared with ==": Mistake(compared(same=np.array_equal), "last binary digit"),
        "against known numbers": Mistake(lambda _: (against_the_line,), "of another model"),
        "zeros only": Mistake(compared(thirds=(0.0,), noise=False), "adds half of the third"),
        "no large numbers": Mistake(compared(thirds=(1.0, -1.0)), "only when it is above 500,000"),
        "no negative numbers": Mistake(
            compared(thirds=(1.0, 1e6), noise=False), "only when it is negative"
        ),
        "a constant third column": Mistake(
            compared(thirds=(1.0, -1.0, 1e6), noise=False), "only where it varies"
        ),
        "a constant third column, with nan": Mistake(
            compared(noise=False), "only where it varies from row to row"
        ),
        "two equal columns": Mistake(compared(equal=True), "two columns in reverse order"),
        "an error counts as agreement": Mistake(
            lambda _: (forgiving,), "raises an error when the third column holds inf or nan"
        ),
        "the notebook's model changed": Mistake(
            lambda _: (training,), "your proof should leave model as it is, but changed it"
        ),
        "positive features": Mistake(
            compared(negative=False), "only where the first column is negative"
        ),
        "the first row": Mistake(
            compared(same=lambda a, b: np.allclose(a[0], b[0])), "last row of a batch"
        ),
        "the sum of the rows": Mistake(
            compared(same=lambda a, b: np.allclose(np.sum(a), np.sum(b))), "in reverse order"
        ),
        "single rows only": Mistake(compared(rows=(1,)), "only where it varies from row to row"),
        "batches only": Mistake(compared(rows=(5,)), "wrong for a single row"),
        "a wide tolerance": Mistake(
            compared(same=lambda a, b: np.allclose(a, b, atol=0.1)), "is off by 0.01"
        ),
        "never 0": Mistake(compared(thirds=(0.01, *SPECIAL[1:])), "takes 0 in the third column"),
        "never nan": Mistake(compared(thirds=(0.0, -3.0, 1e6)), "when it holds inf or nan"),
        "nan slips through": Mistake(compared(same=largest_gap), "when it holds inf or nan"),
        "an assertion": Mistake(lambda _: (asserting,), "but raises AssertionError"),
        "no return": Mistake(
            lambda _: (lambda two, three: None,),
            "what your proof returns should be True or False, but is None",
        ),
        "an array": Mistake(
            lambda _: (lambda two, three: np.ones(3) > 0,), "but is an array of bool of shape (3,)"
        ),
        "a huge text": Mistake(lambda _: (lambda two, three: "x" * 10**7,), "but is 'xxx"),
        "the first pairs agree": Mistake(
            first_agree, "Your proof has returned True for this pair before"
        ),
        "not a function": Mistake(
            lambda _: (True,), "the answer should be a function, but is True"
        ),
        "without the batch": Mistake(
            lambda _: (wrong_shape,), "two takes rows of shape (n, 2), not (2,)", RAISED
        ),
        "one argument": Mistake(lambda _: (lambda two: True,), "TypeError", RAISED),
        "sys.exit": Mistake(lambda _: (leaving,), "SystemExit", RAISED),
        "an unprintable exception": Mistake(lambda _: (unprintable,), "cannot be printed", RAISED),
        "another folder": Mistake(lambda _: (moving,), "should leave the working directory"),
    },
    near={
        "1 and 0": lambda _: (lambda two, three: int(compared()(None)[0](two, three)),),
        "the opposite": lambda _: (lambda two, three: not compared()(None)[0](two, three),),
        "only a million": compared(thirds=(1e6,), noise=False),
        "the second column is never negative": lambda _: (second_not_negative,),
        "only two rows": compared(rows=(2,)),
        "the mean of the gap": compared(same=lambda a, b: abs(np.mean(a - b)) < 1e-3),
        "an absolute tolerance of 0.02": compared(
            same=lambda a, b: np.allclose(a, b, rtol=0, atol=0.02)
        ),
        "the sorted scores": compared(
            same=lambda a, b: np.allclose(np.sort(a, axis=0), np.sort(b, axis=0))
        ),
        "smaller answers pass": compared(same=lambda a, b: bool(np.all(b - a <= 1e-3))),
        "larger answers pass": compared(same=lambda a, b: bool(np.all(a - b <= 1e-3))),
        "nan equals anything": compared(
            same=lambda a, b: bool(np.all(np.isclose(a, b) | np.isnan(b)))
        ),
    },
    untouched=(lambda two, three: ...,),
)
