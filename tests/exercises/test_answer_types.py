"""One strict reader for every kind of answer."""

from collections import OrderedDict, UserDict
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises import answer_types
from helpers.exercises.outcomes import NotAttempted, NotYet

SELF: list = []
SELF += [SELF, SELF]

RIGHT = {
    "number": [3, 3.0, np.float32(3), np.int64(3), Decimal(3), Fraction(3), np.array(3.0)],
    "whole_number": [3, np.int64(3), np.uint8(3), np.array(3), tf.constant(3)],
    "boolean": [True, np.True_, np.array(True), tf.constant(True)],
    "text": ["3", np.str_("3")],
    "array": [[3], (3,), np.array([3.0]), tf.constant([3]), [np.float32(3)]],
    "mapping": [{"a": 3}, OrderedDict(a=3), UserDict(a=3), MappingProxyType({"a": 3})],
    "function": [len, lambda: 3, tf.function(lambda: 3)],
}
WRONG = {
    "number": [
        "3",
        b"3",
        True,
        None,
        np.nan,
        10**400,
        3j,
        [3, 4],
        np.array([3.0]),
        np.array([3, 4]),
        {},
        len,
    ],
    "whole_number": [
        "3",
        3.0,
        True,
        np.True_,
        np.float64(3),
        None,
        np.array([3]),
        np.array([3, 4]),
        Decimal(3),
    ],
    "boolean": [1, 0, "True", None, np.int64(1), np.array([True, False])],
    "text": [3, b"3", None, np.array(["3", "4"]), ["3"]],
    "array": ["3", ["3"], [[3]], [3, 4], 3, [None], SELF, {"a": 3}, [True], [3j], len, b"3"],
    "mapping": [[("a", 3)], None, "a", {}, {"a": 3, "b": 4}, {"b": 3}],
    "function": [3, None, "len"],
}
MORE = {"mapping": (["a"], "answer")}


def read(kind, value):
    if kind == "array":
        return answer_types.array(value, "answer", (1,))
    return getattr(answer_types, kind)(value, *MORE.get(kind, ("answer",)))


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in RIGHT.items() for v in vs])
def test_right_kinds_are_read(kind, value):
    found = read(kind, value)
    if kind in ("number", "whole_number"):
        assert found == 3 and type(found) in (int, float)


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in WRONG.items() for v in vs])
def test_wrong_kinds_are_refused_with_what_they_are(kind, value):
    with pytest.raises(NotYet) as raised:
        read(kind, value)
    said = str(raised.value)
    assert said.startswith("answer should be") and "but " in said and len(said) < 400


def test_an_array_of_another_shape_is_told_by_shape_and_dtype():
    with pytest.raises(NotYet) as raised:
        answer_types.array(np.zeros((2, 1), np.float32), "scores", (2,), "f")
    assert str(raised.value) == (
        "scores should be an array of numbers with a fraction of shape (2,), but is an array of "
        "float32 of shape (2, 1)."
    )


def test_any_size_is_none():
    assert answer_types.array([[1, 2]], "answer", (None, 2)).shape == (1, 2)


def test_what_is_left_is_named():
    with pytest.raises(NotAttempted) as raised:
        answer_types.mapping({"a": ..., "b": 2, "c": ...}, "abc", "week")
    assert raised.value.left == ["week['a']", "week['c']"]


def test_choices_are_named():
    assert answer_types.text("a", "answer", "ab") == "a"
    with pytest.raises(NotYet, match="answer: 'c' is not one of 'a', 'b'"):
        answer_types.text("c", "answer", "ab")
