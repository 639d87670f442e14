"""Inputs from a file: read, assigned to signatures, and refused with what is possible."""

import json

import numpy as np
import pytest

from helpers.artifact import Signature, TensorInfo
from helpers.readers.input_files import WrongOption, read_inputs, sets_by_signature


def signature(key, **inputs):
    return Signature(key, tuple(TensorInfo(name, *spec) for name, spec in inputs.items()), ())


SIGNATURES = {
    "serve": signature("serve", x=("float32", (None, 2))),
    "text": signature("text", words=("string", (None,))),
    "same": signature("same", x=("float32", (None, 2))),
}
X = [[1.0, 2.0], [3.0, 4.0]]


def test_npz_and_json_hold_the_same(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array(X))
    (tmp_path / "a.json").write_text(json.dumps({"x": X}))
    for name in ("a.npz", "a.json"):
        sets = sets_by_signature(read_inputs(tmp_path / name), SIGNATURES)
        assert sets.keys() == {"serve", "same"}
        assert sets["serve"]["x"].dtype == "float32" and sets["serve"]["x"].tolist() == X


def test_a_set_for_each_signature(tmp_path):
    np.savez(tmp_path / "a.npz", **{"serve/x": np.array(X), "text/words": np.array(["a", "b"])})
    (tmp_path / "a.json").write_text(json.dumps({"serve": {"x": X}, "text": {"words": ["a", "b"]}}))
    for name in ("a.npz", "a.json"):
        sets = sets_by_signature(read_inputs(tmp_path / name), SIGNATURES)
        assert sets.keys() == {"serve", "text"} and sets["text"]["words"].tolist() == ["a", "b"]


def test_bytes_in_json(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"words": [{"b64": "/9j/4A=="}]}))
    sets = sets_by_signature(read_inputs(tmp_path / "a.json"), SIGNATURES)
    assert sets["text"]["words"].tolist() == [b"\xff\xd8\xff\xe0"]


WRONG_FILES = {
    # what: (content, words)
    "no file": (None, "no file '.*a.json' with inputs. Write an .npz file"),
    "no JSON": (b"{", "cannot be read: JSONDecodeError.*Write an .npz file"),
    "no text": (b"\xff\xfe\x00", "cannot be read: UnicodeDecodeError"),
    "a list": (b"[1, 2]", "holds no object with names"),
    "empty": (b"{}", "holds no object with names"),
    "half a zip": (b"PK\x03\x04", "cannot be read"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_wrong_file(tmp_path, what):
    content, words = WRONG_FILES[what]
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(WrongOption, match=words):
        read_inputs(tmp_path / "a.json")


def test_npz_with_objects_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], object))
    with pytest.raises(WrongOption, match="cannot be read"):
        read_inputs(tmp_path / "a.npz")


WRONG_INPUTS = {
    # what: (inputs, words)
    "names": ({"z": X}, "the inputs z are given, but serve takes x; text takes words"),
    "signature": ({"score": {"x": X}}, "'score', which is not compared: serve, text, same"),
    "names of one": ({"serve": {"z": X}}, "serve takes the inputs x; given were z"),
    "dtype": ({"x": [["a", "b"]]}, "input x is float32; text cannot be given for it"),
    "size": (
        {"x": [[1.0]]},
        r"x is declared with the shape \(None, 2\); .* has the shape \(1, 1\)",
    ),
    "axes": ({"x": [1.0, 2.0]}, r"the given array has the shape \(2,\)"),
    "ragged list": ({"x": [[1.0], [1.0, 2.0]]}, "do not fit"),
    "base64": ({"words": [{"b64": "?"}]}, "do not fit"),
}


@pytest.mark.parametrize("what", WRONG_INPUTS)
def test_wrong_inputs(what):
    inputs, words = WRONG_INPUTS[what]
    with pytest.raises(WrongOption, match=words):
        sets_by_signature(inputs, SIGNATURES)
