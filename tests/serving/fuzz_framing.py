"""Make HTTP/1 connections, right and damaged, with Hypothesis: heads, lengths, chunks, parts.

`fault` checks what a server sends until it closes the connection.
"""

import contextlib
import re
import socket
from collections import Counter

from hypothesis import strategies as st

from tests.serving import fuzz

MODEL = "/v1/models/shapes"
BODY = b'{"instances": [[1, 2]]}'
ANSWER = b"2.0, 4.0"
HIDDEN = b"GET /v1/models/two_inputs HTTP/1.1\r\nHost: localhost\r\n\r\n"
SILENCE = 30  # seconds without an answer and without an end
# 403: a server for one user refuses a strange Host. Not 500: that would be an error of the server.
STATUSES = {200, 400, 403, 404, 405, 413, 501}

_unusual = st.sampled_from([False] * 9 + [True])


def _one(draw, usual, *others):
    return draw(st.sampled_from(others)) if draw(_unusual) else usual


@st.composite
def _requests(draw):
    """Draw the bytes of one request; each of its parts is usual in nine of ten draws."""
    body = draw(st.sampled_from([BODY, BODY, HIDDEN, b"", b"{", b"\0" * 30, BODY * 9]))
    method = _one(draw, b"POST" if body else b"GET", b"PUT", b"HEAD", b"TRACE", b"post", b"P\0T")
    path = f"{MODEL}:predict".encode() if body else MODEL.encode()
    path = _one(draw, path, b"/", b"*", b"/%zz", b"/v1/models/" + b"a" * 9000, b"/a b", b"\xff")
    version = _one(draw, b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"http/1.1", b"")
    line = _one(draw, b"\r\n", b"\n", b"\r", b"\r\n ", b"\0\r\n")
    headers = [b"Host: localhost"]
    if draw(_unusual):
        headers = draw(st.sampled_from([[], headers * 2, [b"Host"], [b": x"], [b"H\0st: x"]]))
    more = (
        *(b"Connection: keep-alive", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"),
        *(b"Connection: close", b"Expect: 100-continue", b"Content-Encoding: gzip", b"X: \xff\xfe"),
        *(b"Upgrade: websocket", b"X: " + b"y" * 70_000, b"Content-Type: text/plain"),
    )
    headers += draw(st.lists(st.sampled_from(more), max_size=2))
    if draw(st.booleans()):
        length = str(len(body)).encode()
        others = (b"-1", b"+3", b"0x10", b"1, 2", b"9" * 30, b"", str(len(body) + 5).encode(), b"3")
        headers.append(b"Content-Length: " + _one(draw, length, *others))
        if draw(_unusual):
            headers.append(draw(st.sampled_from([headers[-1], b"Content-Length: 7"])))
        if draw(_unusual):
            headers.append(b"Transfer-Encoding: chunked")
    else:
        coding = _one(draw, b"chunked", b"gzip, chunked", b"chunked, chunked", b"x", b" chunked")
        headers.append(b"Transfer-Encoding: " + coding)
        size = _one(draw, b"%x" % len(body), b"-1", b"g", b"", b"f" * 20, b"3", b"%x;a=b" % 4)
        end = _one(draw, b"0\r\n\r\n", b"0\n\n", b"00000\r\nX: y\r\n\r\n", b"", b"0\r\n")
        body = (size + b"\r\n" + body + b"\r\n" if body else b"") + end
    return method + b" " + path + b" " + version + line + line.join(headers) + line * 2 + body


@st.composite
def _connections(draw):
    """Draw the parts that are sent one after another, over one connection."""
    sent = b"".join(draw(st.lists(_requests(), min_size=1, max_size=3)))
    if draw(_unusual):
        at = draw(st.integers(0, len(sent)))
        sent = sent[:at] + draw(st.binary(max_size=3)) + sent[at + draw(st.integers(0, 2)) :]
    if draw(_unusual):
        sent = sent[: draw(st.integers(0, len(sent)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=4)))
    return [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True) if a < b]


CONNECTIONS = _connections()


@contextlib.contextmanager
def _refused():
    """Go on where the server has closed the connection before it had all, but not after SILENCE."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError:
        pass


def exchange(port: int, parts: list[bytes]) -> bytes:
    """Send parts over a connection, say that no more will come, and return all that comes back."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), SILENCE) as line:
        with _refused():
            for part in parts:
                line.sendall(part)
            line.shutdown(socket.SHUT_WR)
        with _refused():
            while data := line.recv(65536):
                received += data
    return received


def statuses(received: bytes) -> list[int]:
    """Return the statuses of a sequence of whole responses.

    Raises
    ------
    ValueError
        the bytes are something else
    """
    found = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        first = re.match(rb"HTTP/1\.[01] (\d{3})[ \r]", head + b"\r")
        if not end or not first:
            raise ValueError(f"no head of a response: {received[:200]!r}")
        status = int(first[1])
        if status == 100:
            received = rest
            continue
        size = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        length = int(size[1]) if size else len(rest)
        # A response to HEAD has a length and no body.
        without_body = size and rest[:5] in (b"", b"HTTP/") and length
        found.append(status)
        if not without_body and len(rest) < length:
            raise ValueError(f"a response without its end: {received[:200]!r}")
        received = rest if without_body else rest[length:]
    return found


def fault(parts: list[bytes], received: bytes) -> str | None:
    """Return what is wrong with the responses to a connection, or None."""
    try:
        found = statuses(received)
    except ValueError as error:
        return str(error)
    if wrong := set(found) - STATUSES:
        return f"status {wrong}"
    # Each answer needs a request, and what cannot be read as one gets one answer.
    possible = b"".join(parts).lower().count(b"http/") + 1
    return f"{len(found)} answers" if len(found) > possible else None


def run(port: int, seconds: float = 0, examples: int = 500) -> Counter:
    """Open connections until a number of connections and a number of seconds are reached.

    After each round of `examples`, a right request must get its answer.

    Parameters
    ----------
    port : int
        the REST port of a server of the model "shapes", of `tests.serving.exports`
    seconds : float
    examples : int
        in each of the rounds

    Returns
    -------
    Counter
        status to the number of its answers

    Raises
    ------
    AssertionError
        a response was not one of the protocol; the text shows what was sent
    """
    counts: Counter = Counter()

    def send(parts):
        received = exchange(port, parts)
        wrong = fault(parts, received)
        assert not wrong, f"{wrong}\nsent {b''.join(parts)[:2000]!r}\nreceived {received[:2000]!r}"
        counts.update(statuses(received))

    def check():
        head = f"POST {MODEL}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}"
        assert ANSWER in exchange(port, [head.encode() + b"\r\n\r\n" + BODY])

    fuzz.in_rounds(CONNECTIONS, send, seconds, examples, after_round=check)
    return counts
