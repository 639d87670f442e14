"""Test that both parsers agree on random bodies, and that `fault` finds invalid responses."""

import pytest
from hypothesis import HealthCheck, given, settings

from helpers.serving.protocol.dtypes import FLOAT, INT32, STRING
from tests.serving import fuzz, fuzz_framing, fuzz_grpc
from tests.serving.protocol.test_predict_request import exactly, read, same


@pytest.mark.parametrize("inputs", [{"x": FLOAT}, {"text": STRING}, {"a": FLOAT, "b": INT32}])
def test_the_fast_parser_agrees_with_the_exact_parser(inputs, monkeypatch):
    @settings(
        max_examples=200,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzz.REQUESTS)
    def agree(request):
        body = request[1]
        assert same(read(body, inputs), exactly(body, inputs, monkeypatch)), body

    agree()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"error": "INTERNAL"}'),
        (400, b'{"predictions": [1]}'),
        (400, b'{"error": ""}'),
        (400, b'{"error": "a", "more": 1}'),
        (400, b"Bad Request"),
        (200, b'{"error": "a"}'),
        (200, b'{"predictions": [1'),
        (200, b"[]"),
    ],
)
def test_fault_finds_invalid_responses(status, body):
    assert fuzz.fault(status, body)
    assert not fuzz.fault(400, b'{"error": "\xff"}')
    assert not fuzz.fault(200, b'{"outputs": NaN}')


@pytest.mark.parametrize(
    ("call", "body", "code", "details"),
    [
        ("PredictionService/Predict", b"", "INTERNAL", "an error"),
        ("PredictionService/Predict", b"", "UNKNOWN", "an error"),
        ("PredictionService/Predict", b"", "INVALID_ARGUMENT", ""),
        ("PredictionService/Predict", b"\xff", "OK", ""),
        ("PredictionService/Predict", b"\xff", "INVALID_ARGUMENT", "an error"),
    ],
)
def test_fault_finds_wrong_codes(call, body, code, details):
    assert fuzz_grpc.fault(call, body, code, details)
    assert not fuzz_grpc.fault(call, b"", "OK", "")
    assert not fuzz_grpc.fault(call, b"\xff", "INTERNAL", "no message")


REQUEST = b"GET / HTTP/1.1\r\n\r\n"
ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "received",
    [
        ANSWER.replace(b"404", b"500"),
        ANSWER[:-1],
        ANSWER[:10],
        ANSWER + b"{}",
        3 * ANSWER,
        b"an error",
    ],
)
def test_fault_finds_wrong_framing(received):
    assert fuzz_framing.fault([REQUEST], received)
    assert not fuzz_framing.fault([REQUEST], b"")
    assert not fuzz_framing.fault([REQUEST, REQUEST], b"HTTP/1.1 100 Continue\r\n\r\n" + 2 * ANSWER)


def test_an_answer_to_head_has_a_length_and_no_body():
    assert fuzz_framing.statuses(ANSWER[:-2] + ANSWER) == [404, 404]
    assert fuzz_framing.statuses(ANSWER[:-2]) == [404]
