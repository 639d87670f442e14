"""Programs that JAX compiled: the platforms in the graph, and what the report says of them.

TensorFlow can write the operation of JAX itself, so no JAX is needed.
"""

import pytest
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from helpers.artifact.saved_model import serving_graph
from helpers.readers import compiled_programs, rescue
from helpers.readers.compare import compare
from helpers.readers.outcomes import FAILS

KEY = "serving_default"
ROWS = tf.TensorSpec((2, 3), tf.float32, name="x")
DOUBLE = """module @double {
  func.func public @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %y = stablehlo.add %x, %x : tensor<2x3xf32>
    return %y : tensor<2x3xf32>
  }
}"""
VERSION = 9  # of the operation: the first ones have no platforms


def compiled(*platforms, **options):
    """A function that runs DOUBLE, made for some platforms."""

    def call(x):
        shape = tf.TensorShape(ROWS.shape)
        kinds = {"Tout": [x.dtype], "Sout": [shape], "platforms": platforms}
        (y,) = xla.call_module([x], version=VERSION, module=DOUBLE, **kinds, **options)
        return {"y": y}

    return call


@pytest.fixture
def export(tmp_path):
    """A function of (key=function): saves an export with these signatures."""

    def save(**functions):
        module = tf.Module()
        module.functions = {
            key: tf.function(call, input_signature=[ROWS], autograph=False)
            for key, call in functions.items()
        }
        tf.saved_model.save(module, str(tmp_path / "export"), signatures=module.functions)
        return tmp_path / "export"

    return save


def test_the_export_of_this_test_carries_the_attribute(export):
    graph = serving_graph(export(serving_default=compiled("CPU", "CUDA")))
    assert compiled_programs.platforms(graph, KEY) == ("CPU", "CUDA")
    nodes = [n for f in graph.graph_def.library.function for n in f.node_def]
    (node,) = [node for node in nodes if node.op == "XlaCallModule"]
    assert list(node.attr["platforms"].list.s) == [b"CPU", b"CUDA"]


def test_a_gpu_server_refuses_what_is_compiled_for_a_cpu(export):
    report = compare(export(serving_default=compiled("CPU")))
    # A server without a flag for XLA refuses every program of JAX, and so does the session.
    assert [row.status for row in report.rows][:2] == ["answers", FAILS]
    assert "A server on a GPU refuses it." in report.verdict
    assert report.verdict in report.as_dict().values()
    text = str(report)
    assert "JAX compiled serving_default for CPU, and for nothing else." in text
    assert "A server on a GPU (CUDA), a GPU (ROCm) or a TPU refuses it." in text
    assert 'jax2tf_kwargs={"native_serialization_platforms": ("cpu", "cuda")}' in text


def test_what_is_compiled_for_a_gpu_alone_fails_here_with_its_cure(export):
    directory = export(serving_default=compiled("CUDA"))
    report = compare(directory)
    assert [row.status for row in report.rows][:2] == [FAILS, FAILS]
    assert "[CUDA]" in report.rows[0].error
    assert "for another kind of processor" in report.rows[0].cure
    assert "A server on a CPU refuses it." in report.verdict
    assert rescue.rescue(directory, directory.parent / "new").refused


def test_what_is_compiled_for_both_has_no_limit(export):
    report = compare(export(serving_default=compiled("CPU", "CUDA")))
    assert "refuses" not in report.verdict
    assert "A server on a GPU (ROCm) or a TPU refuses it." in str(report)


def test_the_signatures_that_are_compiled_are_named(export):
    report = compare(export(serving_default=compiled("CPU"), plain=lambda x: {"y": x * 2}))
    assert report.verdict.endswith("A server on a GPU refuses serving_default.")


def test_a_signature_that_does_not_run_the_program_has_no_limit(export):
    directory = export(serving_default=compiled("CPU"), plain=lambda x: {"y": x * 2})
    report = compare(directory, signature="plain")
    assert report.limit == "" and "JAX" not in str(report)


def test_programs_in_branches_and_for_different_platforms(export):
    def both(x):
        first = tf.cond(tf.reduce_sum(x) > 0, lambda: compiled("CPU")(x)["y"], lambda: x * 2)
        return {"y": first + compiled("CUDA")(x)["y"]}

    directory = export(serving_default=both)
    assert compiled_programs.platforms(serving_graph(directory), KEY) == ()
    notes, limit = compiled_programs.notes_and_limit(directory, [KEY])
    assert notes == [
        "JAX compiled parts of serving_default for different kinds of processor: no server runs "
        "all of them."
    ]
    assert limit == "A server on a CPU or a GPU refuses it."


def test_a_program_without_the_check_has_no_limit(export):
    directory = export(serving_default=compiled("CUDA", disabled_checks=["platform"]))
    report = compare(directory)
    assert report.limit == "" and [row.status for row in report.rows][:2] == ["answers", FAILS]


def test_other_exports_are_not_concerned(export):
    assert compiled_programs.notes_and_limit(export(plain=lambda x: {"y": x}), [KEY]) == ([], "")
