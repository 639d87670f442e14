"""The exercise of lesson 00: its only purpose is to show how exercises answer."""

from helpers.exercises.exercise import exercise
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import require
from helpers.text import safe_repr

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
    name = getattr(double, "__name__", "double")
    name = name if isinstance(name, str) and name.isidentifier() else "double"
    for number in NUMBERS:
        value = call(double, number)
        require(
            value is not None,
            f"{name}({number}) returned None. A function without return gives None, also when it "
            "prints its result.",
        )
        require(
            not isinstance(value, bool | str) and _equal(value, 2 * number),
            f"{name}({number}) returned {safe_repr(value)}; {2 * number} is wanted.",
        )
    return "press Refresh on the map below, and it knows."


def _equal(value, wanted):
    try:
        return bool(value == wanted)
    except Exception:  # a learner's object may answer == with anything
        return False
