"""What a refused shape needs: rows, more or fewer columns, or the right number of rows."""

import pytest

from helpers.errors.cure import cure
from helpers.errors.known_error import known_errors
from helpers.errors.shapes import shape_advice

ERROR = (
    "TypeError: Binding inputs to tf.function failed due to `Can not cast TensorSpec(shape={}, "
    "dtype=tf.float32, name='x') to TensorSpec(shape={}, dtype=tf.float32, name='x')`"
)
ADVICE = {  # (the shape passed, the saved shape, the value): what to do
    ("(2,)", "(None, 2)", (60, 30)): "Write a list of rows, also for one row: [[60, 30]].",
    ("(3,)", "(None, 2)", (1, 2, 3)): "Write a list of rows with 2 numbers each.",
    ("(3,)", "(None, 1)", (1, 2, 3)): "rows with one number each: [[1], [2], [3]].",
    ("(3,)", "(None, 1)", None): "rows with one number each: [[1.0], [1.0], [1.0]].",
    ("(900,)", "(None, 1)", range(900)): "rows with one number each: [[1.0], [1.0], [1.0]].",
    ("()", "(None, 2)", None): "Write lists with 2 pairs of brackets around each number.",
    ("()", "(None,)", None): "Write lists with 1 pair of brackets around each number.",
    ("(1, 1, 2)", "(None, 2)", None): "Write lists with 2 pairs of brackets around each number.",
    ("(0,)", "(None, 2)", ()): "Write lists with 2 pairs of brackets around each number.",
    ("(1, 3)", "(None, 2)", None): "your rows have 3 columns, and the signature takes 2.",
    ("(1, 1)", "(3, 1)", None): "you passed 1 row, and the signature takes exactly 3. Pass 3 rows,",
    ("(5,)", "(3,)", None): "you passed 5 numbers, and the signature takes exactly 3.",
    ("(1, 9, 8, 3)", "(None, 8, 8, 3)", None): "One of the sizes is 9 and should be 8.",
}


@pytest.mark.parametrize("shapes", ADVICE, ids=str)
def test_the_advice_fits_the_shapes(shapes):
    given, saved, value = shapes
    text = ERROR.format(given, saved)
    found = shape_advice(text, None if value is None else list(value))
    assert found.startswith(f"You passed the shape {given}, but the signature takes {saved}. ")
    assert ADVICE[shapes] in found
    assert cure(text, None if value is None else list(value)) == found


def test_wrong_rows_and_wrong_columns_are_both_named():
    found = shape_advice(ERROR.format("(1, 3)", "(3, 2)"))
    assert "takes exactly 3. Pass 3 rows" in found and "rows have 3 columns" in found


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: Can not cast TensorSpec(shape=(3,), …",
        ERROR.format("(3,)", "None"),
        ERROR.format("(3,)", "(3,)"),
        "ValueError: Cannot feed value of shape (3,) for Tensor x:0",
    ],
)
def test_without_two_shapes_the_table_answers(text):
    assert shape_advice(text) == ""
    error = known_errors()["shape-refused"]
    assert cure(text) in (f"{error.cause} {error.cure}", "")
