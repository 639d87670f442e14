"""Run the router as a program before TensorFlow Serving: `python -m helpers.serving.rollout`.

A client sends the request that it would send to TensorFlow Serving, without a version, and names
its user in the header X-User. The router sends the request to the version of this user. The program
needs no packages.
"""

import argparse
import contextlib
import json
import re
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from helpers.serving.rollout.router import Router
from helpers.text import safe_repr

USER, VERSION = "X-User", "X-Model-Version"  # headers of the request and of the response
MAX_BYTES = 64 * 2**20  # of a body, as for the course's model server
PART = 2**16  # bytes
SECONDS = 60  # until a client has sent its request
LENGTH = re.compile(r"[0-9]{1,18}")
PATH = re.compile(r"/v1/models/(?P<model>[^/:]+):(?P<verb>predict|classify|regress)")


class Proxy(ThreadingHTTPServer):
    """An HTTP server that passes requests on with a router.

    Parameters
    ----------
    address : (str, int)
        host and port; port 0 takes a free one
    router : Router
    model : str
        the name of the model
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], router: Router, model: str) -> None:
        self.router, self.model = router, model
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_GET(self):
        if self.path != "/":
            return self._answer(404, {"error": f"GET / shows the counts, not {self.path}"})
        return self._send(200, "text/plain; charset=utf-8", f"{self.server.router}\n")

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not LENGTH.fullmatch(length) or "Transfer-Encoding" in self.headers:
            return self._refuse_body(
                411, "the header Content-Length must give the bytes of the body"
            )
        if int(length) > MAX_BYTES:
            return self._refuse_body(413, f"the body has {length} bytes, more than {MAX_BYTES}")
        data = self.rfile.read(int(length))
        found = PATH.fullmatch(self.path)
        if not found or unquote(found["model"]) != self.server.model:
            text = f"expected POST /v1/models/{self.server.model}:predict, found {self.path}"
            return self._answer(404, {"error": text})
        # http.server reads a header as Latin-1, but clients send names in UTF-8.
        user = self.headers.get(USER, "").encode("latin-1").decode("utf-8", "replace")
        if not user:
            return self._answer(400, {"error": f"the header {USER} is missing: it names the user"})
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            return self._answer(400, {"error": f"the body is not JSON: {error}"})
        if not isinstance(body, dict):
            text = f"the body must be a JSON object, not {safe_repr(body)}"
            return self._answer(400, {"error": text})
        return self._pass_on(user, body, found["verb"])

    def _refuse_body(self, status, text):
        self.close_connection = True
        self._answer(status, {"error": text})
        # Bytes that are not read would reset the connection, and the client could lose the answer.
        self.connection.shutdown(socket.SHUT_WR)
        for _ in range(MAX_BYTES // PART):
            if not self.rfile.read1(PART):
                break

    def _pass_on(self, user, body, verb):
        reply = self.server.router.predict(user, body, verb)
        headers = {VERSION: str(reply.target)}
        if reply.answer is None:  # no server has answered in JSON
            status = 502 if reply.status else 503
            return self._answer(status, {"error": reply.error}, headers)
        return self._answer(reply.status, reply.answer, headers)

    def _answer(self, status, answer, headers=None):
        self._send(status, "application/json", json.dumps(answer), headers)

    def _send(self, status, kind, text, headers=None):
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main(arguments: list[str]) -> int:
    """Pass requests on until SIGINT or SIGTERM; return the exit status.

    Parameters
    ----------
    arguments : list of str
        `--help` lists them
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.serving.rollout", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--server", required=True, action="append", help="REST address; repeat it for several"
    )
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--stable", required=True, type=int, help="version of all other users")
    parser.add_argument("--canary", type=int, help="version on trial")
    parser.add_argument("--percent", type=float, default=0, help="of users that get the canary")
    parser.add_argument(
        "--max_error_rate", type=float, help="of the last 100 requests, above which the canary ends"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args(arguments)
    try:
        router = Router(
            given.server,
            given.model,
            stable=given.stable,
            canary=given.canary,
            percent=given.percent,
            max_error_rate=given.max_error_rate,
        )
        proxy = Proxy((given.host, given.port), router, given.model)
    except (ValueError, OverflowError, OSError) as error:
        print(f"The router cannot start: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with proxy, contextlib.suppress(KeyboardInterrupt):
        print(f"The router listens at http://{given.host}:{proxy.server_port}", flush=True)
        proxy.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
