"""Test the server's protocol with all conformance vectors, over HTTP and gRPC.

`python -m tests.serving.against` sends the same vectors to another server.
"""

import contextlib
import http.client
import json
import socket
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from concurrent import futures

import grpc
import pytest

from helpers.paths import ROOT
from helpers.serving.launch.process import free_ports
from tests.serving import (
    against,
    conformance,
    conformance_models,
    fuzz,
    fuzz_framing,
    fuzz_grpc,
)

VECTORS = conformance.read()
LONG = 120  # seconds; an idle machine needs ten


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield {rest, grpc, models, folder}: addresses, and the path for the server and for tests."""
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
        return against.loaded(started)

    try:
        against.wait_for(ready, lambda: log.read_text(errors="replace")[-5000:], LONG)
        yield started
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def late(server):
    """Add versions while the server runs, and wait until they are loaded or have failed."""
    against.add_late_versions(server, LONG)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']}: {vector['id']}")
def test_vector(vector, server, request):
    if vector.get("needs") == "late":
        request.getfixturevalue("late")
    wrong = conformance.differences(vector, server)
    if wrong and "unsettled" in vector:
        pytest.xfail(f"unsettled: {vector['unsettled']}\n" + "\n".join(wrong))
    assert not wrong, "\n".join([*wrong, f"source of the vector: {vector['source']}"])


def test_the_report_on_our_server_has_no_difference(server, late, capsys):
    """The server is in another process, and the command knows its addresses only."""
    status = against.main([server["rest"], server["grpc"], str(server["folder"])])
    words = capsys.readouterr().out
    assert f"{len(VECTORS)} of {len(VECTORS)} vectors were tried. 0 got" in words
    assert status == 0, words


class Relay(socketserver.ThreadingTCPServer):
    """A wrong server: it passes all bytes on to ours and back, but makes status 400 of 404."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address):
        self.target = tuple(address.removeprefix("http://").split(":"))
        super().__init__(("127.0.0.1", 0), RelayHandler)


class RelayHandler(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(self.server.target) as ours:
            threading.Thread(target=self.pass_requests_on, args=(ours,), daemon=True).start()
            while data := ours.recv(65536):
                self.request.sendall(data.replace(b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))

    def pass_requests_on(self, ours):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                ours.sendall(data)
            ours.shutdown(socket.SHUT_WR)


def test_the_report_names_each_vector_on_which_a_wrong_server_differs(
    server, late, capsys, monkeypatch
):
    sent = [vector for vector in VECTORS if vector["area"] in ("paths", "status", "versions")]
    monkeypatch.setattr(conformance, "read", lambda: sent)
    with Relay(server["rest"]) as relay:
        threading.Thread(target=relay.serve_forever, args=(0.01,), daemon=True).start()
        rest = f"http://127.0.0.1:{relay.server_address[1]}"
        status = against.main([rest, server["grpc"], str(server["folder"])])
        relay.shutdown()
    words = capsys.readouterr().out
    expected = [f"## {v['area']}: {v['id']}" for v in sent if v.get("status") == 404]
    assert 10 < len(expected) < len(sent)
    assert [line for line in words.splitlines() if line.startswith("## ")] == expected
    assert "status 400, not 404" in words
    assert status == 1


def test_the_report_names_the_calls_to_which_a_wrong_server_answers_nothing(server):
    """Over gRPC, this server answers each call with an empty message."""

    class Empty(grpc.GenericRpcHandler):
        def service(self, _):
            return grpc.unary_unary_rpc_method_handler(lambda *_: b"")

    with futures.ThreadPoolExecutor(2) as threads:
        wrong = grpc.server(threads, handlers=[Empty()])
        address = f"127.0.0.1:{wrong.add_insecure_port('127.0.0.1:0')}"
        wrong.start()
        calls = [v for v in VECTORS if "call" in v and not v.get("needs")]
        different, not_tried = against.send({**server, "grpc": address}, calls)
        wrong.stop(None).wait()
    names = {vector["id"] for vector, _ in different}
    assert {v["id"] for v in calls if v["code"] != "OK" or v.get("answer")} <= names
    assert not not_tried


def test_without_a_server_the_report_says_that_nothing_was_tried(tmp_path, capsys):
    rest, grpc_port = free_ports(2)
    addresses = f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc_port}"
    assert against.main([*addresses, str(tmp_path / "models"), "--seconds=0"]) == 2
    words = capsys.readouterr().out
    assert f"0 of {len(VECTORS)} vectors were tried" in words and "not loaded: {'half" in words
    assert not (tmp_path / "models").exists()


def test_a_server_that_ends_leaves_vectors_that_were_not_tried(server, capsys, monkeypatch):
    sent = []

    def last_one(vector, _):
        sent.append(vector)
        monkeypatch.setattr(against, "_listens", lambda _: False)
        return []

    monkeypatch.setattr(conformance, "differences", last_one)
    monkeypatch.setattr(against, "add_late_versions", lambda *_: None)
    assert against.main([server["rest"], server["grpc"], str(server["folder"])]) == 2
    words = capsys.readouterr().out
    assert f"1 of {len(VECTORS)} vectors were tried" in words
    assert f"`{VECTORS[1]['area']}: {VECTORS[1]['id']}`, the server did not listen" in words
    assert sent == VECTORS[:1]


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


def test_random_grpc_requests(server):
    counts = fuzz_grpc.run(server["grpc"], examples=400)
    assert counts["OK"] > 20
    assert counts["INVALID_ARGUMENT"] > 100
    assert counts["INTERNAL"] > 20


def test_random_framing(server):
    port = int(server["rest"].rpartition(":")[2])
    counts = fuzz_framing.run(port, examples=400)
    assert counts[200] > 60 and counts[400] > 100


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
    assert len(VECTORS) > 700


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
