"""What `show_error` keeps of an error."""

import keras
import pytest
import tensorflow as tf

from helpers.errors.messages import show_error


def test_an_error_in_a_layer_is_shown_with_its_cause(capsys):
    class Mean(keras.Model):
        def call(self, x):
            return tf.reduce_sum(x) / x.shape[0]

    mean = Mean()
    mean(tf.ones((1, 1)))
    with show_error():
        mean.export("not written", verbose=False)
    assert capsys.readouterr().out == "ValueError: None values not supported.\n"


@pytest.mark.parametrize("message", ["Exception encountered when calling Mean.call().", "plain"])
def test_an_error_without_a_cause_keeps_its_line(capsys, message):
    with show_error():
        raise ValueError(message)
    assert capsys.readouterr().out == f"ValueError: {message}\n"
