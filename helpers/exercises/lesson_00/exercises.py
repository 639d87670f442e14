"""The exercise of lesson 00, which shows how exercises answer."""

from helpers.exercises import answer_types
from helpers.exercises.examples import require_for_all
from helpers.exercises.exercise import exercise
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

NUMBERS = (3, 0, -1.5)  # these first: their messages are the easiest to read
LARGEST = 10**6  # of the drawn numbers


@exercise(
    "q1",
    "double",
    hints=[
        "A function gives its answer back with the word return.",
        "In Python, number * 2 is two times a number.",
    ],
)
def double_a_number(double):
    """Write a function that returns two times a number"""
    from hypothesis import strategies as st

    name = getattr(double, "__name__", "double")
    name = name if isinstance(name, str) and name.isidentifier() else "double"

    def require_double(number):
        value = call(double, number)
        require(
            value is not None,
            f"{name}({number}) should return {2 * number}, but returned None. A function without "
            "return gives None, even if it prints its result.",
        )
        require(
            _equal(value, 2 * number),
            f"{name}({number}) should return {2 * number}, but returned {safe_repr(value)}.",
        )

    for number in NUMBERS:
        require_double(number)
    numbers = st.integers(-LARGEST, LARGEST) | st.floats(-LARGEST, LARGEST)
    require_for_all(require_double, numbers)
    return "press Refresh on the map below, and the map shows this exercise as passed."


def _equal(value, expected):
    try:
        return answer_types.number(value, "") == expected
    except NotYet:
        return False
