"""OpenVINO as a reader: the same numbers, and each fact that the reports tell about it."""

import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.artifact.saved_model import read
from helpers.paths import ROOT
from helpers.readers import ReaderError, optional_readers
from helpers.readers.compare import compare
from helpers.readers.outcomes import ANSWERS, FAILS, OTHER, SAME
from helpers.runtimes import openvino_facts, openvino_runtime
from tests.runtimes.exports import FLOATS, KEY, ROWS, doubles, exports, folder, need, save

F32 = "openvino-f32"
BRAIN = tf.TensorSpec((None,), tf.bfloat16, name="x")


@pytest.fixture(scope="module", autouse=True)
def openvino():
    need("openvino")
    yield
    openvino_runtime.process.stop()


def one(name, function, dtype, x):
    """The answers of Python and of OpenVINO (float32) to x, and what is told of the export."""
    directory = save(name, function, tf.TensorSpec((None,), dtype, name="x"))
    feed = {"x": np.asarray(x, dtype)}
    report = compare(directory, feed, also=[F32])
    (right,) = readers.run(directory, KEY, feed, "session").values()
    (got,) = runtimes.run(directory, KEY, feed, F32).values()
    return right.tolist(), got.tolist(), report


def facts(directory):
    return " ".join(optional_readers.facts(F32, directory, read(directory).signatures[KEY]))


@pytest.mark.parametrize("name", ["linear", "complex"])
def test_the_same_numbers_in_float32(name):
    (given,) = read(exports()[name]).signatures[KEY].inputs
    for rows in (*ROWS, 0, 1):
        x = np.random.default_rng(rows).normal(size=(rows, given.shape[1])).astype("float32")
        (expected,) = readers.run(exports()[name], KEY, {given.name: x}).values()
        (got,) = runtimes.run(exports()[name], KEY, {given.name: x}, F32).values()
        assert got.shape == expected.shape and got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_nothing_is_sent_over_the_network():
    """OpenVINO brings the package openvino_telemetry, and its converter sends what it converts."""
    code = (
        "import sys; from helpers.runtimes import openvino_runtime as runtime; "
        "runtime.runtime_process.answer_questions = lambda *given, **more: None; runtime.main(); "
        f"runtime._core().read_model({str(doubles())!r}); "
        "assert sys.modules['openvino_telemetry'] is sys.modules['tensorflow'] is None"
    )
    command = [openvino_runtime.python(), "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_its_own_precision_is_told_where_the_numbers_differ():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(256, "relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((8,), name="x"), *layers, keras.layers.Dense(3)])
    model.export(folder() / "wide", verbose=False)
    report = compare(folder() / "wide", also=["openvino"])
    by_reader = {row.reader: row for row in report.rows if row.signature == KEY}
    assert by_reader[F32].status == SAME
    used = openvino_runtime.default.used(folder() / "wide", KEY, 60)
    assert openvino_runtime.float32.used(folder() / "wide", KEY, 60) == "f32"
    if used == "f32":  # this processor has nothing shorter
        assert by_reader["openvino"].status == SAME
    else:
        assert by_reader["openvino"].status == OTHER
        assert f"computes in {openvino_facts.PRECISIONS[used]} here" in by_reader["openvino"].cure
        assert by_reader["openvino"].cure.endswith("Its numbers are then the same.")


def test_int64_is_computed_as_int32():
    right, got, report = one("whole", lambda w, x: x + 1, "int64", [3_000_000_000, 5])
    assert right == [3_000_000_001, 6] and got == [3_000_000_001 - 2**32, 6]
    assert "OpenVINO computes int64 as int32" in report.rows[-1].cure
    small = compare(folder() / "whole", also=[F32])
    assert small.exit_status == 0 and "OpenVINO computes int64 as int32" in str(small)
    assert small.verdict == "Every reader can use it, within the limits noted."


def test_float64_is_computed_as_float32():
    right, got, report = one("precise", lambda w, x: x * 3, "float64", [0.1, 1e300])
    assert right == [0.1 * 3, 3e300]
    assert got[0] != right[0] and abs(got[0] - right[0]) < 1e-7 and got[1] < 3.5e38
    assert report.rows[-1].status == OTHER
    assert "OpenVINO computes float64 as float32" in report.rows[-1].cure


@pytest.mark.parametrize(("dtype", "most"), [("uint8", 255), ("int8", 127)])
def test_whole_numbers_of_8_bits_stop_at_the_largest(dtype, most):
    function = lambda w, x: x + tf.constant(1, dtype)  # noqa: E731
    right, got, report = one(dtype, function, dtype, [most, 3])
    assert right == [most + 1 - 256, 4] and got == [most, 4]
    assert f"OpenVINO stops at the largest and the smallest {dtype}" in report.rows[-1].cure


def test_writing_to_variables_is_left_out():
    def count(w, x):
        return x * 0 + w.assign_add(1.0)

    directory = save("counter", count, tf.TensorSpec((None,), tf.float32, name="x"))
    for _ in range(2):
        (got,) = runtimes.run(directory, KEY, {"x": [0.0]}, F32).values()
        assert got.tolist() == [2.0]
    report = compare(directory, also=[F32])
    assert report.rows[-1].status == ANSWERS
    assert "OpenVINO leaves out what a call writes to variables (AssignAdd" in str(report)


