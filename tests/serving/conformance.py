"""Read the conformance vectors of TensorFlow Serving's protocol, send them, compare the responses.

A vector contains a request over REST (`get`, `post` or `method` with `path`; `body`, `headers`) or
over gRPC (`call`; `request` as proto text; or `labels` for a reload of the models, to which
`request` adds fields), and the expected response:

status, code    the HTTP status, or the name of the gRPC code
answer          the whole response, as JSON or proto text; numbers are equal within 1e-6
part            a part of the response; lists have the same length
error           the whole error message
error_like      a pattern that occurs in the error message
text_like       a pattern that occurs in the body
header_like     a pattern for each header

`source` names the test or the code of TensorFlow Serving that determines the response. `unsettled`
says why there is no such source. `fill` replaces a word by a long text. `needs` is "late" for
vectors that ask for the versions of conformance_models.write_late, and "labels" for vectors after a
reload.
"""

import gzip
import http.client
import json
import math
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import grpc
from google.protobuf import json_format, text_format
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from tests.serving import conformance_models

FOLDER = Path(__file__).parent / "vectors"
SECONDS = 60  # timeout of a request
CALLS = {
    "PredictionService/Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    "PredictionService/Classify": (
        classification_pb2.ClassificationRequest,
        classification_pb2.ClassificationResponse,
    ),
    "PredictionService/Regress": (
        regression_pb2.RegressionRequest,
        regression_pb2.RegressionResponse,
    ),
    "PredictionService/MultiInference": (
        inference_pb2.MultiInferenceRequest,
        inference_pb2.MultiInferenceResponse,
    ),
    "PredictionService/GetModelMetadata": (
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
    ),
    "ModelService/GetModelStatus": (
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
    ),
    "ModelService/HandleReloadConfigRequest": (
        model_management_pb2.ReloadConfigRequest,
        model_management_pb2.ReloadConfigResponse,
    ),
}


def read():
    """Return all vectors with their file name as `area`; those that reload the models come last."""
    vectors = []
    for path in sorted(FOLDER.glob("*.toml"), key=lambda path: (path.stem == "reload", path.stem)):
        for vector in tomllib.loads(path.read_text(encoding="utf-8"))["vector"]:
            vectors.append({"area": path.stem, **vector})
    return vectors


def differences(vector, server):
    """Send a vector to `server` (rest, grpc, models) and return the differences, one per line."""
    if "call" in vector or "labels" in vector:
        return _grpc(vector, server)
    return _rest(vector, server)


def _filled(vector, text):
    for word, (character, count) in vector.get("fill", {}).items():
        text = text.replace(word, character * count)
    return text


def rest(server, method, path, body=None, headers=None):
    """Send a request without changing its path; return (status, headers, body as text)."""
    address = urlsplit(server["rest"])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def _rest(vector, server):
    method, path = next(
        ((word.upper(), vector[word]) for word in ("get", "post") if word in vector),
        (vector.get("method"), vector.get("path")),
    )
    headers = dict(vector.get("headers", {}))
    body = _filled(vector, vector["body"]).encode() if "body" in vector else None
    if "body_latin1" in vector:
        body = vector["body_latin1"].encode("latin-1")
    if vector.get("gzip"):
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    if size := vector.get("chunks"):
        body = iter([body[start : start + size] for start in range(0, len(body), size)])
    status, answered, text = rest(server, method, path, body, headers)

    wrong = []
    if status != vector["status"]:
        wrong.append(f"status {status}, not {vector['status']}")
    for name, pattern in vector.get("header_like", {}).items():
        if not re.search(pattern, answered.get(name, "")):
            wrong.append(f"{name} {answered.get(name)!r} is not like {pattern}")
    if "text_like" in vector and not re.search(vector["text_like"], text):
        wrong.append(f"nothing like {vector['text_like']}")
    if {"answer", "part", "error", "error_like"} & set(vector):
        try:
            answer = json.loads(text)
        except ValueError as error:
            return [*wrong, f"no JSON ({error}): {text[:1000]!r}"]
        for key, whole in (("answer", True), ("part", False)):
            if key in vector:
                wrong += compare(json.loads(vector[key]), answer, whole)
        if {"error", "error_like"} & set(vector):
            if not isinstance(answer, dict) or list(answer) != ["error"]:
                wrong.append("no object with an error alone")
            else:
                wrong += _error(vector, answer["error"])
    return [*wrong, f"the answer was {status}: {text[:2000]}"] if wrong else []


def _grpc(vector, server):
    call = vector.get("call", "ModelService/HandleReloadConfigRequest")
    Request, Response = CALLS[call]
    if "labels" in vector:
        config = conformance_models.config(server["models"], vector["labels"])
        more = vector.get("request", "")
        request = text_format.Parse(f"config {{ {config} }} {more}", Request())
    else:
        request = text_format.Parse(_filled(vector, vector["request"]), Request())
    with grpc.insecure_channel(server["grpc"]) as channel:
        ask = channel.unary_unary(
            f"/tensorflow.serving.{call}",
            request_serializer=Request.SerializeToString,
            response_deserializer=Response.FromString,
        )
        try:
            code, message, response = "OK", "", ask(request, timeout=SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            code, message, response = error.code().name, error.details(), None

    wrong = []
    if code != vector["code"]:
        wrong.append(f"code {code}, not {vector['code']}")
    wrong += _error(vector, message)
    for key, whole in (("answer", True), ("part", False)):
        if key in vector and response is not None:
            expected = json_format.MessageToDict(text_format.Parse(vector[key], Response()))
            wrong += compare(expected, json_format.MessageToDict(response), whole)
    return [*wrong, f"the answer was {code}: {message or response}"] if wrong else []


def _error(vector, message):
    wrong = []
    if "error" in vector and message != vector["error"]:
        wrong.append(f"error\n  {message!r}, not\n  {vector['error']!r}")
    if "error_like" in vector and not re.search(vector["error_like"], message):
        wrong.append(f"error\n  {message!r} is not like\n  {vector['error_like']}")
    return wrong


def compare(expected, given, whole=True, place="answer"):
    """Return the differences; unless `whole`, ignore members that `expected` does not have."""
    if isinstance(expected, dict) and isinstance(given, dict):
        wrong = [f"{place} lacks {key!r}" for key in expected if key not in given]
        if whole:
            wrong += [f"{place} has {key!r} too" for key in given if key not in expected]
        for key in expected:
            if key in given:
                wrong += compare(expected[key], given[key], whole, f"{place}.{key}")
        return wrong
    if isinstance(expected, list) and isinstance(given, list):
        if len(expected) != len(given):
            return [f"{place} has {len(given)} elements, not {len(expected)}"]
        pairs = zip(expected, given, strict=True)
        return [
            line
            for number, (left, right) in enumerate(pairs)
            for line in compare(left, right, whole, f"{place}[{number}]")
        ]
    # 3 and 3.0 differ, because a client reads an int and a float.
    if type(expected) is not type(given):
        return [f"{place} is {given!r}, not {expected!r}"]
    same = expected == given
    if isinstance(expected, float) and not same:
        same = math.isclose(expected, given, rel_tol=1e-6, abs_tol=1e-6)
        same |= math.isnan(expected) and math.isnan(given)
    return [] if same else [f"{place} is {given!r}, not {expected!r}"]
