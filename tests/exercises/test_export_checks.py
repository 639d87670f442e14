"""Checks of an export that several lessons share."""

import pytest
import tensorflow as tf

from helpers.artifact.saved_model import read
from helpers.exercises.export_checks import measured, require_weights
from helpers.exercises.outcomes import NotYet

KEY = "serving_default"


def exported(folder, function):
    """Save a function of x and of a variable with the value 2."""
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.answer = tf.function(lambda x: function(x, module.weight), input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures=module.answer)
    return read(folder)


def test_weights_that_count(tmp_path):
    found = exported(tmp_path, lambda x, w: {"y": w * x, "large": w * x > 1})
    require_weights(found, KEY, {"x": [[1.0], [2.0]]})


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: {"y": 2 * x},
        lambda x, w: {"y": 2 * x + 0 * w},
        lambda x, w: {"double": w * x, "y": 2 * x},
    ],
)
def test_an_output_that_does_not_read_the_weights(tmp_path, function):
    found = exported(tmp_path, function)
    with pytest.raises(NotYet, match="should compute y with the weights"):
        require_weights(found, KEY, {"x": [[1.0], [2.0]]})


def test_a_call_is_measured():
    assert measured(lambda: tf.ones((2, 1))) == "It returns a tensor of shape (2, 1)."
    assert measured(lambda: {"y": tf.ones(3)}) == "It returns a dict with 'y' of shape (3,)."
    assert measured(lambda: 1 // 0).startswith("It raises ZeroDivisionError")
