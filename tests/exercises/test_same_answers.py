"""A pass names the wrong answer that is nearest to the right one."""

import numpy as np
import pytest

from helpers.exercises import battery
from helpers.exercises.same_answers import nearest_wrong

ROWS = {"x": battery.numbers(1, exactly=[0.8])}


def labels(compare):
    return lambda x: {"label": compare(x, np.float32(0.8)).astype(int)}


def test_the_nearest_wrong_answer_is_named_with_its_row():
    others = {
        "`<` in place of `>`": labels(np.less),
        "`>=` in place of `>`": labels(np.greater_equal),
    }
    words = nearest_wrong(ROWS, labels(np.greater), others)
    assert "`>=` in place of `>`" in words and "in 1 of 300 rows" in words and "0.8" in words


def test_a_difference_within_the_tolerance_tells_nothing():
    with pytest.raises(ValueError, match="no row of the check tells a nudge"):
        nearest_wrong(ROWS, lambda x: {"y": x}, {"a nudge": lambda x: {"y": x * (1 + 1e-6)}})


def test_one_of_several_outputs_is_enough():
    def two(x, more=""):
        return {"number": x[:, 0], "word": np.array([f"{v > 0}{more}" for v in x[:, 0]], object)}

    words = nearest_wrong(ROWS, two, {"other words": lambda x: two(x, "!")})
    assert "other words" in words and "in 300 of 300 rows" in words
