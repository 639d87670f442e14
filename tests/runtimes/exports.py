"""What the tests of the runtimes share: exports, made once, and what to do where one is missing."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.models import ComplexModel, LinearModel, MultiSignatureModel
from helpers.readers import compare

KEY = "serving_default"
ROWS = (1, 3, 100)
TWO = {"predict_two", "predict_three"}
FLOATS = tf.TensorSpec((None, 1), tf.float32, name="x")


def need(runtime):
    """Skip a test of what is not here; fail it where REQUIRE_RUNTIMES is set, as in CI."""
    if lacking := runtimes.missing(runtime):
        demanded = os.environ.get("REQUIRE_RUNTIMES", "") not in ("", "0")
        (pytest.fail if demanded else pytest.skip)(f"{runtime}: {lacking}")


def ask(directory, x, runtime, **options):
    (answer,) = runtimes.run(directory, KEY, {"x": x}, runtime, **options).values()
    return answer


@functools.cache
def folder():
    made = Path(tempfile.mkdtemp(prefix="exports-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def save(name, function, *specs, weight=2.0):
    """An export of `function` of a variable and of inputs."""
    module = tf.Module()
    module.weight = tf.Variable(weight)
    module.f = tf.function(lambda *x: function(module.weight, *x), input_signature=specs)
    tf.saved_model.save(module, str(folder() / name), signatures=module.f)
    return folder() / name


@functools.cache
def doubles():
    return save("doubles", lambda w, x: w * x, FLOATS)


@functools.cache
def hangs():
    """Answers to numbers from 1e9 on, and never to smaller ones."""

    def until_large(w, x):
        return tf.while_loop(lambda x: tf.reduce_all(x < 1e9), lambda x: (x * 1.0,), [x])

    return save("hangs", until_large, FLOATS)


@functools.cache
def exports():
    """{name: directory} of the three reference models, their weights random."""

    def with_weights(model, columns):
        model(tf.zeros((1, columns)))
        chance = np.random.default_rng(7)
        model.set_weights([chance.normal(0, len(w) ** -0.5, w.shape) for w in model.get_weights()])
        return model

    with_weights(LinearModel(), 1).export(folder() / "linear", verbose=False)
    with_weights(ComplexModel(), 10).export(folder() / "complex", verbose=False)
    model, archive = with_weights(MultiSignatureModel(), 2), keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict_two", model.predict_first_two_features)
    archive.add_endpoint("predict_three", model.predict_first_three_features)
    archive.write_out(folder() / "multi", verbose=False)
    return {name: folder() / name for name in ("linear", "complex", "multi")}


def differences(name, runtime):
    """(key, rows, the largest difference from Python) of every signature of one of `exports()`."""
    for key, signature in readers.signatures(exports()[name]).items():
        (given,) = signature.inputs
        for rows in (*ROWS, 1):  # and back again
            x = np.random.default_rng(rows).normal(size=(rows, given.shape[1])).astype("float32")
            expected = readers.run(exports()[name], key, {given.name: x})
            got = runtimes.run(exports()[name], key, {given.name: x}, runtime)
            assert {k: (v.shape, v.dtype) for k, v in got.items()} == {
                k: (v.shape, v.dtype) for k, v in expected.items()
            }
            yield key, rows, compare.difference(expected, got)
