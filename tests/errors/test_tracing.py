"""Python and NumPy in functions that are traced: the broken and the cured code."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.errors.find import find
from tests.errors.cells import ANSWERS, ROW, ROWS, check, endpoint, keys_of, lookup, make_model

OPEN = tf.TensorSpec((None, None), tf.float32, name="x")
WORDS = tf.TensorSpec((None,), tf.string, name="s")
SPECIES = ["red", "green"]
LARGEST = np.array([b"green"] * 3)


@pytest.fixture(scope="module")
def model():
    return make_model()


def predict_inside(model, export, folder):
    return endpoint(lambda x: {"y": model.predict(x, verbose=0)}, ROW, folder, model)


def call_inside(model, export, folder):
    return endpoint(lambda x: {"y": model(x)}, ROW, folder, model), ANSWERS


def predict_in_a_graph(model, export, folder):
    return tf.function(lambda x: model.predict(x, verbose=0))(ROWS)


def call_in_a_graph(model, export, folder):
    return tf.function(lambda x: model(x))(ROWS), ANSWERS


def size_of_the_graph(model, export, folder):
    def mean(x):
        return {"mean": tf.where(tf.shape(x)[1] > 1, tf.reduce_mean(x, 1), 0.0)}

    return endpoint(mean, OPEN, folder), ROWS.mean(axis=1)


def open_axis(function):
    return lambda model, export, folder: endpoint(function, OPEN, folder)


def compare_shape(x):
    return {"mean": tf.where(x.shape[1] > 1, tf.reduce_mean(x, 1), 0.0)}


def branch_by_shape(x):
    return {"mean": tf.reduce_mean(x, 1) if x.shape[1] >= 2 else x[:, 0]}


def divide_by_shape(x):
    return {"mean": tf.reduce_sum(x, 1) / x.shape[1]}


def loop_over_shape(x):
    return {"sum": sum(x[:, axis] for axis in range(x.shape[1]))}


def count_with_len(x):
    return {"mean": tf.reduce_sum(x, 0) / len(x)}


def zeros_of_shape(x):
    return {"zeros": tf.zeros(x.shape)}


def reshape_to_shape(x):
    return {"x": tf.reshape(x, (x.shape[0], 2))}


def answer_of(function, spec=ROW, rows=ROWS, expected=None):
    def ask(model, export, folder):
        return endpoint(lambda x: {"y": function(x)}, spec, folder, rows=rows), expected

    return ask


# what the learner writes: (key, broken, cured)
CELLS = {
    "predict in an endpoint": ("predict-in-an-endpoint", predict_inside, call_inside),
    "predict in a graph": ("predict-in-an-endpoint", predict_in_a_graph, call_in_a_graph),
    "an axis, compared": ("open-axis", open_axis(compare_shape), size_of_the_graph),
    "an axis in an if": ("open-axis", open_axis(branch_by_shape), size_of_the_graph),
    "an axis in a division": ("open-axis", open_axis(divide_by_shape), size_of_the_graph),
    "an axis in a loop": ("open-axis", open_axis(loop_over_shape), size_of_the_graph),
    "len": ("open-axis", open_axis(count_with_len), size_of_the_graph),
    "zeros of an open shape": ("open-axis", open_axis(zeros_of_shape), size_of_the_graph),
    "reshape to an open shape": ("open-axis", open_axis(reshape_to_shape), size_of_the_graph),
    "np.sum": (
        "numpy-in-a-graph",
        answer_of(lambda x: np.sum(x, axis=1)),
        answer_of(lambda x: tf.reduce_sum(x, 1), expected=ROWS.sum(axis=1)),
    ),
    "np.isnan": (
        "numpy-in-a-graph",
        answer_of(np.isnan),
        answer_of(tf.math.is_nan, expected=np.isnan(ROWS)),
    ),
    "whole times float": (
        "two-dtypes",
        answer_of(lambda x: x * tf.constant(2)),
        answer_of(lambda x: x * tf.cast(tf.constant(2), tf.float32), expected=ROWS * 2),
    ),
    "concat": (
        "two-dtypes",
        answer_of(lambda x: tf.concat([x, tf.ones((1, 2), tf.int64)], 0)),
        answer_of(
            lambda x: tf.concat([x, tf.cast(tf.ones((1, 2), tf.int64), tf.float32)], 0),
            expected=np.concatenate([ROWS, np.ones((1, 2))]),
        ),
    ),
    "x.mean": (
        "no-method-of-a-tensor",
        answer_of(lambda x: x.mean(axis=1)),
        answer_of(lambda x: tf.reduce_mean(x, axis=1), expected=ROWS.mean(axis=1)),
    ),
    "x.astype": (
        "no-method-of-a-tensor",
        answer_of(lambda x: x.astype("float64")),
        answer_of(lambda x: tf.cast(x, tf.float64), expected=ROWS),
    ),
    "s.upper": (
        "no-method-of-a-tensor",
        answer_of(lambda s: s.upper(), WORDS, ["a"]),
        answer_of(tf.strings.upper, WORDS, ["a"], np.array([b"A"])),
    ),
    "a list, indexed": (
        "tensor-as-an-index",
        answer_of(lambda x: SPECIES[tf.argmax(x, 1)]),
        answer_of(lambda x: tf.gather(tf.constant(SPECIES), tf.argmax(x, 1)), expected=LARGEST),
    ),
    "a dict, indexed": (
        "tensor-as-an-index",
        answer_of(lambda s: {"a": 1}[s], WORDS, ["a"]),
        lookup(vocabulary=["a", "b"]),
    ),
    "where with a whole number": (
        "two-dtypes",
        answer_of(lambda x: tf.where(x > 2, 1, 0.5)),
        answer_of(lambda x: tf.where(x > 2, 1.0, 0.5), expected=np.where(ROWS > 2, 1.0, 0.5)),
    ),
    "upper of numbers": (
        "operation-of-another-dtype",
        answer_of(tf.strings.upper),
        answer_of(
            lambda x: tf.strings.to_number(tf.strings.as_string(x)),
            expected=ROWS,
        ),
    ),
    "is_nan of words": (
        "operation-of-another-dtype",
        answer_of(tf.math.is_nan, WORDS, ["2"]),
        answer_of(lambda s: tf.math.is_nan(tf.strings.to_number(s)), WORDS, ["2"], [False]),
    ),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_broken_cell_finds_its_entry_and_the_cured_one_answers(cell, model, tmp_path):
    check(*CELLS[cell], model, None, tmp_path)


def test_every_entry_of_the_file_has_a_cell():
    assert keys_of("tracing") <= {key for key, *_ in CELLS.values()}


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: '>' not supported between instances of 'NoneType' and 'int'",
        "TypeError: int() argument must be a string, a bytes-like object or a real number, not "
        "'NoneType'",
        "TypeError: too many positional arguments",
        "KeyError: -1",
        'Traceback (most recent call last):\n  File "a.py", line 2, in f\n    if found > 3:\n'
        "TypeError: '>' not supported between instances of 'NoneType' and 'int'",
    ],
)
def test_the_same_words_of_plain_python_are_not_claimed(text):
    assert find(text).case is None
