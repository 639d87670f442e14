"""Made inputs fit the spec, and come in several sizes and kinds of values."""

import numpy as np
import pytest

from helpers.artifact import Signature, TensorInfo
from helpers.readers.made_inputs import (
    MOST_NUMBERS,
    SIZE,
    SIZES,
    TEXTS,
    Hint,
    Trial,
    make,
    source,
    trials,
)


def signature(*specs):
    inputs = tuple(TensorInfo(f"x{n}", *spec) for n, spec in enumerate(specs))
    return Signature("serve", inputs, ())


IMAGES = signature(("float32", (None, None, 3)))
ROWS = signature(("float32", (None, 4)))


def test_open_axes_have_all_sizes():
    tried = trials(IMAGES)
    assert {trial.size for trial in tried} == set(SIZES) == {1, 3, 8, 64, 512}
    assert [(trial.rows, trial.size) for trial in tried[:2]] == [(3, SIZE), (1, 64)]


def test_open_rows_have_more_rows():
    tried = trials(ROWS)
    assert {trial.rows for trial in tried} == {1, 3, 8, 64, 512}
    assert [trial.rows for trial in tried[:2]] == [3, 1]


def test_a_fixed_shape_has_other_values_each_time():
    fixed = signature(("float32", (4, 1)))
    first, second = (make(fixed, trial)["x0"] for trial in trials(fixed)[:2])
    assert first.shape == second.shape == (4, 1) and (first != second).all()


def test_large_inputs_are_left_out():
    volumes = signature(("float32", (None, None, None, None)))
    sizes = [make(volumes, trial)["x0"].size for trial in trials(volumes)]
    assert max(sizes) <= MOST_NUMBERS and len(sizes) > 4
    huge = signature(("float32", (None, 3000, 3000)))
    assert len(trials(huge)) == 1, "the first is tried, whatever its size is"


@pytest.mark.parametrize(
    "dtype", ["float32", "bfloat16", "int8", "uint8", "int64", "string", "bool"]
)
def test_values_fit_the_dtype(dtype):
    one = signature((dtype, (None, 2)))
    for trial in trials(one):
        values = make(one, trial)["x0"]
        assert values.shape == (trial.rows, 2)
        if "int" in dtype:
            assert values.dtype == dtype and values.min() >= 0
        if dtype == "string":
            assert set(values.ravel()) <= set(TEXTS[trial.values])
        assert source(one.inputs[0], trial.values)


def test_a_flag_for_all_rows_is_false():
    flag = signature(("bool", ()), ("bool", (None,)))
    made = [make(flag, trial) for trial in trials(flag)]
    assert not any(values["x0"] for values in made)
    assert {bool(one) for values in made for one in values["x1"]} == {True, False}


def test_two_trials_share_no_values():
    one, three = (make(ROWS, Trial(rows, SIZE))["x0"] for rows in (1, 3))
    assert not np.isin(one, three).any()


def test_a_hint_makes_the_values():
    hint = Hint("sevens", lambda rng, shape, trial: np.full(shape, 7.0))
    assert (make(ROWS, Trial(3, SIZE), {"x0": hint})["x0"] == 7).all()
