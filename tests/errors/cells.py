"""What the tests of single cells share: rows, a model, its export, and the check of a cell.

A cell is a function of the model, of its export, and of a folder to write in. The broken one
raises, and the cured one returns its answer and the expected one.
"""

import tomllib
import traceback

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.errors.cure import entry
from helpers.errors.find import find
from helpers.errors.known_error import FOLDER
from helpers.errors.messages import describe

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)
ROW = tf.TensorSpec((None, 2), tf.float32, name="x")
ANSWERS = ROWS @ np.array([[1.0], [2.0]], np.float32) + 0.5


def make_model():
    """Return a Keras model that answers ANSWERS for ROWS."""
    model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(1)])
    model.set_weights([np.array([[1.0], [2.0]]), np.array([0.5])])
    return model


def endpoint(function, spec, folder, tracked=None, rows=ROWS):
    """Export a function of one argument and return the loaded endpoint's answer."""
    archive = keras.export.ExportArchive()
    if tracked is not None:
        archive.track(tracked)
    archive.add_endpoint("f", function, [spec])
    archive.write_out(folder / "written", verbose=False)
    loaded = tf.saved_model.load(folder / "written")
    return next(iter(loaded.f(tf.constant(rows)).values()))


def lookup(**options):
    def look(model, export, folder):
        layer = keras.layers.StringLookup(**options)
        return layer(tf.constant(["a", "b"])), [1, 2]

    return look


def check(key, broken, cured, model, export, folder):
    """Check that the broken cell finds its entry, in both ways, and that the cured cell answers."""
    with pytest.raises(Exception) as caught:
        broken(model, export, folder / "broken")
    text = "".join(traceback.format_exception(caught.value))
    found = find(text).case
    assert found and found.key == key, text[-600:]
    frames = "".join(traceback.format_tb(caught.value.__traceback__))
    assert entry(describe(caught.value), frames) is found
    got, expected = cured(model, export, folder / "cured")
    got = np.asarray(got)
    if got.dtype.kind == "f":
        np.testing.assert_allclose(got, expected, rtol=1e-5)
    else:
        np.testing.assert_array_equal(got, expected)


def keys_of(file):
    """The keys of the entries in one file of the table."""
    content = tomllib.loads((FOLDER / f"{file}.toml").read_text(encoding="utf-8"))
    return {error["key"] for error in content["error"]}
