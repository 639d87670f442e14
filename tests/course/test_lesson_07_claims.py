"""Silent failures: each is shown, its cure is applied, and both are compared with what is right.

The page of lesson 07 shows some of them, and refers to lessons 00 to 03 and 05 for the others. Here
stand the cures, and the claims of the page that none of its cells shows.
"""

import functools
import json

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from helpers import artifact, readers
from helpers.processes import patches
from helpers.readers import READERS
from helpers.readers.compare import compare
from helpers.readers.golden_files import FOLDER, NAMES, write_golden
from helpers.readers.outcomes import ANSWERS, FAILS, OTHER, SAME
from helpers.readers.rescue import rescue
from tests.runtimes.exports import need

keras = tf.keras
KEY = "serving_default"
ROWS = np.float32([[1, 2], [3, -4], [0.5, 0]])
TWO = tf.TensorSpec((None, 2), tf.float32, name="x")
ANY = tf.TensorSpec((None, None), tf.float32, name="x")
IDS = tf.TensorSpec((None,), tf.int32, name="ids")


def export(folder, function, *specs, track=None):
    archive = keras.export.ExportArchive()
    if track is not None:
        archive.track(track)
    archive.add_endpoint(KEY, function, list(specs) or None)
    archive.write_out(folder, verbose=False)
    return folder


def told(report):
    return [row.status for row in report.rows if row.signature == KEY]


def ask(directory, reader="python", **inputs):
    (value,) = readers.run(directory, KEY, inputs, reader).values()
    return value


def linear():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(1)])


# 1. Do all readers give the same numbers?


def test_only_python_reads_the_weights_and_both_cures_give_the_numbers_of_the_model(tmp_path):
    model = linear()
    tf.saved_model.save(model, str(tmp_path / "saved"))
    assert told(compare(tmp_path / "saved")) == [ANSWERS, FAILS, OTHER]
    found = rescue(tmp_path / "saved", tmp_path / "rescued")
    assert found.ok
    model.export(tmp_path / "exported", verbose=False)
    for name in "rescued", "exported":
        assert told(compare(tmp_path / name, model={KEY: model})) == [SAME] * 3


def test_a_rescue_writes_nothing_where_the_export_itself_is_broken(tmp_path):
    @tf.function(input_signature=[TWO])
    def compute(x):
        return {"y": tf.numpy_function(np.sign, [x], tf.float32)}

    module = tf.Module()
    tf.saved_model.save(module, str(tmp_path / "numpy"), signatures=compute)
    assert rescue(tmp_path / "numpy", tmp_path / "rescued").refused
    assert not (tmp_path / "rescued").exists()


# 2. Are they the numbers of the model?


class Group(keras.Model):
    def call(self, ids):
        return ids % 1000


def group():
    model = Group()
    model(tf.constant([16777217]))
    return model


def test_a_different_dtype_is_found_with_the_live_model_only(tmp_path):
    model = group()
    model.export(tmp_path / "export", verbose=False)
    assert compare(tmp_path / "export").exit_status == 0
    report = compare(tmp_path / "export", model=model)
    assert told(report) == [OTHER] * 3
    assert all("input_signature=[tf.TensorSpec(" in row.cure for row in report.rows)
    model.export(tmp_path / "cured", input_signature=[IDS], verbose=False)
    cured = compare(tmp_path / "cured", model=model)
    assert told(cured) == [SAME] * 3
    # The tool makes small whole numbers where a dtype is declared. So the page gives its own.
    made = [one.inputs["ids"] for one in cured.golden()[KEY]]
    assert max(abs(ids).max() for ids in made) < 2**24


def test_golden_answers_with_large_numbers_find_the_dtype_without_the_model(tmp_path):
    model, ids = group(), np.int32([16777217, 7])
    floats = tf.TensorSpec((None,), tf.float32, name="ids")
    model.export(tmp_path / "floats", input_signature=[floats], verbose=False)
    model.export(tmp_path / "cured", input_signature=[IDS], verbose=False)
    report = compare(tmp_path / "cured", inputs={"ids": ids}, model=model)
    golden = report.write_golden(tmp_path / "golden.npz")
    assert told(compare(tmp_path / "cured", golden=golden)) == [SAME] * 3
    assert told(compare(tmp_path / "floats", golden=golden)) == [OTHER] * 3


def test_kept_golden_answers_are_compared_without_being_named(tmp_path):
    model = linear()
    model.export(tmp_path / "export", verbose=False)
    report = compare(tmp_path / "export", model=model)
    write_golden(tmp_path / "export" / FOLDER / NAMES[0], report.golden())
    again = compare(tmp_path / "export")
    assert told(again) == [SAME] * 3 and any(FOLDER in note for note in again.notes)


