"""Test HTTP/1 where uvicorn alone would differ from TensorFlow Serving."""

import socket

import pytest

from helpers.serving.launch.process import start
from tests.serving.numbered_model import publish, still_answers

BODY = b'{"instances": [1.0]}'
PATH = b"/v1/models/number:predict"
OFFER = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQ")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    publish(base, 1)
    with start("number", base, max_num_load_retries=0) as server:
        yield server


def request(*lines, body=BODY, version=b"1.1"):
    """Return the bytes of a POST request."""
    head = [b"POST %s HTTP/%s" % (PATH, version), b"Host: localhost", *lines]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", b""]) + body


def answers(server, *parts, end=False):
    """Send parts over one connection, and return all that the server sends until it closes.

    With `end`, tell the server that no more will come.
    """
    host, port = server.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as line:
        for part in parts:
            line.sendall(part)
        if end:
            line.shutdown(socket.SHUT_WR)
        received = b""
        while data := line.recv(65536):
            received += data
    return received


LAST = b"Connection: close"


def test_a_body_survives_an_offer_of_an_upgrade(server):
    received = answers(server, request(*OFFER), request(LAST))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b'"predictions"') == 2
    assert b"101" not in received.split(b"\r\n")[0]


def test_an_offer_and_a_body_may_come_in_many_parts(server):
    sent = request(*OFFER) + request(LAST)
    received = answers(server, *(sent[at : at + 7] for at in range(0, len(sent), 7)))
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_a_body_that_looks_like_a_request_is_not_answered(server):
    hidden = b"GET /v1/models/number HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = answers(server, request(*OFFER, body=hidden), request(LAST))
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"model_version_status" not in received


def test_a_client_that_sends_no_more_gets_its_answers(tmp_path):
    """A model that is new computes in another thread, so the end of the requests comes first."""
    publish(tmp_path / "number", 1)
    with start("number", tmp_path / "number", max_num_load_retries=0) as fresh:
        for count in (1, 3):
            received = answers(fresh, count * request(), end=True)
            assert received.count(b"HTTP/1.1 200 OK") == count, received


def test_an_end_in_a_request_closes_the_connection(server):
    for sent in (b"", b"POST", request()[:-3]):
        assert answers(server, sent, end=True) == b""


def test_an_offer_without_a_body(server):
    head = b"\r\n".join([b"GET /v1/models/number HTTP/1.1", b"Host: localhost", *OFFER, b"", b""])
    received = answers(server, head, request(LAST))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert b"model_version_status" in received


def test_connect_is_refused(server):
    received = answers(server, b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert still_answers(server)


def test_a_client_of_http_1_0_may_keep_its_connection(server):
    kept = request(b"Connection: keep-alive", version=b"1.0")
    received = answers(server, kept, request(version=b"1.0"))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert b"connection: keep-alive\r\n" in received.lower()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_without_a_carriage_return(server, size):
    host, port = server.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as line:
        for lines in ((), (b"Connection: close",)):
            sent = request(*lines).replace(b"\r\n", b"\n")
            for at in range(0, len(sent), size):
                line.sendall(sent[at : at + size])
            received = line.recv(65536)
            while b'"predictions"' not in received:
                assert received
                received += line.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        (b"GET /v1/models/number#part", 404, b"Could not find any versions of model number#part"),
        (b"GET /v1/models/number?a=b#c", 404, b"of model number?a=b#c"),
        (b"POST /v1/models/number:predict#part", 400, b"POST /v1/models/number:predict#part"),
        (b"GET /v1/models/number#a#b", 400, b"<html>"),
        (b"TRACE /v1/models/number", 501, b"<html>"),
        (b"PROPFIND /v1/models/number", 400, b"<html>"),
        (b"PUT /v1/models/number", 400, b"Malformed request: PUT /v1/models/number"),
    ],
)
def test_the_whole_target_is_the_path(server, target, status, words):
    head = [target + b" HTTP/1.1", b"Host: localhost", LAST, b"", b""]
    received = answers(server, b"\r\n".join(head))
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert words in received
