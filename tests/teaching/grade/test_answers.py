"""Answers leave the box as data: what is written is read again, and nothing else is run."""

import json
import math
import os
import pickle
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from helpers.teaching.grade.answers import NotData, decode, encode, paths_in

VALUES = [
    None,
    True,
    ...,
    3,
    -(10**400),
    0.1,
    math.inf,
    2j,
    "Zoë \ud800",
    b"\0\xff",
    Path("/a/b"),
    Decimal("1.20"),
    [1, [2, (3, {"a": {4}, 5: frozenset("b")})]],
    {("a", 1): ..., "b": [...]},
    np.float32(0.1),
    np.bool_(True),
    np.str_("a"),
]
ARRAYS = [
    np.arange(6, dtype=np.int64).reshape(2, 3)[:, ::2],
    np.array(3.5),
    np.array([np.nan, -0.0], ">f8"),
    np.array(["a", "Zoë"]),
    np.array([b"a\0b", "c"], object),
    np.zeros((0, 3)),
]


def again(value):
    """Return the value after a journey through a file."""
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_plain_values(value):
    found = again(value)
    assert found == value and type(found) is type(value)


def test_nan_and_minus_zero():
    assert math.isnan(again(math.nan)) and str(again(-0.0)) == "-0.0"


@pytest.mark.parametrize("value", ARRAYS, ids=lambda value: str(value.dtype))
def test_arrays(value):
    found = again(value)
    np.testing.assert_array_equal(found, value)
    assert found.dtype == value.dtype and found.shape == value.shape
    if found.size:
        found.flat[0] = found.flat[-1]  # it can be written


def test_tensors_and_specs():
    import tensorflow as tf

    for value in (tf.constant([[1.5]]), tf.Variable([1, 2]), tf.constant(["a", "b"])):
        found = again({"x": value})["x"]
        assert isinstance(found, tf.Tensor) and found.dtype == value.dtype
        np.testing.assert_array_equal(found.numpy(), value.numpy())
    for spec in (tf.TensorSpec((None, 4), tf.float32, name="x"), tf.TensorSpec(None, tf.string)):
        assert again(spec) == spec


class Sneaky(str):
    """A text that is equal to all, and that runs code where it is unpickled."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def __reduce__(self):
        return os.mkdir, ("unpickled",)

    def __str__(self):
        return "another text"


def test_subclasses_arrive_as_plain_values(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = again([Sneaky("a")])
    assert type(found[0]) is str and found == ["a"] and found != ["b"]
    assert not list(tmp_path.iterdir())


class Endless(dict):
    """A mapping that has always one more item."""

    def items(self):
        return ((number, number) for number in range(300_000))


@pytest.mark.parametrize(
    "value",
    [len, lambda: 1, object(), int, Endless(), np.zeros(2, [("a", int)])],
    ids=["built-in", "lambda", "object", "class", "endless", "fields"],
)
def test_what_is_no_data(value):
    with pytest.raises(NotData):
        encode(value)


def test_a_list_in_itself_is_no_data():
    value = []
    value.append(value)
    with pytest.raises(NotData, match="too large"):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "pickle", "base64": ""},
        {"kind": "array", "dtype": "O", "shape": [1], "base64": "AAAAAAAAAAA="},
        {"kind": "array", "dtype": "(2,)f4", "shape": [1], "base64": "AAAAAAAAAAA="},
        {"kind": "array", "dtype": "f4", "shape": [-1], "base64": "AAAAAA=="},
        {"kind": "array", "dtype": "f4", "shape": [10**9, 10**9], "base64": "AAAAAA=="},
        {"kind": "objects", "shape": [2], "items": [1]},
        {"kind": "dict", "pairs": [[[1], 2]]},
        {"kind": "int", "hex": "zz"},
        {"kind": []},
        {},
        1.5,
    ],
    ids=str,
)
def test_forged_data_is_refused(data):
    with pytest.raises(NotData):
        decode(data)


def test_a_pickle_stays_bytes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(Sneaky("a"))
    assert again(content) == content and not list(tmp_path.iterdir())


def test_nested_data_is_refused_and_does_not_end_the_process():
    data = json.loads("[" * 500 + "]" * 500)
    with pytest.raises(NotData, match="nested"):
        decode(data)


def test_paths_in_an_answer(tmp_path):
    file = tmp_path / "a"
    file.touch()
    assert paths_in({"x": [str(file), Path(tmp_path)], "y": ("\0", "no such", 3)}) == [
        file,
        tmp_path,
    ]