def test_a_stale_endpoint_is_found_with_the_live_model_and_the_cure_follows_it(tmp_path):
    model = linear()
    kernel, bias = model.get_weights()
    export(tmp_path / "stale", lambda x: x @ kernel + bias, TWO, track=model)
    export(tmp_path / "live", lambda x: model(x), TWO, track=model)
    model.set_weights([kernel + 1, bias])
    export(tmp_path / "after", lambda x: model(x), TWO, track=model)
    assert compare(tmp_path / "stale").exit_status == 0
    assert told(compare(tmp_path / "stale", model={KEY: model})) == [OTHER] * 3
    assert told(compare(tmp_path / "after", model={KEY: model})) == [SAME] * 3


# 3. Do the answers follow the weights and the settings?


class Cut(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    @tf.function(input_signature=[TWO])
    def call(self, x):
        return self.out(x)


class CutWithBuild(Cut):
    def build(self, input_shape):
        self.out.build(input_shape)


@pytest.mark.parametrize(("kind", "follows"), [(Cut, False), (CutWithBuild, True)])
def test_an_export_of_a_cut_off_call_agrees_with_its_live_model(kind, follows, tmp_path):
    model = kind()
    model(ROWS)
    weights = [np.float32([[2], [3]]), np.float32([1])]
    model.set_weights(weights)
    export(tmp_path / "export", model.call, track=model)
    # The graph of Cut draws its initial weights again, which LiteRT has no operation for.
    litert = SAME if follows else FAILS
    assert told(compare(tmp_path / "export")) == [ANSWERS, SAME, litert]
    assert told(compare(tmp_path / "export", model={KEY: model})) == [SAME, SAME, litert]
    right = ROWS @ weights[0] + weights[1]
    golden = {KEY: [{"inputs": {"x": ROWS.tolist()}, "outputs": {"output_0": right.tolist()}}]}
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    expected = [SAME, SAME, SAME] if follows else [OTHER, OTHER, FAILS]
    assert told(compare(tmp_path / "export", golden=tmp_path / "golden.json")) == expected
    zeros = readers.run_with_zeros(tmp_path / "export", KEY, {"x": ROWS})["output_0"]
    assert np.array_equal(zeros, ask(tmp_path / "export", x=ROWS)) != follows


class CarPark(tf.Module):
    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="minutes")])
    def judge(self, minutes):
        return {"too_long": minutes > self.limit}


def test_a_python_number_is_frozen_and_a_variable_is_not(tmp_path):
    golden = {"inputs": {"minutes": [75.0, 95.0]}, "outputs": {"too_long": [False, True]}}
    (tmp_path / "golden.json").write_text(json.dumps({KEY: [golden]}))
    frozen, cured = CarPark(60.0), CarPark(tf.Variable(60.0))
    for park in frozen, cured:
        park.judge([50.0])
    frozen.limit = 90.0
    cured.limit.assign(90.0)
    for park, status in (frozen, OTHER), (cured, SAME):
        directory = export(tmp_path / status, park.judge, track=park)
        assert compare(directory).exit_status == 0
        assert compare(directory, model={KEY: park.judge}).exit_status == 0
        assert told(compare(directory, golden=tmp_path / "golden.json")) == [status] * 3


# 4. Are requests of other shapes answered rightly?


def test_the_first_trace_freezes_the_rows_and_a_spec_does_not(tmp_path):
    @tf.function
    def mean(x):
        return {"mean": tf.reduce_sum(x) / tf.cast(tf.shape(x)[0], tf.float32)}

    mean(tf.ones((4, 2)))
    first, cured = export(tmp_path / "first", mean), export(tmp_path / "cured", mean, TWO)
    ones = {rows: np.ones((rows, 2), np.float32) for rows in (4, 2)}
    for reader in "python", "litert":
        assert [ask(first, reader, x=x) for x in ones.values()] == [2, 1]
        assert [ask(cured, reader, x=x) for x in ones.values()] == [2, 2]
    with pytest.raises(readers.ReaderError, match="Cannot feed value of shape"):
        ask(first, "session", x=ones[2])
    assert any("takes exactly 4 rows" in note for note in compare(first).notes)
    model = {KEY: lambda x: {"mean": tf.reduce_sum(x) / len(x)}}
    assert told(compare(cured, model=model)) == [SAME] * 3


def total(x):
    return {"total": tf.reduce_sum(x, axis=1)}


def ensured(x):
    return total(tf.ensure_shape(x, (None, 2)))


def asserted(x):
    with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(x)[1], 2)]):
        return total(tf.identity(x))


def marked(x):
    return {"total": tf.where(tf.shape(x)[1] == 2, total(x)["total"], np.nan)}


