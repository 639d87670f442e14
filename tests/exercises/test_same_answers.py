"""An export answers as a function does, and a pass names the nearest wrong answer."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.artifact.saved_model import read
from helpers.exercises import battery
from helpers.exercises.export_checks import answers_to_batches
from helpers.exercises.outcomes import NotYet
from helpers.exercises.same_answers import nearest_wrong, require_same_answers

KEY = "serving_default"
ROWS = {"x": battery.numbers(1, exactly=[0.8])}


def labels(compare):
    return lambda x: {"label": compare(x, np.float32(0.8)).astype(int)}


@pytest.fixture(scope="module")
def slopes(tmp_path_factory):
    """An export that doubles its rows, and triples those of a batch of 7."""

    def answer(x):
        return {"y": x * tf.where(tf.shape(x)[0] == 7, 3.0, 2.0)}

    folder = tmp_path_factory.mktemp("slopes")
    module = tf.Module()
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.answer = tf.function(answer, input_signature=[spec])
    tf.saved_model.save(module, folder, signatures=module.answer)
    return read(folder)


@pytest.mark.parametrize("reader", ["python", "session", "litert"])
def test_the_first_batch_with_another_answer_is_named(slopes, reader):
    asked = []

    def double(x):
        asked.append(len(x))
        return {"y": 2 * x}

    with pytest.raises(NotYet, match=r", 7 rows: y should be .*, as model does, for the row x="):
        require_same_answers(slopes, KEY, ROWS, double, which=[reader], who="model")
    assert asked == [0, 1, 2, 7][reader == "litert" :]


def test_the_reference_computes_each_batch_once(slopes):
    asked = []

    def answer(x):
        asked.append(len(x))
        return {"y": x * (3 if len(x) == 7 else 2)}

    require_same_answers(slopes, KEY, ROWS, answer)
    assert asked == [0, 1, 2, 7, 300]


def test_an_answer_that_fails_is_told_after_those_before_it(slopes):
    batches = [{"x": np.ones((1, 1), np.float32)}, {"x": np.array([["word"]])}]
    answered = answers_to_batches(slopes, KEY, batches, "python")
    assert next(answered)["y"] == 2
    with pytest.raises(NotYet, match=r"fails in Python .*: TypeError: input x"):
        next(answered)


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