def test_assertions_are_left_out():
    def positive(w, x):
        with tf.control_dependencies([tf.debugging.assert_greater(x, 0.0)]):
            return w * x

    directory = save("positive", positive, tf.TensorSpec((None,), tf.float32, name="x"))
    (got,) = runtimes.run(directory, KEY, {"x": [-1.0]}, F32).values()
    assert got.tolist() == [-2.0] and "leaves out assertions" in facts(directory)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_the_rounding_of_the_export_is_told(policy):
    keras.utils.set_random_seed(3)
    stack = [keras.layers.Dense(16, "relu", dtype=policy), keras.layers.Dense(2)]
    keras.Sequential([keras.Input((8,)), *stack]).export(folder() / policy, verbose=False)
    name = policy.removeprefix("mixed_")
    assert f"The export computes in {name} inside, and OpenVINO in a" in facts(folder() / policy)
    row = compare(folder() / policy, also=[F32]).rows[-1]
    assert row.status == SAME or "the rounding of the export" in row.cure


def test_an_ordinary_export_has_no_facts():
    assert facts(doubles()) == facts(exports()["complex"]) == ""


def two(first, second):
    module = tf.Module()
    module.functions = {
        key: tf.function(lambda x, n=n: {"y": x * n}, input_signature=[FLOATS])
        for n, key in ((2, first), (3, second))
    }
    directory = folder() / f"{first} {second}"
    tf.saved_model.save(module, str(directory), signatures=module.functions)
    return directory


def test_only_serving_default_can_be_called():
    report = compare(two(KEY, "train"), also=[F32])
    by_key = {row.signature: row for row in report.rows if row.reader == F32}
    assert by_key[KEY].status == SAME and by_key["train"].status == FAILS
    assert by_key["train"].error == (
        "OpenVINO reads one signature of an export, serving_default, and cannot call train"
    )
    assert by_key["train"].cure.startswith("Write an export of its own for each signature")
    with pytest.raises(ReaderError, match=r"several of other names\. It cannot call a"):
        runtimes.run(two("a", "b"), "a", {"x": [[1.0]]}, F32)
    assert set(runtimes.signatures(two(KEY, "train"), F32)) == {KEY}


def test_the_only_signature_can_be_called_by_any_name():
    module = tf.Module()
    module.f = tf.function(lambda x: {"y": x * 2}, input_signature=[FLOATS])
    tf.saved_model.save(module, str(folder() / "named"), signatures={"predict": module.f})
    report = compare(folder() / "named", also=[F32])
    assert report.rows[-1].status == SAME
    assert optional_readers.signatures(folder() / "named", F32).keys() == {"predict"}


def test_what_it_cannot_read_has_a_reason_and_a_cure():
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["red"], tf.constant([1], tf.int64)), 0
    )
    words = tf.TensorSpec((None,), tf.string, name="words")
    module = tf.Module()
    module.table = table
    module.f = tf.function(lambda words: {"n": table.lookup(words)}, input_signature=[words])
    tf.saved_model.save(module, str(folder() / "a table"), signatures=module.f)
    texts = save("texts", lambda w, x: tf.strings.length(x), words)
    joined = save("joined", lambda w, x: tf.strings.join([x, "!"]), words)
    brain = save("brain", lambda w, x: x * tf.constant(2, x.dtype), BRAIN)
    expected = {
        folder() / "a table": ("Conversion is failed for: HashTableV2", "lookup tables"),
        texts: ("No conversion rule found for operations: StringLength", "no operation for"),
        joined: ("OpenVINO made a model without output_0", "compute texts after the model"),
        brain: ("Encountered unknown element type bf16", "does not read bfloat16"),
    }
    for directory, (reason, cure) in expected.items():
        row = compare(directory, also=[F32]).rows[-1]
        assert row.status == FAILS and reason in row.error, row
        assert cure in row.cure and "src/" not in row.error


def test_inputs_and_outputs_of_bfloat16():
    directory = save("short", lambda w, x: x * tf.cast(w, x.dtype), BRAIN)
    x = tf.constant([1.5, 3, -2], tf.bfloat16).numpy()
    (got,) = runtimes.run(directory, KEY, {"x": x}, F32).values()
    assert got.dtype == x.dtype and got.tolist() == [3, 6, -4]


def test_a_constant_output_is_missed():
    function = lambda w, x: {"y": w * x, "label": tf.constant([1.0, 2.0])}  # noqa: E731
    with pytest.raises(ReaderError, match="made a model without label"):
        runtimes.run(save("label", function, FLOATS), KEY, {"x": [[1.0]]}, F32)


def test_outputs_that_are_one_tensor_and_inputs_that_do_not_count():
    def call(w, x, unused):
        return {"y": x, "z": x, "b": w * x, "a": x - w}

    unused = tf.TensorSpec((None,), tf.float32, name="unused")
    directory = save("joined ends", call, FLOATS, unused)
    got = runtimes.run(directory, KEY, {"x": [[3.0]], "unused": [1.0]}, F32)
    assert {name: value.tolist() for name, value in got.items()} == {
        "a": [[1.0]],
        "b": [[6.0]],
        "y": [[3.0]],
        "z": [[3.0]],
    }


def test_a_changed_export_is_read_again():
    for weight in (2.0, 3.0):
        directory = save("changes", lambda w, x: w * x, FLOATS, weight=weight)
        (got,) = runtimes.run(directory, KEY, {"x": [[1.0]]}, F32).values()
        assert got.tolist() == [[weight]]


def test_what_only_python_restores_is_read():
    """OpenVINO reads the checkpoint by other names than a server: it is no proof for one."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    tf.saved_model.save(model, str(folder() / "popular"))
    report = compare(folder() / "popular", also=[F32])
    status = {row.reader: row.status for row in report.rows if row.signature == KEY}
    assert status[F32] == SAME
