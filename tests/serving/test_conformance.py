"""Test the server's protocol with all conformance vectors, over HTTP and gRPC.

To test another server, write the models with `python -m tests.serving.conformance_models FOLDER
[SEEN_AS]`, start the server with the printed flags, and set TFS_REST=http://host:port and
TFS_GRPC=host:port. With TFS_MODELS=FOLDER the tests add versions to the folder while the server
runs; otherwise pytest skips these tests. TFS_SEEN_AS is the path of the folder for the server.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import quote

import pytest

from helpers.paths import ROOT
from helpers.serving.launch.process import free_ports
from tests.serving import conformance, conformance_models, fuzz

VECTORS = conformance.read()
LONG = 120  # seconds; an idle machine needs ten


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield {rest, grpc, models, folder}: addresses, and the path for the server and for tests."""
    if "TFS_REST" in os.environ:
        folder = os.environ.get("TFS_MODELS")
        yield {
            "rest": os.environ["TFS_REST"],
            "grpc": os.environ["TFS_GRPC"],
            "models": os.environ.get("TFS_SEEN_AS", folder),
            "folder": folder,
        }
        return
    folder = tmp_path_factory.mktemp("served")
    flags = conformance_models.write(folder / "models")
    ports = dict(zip(("grpc", "rest"), free_ports(2), strict=True))
    command = [sys.executable, "-m", "helpers.serving", *flags]
    command += [f"--port={ports['grpc']}", f"--rest_api_port={ports['rest']}"]
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    started = {
        "rest": f"http://127.0.0.1:{ports['rest']}",
        "grpc": f"127.0.0.1:{ports['grpc']}",
        "models": folder / "models",
        "folder": folder / "models",
    }

    def ready():
        assert process.poll() is None, log.read_text(errors="replace")[-5000:]
        return all(available(started, name) for name in conformance_models.SERVED)

    try:
        wait_for(ready, lambda: log.read_text(errors="replace")[-5000:])
        yield started
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def wait_for(condition, explain):
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, f"not after {LONG} seconds: {explain()}"
        time.sleep(0.1)


def available(server, name):
    """Return whether all versions of a model are loaded; they load at the same time."""
    try:
        found = set(states(server, name).values())
    except OSError:  # the server does not listen yet
        return False
    return "AVAILABLE" in found and found <= {"AVAILABLE", "END"}


def states(server, name):
    """Return the state of each version of a model."""
    body = conformance.rest(server, "GET", f"/v1/models/{quote(name, safe='')}")[2]
    listed = json.loads(body).get("model_version_status", [])
    return {status["version"]: status["state"] for status in listed}


@pytest.fixture(scope="module")
def late(server):
    """Add versions while the server runs, and wait until they are loaded or have failed."""
    if server["folder"] is None:
        pytest.skip("TFS_MODELS is not set: no versions can be added")
    conformance_models.write_late(server["folder"])
    expected = {"1": "AVAILABLE", "2": "AVAILABLE", "3": "END", "4": "END"}
    wait_for(lambda: states(server, "late") == expected, lambda: states(server, "late"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']}: {vector['id']}")
def test_vector(vector, server, request):
    if vector.get("needs") == "late":
        request.getfixturevalue("late")
    if ("labels" in vector or vector.get("needs") == "labels") and server["models"] is None:
        pytest.skip("TFS_MODELS is not set: the models cannot be named in a config")
    wrong = conformance.differences(vector, server)
    if wrong and "unsettled" in vector:
        pytest.xfail(f"unsettled: {vector['unsettled']}\n" + "\n".join(wrong))
    assert not wrong, "\n".join([*wrong, f"source of the vector: {vector['source']}"])


def test_random_requests(server):
    """The requests are valid and damaged; `make bench` sends them for a minute."""
    address = server["rest"].removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        counts = fuzz.run(connection, examples=400)
    assert counts[200] > 20
    assert counts[400] > 100
    answer = conformance.rest(
        server, "POST", "/v1/models/shapes:predict", '{"instances": [[1, 2]]}'
    )
    assert json.loads(answer[2]) == {"predictions": [[2.0, 4.0]]}


KEYS = {
    *("area", "id", "source", "unsettled", "needs", "fill"),
    *("get", "post", "method", "path", "body", "body_latin1", "gzip", "chunks", "headers"),
    *("call", "request", "labels"),
    *("status", "code", "answer", "part", "error", "error_like", "text_like", "header_like"),
}


def test_every_vector_can_fail():
    """Each vector has a unique name, a source, known keys and an expected status or code."""
    names = [(vector["area"], vector["id"]) for vector in VECTORS]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    for vector in VECTORS:
        assert set(vector) <= KEYS, vector
        assert vector["source"], vector
        assert {"status", "code"} & set(vector), vector
    assert len(VECTORS) > 400


@pytest.mark.parametrize(
    ("expected", "given", "whole", "same"),
    [
        ({"a": [1, 2.0]}, {"a": [1, 2.0000001]}, True, True),
        ({"a": [1, 2.0]}, {"a": [1, 2.1]}, True, False),
        ({"a": 1}, {"a": 1.0}, True, False),
        ({"a": 1}, {"a": True}, True, False),
        ([float("nan"), float("inf")], [float("nan"), float("inf")], True, True),
        ([float("inf")], [float("-inf")], True, False),
        ([1.0], [float("nan")], True, False),
        ({"a": 1}, {"a": 1, "b": 2}, True, False),
        ({"a": 1}, {"a": 1, "b": 2}, False, True),
        ({"a": 1, "b": 2}, {"a": 1}, False, False),
        ([{"a": 1}], [{"a": 1}, {"a": 2}], False, False),
        (9007199254740993, 9007199254740992, True, False),
        ([], {}, True, False),
    ],
)
def test_compare_ignores_rounding_but_not_types(expected, given, whole, same):
    assert (conformance.compare(expected, given, whole) == []) is same