@pytest.mark.parametrize(
    ("guard", "spec"),
    [(ensured, TWO), (asserted, TWO), (asserted, ANY)],
    ids=["ensured", "asserted", "asserted for any number of columns"],
)
def test_litert_loses_a_guard_that_raises(guard, spec, tmp_path):
    directory = export(tmp_path / "export", guard, spec)
    three = np.float32([[60, 30, 20]])
    assert ask(directory, "litert", x=three) == 110
    with pytest.raises(readers.ReaderError):
        ask(directory, "session", x=three)
    assert compare(directory).exit_status in (0, 2)  # the tool sends what the signature declares


def test_nan_guards_in_every_reader(tmp_path):
    directory = export(tmp_path / "export", marked, ANY)
    for reader in READERS:
        assert np.isnan(ask(directory, reader, x=np.float32([[60, 30, 20]])))
        assert ask(directory, reader, x=np.float32([[60, 30]])) == 90


# 5. Does the program of your users run it?


@pytest.mark.skipif(patches.xla_switches() is None, reason="XLA cannot be switched off here")
def test_xla_is_off_in_a_server_and_either_cure_gives_the_numbers(tmp_path):
    def double(x):
        return {"double": 2 * x}

    compiled = tf.function(double, input_signature=[TWO], jit_compile=True)
    report = compare(export(tmp_path / "compiled", compiled))
    assert told(report) == [ANSWERS, FAILS, SAME]
    assert "--xla_cpu_compilation_enabled=true" in report.rows[1].cure
    with_flag = readers.run_with_xla(tmp_path / "compiled", KEY, {"x": ROWS})["double"]
    np.testing.assert_array_equal(with_flag, 2 * ROWS)
    export(tmp_path / "cured", double, TWO)
    assert told(compare(tmp_path / "cured", model={KEY: double})) == [SAME] * 3


def lower(words):
    return {"lower": tf.strings.lower(words)}


def test_a_litert_file_with_operations_of_tensorflow_is_written_and_does_not_run(tmp_path):
    words = tf.TensorSpec((None,), tf.string, name="words")
    directory = str(export(tmp_path / "export", lower, words))
    convert = functools.partial(tf.lite.TFLiteConverter.from_saved_model, directory)
    converter = convert()
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    made = converter.convert()
    with pytest.raises(RuntimeError, match="Select TensorFlow op"):
        Interpreter(model_content=made).allocate_tensors()
    with pytest.raises(Exception, match="StringLower"):  # without them, the converter says so
        convert().convert()


def dense(activation):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(8, activation)])


def approximate(x):
    return keras.activations.gelu(x, approximate=True)


def test_an_exact_gelu_becomes_a_file_that_onnx_runtime_does_not_open(tmp_path):
    need("onnx")
    exact, cured = dense("gelu"), dense(approximate)
    for name, model in ("exact", exact), ("cured", cured):
        model.export(tmp_path / name, verbose=False)
    *others, onnx = compare(tmp_path / "exact", model=exact, signature=KEY, also=["onnx"]).rows
    assert {row.status for row in others} == {SAME} and onnx.status == FAILS
    assert "No Op registered for Erfc" in onnx.error and "approximate=True" in onnx.cure
    report = compare(tmp_path / "cured", model=cured, signature=KEY, also=["onnx"])
    assert told(report) == [SAME] * 4
    # The cure is a different function: compare its numbers with those of the exact one.
    x = np.linspace(-4, 4, 200, dtype=np.float32).reshape(-1, 2)
    assert 1e-5 < abs(exact(x).numpy() - cured(x).numpy()).max() < 1e-2


def test_a_python_function_runs_in_this_process_only(tmp_path):
    @tf.function(input_signature=[TWO])
    def rounded(x):
        return {"y": tf.numpy_function(np.round, [x], tf.float32)}

    module = tf.Module()
    tf.saved_model.save(module, str(tmp_path / "numpy"), signatures=rounded)
    here = tf.saved_model.load(str(tmp_path / "numpy")).signatures[KEY]
    np.testing.assert_array_equal(here(x=tf.constant(ROWS))["y"], np.round(ROWS))
    with pytest.raises(readers.ReaderError):
        ask(tmp_path / "numpy", x=ROWS)
    export(tmp_path / "cured", lambda x: {"y": tf.round(x)}, TWO)
    report = compare(
        tmp_path / "cured", inputs={"x": ROWS}, model={KEY: lambda x: {"y": np.round(x)}}
    )
    assert told(report) == [SAME] * 3


def test_the_attribute_of_a_loaded_export_has_another_trace(tmp_path):
    park = CarPark(60.0)
    park.judge([50.0])
    park.limit = 90.0
    loaded = tf.saved_model.load(str(export(tmp_path / "export", park.judge, track=park)))
    minutes = tf.constant([75.0])
    assert loaded.signatures[KEY](minutes=minutes)["too_long"].numpy() == [True]
    assert loaded.serving_default(minutes)["too_long"].numpy() == [False]
    assert artifact.read(tmp_path / "export").signatures[KEY].inputs[0].name == "minutes"
