"""Requests that this process answers itself get the statuses and texts of the model server."""

import json

import pytest
import tensorflow as tf

from helpers.serving.protocol.errors import ServingError
from helpers.serving.server.in_process import in_process

PATH = "/v1/models/double:predict"


@pytest.fixture(scope="module")
def send(tmp_path_factory):
    folder = tmp_path_factory.mktemp("double")
    module = tf.Module()
    x = tf.TensorSpec((None,), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[x])
    tf.saved_model.save(module, str(folder / "double"), signatures=module.double)
    return in_process(double=folder / "double")


@pytest.mark.parametrize("write", [dict, json.dumps, lambda body: json.dumps(body).encode()])
@pytest.mark.parametrize("path", [PATH, "/v1/models/double/versions/1:predict"])
def test_a_right_request_is_answered(send, write, path):
    status, text = send(path, write({"instances": [1.0, 2.5]}))
    assert (status, json.loads(text)) == (200, {"predictions": [2.0, 5.0]})
    status, text = send(path, write({"inputs": {"x": [1.0, 2.5]}}))
    assert (status, json.loads(text)) == (200, {"outputs": [2.0, 5.0]})


WRONG = {
    "no colon": (
        "/v1/models/double/predict",
        {},
        400,
        "Malformed request: POST /v1/models/double/",
    ),
    "another verb": ("/v1/models/double:classify", {}, 400, "Malformed request: POST"),
    "another model": (
        "/v1/models/dbl:predict",
        {"instances": [1.0]},
        404,
        "Servable not found for request: Latest(dbl)",
    ),
    "another version": (
        "/v1/models/double/versions/2:predict",
        {"instances": [1.0]},
        404,
        "Servable not found for request: Specific(double, 2)",
    ),
    "a label": ("/v1/models/double/labels/new:predict", {"instances": [1.0]}, 404, "not found"),
    "no rows": (PATH, {"rows": [1.0]}, 400, "Missing 'inputs' or 'instances' key"),
    "no JSON": (PATH, "", 400, "JSON Parse error: The document is empty"),
    "another signature": (
        PATH,
        {"signature_name": "half", "instances": [1.0]},
        400,
        'Serving signature name: "half" not found in signature def',
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_gets_the_status_and_the_text(send, name):
    path, body, status, words = WRONG[name]
    got, text = send(path, body)
    assert got == status
    assert words in json.loads(text)["error"]


def test_what_json_cannot_write_raises(send):
    with pytest.raises(TypeError):
        send(PATH, {"instances": {1, 2}})


def test_a_directory_without_an_export_raises(tmp_path):
    with pytest.raises(ServingError):
        in_process(nothing=tmp_path)
