"""Answers that a softmax makes equal are compared before it; other constant answers are not."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact.saved_model import saved_model
from helpers.readers import last_step, rescue
from helpers.readers.compare import compare
from helpers.readers.outcomes import ANSWERS, NOT_TRIED, SAME

KEY = "serving_default"
layers = tf.keras.layers
ROWS = tf.TensorSpec((None, 3), tf.float32, name="x")


def small_weights(activation):
    """A network whose last layer is given values around 1e-12, as an untrained deep network is."""
    model = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(4, activation=activation)])
    model.set_weights([1e-12 * np.random.default_rng(0).normal(size=(3, 4)), np.zeros(4)])
    return model


def save(directory, function, spec=ROWS):
    module = tf.Module()
    module.weight = tf.Variable(1e-12)
    module.f = tf.function(lambda x: {"y": function(module.weight, x)}, input_signature=[spec])
    tf.saved_model.save(module, str(directory), signatures=module.f)
    return directory


@pytest.mark.parametrize(("activation", "step"), [("softmax", "Softmax"), ("sigmoid", "Sigmoid")])
def test_the_values_before_the_last_step_are_compared(tmp_path, activation, step):
    small_weights(activation).export(tmp_path / "export", verbose=False)
    report = compare(tmp_path / "export")
    assert [row.status for row in report.rows] == [ANSWERS, SAME, SAME] * 2
    (evidence,) = report.evidence
    (output,) = evidence.outputs
    assert evidence.before == step and output.power == "varies" and abs(output.most) < 1e-10
    assert f"the values before the last step, {step}, which answers the same" in report.text()
    assert report.as_dict()["compared"][0]["before"] == step


def test_the_step_is_found_behind_a_change_of_shape_and_in_a_graph_without_functions(tmp_path):
    directory = save(tmp_path / "moved", lambda w, x: tf.reshape(tf.nn.softmax(w * x), [-1, 3, 1]))
    assert last_step.write(directory, KEY, tmp_path / "copy") == ["Softmax"]
    x = np.float32([[1, 2, 3]])
    answer = readers.run(tmp_path / "copy", KEY, {"x": x}, "session")["y"]
    assert np.allclose(answer, 1e-12 * x[..., None], rtol=1e-5, atol=0)
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        given = v1.placeholder(tf.float32, (None, 3), "x")
        answers = tf.nn.sigmoid(given * 1e-12)
        v1.saved_model.simple_save(session, str(tmp_path / "old"), {"x": given}, {"y": answers})
    assert last_step.write(tmp_path / "old", KEY, tmp_path / "old copy") == ["Sigmoid"]
    answer = readers.run(tmp_path / "old copy", KEY, {"x": x})["y"]
    assert np.allclose(answer, 1e-12 * x, rtol=1e-5, atol=0)


def test_the_export_stays_as_it_is(tmp_path):
    small_weights("softmax").export(tmp_path / "export", verbose=False)
    before = saved_model(tmp_path / "export")
    compare(tmp_path / "export")
    assert saved_model(tmp_path / "export") == before


@pytest.mark.parametrize(
    "function",
    [lambda w, x: 0 * x + w, lambda w, x: tf.nn.softmax(0 * x), lambda w, x: tf.argmax(w * x, 1)],
)
def test_what_is_constant_before_the_last_step_too_is_not_tried(tmp_path, function):
    def constant(w, x):
        return function(w, tf.zeros_like(x))

    report = compare(save(tmp_path / "export", constant))
    assert [row.status for row in report.rows] == [ANSWERS, NOT_TRIED, NOT_TRIED]
    assert report.exit_status == 2 and not report.evidence[0].before


def test_a_reader_that_differs_before_the_last_step_is_not_called_the_same(tmp_path, monkeypatch):
    small_weights("softmax").export(tmp_path / "export", verbose=False)
    real = readers.run

    def run(where, key, feed, reader="python", **options):
        answer = real(where, key, feed, reader, **options)
        wrong = reader == "session" and where != tmp_path / "export"
        return {n: -v if wrong else v for n, v in answer.items()}

    monkeypatch.setattr(readers, "run", run)
    report = compare(tmp_path / "export", signature=KEY)
    assert [row.status for row in report.rows] == [ANSWERS, NOT_TRIED, SAME]


def test_a_model_whose_answers_vary_is_compared_as_it_is(tmp_path):
    directory = save(tmp_path / "export", lambda w, x: tf.nn.softmax(x))
    report = compare(directory)
    assert [row.status for row in report.rows] == [ANSWERS, SAME, SAME]
    assert not report.evidence[0].before


def test_a_rescue_is_proved_before_the_last_step(tmp_path):
    tf.saved_model.save(small_weights("softmax"), str(tmp_path / "old"))
    done = rescue.rescue(tmp_path / "old", tmp_path / "new")
    assert not done.refused and done.after.evidence[0].before == "Softmax"
