"""The exercise of lesson 00: its only purpose is to show how exercises answer."""

from helpers.errors import safe_repr
from helpers.exercises.engine import call, exercise, require

NUMBERS = (3, 0, -1.5)


@exercise(
    "double",
    hints=[
        "A function gives its answer back with the word return.",
        "Two times a number is written number * 2.",
    ],
)
def q1(double):
    """Write a function that returns two times a number"""
    for number in NUMBERS:
        value = call(double, number)
        require(
            value is not None,
            f"double({number}) returned None. A function that prints its result returns nothing.",
        )
        require(
            not isinstance(value, bool | str) and _equal(value, 2 * number),
            f"double({number}) returned {safe_repr(value)}; {2 * number} is wanted.",
        )
    return "and the map below remembers it."


def _equal(value, wanted):
    try:
        return bool(value == wanted)
    except Exception:  # a learner's object may answer == with anything
        return False
