"""Lesson 00: right answers, named mistakes, untouched."""

import functools
import operator
import sys
import unittest.mock

import numpy as np

from helpers.exercises.outcomes import RAISED
from tests.exercises.proofs import Mistake, Proofs, prove


def answer(function):
    return lambda _: (function,)


def prints(number):
    print(number * 2)


def untouched(number):
    return ...


class Doubler:
    def __call__(self, number):
        return number + number


Q1 = Proofs(
    right={
        "lambda": answer(lambda number: number * 2),
        "an object that can be called": answer(Doubler()),
        "NumPy": answer(lambda number: np.multiply(number, 2)),
        "partial": answer(functools.partial(operator.mul, 2)),
        "a method of an object": answer(Doubler().__call__),
        "the same number twice": answer(lambda n: sum([n, n])),
    },
    wrong={
        "adds two": Mistake(answer(lambda n: n + 2), "double(3) should return 6, but returned 5"),
        "squares": Mistake(answer(lambda n: n * n), "double(3) should return 6, but returned 9"),
        "right for whole numbers only": Mistake(
            answer(lambda n: int(n) * 2), "double(-1.5) should return -3.0, but returned -2"
        ),
        "prints instead of returning": Mistake(answer(prints), "even if it prints"),
        "the result instead of the function": Mistake(answer(6), "the answer should be a function"),
        "a text": Mistake(answer(lambda n: str(2 * n)), "returned '6'"),
        "misspelt": Mistake(answer(lambda n: nubmer * 2), "spelt differently", RAISED),  # noqa: F821
        "takes no number": Mistake(answer(lambda: 6), "TypeError", RAISED),
        "ends the program": Mistake(answer(lambda n: sys.exit()), "SystemExit", RAISED),
    },
    near={
        "a table of the first numbers": answer({3: 6, 0: 0, -1.5: -3.0}.get),
        "right near 0": answer(lambda n: 2 * n if abs(n) < 1000 else n),
        "right above -2": answer(lambda n: 2 * n if n > -2 else n),
        "rounded": answer(lambda n: round(2 * n, 1)),
        "without the sign": answer(lambda n: 2 * abs(n)),
        "a list": answer(lambda n: [2 * n]),
        "an object that equals everything": answer(lambda n: unittest.mock.ANY),
        "adds n to a whole number": answer(lambda n: int(n + n) if n > 0 else n + n),
    },
    untouched=(untouched,),
)

globals().update(prove("00_start_here", {"q1": Q1}))
