"""Optional readers: what is said and decided where they are not installed, and of their errors."""

import json

import pytest
import tensorflow as tf

from helpers.processes.clean_process import ReaderError
from helpers.readers import command, optional_readers, rescue
from helpers.readers.compare import compare
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import FAILS, NOT_TRIED, OTHER, SAME
from helpers.readers.report import Row
from helpers.runtimes import onnx_facts, onnx_runtime, openvino_facts, openvino_runtime

KEY = "serving_default"


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    module, folder = tf.Module(), tmp_path_factory.mktemp("doubles")
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.f = tf.function(lambda x: {"y": x * 2}, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures=module.f)
    return folder


@pytest.fixture
def without(monkeypatch, tmp_path):
    """Nothing optional is installed."""
    monkeypatch.setattr(openvino_runtime, "find_spec", lambda name: None)
    monkeypatch.setattr(openvino_runtime, "STAMP", tmp_path / "openvino" / "installed")
    monkeypatch.setattr(onnx_runtime, "RUNTIMES", tmp_path)


def said(capsys, *arguments):
    status = command.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


PIP = 'OpenVINO is not installed here: python -m pip install "openvino>=2026.4,<2027"'


def test_what_is_not_asked_for_does_not_count(without, doubles, capsys):
    status, text = said(capsys, doubles)
    assert status == 0 and text.endswith("Every reader can use it.\n")
    assert f"Not asked: openvino and onnx. To ask: --also openvino,onnx. {PIP}. ONNX" in text
    status, text = said(capsys, doubles, "--json")
    assert status == 0 and PIP in json.loads(text)["not_asked"]


def test_what_is_asked_for_by_name_is_not_tried_properly(without, doubles, capsys):
    status, text = said(capsys, doubles, "--also", "openvino,onnx")
    assert status == 2 and f"    openvino NOT TRIED PROPERLY\n             {PIP}\n" in text
    assert "ONNX Runtime and tf2onnx are not installed: make runtimes\n" in text
    assert "openvino-f32" not in text and "Not asked" not in text
    again = said(capsys, doubles, "--also=onnx", "--also", "openvino")[1]
    assert again.index("    onnx ") < again.index("    openvino ")
    rows = compare(doubles, also=["openvino-f32"]).rows
    assert [row.reader for row in rows] == ["python", "session", "litert", "openvino-f32"]
    assert (rows[-1].status, rows[-1].error) == (NOT_TRIED, PIP)


def test_openvino_of_another_lock(without):
    openvino_runtime.STAMP.parent.mkdir()
    openvino_runtime.STAMP.write_text("openvino==1.0\n")
    words = "OpenVINO is installed in another version than the course's: make runtimes OPENVINO=1"
    assert optional_readers.missing("openvino") == words
    openvino_runtime.STAMP.write_bytes(openvino_runtime.LOCK.read_bytes())
    assert optional_readers.missing("openvino-f32") == ""
    assert openvino_runtime.python() == str(openvino_runtime.STAMP.parent / "bin/python")


def test_the_lock_has_a_version_that_pip_would_install():
    (locked,) = [
        line.split()[0].removeprefix("openvino==")
        for line in openvino_runtime.LOCK.read_text().splitlines()
        if line.startswith("openvino==")
    ]
    assert openvino_runtime.requirement() == "openvino>=2026.4,<2027"
    assert (2026, 4) <= tuple(map(int, locked.split(".")[:2])) < (2027,)


@pytest.mark.parametrize("name", ["", "openvinoo", "ONNX", "litert", 3])
def test_no_such_reader(doubles, name):
    with pytest.raises(WrongOption, match=r"there are openvino, openvino-f32, onnx$"):
        compare(doubles, also=[name])


def test_the_command_names_what_there_is(doubles, capsys, tmp_path):
    status, text = said(capsys, doubles, "--also", "openvino,")
    assert (status, text) == (
        2,
        "no optional reader '': there are openvino, openvino-f32, onnx\n",
    )
    new = tmp_path / "new"
    assert rescue.main([str(doubles), "--rescue", str(new), "--also", "onnx"]) == 2
    assert "proved by python, session, litert alone" in capsys.readouterr().out


