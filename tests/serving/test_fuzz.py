"""What Hypothesis makes is read alike in both ways, and an answer that is none is found."""

import pytest
from hypothesis import HealthCheck, given, settings

from helpers.serving.protocol.dtypes import FLOAT, INT32, STRING
from tests.serving import fuzz
from tests.serving.protocol.test_predict_request import exactly, read, same


@pytest.mark.parametrize("inputs", [{"x": FLOAT}, {"text": STRING}, {"a": FLOAT, "b": INT32}])
def test_the_quick_way_of_reading_is_the_exact_one(inputs, monkeypatch):
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
def test_an_answer_that_is_not_one_is_found(status, body):
    assert fuzz.fault(status, body)
    assert not fuzz.fault(400, b'{"error": "\xff"}')
    assert not fuzz.fault(200, b'{"outputs": NaN}')
