"""The programs that put load on a server notice wrong answers."""

import collections
import http.server
import threading

import pytest

from tests.serving import load, version_changes

ASKED = collections.defaultdict(list)  # path: the body of each request


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ASKED[self.path].append(body)
        if self.path == "/close":
            self.close_connection = True
            return
        self.send_response(200 if self.path != "/error" else 500)
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def port():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # a client closes its connection before the answer
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("path", ["/echo", "/chunks"])
def test_answers_are_timed(port, path):
    for seconds in (0.2, 2, 20):  # a busy machine needs longer
        before = len(ASKED[path])
        done = load.run(port, load.request(path, b"[1]"), b"[1]", seconds, connections=3)
        # At the end, each of the 3 connections may wait for an answer.
        assert len(done.times) <= len(ASKED[path]) - before <= len(done.times) + 3
        if len(done.times) > 10:
            break
    assert len(done.times) > 10
    assert 0 < done.times[0] <= done.median <= done.p99 <= done.times[-1]
    assert done.seconds >= seconds
    assert sum(done.times) <= 3 * done.seconds
    assert 0 < done.busy < 1


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/error", b"[1]", "but is 500"),
        ("/close", b"[1]", "closed a connection"),
        ("/echo", b"[2]", r"should be 200 b'\[2\]', but is 200 b'\[1\]'"),
    ],
)
def test_what_is_not_the_answer_ends_it(port, path, answer, words):
    with pytest.raises(ConnectionError, match=words):
        load.run(port, load.request(path, b"[1]"), answer, 5)


def test_an_answer_belongs_to_a_time_when_its_version_was_there():
    there = {1: [[0.0, 5.0], [20.0, float("inf")]], 2: [[4.0, 21.0]]}
    assert version_changes.possible(1.0, 2.0, 1, there)
    assert version_changes.possible(3.0, 4.5, 2, there)  # sent before the version was available
    assert version_changes.possible(4.9, 6.0, 1, there)  # answered after the version was gone
    assert version_changes.possible(30.0, 31.0, 1, there)
    assert not version_changes.possible(6.0, 7.0, 1, there)
    assert not version_changes.possible(3.0, 3.9, 2, there)
    assert not version_changes.possible(22.0, 23.0, 2, there)
    assert not version_changes.possible(1.0, 2.0, 3, there)