def test_the_function_of_serving_default_is_asked_by_this_name():
    assert optional_readers.key_for("openvino", [KEY, "train"]) == KEY
    assert optional_readers.key_for("openvino-f32", ["number", "train"]) == "train"
    assert optional_readers.key_for("onnx", [KEY, "train"]) == "train"


def row(reader, status, difference):
    return Row(KEY, reader, status, difference, cure="OpenVINO computes float64 as float32.")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("openvino", OTHER, 2e-3), ("openvino-f32", SAME, 1e-7)], "Its numbers are then the"),
        ([("openvino", OTHER, 2e-3), ("openvino-f32", OTHER, 1e-7)], "Its numbers differ then"),
        ([("openvino", OTHER, 1e-8), ("openvino-f32", OTHER, 1e-8)], ""),
        ([("openvino", SAME, 0), ("openvino-f32", SAME, 0)], ""),
        ([("openvino", FAILS, None), ("openvino-f32", FAILS, None)], ""),
        ([("openvino-f32", OTHER, 1e-8)], ""),
        ([], ""),
    ],
)
def test_the_precision_is_told_where_it_is_the_cause(monkeypatch, doubles, rows, words):
    # What OpenVINO computes in depends on the processor: test_openvino.py asks OpenVINO itself.
    monkeypatch.setattr(openvino_runtime.Precision, "used", lambda *given: "bf16")
    given = {reader: row(reader, *rest) for reader, *rest in rows}
    changed = optional_readers.with_precision(given, doubles, [KEY], 60)
    assert set(changed) == ({"openvino"} if words else set())
    if words:
        assert "OpenVINO computes in bfloat16 here" in changed["openvino"].cure
        assert words in changed["openvino"].cure


def test_a_process_that_has_ended_leaves_the_numbers(monkeypatch, doubles):
    def ended(*given):
        raise ReaderError("openvino", "the reading process died (exit status -9)")

    monkeypatch.setattr(openvino_runtime.Precision, "used", ended)
    given = {"openvino": row("openvino", OTHER, 1.0), "openvino-f32": row("openvino-f32", SAME, 0)}
    assert optional_readers.with_precision(given, doubles, [KEY], 60) == {}


def test_float32_needs_no_advice():
    assert openvino_facts.about_precision("f32", float32_is_same=False) == ""


ERROR = """Exception from src/inference/src/cpp/core.cpp:84:
Check 'false' failed at src/frontends/common_translators/src/unconverted_ops_report.cpp:151:
FrontEnd API failed with OpConversionFailure:
Model wasn't fully converted. Failed operations detailed log:
-- Const with a message:
Check 'false' failed at src/frontends/tensorflow/src/tf_utils.cpp:347:
FrontEnd API failed with GeneralFailure:
Encountered unknown element type bf16

Summary:
-- Conversion is failed for: Const


"""


def test_the_reason_of_an_error_comes_first(doubles):
    text = openvino_runtime.without_places(ERROR)
    assert text == (
        "Conversion is failed for: Const Const with a message: Encountered unknown element type "
        "bf16"
    )
    assert "does not read bfloat16" in openvino_facts.cure_of(text)
    assert openvino_runtime.without_places("something\nelse") == "something else"
    error = (
        "InvalidGraph: [ONNXRuntimeError] : 10 : INVALID_GRAPH : This is an invalid model. In "
        'Node, ("a/Gelu/Erfc", Erfc, "", -1) : ("x": tensor(float),) -> ("y",) , Error No Op '
        "registered for Erfc with domain_version of 18"
    )
    first = "No Op registered for Erfc, in operation set 18: the operation a/Gelu/Erfc"
    assert onnx_facts.reason_first(error) == first
    assert optional_readers.explained("onnx", error, doubles, KEY)[1].startswith("tf2onnx writes")
