"""Claims of lesson 02 that no cell of its page shows hold for the installed versions."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact
from helpers.paths import ROOT
from helpers.readers.bare_calls import call_everywhere
from helpers.serving.protocol.dtypes import FLOAT
from helpers.serving.protocol.predict_request import PredictBody

PRICES = np.float32([[60, 30, 20]])
TWO = tf.TensorSpec((None, 2), tf.float32, name="prices")
ANY = tf.TensorSpec((None, None), tf.float32, name="prices")


def export(folder, function, spec):
    archive = tf.keras.export.ExportArchive()
    archive.add_endpoint("total", function, input_signature=[spec])
    archive.write_out(folder, verbose=False)
    return call_everywhere(folder, "total", prices=PRICES)


def ensured(prices):
    return {"total": tf.reduce_sum(tf.ensure_shape(prices, (None, 2)), axis=1)}


def marked(prices):
    is_right = tf.shape(prices)[1] == 2
    return {"total": tf.where(is_right, tf.reduce_sum(prices, axis=1), np.nan)}


def test_litert_loses_nan_where_the_spec_knows_the_width(tmp_path):
    answers = export(tmp_path / "export", marked, TWO)
    assert str(answers["server"]) == str(answers["tensor"]) == "nan"
    assert str(answers["litert"]) == "110"


def test_ensure_shape_of_any_width_cannot_be_converted(tmp_path):
    answers = export(tmp_path / "export", ensured, ANY)
    assert answers["litert"].error.startswith("ConverterError")
    assert "EnsureShape" in answers["litert"].error


def test_a_signature_takes_a_tensor_without_its_name_and_no_array(tmp_path):
    export(tmp_path / "export", marked, ANY)
    signature = tf.saved_model.load(str(tmp_path / "export")).signatures["total"]
    assert signature(tf.constant(PRICES[:, :2]))["total"].numpy() == [90]
    with pytest.raises(TypeError):
        signature(PRICES[:, :2])
    with pytest.raises(TypeError, match="Can not cast"):
        tf.saved_model.load(str(tmp_path / "export")).signatures["total"](prices=[60.0, 30.0])


def test_a_server_makes_float32_of_json():
    _, tensors = PredictBody(b'{"inputs": {"prices": [[60, 30.5]]}}').tensors({"prices": FLOAT})
    assert tensors["prices"].dtype == np.float32


class Model(tf.keras.Model):
    """A subclassed model of one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


def exported(folder, model, x):
    """Call a model, export it, and return its signature from the file."""
    model(tf.constant(x))
    model.export(folder, verbose=False)
    return artifact.read(folder).signatures["serving_default"]


def test_an_export_of_a_lookup_succeeds_and_no_call_of_it(tmp_path):
    model = Model(tf.keras.layers.StringLookup(vocabulary=["red", "green"]))
    assert exported(tmp_path / "export", model, ["red"]).inputs[0].dtype == "float32"
    signature = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    for value in (["red"], tf.constant(["red"]), [1.0], tf.constant([1.0])):
        with pytest.raises((TypeError, tf.errors.OpError)):
            signature(args_0=value)


def test_an_export_of_another_function_of_texts_fails(tmp_path):
    with pytest.raises(TypeError, match="float32 that does not match expected type of string"):
        exported(tmp_path / "export", Model(tf.strings.length), ["red"])


def test_mixed_float16_is_declared(tmp_path):
    before = tf.keras.mixed_precision.dtype_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = Model(tf.keras.layers.Dense(1))
        signature = exported(tmp_path / "export", model, np.ones((2, 3), np.float32))
    finally:
        tf.keras.mixed_precision.set_global_policy(before)
    assert [signature.inputs[0].dtype, signature.outputs[0].dtype] == ["float16", "float16"]


def test_a_functional_model_keeps_its_dtype(tmp_path):
    ids = tf.keras.Input((), dtype="int32", name="ids")
    signature = exported(tmp_path / "export", tf.keras.Model(ids, ids % 1000), [1])
    assert signature.inputs[0].dtype == "int32"


class Cut(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.out = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[tf.TensorSpec((None, 10), tf.float32, name="features")])
    def call(self, features):
        return self.out(features)


def test_keras_tries_call_only_of_a_class_without_build():
    class Counted(tf.keras.Model):
        runs = 0

        def __init__(self):
            super().__init__()
            self.out = tf.keras.layers.Dense(1)

        def call(self, features):
            self.runs += 1
            return self.out(features)

    class WithBuild(Counted):
        def build(self, input_shape):
            assert input_shape == (2, 10)

    tried, built = Counted(), WithBuild()
    tried(np.ones((2, 10), np.float32))
    built(np.ones((2, 10), np.float32))
    assert (tried.runs, built.runs) == (2, 1)


def test_an_export_of_cut_has_its_numbers_before_the_weights_change(tmp_path):
    cut, x = Cut(), np.ones((1, 10), np.float32)
    before = float(cut(x)[0, 0])
    cut.export(tmp_path / "export", verbose=False)
    (value,) = (
        tf.saved_model.load(str(tmp_path / "export"))
        .signatures["serving_default"](args_0=x)
        .values()
    )
    assert np.isclose(float(value[0, 0]), before)


def test_the_reader_check_does_not_notice_changed_whole_numbers(tmp_path):
    exported(tmp_path / "export", Model(lambda ids: ids % 1000), [1])
    done = subprocess.run(
        [sys.executable, "-m", "helpers.readers", str(tmp_path / "export")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Every reader can use it" in " ".join(done.stdout.split())


def test_only_python_reads_the_weights_in_an_export_of_cut(tmp_path):
    cut, x = Cut(), np.ones((1, 10), np.float32)
    before = float(cut(x)[0, 0])
    cut.set_weights([np.full((10, 1), 7, np.float32), np.zeros(1, np.float32)])
    assert float(cut(x)[0, 0]) == before
    cut.export(tmp_path / "export", verbose=False)
    answers = call_everywhere(tmp_path / "export", "serving_default", args_0=x)
    assert str(answers["signature"]) == "70"
    assert "Could not find variable" in answers["session"].error
    assert "Could not find variable" in answers["server"].error
    assert str(answers["litert"]) != "70"


def test_an_endpoint_with_an_if_of_python_cannot_be_exported(tmp_path):
    def above_zero(prices):
        return {"above": 1 if tf.reduce_sum(prices) > 0 else 0}

    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        export(tmp_path / "export", above_zero, TWO)


def test_a_model_with_build_can_be_trained():
    class Whole(Cut):
        def build(self, input_shape):
            self.out.build(input_shape)

    whole, x = Whole(), np.ones((8, 10), np.float32)
    before = whole(x).numpy()
    whole.compile("sgd", "mse")
    whole.fit(x, before + 1, epochs=3, verbose=0)
    assert np.all(whole(x) > before)
