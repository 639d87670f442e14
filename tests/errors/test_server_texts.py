"""The errors of model servers: what the course's server answers finds its entry.

tests/serving/vectors/ has the answers of TensorFlow Serving, each with the place in its source. A
test there proves that the course's server gives the same answers.
"""

import json
import tomllib

import pytest

from helpers.errors.find import find
from helpers.errors.known_error import SERVING, known_errors
from helpers.paths import ROOT

VECTORS = [
    vector
    for path in sorted((ROOT / "tests" / "serving" / "vectors").glob("*.toml"))
    for vector in tomllib.loads(path.read_text(encoding="utf-8")).get("vector", ())
    if isinstance(vector.get("error"), str)
]
SERVER = {key: error for key, error in known_errors().items() if error.group == SERVING}
# What each answer must find. The rest are rare mistakes, and may find nothing.
EXPECTED = {
    "Servable not found for request: ": "server-unknown-model",
    # The address of an unknown route could come from any server.
    "Malformed request: GET /v1/models": "server-malformed-request",
    "Malformed request: POST /v1/models": "server-malformed-request",
    "Unrecognized servable version label:": "server-unknown-label",
    "Serving signature name: ": "server-unknown-signature",
    "Missing 'inputs' or 'instances' key": "server-no-instances",
    "JSON Parse error: ": "server-json",
    " to type: half": "server-half",
    "does not have named input: ": "server-unknown-input",
    "Missing named input: ": "server-unknown-input",
    "Could not find any versions of model ": "server-unknown-model",
    "Could not find version ": "server-unknown-model",
    "Unable to base64 decode": "server-base64",
    "expecting list of objects": "server-list-of-objects",
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"][:60])
def test_answer_of_a_server_finds_the_entry_of_a_server(vector):
    said = vector["error"]
    expected = [key for words, key in EXPECTED.items() if words in said]
    for text in (said, json.dumps({"error": said}), f'  details = "{said}"'):
        case = find(text).case
        if expected:
            assert case is SERVER[expected[0]]
        else:
            assert case is None or case.group == SERVING


def test_every_expected_answer_is_among_those_of_the_server():
    said = [vector["error"] for vector in VECTORS]
    assert [words for words in EXPECTED if not any(words in each for each in said)] == []


def test_every_error_of_a_server_says_that_it_was_not_reproduced_here():
    assert len(SERVER) >= 13
    for error in SERVER.values():
        assert error.not_reproduced.endswith(".")
        assert error.met_in == "server" and not error.promised
