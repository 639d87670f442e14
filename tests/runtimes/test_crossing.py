"""The table of signatures by runtime: its marks, and what it says of a missing runtime."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import runtimes
from helpers.artifact.saved_model import NotAnArtifact
from helpers.runtimes.crossing import FAILS, OTHER, SAME, STEADY, crossing
from helpers.runtimes.parity import parity
from tests.runtimes.exports import FLOATS, KEY, TWO, doubles, exports, save


def test_litert_has_all_signatures():
    found = crossing(exports()["multi"], which=["litert"])
    assert found.columns == ("python", "litert")
    assert found.marks == dict.fromkeys(sorted(TWO | {KEY}), (SAME, SAME))


def test_other_numbers_and_errors_have_their_marks():
    overflows = save("overflows", lambda w, x: w * tf.math.softplus(x), FLOATS)
    x = {"x": np.float32([[100.0]])}
    assert crossing(overflows, x, ["litert"]).marks == {KEY: (SAME, OTHER)}
    assert crossing(overflows, {"x": np.float32([[1.0]])}, ["litert"]).marks == {KEY: (SAME, SAME)}
    joins = save(
        "joins",
        lambda w, x: tf.strings.join([x, "!"]),
        tf.TensorSpec((None,), tf.string, name="x"),
    )
    assert crossing(joins, which=["litert"]).marks == {KEY: (SAME, FAILS)}


def test_an_export_that_python_cannot_call():
    def in_python(w, x):
        return tf.numpy_function(lambda x: x, [x], tf.float32)

    assert crossing(save("in python", in_python, FLOATS), which=["litert"]).marks == {
        KEY: (FAILS, FAILS)
    }


def test_text_and_html_have_the_same_marks_and_say_what_is_missing(monkeypatch):
    sentence = "OpenVINO is not installed here: <make runtimes>"
    monkeypatch.setattr(runtimes, "missing", lambda name: sentence if name != "litert" else "")
    found = crossing(doubles(), which=["litert", "openvino-f32", "openvino"])
    assert found.columns == ("python", "litert") and found.missing == (sentence,)
    assert str(found).splitlines()[-1] == sentence
    assert f"{KEY}  {SAME}       {SAME}" in str(found) == repr(found)
    html = found._repr_html_()
    assert "&lt;make runtimes&gt;" in html and html.count(">✓<") == 2


def test_wrong_names_and_folders(tmp_path):
    with pytest.raises(ValueError, match="no runtime 'lite'"):
        crossing(doubles(), which=["lite"])
    with pytest.raises(NotAnArtifact):
        crossing(tmp_path)


def test_the_steady_runtimes_are_known():
    assert set(STEADY) | {"openvino", "browser"} == runtimes.RUNTIMES.keys() | runtimes.MORE.keys()


def test_parity_asks_the_given_runtimes_with_one_row_for_the_time():
    rows = {"x": np.ones((7, 1), np.float32)}
    found = parity(doubles(), rows, ["litert"])
    assert [row.runtime for row in found.rows] == ["litert"] and found.ok


def test_one_row_keeps_what_has_a_fixed_number_of_rows():
    from helpers import artifact
    from helpers.runtimes.parity import _one_row

    fixed = save("fixed", lambda w, x: w * x, tf.TensorSpec((3, 1), tf.float32, name="x"))
    x = {"x": np.ones((3, 1), np.float32)}
    for directory, rows in ((fixed, 3), (doubles(), 1)):
        assert len(_one_row(x, artifact.read(directory).signatures[KEY])["x"]) == rows
