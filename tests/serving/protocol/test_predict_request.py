"""Test the conversion from JSON to tensors and back, and that both parsers agree."""

import json
import math
import random

import numpy as np
import pytest

from helpers.serving.protocol import json_parser, predict_request, responses
from helpers.serving.protocol.dtypes import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT8,
    INT32,
    INT64,
    NUMPY,
    STRING,
    UINT64,
)
from helpers.serving.protocol.errors import ServingError
from helpers.serving.protocol.predict_request import COLUMN, ROW, PredictBody


def read(body, inputs):
    """Return the form and the tensors of a body, or the text of the error."""
    try:
        return PredictBody(body if isinstance(body, bytes) else body.encode()).tensors(inputs)
    except ServingError as error:
        return error.message


def exactly(body, inputs, monkeypatch):
    """Do the same with the exact parser only."""
    with monkeypatch.context() as patch:
        patch.setattr(json_parser, "parse", lambda body, _: json_parser.parse_exactly(body))
        for name in ("_regular_rows", "_regular_columns"):
            patch.setattr(predict_request, name, _irregular)
        return read(body, inputs)


def _irregular(*_):
    raise predict_request._Irregular


def same(left, right):
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    (form, tensors), (other_form, others) = left, right
    return (
        form == other_form
        and tensors.keys() == others.keys()
        and all(
            tensors[n].dtype == others[n].dtype
            and tensors[n].shape == others[n].shape
            and all(map(_equal, tensors[n].ravel().tolist(), others[n].ravel().tolist()))
            for n in tensors
        )
    )


def _equal(left, right):
    return left == right or (left != left and right != right)


@pytest.mark.parametrize(
    "body",
    [
        '{"instances": [?]}',
        '{"instances": ?}',
        '{"instances": [1], "inputs": ?}',
        '{"instances": [1], "more": ?}',
        '{"signature_name": ?, "instances": [1]}',
        "[?]",
    ],
)
def test_an_integer_too_large_for_a_double_is_found_at_every_place(body):
    too_big = "JSON Parse error: Number too big to be stored in double. at offset: "
    for shift in (*range(0, 309, 11), 308):
        shifted = " " * shift + body
        found = read(shifted.replace("?", "9" * 309), {"x": FLOAT})
        assert found == too_big + str(shifted.index("?"))
        assert too_big not in str(read(shifted.replace("?", "9" * 308), {"x": FLOAT}))


BODIES = [
    '{"instances": [1, 2.5, -3e2]}',
    '{"instances": [[1, 2], [3, 4]]}',
    '{"instances": [[1, 2], [3]]}',
    '{"instances": [[], []]}',
    '{"instances": [true, false]}',
    '{"instances": ["a", "\\u00e9", {"b64": "aGk="}]}',
    '{"instances": [{"b64": "aGk"}, {"b64": "?"}]}',
    '{"instances": [{"x": 1}, {"x": 2}]}',
    '{"instances": [{"x": 1}, {"y": 2}]}',
    '{"instances": [NaN, Infinity, -Infinity]}',
    '{"instances": [1e39, 3.5e38]}',
    '{"instances": [9223372036854775807, -9223372036854775808]}',
    '{"instances": [18446744073709551615, 0]}',
    '{"instances": [127, 128, 300]}',
    '{"inputs": [[[1], [2]], [[3], [4]]]}',
    '{"inputs": {"x": [1, 2]}}',
    '{"inputs": 7}',
    '{"inputs": {"b64": "aGk="}}',
    '{"inputs": null}',
    '{"instances": [1, "a", true, null, [], {}]}',
]


@pytest.mark.parametrize("dtype", [FLOAT, DOUBLE, INT8, INT32, INT64, UINT64, BOOL, STRING])
@pytest.mark.parametrize("body", BODIES)
def test_the_fast_parser_agrees_with_the_exact_parser(body, dtype, monkeypatch):
    quick, exact = read(body, {"x": dtype}), exactly(body, {"x": dtype}, monkeypatch)
    assert same(quick, exact), (quick, exact)


