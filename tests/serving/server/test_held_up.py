"""A quick model answers while the server computes or reads. `make bench` measures how soon."""

import json
import urllib.request

import pytest

from helpers.serving.launch.process import start
from helpers.serving.server.rest import PARSED_TOO_LONG
from tests.serving import held_up

SECONDS = 1.0


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return held_up.write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def port(config):
    with start(model_config_file=config) as server:
        yield int(server.rest.rpartition(":")[2])


def test_beside_a_model_that_computes(port):
    kept = held_up.keep(port, held_up.slow(port, SECONDS), 0)
    assert kept.status == 200
    # Otherwise, each answer of the quick model would wait for one of the slow one.
    assert len(kept.quick) > 10, kept


@pytest.mark.parametrize("name", ["6 MB with an emoji in each text", "5 MB of brackets"])
def test_beside_a_large_body(port, name):
    kept = held_up.keep(port, held_up.bodies()[name], SECONDS)
    assert kept.status == (400 if "brackets" in name else 200)
    assert len(kept.quick) > 3 * len(kept.other), kept


def test_reading_counts_within_the_timeout(config):
    """Reading the body takes longer than the timeout, and the model does not."""
    path, body = held_up.bodies()["6 MB with an emoji in each text"]
    with start(model_config_file=config, rest_api_timeout_in_ms=20) as server:
        port = int(server.rest.rpartition(":")[2])
        status, answer = held_up.post(port, path, body)
        assert (status, json.loads(answer)) == (504, {"error": PARSED_TOO_LONG})
        with urllib.request.urlopen(f"{server.rest}/v1/models/text") as response:
            assert response.status == 200
