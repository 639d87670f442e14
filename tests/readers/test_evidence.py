"""What answers show: nothing if they are empty or the same for all inputs."""

import numpy as np
import pytest

from helpers.artifact import Signature, TensorInfo
from helpers.readers.evidence import ALONE, CONSTANT, EMPTY, VARIES, WEAK, gather, powers

OPEN = Signature(
    "serve", (TensorInfo("x", "float32", (None, 1)),), (TensorInfo("y", "float32", None),)
)
FIXED = Signature("serve", (TensorInfo("x", "float32", (3,)),), (TensorInfo("y", "float32", (3,)),))
NO_INPUTS = Signature("serve", (), (TensorInfo("y", "float32", ()),))
THREE, ONE = {"x": np.zeros((3, 1))}, {"x": np.zeros((1, 1))}


def power(signature, feeds, *answers):
    (found,) = powers(signature, feeds, [{"y": np.array(one)} for one in answers]).values()
    return found


CASES = {
    # what: (answers to three rows and to one row, power)
    "varies": ([[1.0], [2.0], [3.0]], [[4.0]], VARIES),
    "empty": (np.zeros((3, 0, 3)), np.zeros((1, 0, 3)), EMPTY),
    "one number": ([[1.0]] * 3, [[1.0]], CONSTANT),
    "one row of numbers": ([[0.1, 0.9]] * 3, [[0.1, 0.9]], CONSTANT),
    "nothing but nan": ([[np.nan]] * 3, [[np.nan]], CONSTANT),
    "one text": ([b"red"] * 3, [b"red"], CONSTANT),
    "texts": ([b"red", b"red", b"blue"], [b"red"], VARIES),
    "rounding": (np.float32([[0.1]] * 3), np.float32([[0.10000001]]), CONSTANT),
    "less than the tolerance": (np.float32([[1.5], [1.5], [1.50002]]), np.float32([[1.5]]), WEAK),
    "a number for all rows": (2.0, 5.0, VARIES),
    "the same number for all rows": (2.0, 2.0, CONSTANT),
    "zeros of another length": (np.zeros(64), np.zeros(8), CONSTANT),
}


@pytest.mark.parametrize("what", CASES)
def test_power_of_an_output(what):
    three, one, expected = CASES[what]
    assert power(OPEN, [THREE, ONE], three, one) == expected


def test_positions_of_a_fixed_answer_are_not_rows():
    feeds = [{"x": np.zeros(3)}, {"x": np.ones(3)}]
    assert power(FIXED, feeds, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == CONSTANT
    assert power(FIXED, feeds, [1.0, 2.0, 3.0], [1.0, 2.0, 4.0]) == VARIES


def test_one_answer_is_neither_constant_nor_varied():
    assert power(FIXED, [{"x": np.zeros(3)}], [1.0, 1.0, 1.0]) == ALONE
    assert power(OPEN, [THREE, ONE], np.zeros((3, 0)), np.ones((1, 2))) == ALONE
    assert power(OPEN, [ONE], [[2.0]]) == ALONE


def test_a_function_without_inputs_has_one_answer():
    assert power(NO_INPUTS, [{}], 3.0) == VARIES
    assert power(NO_INPUTS, [{}], np.zeros(0)) == EMPTY


def told(answers, figures=False):
    answers = [{"y": np.array(one, "f4")} for one in answers]
    shapes, sources = {"x": [(3, 1), (1, 1)]}, {"x": "random numbers around 0"}
    found = gather(["serve"], OPEN, [THREE, ONE], answers, shapes, sources, 2, ["x (3, 8)"])
    return found, found.text(figures)


def test_the_text_says_what_was_compared():
    found, text = told([[[1.5], [2.5], [3.5]], [[2.5]]])
    assert text == (
        "Compared for serve: 4 values of y, 3 different, for x (3, 1) and (1, 1): random numbers "
        "around 0. "
        "Allowed difference of float32: 0.0001 of a value plus 0.0001 of a typical value. "
        "Not compared, because Python refuses them: x (3, 8)."
    )
    assert ", from 1.5 to 3.5, for x" in told([[[1.5], [2.5], [3.5]], [[2.5]]], figures=True)[1]
    (output,) = found.as_dict()["outputs"]
    assert (output["values"], output["least"], output["most"]) == (4, 1.5, 3.5)
    assert found.as_dict()["inputs"][0]["shapes"] == ((3, 1), (1, 1))


def test_the_text_says_that_nothing_was_compared():
    assert "no values of y (empty)" in told([np.zeros((3, 0)), np.zeros((1, 0))])[1]
    assert "1 value of y for one input, for x" in told([np.zeros((3, 0)), [[2]]])[1]
    assert "4 values of y (the same for all inputs tried)" in told([[[2]] * 3, [[2]]])[1]
