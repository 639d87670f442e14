"""Test that both parsers agree on random bodies, and that `fault` finds invalid responses."""

import pytest
from hypothesis import HealthCheck, given, settings

from helpers.serving.protocol.dtypes import FLOAT, INT32, STRING
from tests.serving import fuzz
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
