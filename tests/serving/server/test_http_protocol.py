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


def answers(server, *parts):
    """Send parts over one connection, close it, and return all that the server sends."""
    host, port = server.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as line:
        for part in parts:
            line.sendall(part)
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
