"""A function that only runs compiled: a server with XLA off refuses it."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from helpers import readers
from helpers.processes import patches
from helpers.readers import xla
from helpers.readers.compare import compare
from helpers.readers.outcomes import ANSWERS, FAILS, SAME

KEY = "serving_default"
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")
MODULE = """module @double {
  func.func public @main(%arg0: tensor<2x2xf32>) -> tensor<2x2xf32> {
    %0 = stablehlo.add %arg0, %arg0 : tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  }
}"""
OFF = pytest.mark.skipif(
    patches.xla_switches() is None, reason="TensorFlow's library has no switch for XLA here"
)


def save(folder, function, spec, **options):
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    traced = lambda x: function(module.weight, x)  # noqa: E731
    module.f = tf.function(traced, input_signature=[spec], autograph=False, **options)
    tf.saved_model.save(module, str(folder), signatures=module.f)
    return folder


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return save(tmp_path_factory.mktemp("compiled"), lambda w, x: w * x, ROWS, jit_compile=True)


def rows_of(directory, **options):
    return {row.reader: row for row in compare(directory, **options).rows}


@OFF
def test_a_compiled_function_fails_in_a_server_and_the_flag_is_tried(compiled):
    rows = rows_of(compiled)
    assert [row.status for row in rows.values()] == [ANSWERS, FAILS, SAME]
    row = rows["session"]
    assert row.error == "InternalError: XLA compilation disabled"
    assert "--xla_cpu_compilation_enabled=true" in row.cure and "jit_compile=True" in row.cure
    assert row.cure.endswith("Tried here with XLA on: the session gives the same numbers.")


@OFF
def test_the_trial_leaves_the_session_as_it_is(compiled):
    feed = {"x": [[3.0]]}
    for _ in range(2):
        (answer,) = readers.run_with_xla(compiled, KEY, feed).values()
        assert answer.tolist() == [[6.0]]
        assert readers.run(compiled, KEY, feed)["output_0"].tolist() == [[6.0]]
        with pytest.raises(readers.ReaderError, match=xla.SAYS):
            readers.run(compiled, KEY, feed, "session")


@OFF
def test_the_server_of_the_bare_calls_has_xla_off_too(compiled):
    answers = readers.run_bare(compiled, KEY, {"x": np.float32([[3.0]])})
    assert xla.SAYS in answers["server"][1] and answers["tensor"][1] == ""


@OFF
def test_a_module_of_jax_is_compiled_too(tmp_path):
    def call(w, x):
        shapes = {"Sout": [(2, 2)], "Tout": [tf.float32]}
        (doubled,) = gen_xla_ops.xla_call_module(
            [x], version=9, module=MODULE.encode(), platforms=["CPU"], **shapes
        )
        return doubled

    spec = tf.TensorSpec((2, 2), tf.float32, name="x")
    rows = rows_of(save(tmp_path / "jax", call, spec))
    assert rows["python"].status == ANSWERS and rows["session"].status == FAILS
    assert rows["session"].error.endswith(xla.SAYS)
    assert list(xla.notes(tmp_path / "jax", "win32"))


def test_what_the_trial_with_xla_says():
    def fails(feed):
        raise readers.ReaderError("session", "InternalError: no")

    sets = [{"x": np.zeros(1)}], [{"y": np.ones(1)}]
    assert "Tried" not in xla.cure(fails)
    assert xla.cure(fails, *sets).endswith("XLA on: it still fails.")
    assert xla.cure(lambda feed: {"y": np.zeros(1)}, *sets).endswith("gives other numbers.")
    assert xla.cure(lambda feed: {"y": np.ones(1)}, *sets).endswith("gives the same numbers.")


def test_where_xla_cannot_be_switched_off_it_is_said(compiled, tmp_path):
    (note,) = xla.notes(compiled, "win32")
    assert xla.FLAG in note and "XLA is on" in note
    assert not list(xla.notes(compiled, "linux"))
    assert not list(xla.notes(save(tmp_path / "plain", lambda w, x: w * x, ROWS), "win32"))