def test_both_parsers_agree_on_damaged_bodies(monkeypatch):
    """Compare two thousand valid texts with a few bytes changed, removed or doubled."""
    chance = random.Random(7)
    outcomes = set()
    for _ in range(2000):
        body = bytearray(chance.choice(BODIES).encode())
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            kind = chance.randrange(3)
            if kind == 0:
                body[at] = chance.choice(b'{}[]",:\\u0x019eE.+-NInfa \n\x00\xff')
            elif kind == 1 and len(body) > 2:
                del body[at]
            else:
                body[at:at] = body[at : at + chance.randint(1, 5)]
        body = bytes(body)
        quick, exact = read(body, {"x": FLOAT}), exactly(body, {"x": FLOAT}, monkeypatch)
        assert same(quick, exact), (body, quick, exact)
        outcomes.add(type(quick))
    assert outcomes == {str, tuple}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"instances": [1, 1e400]}', "Number too big to be stored in double. at offset: 18"),
        (b'{"a": "\\ud83d"}', "The surrogate pair in string is invalid. at offset: 7"),
        (b'{"a": "\\u12x4"}', "Incorrect hex digit after \\u escape in string. at offset: 7"),
        (b'{"a": "\\q"}', "Invalid escape character in string. at offset: 7"),
        (b'{"a": "b\nc"}', "Invalid escape character in string. at offset: 8"),
        (b'{"a": "b', "Missing a closing quotation mark in string. at offset: 8"),
        (b'{"a": 1.}', "Miss fraction part in number. at offset: 8"),
        (b'{"a": 1e}', "Miss exponent in number. at offset: 8"),
        (b'{"a": nul}', "Invalid value. at offset: 9"),
        (b'{"a": 01}', "Missing a comma or '}' after an object member. at offset: 7"),
        (b"[1 2]", "Missing a comma or ']' after an array element. at offset: 3"),
        (b"\xef\xbb\xbf{", "Missing a name for object member. at offset: 4"),
        (b" \x00{}", "The document is empty. at offset: 1"),
    ],
)
def test_the_error_contains_the_offset_in_bytes(body, words):
    assert read(body, {"x": FLOAT}) == "JSON Parse error: " + words


def test_very_deep_nesting_is_an_error_and_not_a_crash():
    deep = "[" * 50_000 + "1" + "]" * 50_000
    for form in (ROW, COLUMN):
        assert read(f'{{"{form}": {deep}}}', {"x": FLOAT}) == "tensor parsing error: x"


@pytest.mark.parametrize("dimensions", [64, 65, 254, 255])
def test_too_many_dimensions_are_named(dimensions):
    found = read('{"inputs": ' + "[" * dimensions + "1" + "]" * dimensions + "}", {"x": FLOAT})
    if dimensions == 64:
        assert found[1]["x"].shape == (1,) * 64
    elif dimensions == 255:
        assert found == "tensor parsing error: x"
    else:
        assert found == (
            f"x has {dimensions} dimensions. This server takes at most 64, and "
            "TensorFlow Serving 254."
        )


@pytest.mark.parametrize(("dtype", "value"), [(FLOAT, 2.5), (INT64, 2**62 + 1), (BOOL, True)])
def test_long_lists_are_converted_in_parts(dtype, value, monkeypatch):
    monkeypatch.setattr(predict_request, "_PART", 7)
    body = json.dumps(
        {"inputs": [[value, value]] * 10 + [[value, value + value]] * (dtype != BOOL)}
    )
    quick, exact = read(body, {"x": dtype}), exactly(body, {"x": dtype}, monkeypatch)
    assert same(quick, exact)
    wrong = body.replace("]]", f', "a"{"]]"}')
    assert read(wrong, {"x": dtype}) == exactly(wrong, {"x": dtype}, monkeypatch)
    last = json.dumps({"inputs": [value] * 20 + ["a"]})
    assert "is not of expected type" in read(last, {"x": dtype})


def test_bytes_that_are_not_utf8_stay_unchanged():
    _, tensors = read(b'{"instances": ["\xff\xfe"]}', {"x": STRING})
    assert tensors["x"].tolist() == [b"\xff\xfe"]
    answer = responses.predictions(ROW, {"y": (STRING, tensors["x"])})
    assert b'"\xff\xfe"' in answer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_number_survives_a_round_trip(dtype):
    chance = np.random.default_rng(7)
    values = np.concatenate(
        [
            chance.standard_normal(500),
            10.0 ** chance.integers(-30, 30, 500),
            chance.integers(-1000, 1000, 100),
            [0.0, -0.0, math.pi, np.finfo(dtype).max, np.finfo(dtype).tiny],
        ]
    ).astype(dtype)
    texts = responses.decimals(values)
    assert np.array([float(text) for text in texts], dtype).tobytes() == values.tobytes()
    assert all(isinstance(json.loads(text), float) for text in texts)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0), (0, 2), (2, 1, 2), (0,)])
@pytest.mark.parametrize("dtype", [FLOAT, INT32, BOOL, STRING])
def test_responses_contain_the_values_in_their_shape(shape, dtype):
    count = math.prod(shape)
    if dtype == STRING:
        array = np.empty(count, object)
        array[:] = [b"a" * i for i in range(count)]
    else:
        array = np.arange(count).astype(NUMPY[dtype])
    array = array.reshape(shape)
    expected = np.vectorize(bytes.decode, otypes=[object])(array) if dtype == STRING else array
    for several in (False, True):
        outputs = {"y": (dtype, array)} | ({"z": (dtype, array)} if several else {})
        columns = json.loads(responses.predictions(COLUMN, outputs))["outputs"]
        assert (columns["y"] if several else columns) == expected.tolist()
        if shape:
            rows = json.loads(responses.predictions(ROW, outputs))["predictions"]
            assert [row["y"] if several else row for row in rows] == expected.tolist()
