"""Whether a new version may replace an old one: the form, the answers, and which client breaks."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_INT32, DT_INT64

from helpers import readers
from helpers.artifact import Signature, TensorInfo
from helpers.readers import command
from helpers.readers.input_files import WrongOption
from helpers.readers.replacement import replace_old
from helpers.readers.signature_changes import CLIENTS, GRPC, LITERT, PYTHON, REST, changes
from helpers.serving.protocol.errors import ServingError
from helpers.serving.protocol.predict_request import PredictBody
from helpers.serving.protocol.responses import predictions
from tests.readers.saved_functions import save

KEY = "serving_default"
X = TensorInfo("x", "float32", (None, 2))
Y = TensorInfo("y", "float32", (None, 1))


def signature(inputs=(X,), outputs=(Y,)):
    return {KEY: Signature(KEY, tuple(inputs), tuple(outputs))}


def tensor(name="x", dtype="float32", shape=(None, 2)):
    return TensorInfo(name, dtype, shape)


NOT_REST = (PYTHON, GRPC, LITERT)
INPUTS = {
    # what: (new inputs, words, the clients that break)
    "renamed": ([tensor("z")], "has the new name z", CLIENTS),
    "renamed, too": ([tensor("z", "int32")], "is int32, not float32", CLIENTS),
    "added": ([X, tensor("z")], "the input z (float32) is new", CLIENTS),
    "wide": ([tensor(shape=(None, None))], "takes the shape (None, None), not", ()),
    "any rank": ([tensor(shape=None)], "takes an unknown shape, not", ()),
    "narrow": ([tensor(shape=(8, 2))], "(narrowed)", CLIENTS),
    "size": ([tensor(shape=(None, 3))], "takes the shape (None, 3), not", CLIENTS),
    "rank": ([tensor(shape=(None,))], "takes the shape (None,), not", CLIENTS),
    "float64": ([tensor(dtype="float64")], "is float64, not float32", NOT_REST),
    "whole": ([tensor(dtype="int64")], "is int64, not float32", CLIENTS),
    "text": ([tensor(dtype="string")], "is string, not float32", CLIENTS),
}
OUTPUTS = {
    "renamed": ([tensor("z", shape=(None, 1))], "has the new name z", NOT_REST),
    "added": ([Y, tensor("z")], "2 outputs, not 1", (REST,)),
    "gone": ([], "the output y (float32) is gone", CLIENTS),
    "fixed": ([tensor("y", shape=(8, 1))], "(narrowed)", ()),
    "wide": ([tensor("y", shape=(None, None))], "(widened)", ()),
    "rank": ([tensor("y", shape=(None,))], "has the shape (None,), not", CLIENTS),
    "float64": ([tensor("y", "float64", (None, 1))], "is float64, not float32", (GRPC, LITERT)),
    "text": ([tensor("y", "string", (None, 1))], "is string, not float32", CLIENTS),
}


@pytest.mark.parametrize("what", INPUTS)
def test_changes_of_inputs(what):
    inputs, words, breaks = INPUTS[what]
    told = changes(signature(), signature(inputs=inputs))
    assert any(words in str(change) and change.breaks == breaks for change in told), told


@pytest.mark.parametrize("what", OUTPUTS)
def test_changes_of_outputs(what):
    outputs, words, breaks = OUTPUTS[what]
    told = changes(signature(), signature(outputs=outputs))
    assert any(words in str(change) and change.breaks == breaks for change in told), told


def test_whole_numbers_of_other_sizes():
    def told(old, new):
        (change,) = changes(signature([tensor(dtype=old)]), signature([tensor(dtype=new)]))
        return change.breaks, change.why

    assert told("int32", "int64")[0] == NOT_REST
    assert told("int64", "int32")[0] == CLIENTS and told("int32", "uint32")[0] == CLIENTS
    breaks, why = told("int32", "float32")
    assert breaks == NOT_REST and "does not hold all large ones" in why


def test_signatures_that_come_and_go():
    assert not changes(signature(), signature())
    (gone,) = changes(signature(), {})
    assert gone.breaks == CLIENTS and not gone.calls
    (new,) = changes({}, signature())
    assert not new.breaks and "breaks no client" in str(new)


def test_what_rest_does_with_names_and_dtypes():
    """The rules for REST are those of the protocol."""

    def taken(body, **inputs):
        return PredictBody(json.dumps(body).encode()).tensors(inputs)[1]

    bare, named = {"instances": [[1, 2]]}, {"instances": [{"x": [1, 2]}]}
    assert taken(bare, z=DT_FLOAT)["z"].tolist() == [[1, 2]]
    with pytest.raises(ServingError):
        taken(named, z=DT_FLOAT)
    with pytest.raises(ServingError):
        taken(bare, x=DT_FLOAT, z=DT_FLOAT)
    assert taken(bare, x=DT_DOUBLE)["x"].dtype == np.float64
    with pytest.raises(ServingError):
        taken({"instances": [[1.5, 2]]}, x=DT_INT64)
    with pytest.raises(ServingError):
        taken({"instances": [3_000_000_000]}, x=DT_INT32)
    one = {"y": (DT_FLOAT, np.float32([[1.0]]))}
    several = one | {"z": (DT_INT64, np.int64([[1]]))}
    assert json.loads(predictions("instances", one)) == {"predictions": [[1.0]]}
    assert json.loads(predictions("instances", several)) == {
        "predictions": [{"y": [1.0], "z": [1]}]
    }


# Two exports

ROWS = tf.TensorSpec((None, 2), tf.float32, name="x")
WHOLE = tf.TensorSpec((None, 2), tf.int64, name="x")
TEXT = tf.TensorSpec((None,), tf.string, name="t")


def scale(w, x):
    return {"y": w * x}


def length(w, t):
    return {"n": tf.strings.length(t)}


VERSIONS = {
    "old": (2.0, {KEY: (scale, ROWS), "text": (length, TEXT)}),
    "same": (2.0, {KEY: (scale, ROWS), "text": (length, TEXT), "new": (scale, ROWS)}),
    "retrained": (2.5, {KEY: (scale, ROWS), "text": (length, TEXT)}),
    "nan": (2.0, {KEY: (lambda w, x: {"y": w * tf.sqrt(x)}, ROWS), "text": (length, TEXT)}),
    "crops": (2.0, {KEY: (lambda w, x: {"y": w * x[:1]}, ROWS), "text": (length, TEXT)}),
    "fixed": (2.0, {KEY: (scale, tf.TensorSpec((8, 2), tf.float32, name="x"))}),
    "ids": (2.0, {KEY: (lambda w, x: {"y": w * tf.cast(x, tf.float32)}, WHOLE)}),
    "renamed": (2.0, {KEY: (scale, tf.TensorSpec((None, 2), tf.float32, name="z"))}),
}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """A function of (name): saves a version once."""
    folder = tmp_path_factory.mktemp("versions")

    def make(name):
        weight, functions = VERSIONS[name]
        return (
            folder / name if (folder / name).exists() else save(folder / name, weight, **functions)
        )

    return make


def said(capsys, *arguments):
    status = command.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def test_a_version_that_may_replace_the_old_one(version, capsys):
    status, text = said(capsys, version("same"), "--against", version("old"))
    assert status == 0 and text.endswith("no client of its signatures breaks, the same answers.\n")
    assert "y: 0 of 8 values differ" in text and "the signature is new: breaks no client" in text
    # LiteRT has no operations for texts, in both versions.
    assert "litert cannot use text of the old version either, so it has no clients there" in text


def test_other_answers_count_unless_they_are_expected(version, capsys):
    arguments = version("retrained"), "--against", version("old"), "--signature", KEY
    status, text = said(capsys, *arguments)
    assert status == 1 and "y: 8 of 8 values differ, by 0.76 at most" in text
    assert text.endswith("retrained has the form of old, and other answers to the same inputs.\n")
    assert "If this is right, add --retrained" in text
    status, text = said(capsys, *arguments, "--retrained")
    assert status == 0 and text.endswith("other answers are expected.\n")
    assert "add --retrained" not in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nan", "are NaN or infinite and were not"),
        ("crops", "y: 0 of 2 values differ, another shape for 1 set of inputs"),
    ],
)
def test_answers_that_no_training_explains(version, name, words):
    found = replace_old(version(name), version("old"), retrained=True, signature=KEY)
    assert found.exit_status == 1 and words in found.text()
    assert found.verdict == (
        f"{name} may not replace old: answers have other shapes, or are NaN or infinite and were "
        "not."
    )


def test_a_fixed_size_and_what_the_readers_do_with_others(version):
    found = replace_old(version("fixed"), version("old"))
    (narrow,) = [change for change in found.changes if change.narrowed]
    assert narrow.breaks == CLIENTS and "those that send a first size other than 8" in narrow.why
    assert "still answered: Python, gRPC" in narrow.why
    gone = [change for change in found.changes if change.signature == "text"]
    assert [change.words for change in gone] == ["the signature is gone"]
    assert found.exit_status == 1 and "it breaks clients of Python, gRPC, REST" in found.verdict


@pytest.mark.parametrize("name", ["ids", "renamed"])
def test_the_requests_that_are_said_to_break_do(version, name):
    found = replace_old(version(name), version("old"), signature=KEY)
    (change,) = [change for change in found.changes if not change.calls]
    feed = {"x": np.float32([[1, 2], [3, 4]])}
    tried = readers.run_bare(version(name), KEY, feed)
    refusing = {
        c for c, r in ((PYTHON, "tensor"), (GRPC, "server"), (LITERT, "litert")) if tried[r][1]
    }
    assert refusing == set(change.breaks) - {REST}
    assert not found.answers and found.exit_status == 1


def test_own_inputs_are_those_of_the_old_version(version, tmp_path, capsys):
    file = tmp_path / "rows.json"
    file.write_text('{"x": [[1.0, 2.0], [3.0, 4.0]]}')
    status, text = said(capsys, version("same"), "--against", version("old"), "--inputs", file)
    assert status == 0 and "y: 0 of 4 values differ" in text and "for x (2, 2): given" in text
    file.write_text('{"z": [[1.0, 2.0]]}')
    status, text = said(capsys, version("same"), "--against", version("old"), "--inputs", file)
    assert status == 2 and text.startswith("the inputs z are given, but serving_default takes x")


def refuses_small(w, x):
    with tf.control_dependencies([tf.debugging.assert_greater(x, 1e9)]):
        return {"y": w * x}


def test_an_old_version_that_refuses_made_inputs(version, tmp_path, capsys):
    old, new = (save(tmp_path / name, **{KEY: (refuses_small, ROWS)}) for name in ("a", "b"))
    status, text = said(capsys, new, "--against", old)
    assert status == 2 and "the old version refuses all inputs that were made: Inv" in text
    assert text.endswith("Whether b may replace a is unknown: it was not tried properly.\n")
    (tmp_path / "large.json").write_text('{"x": [[2e9, 3e9]]}')
    status, text = said(capsys, new, "--against", old, "--inputs", tmp_path / "large.json")
    assert status == 0 and "y: 0 of 2 values differ" in text


def test_an_old_version_that_no_reader_can_load(version, tmp_path, capsys):
    old = save(tmp_path / "old", **{KEY: (scale, ROWS)})
    for file in (old / "variables").iterdir():
        file.unlink()
    status, text = said(capsys, version("same"), "--against", old)
    assert status == 2 and "the old version cannot be asked: " in text


def test_as_data(version, capsys):
    arguments = version("retrained"), "--against", version("old"), "--signature", KEY, "--json"
    status, text = said(capsys, *arguments)
    told = json.loads(text)
    assert (told["new"], told["old"], told["exit_status"]) == ("retrained", "old", status)
    assert told["answers"][0]["different"] == 8 and told["readers"]["rows"] and not told["changes"]


def test_what_cannot_be_compared(version, tmp_path, capsys):
    old = version("old")
    status, text = said(capsys, version("same"), "--against", tmp_path / "none")
    assert (status, text) == (2, "there is nothing at 'none': no such directory\n")
    with pytest.raises(WrongOption, match="are the same folder"):
        replace_old(old, old)
    with pytest.raises(WrongOption, match="no signature 'new' in the old version: it has serving"):
        replace_old(version("same"), old, signature="new")
    tf.saved_model.save(tf.Module(), str(tmp_path / "empty"))
    with pytest.raises(WrongOption, match="no signatures, so it has no clients"):
        replace_old(version("same"), tmp_path / "empty")
    found = replace_old(tmp_path / "empty", old)
    assert found.exit_status == 1 and "the signature is gone" in found.text()


def test_versions_in_folders_of_one_name(tmp_path):
    for model in ("a", "b"):
        save(tmp_path / model / "1", **{KEY: (scale, ROWS)})
    found = replace_old(tmp_path / "a" / "1", tmp_path / "b" / "1")
    assert found.verdict.startswith("a/1 may replace b/1")


def save_with_bytes(directory, number):
    """Export a function that LiteRT cannot convert: it reads bytes."""
    module = tf.Module()
    module.number = tf.Variable(float(number))

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="row_bytes")])
    def from_bytes(row_bytes):
        rows = tf.reshape(tf.io.decode_raw(row_bytes, tf.float32), (-1, 2))
        return {"rows": rows, "score": tf.reduce_sum(rows, axis=1) + module.number}

    tf.saved_model.save(module, str(directory), signatures=from_bytes)
    return directory


def test_a_reader_that_fails_in_both_versions_is_no_reason_to_refuse_a_retrained_one(tmp_path):
    old, new = (save_with_bytes(tmp_path / str(number), number) for number in (1, 2))
    assert replace_old(new, old).exit_status == 1
    found = replace_old(new, old, retrained=True)
    assert found.exit_status == 0, found.text()
    assert "litert cannot use serving_default of the old version either" in found.text()
