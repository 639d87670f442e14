"""Two answers are the same if rounding explains the difference, and only then."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.readers import sameness
from helpers.readers.sameness import close, difference, differences, same

BFLOAT16 = tf.bfloat16.as_numpy_dtype
CASES = {
    # what: (dtype, reference, answer, whether they are the same)
    "float32, rounding": ("f4", [0.5, 1.25, -3.1], [0.500001, 1.25, -3.1], True),
    "float32, more": ("f4", [0.5, 1.25, -3.1], [0.501, 1.25, -3.1], False),
    "sums of 2,000 numbers": ("f4", [0.03, -0.04, 0.02, 5e-4], [0.03, -0.04, 0.02, 5.006e-4], True),
    "tiny, rounding": ("f4", [1e-6, 2e-6], [1.00001e-6, 2e-6], True),
    "tiny, others": ("f4", [1e-6, 2e-6], [9e-6, 0], False),
    "tiny beside large": ("f4", [0.9, 1e-6, 2e-6, 1e-6], [0.9, 9e-6, 0, 1e-6], False),
    "small beside huge": ("f4", [1.5, 2.5, 1e6], [2.5, 1.5, 1e6], False),
    "one row of two units": ("f4", [[0.5, 1e6]], [[1.5, 1e6]], False),
    "zeros and something": ("f4", [0, 0], [0, 1e-9], False),
    "cancellation": ("f4", [1e5 + 0.5, 3e5, -2e5, 0.001], [1e5 + 0.5, 3e5, -2e5, 0.01], True),
    "a column of small numbers": (
        "f4",
        [[1.5, 1e6, 1e6, 1e6, 1e6]] * 3,
        [[2.5, 1e6, 1e6, 1e6, 1e6]] * 3,
        False,
    ),
    "float16, rounding": ("f2", [0.5, 1.25], [0.501, 1.25], True),
    "float16, more": ("f2", [0.5, 1.25], [0.52, 1.25], False),
    "bfloat16, rounding": (BFLOAT16, [0.5, 1.25], [0.5, 1.26], True),
    "bfloat16, more": (BFLOAT16, [0.5, 1.25], [0.5, 1.5], False),
    "float64, rounding": ("f8", [0.1, 0.7], [0.1 + 1e-13, 0.7], True),
    "float64, computed as float32": ("f8", [0.1, 0.7], np.float32([0.1, 0.7]), False),
    "complex64": ("c8", [1 + 1j], [1.00001 + 1j], True),
    "complex64, more": ("c8", [1 + 1j], [1 + 1.01j], False),
    "whole numbers": ("i8", [3_000_000_000], [3_000_000_000], True),
    "whole numbers, one apart": ("i8", [3_000_000_000], [3_000_000_001], False),
    "whole numbers in float32": ("f4", [100_000, 7], [100_001, 7], False),
    "texts": (object, [b"a", b"b"], [b"a", b"b"], True),
    "other texts": (object, [b"a", b"b"], [b"a", b"c"], False),
    "nan and infinity": ("f4", [np.nan, np.inf, 1.5], [np.nan, np.inf, 1.5], True),
    "other infinity": ("f4", [np.inf, 1.5], [-np.inf, 1.5], False),
    "nan in one": ("f4", [np.nan, 1.5], [1.5, 1.5], False),
    "empty": ("f4", [], [], True),
    "a scalar": ("f4", 0.25, 0.2500001, True),
}


@pytest.mark.parametrize("what", CASES)
def test_what_rounding_explains(what):
    dtype, left, right, expected = CASES[what]
    left, right = np.array(left, dtype), np.array(right, dtype)
    assert close(left, right) == expected
    assert same({"y": left}, {"y": right}) == expected


def test_float64_that_was_computed_in_float32_has_its_tolerance():
    left = np.float32([0.1, 0.7]).astype("f8")
    right = np.float32([0.1000001, 0.7]).astype("f8")
    assert (left != right).any() and close(left, right)


def test_other_dtypes_of_one_value():
    assert close(np.array([1, 2], "i4"), np.array([1, 2], "i8"))
    assert not close(np.array([1, 2], "i4"), np.array([1.00001, 2], "f4"))
    assert close(np.float32([0.1, 0.7]), np.float32([0.1, 0.7]).astype("f8"))


def test_each_output_is_told_by_name():
    left = {
        "kept": np.zeros(3, "i4"),
        "score": np.ones(2, "f4"),
        "same": np.ones(1),
        "a": np.ones(1),
    }
    right = {
        "kept": np.zeros(5, "i4"),
        "score": np.zeros(2, "f4"),
        "same": np.ones(1),
        "b": np.ones(1),
    }
    told = [(found.output, found.words) for found in differences(left, right)]
    assert told == [
        ("a", "is missing"),
        ("b", "is not an output of the reference"),
        ("kept", "has the shape (5,), not (3,)"),
        ("score", "has other values"),
    ]
    assert differences(left, right)[3].largest == 1.0


def test_largest_difference():
    assert difference({"y": np.float32([1, 2])}, {"y": np.float32([1, 2.5])}) == 0.5
    assert difference({"y": np.float32([1])}, {"y": np.float32([1, 2])}) == np.inf
    assert difference({"y": np.array(["a"])}, {"y": np.array(["b"])}) == np.inf
    assert difference({"y": np.array([1], BFLOAT16)}, {"y": np.array([1.5], BFLOAT16)}) == 0.5


def levels(changes=1, step=1, count=5000, different=200, dtype="uint8", start=0):
    """Return whole numbers, and the same with some changed."""
    left = (np.arange(count) % different + start).astype(dtype)
    right = left.copy()
    right[: changes * 7 : 7] += np.array(step, dtype)
    return left, right


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_few_of_many_whole_numbers_may_be_rounded_in_the_other_direction(dtype):
    left, right = levels(changes=5, dtype=dtype)
    assert sameness.rounded_apart(left, right) and sameness.close(left, right)
    assert not sameness.rounded_apart(left, left), "nothing differs"


@pytest.mark.parametrize(
    "options",
    [
        {"changes": 6},
        {"step": 2},
        {"count": 999},
        {"different": 15},
        {"start": 70_000, "dtype": "int32"},
        {"start": 70_000, "dtype": "float32"},
    ],
    ids=str,
)
def test_other_whole_numbers_must_be_equal(options):
    left, right = levels(**options)
    assert not sameness.close(left, right)


def test_rounding_is_no_excuse_for_texts_and_infinity():
    texts = np.array([f"word {n}" for n in range(5000)], object)
    assert not sameness.close(texts, np.roll(texts, 1))
    left, right = levels(dtype="float32")
    right[0] = np.inf
    assert not sameness.close(left, right)
