"""Speak HTTP/1 as TensorFlow Serving does, where uvicorn's protocol for httptools differs.

* httptools drops the body of a request that offers an upgrade, as Java's standard client does, and
  reads the body as the next request. This server upgrades to nothing. So it ignores the offer, as
  RFC 9110 allows: it parses the request again without the offer.
* A client of HTTP/1.0 may keep its connection open.
* Lines may end without a carriage return.
* The fragment of a URL, which uvicorn drops, belongs to the path.
* A client that sends no more after its request (`nc -N`, for example) gets its answer.
* A server for one user refuses the connections of other users, and requests whose Host header
  names another computer. A page in a browser can send those (DNS rebinding).
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from helpers.serving.protocol import responses
from helpers.serving.server import peer
from helpers.serving.server.grpc_access import REFUSED

OWN_HOSTS = {"localhost", "127.0.0.1", "::1"}
_KEEP = (b"connection", b"keep-alive")


class Protocol(HttpToolsProtocol):
    """HTTP/1 for every client."""

    def connection_made(self, transport) -> None:
        """Start a connection."""
        super().connection_made(transport)
        self._offered = False
        self._in_first_line, self._last_byte = True, b""
        self._set_leniencies()

    def _set_leniencies(self):
        self.parser.set_dangerous_leniencies(
            lenient_data_after_close=True, lenient_optional_cr_before_lf=True
        )

    def data_received(self, data: bytes) -> None:
        """Parse what the client sends."""
        self._unset_keepalive_if_required()
        if self._in_first_line:
            data = self._with_carriage_return(data)
        while data:
            try:
                self.parser.feed_data(data)
                return None
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_offer() + data[upgrade.args[0] :]
            except httptools.HttpParserError:
                return self.send_400_response("Invalid HTTP request received.")
            if self.transport.is_closing():
                return None
        return None

    def eof_received(self) -> bool:
        """Close the connection, but first answer the requests that have come whole."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False  # it is the last one: uvicorn closes after its answer
        return True

    def _with_carriage_return(self, data):
        """Complete the end of the first line; the parser's leniency is for the other lines."""
        end = data.find(b"\n")
        before = data[end - 1 : end] if end > 0 else self._last_byte
        self._last_byte = data[-1:]
        if end < 0:
            return data
        self._in_first_line = False
        return data if before == b"\r" else data[:end] + b"\r" + data[end:]

    def _without_offer(self):
        """Return the head of the request without its offer of an upgrade, for a new parser."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self.send_400_response("Invalid HTTP request received.")
            return b""
        self._offered = False
        self.parser = httptools.HttpRequestParser(self)
        self._set_leniencies()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(t for t in tokens if t.lower() != b"upgrade")
            if name != b"upgrade" and (value or name != b"connection"):
                lines.append(name + b": " + value)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def on_headers_complete(self) -> None:
        """Start the answer."""
        if self.parser.should_upgrade():
            self._offered = True  # httptools raises HttpParserUpgrade next
            return
        super().on_headers_complete()
        plain, sign, fragment = self.url.partition(b"#")
        if sign:
            self.scope["query_string" if b"?" in plain else "raw_path"] += sign + fragment
        if self.scope["http_version"] == "1.0" and self.parser.should_keep_alive():
            self.cycle.keep_alive = True
            self.cycle.default_headers = [*self.cycle.default_headers, _KEEP]

    def on_body(self, body: bytes) -> None:
        """Receive a part of a body."""
        if not self._offered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._in_first_line, self._last_byte = True, b""
        if not self._offered:
            super().on_message_complete()


class OwnProtocol(Protocol):
    """HTTP/1 for the clients of this user only."""

    def connection_made(self, transport) -> None:
        """Start a connection, and find out whose it is."""
        super().connection_made(transport)
        self._answering = self.app
        self._own = bool(
            self.server and self.client and peer.is_own(self.server, self.client)  # pyrefly: ignore
        )

    def on_headers_complete(self) -> None:
        """Start the answer, or refuse the request."""
        if not self._own:
            self.app = _refusing(REFUSED)
        elif not is_own_host(self.headers):
            self.app = _refusing(
                "This server answers requests only whose Host header is localhost or 127.0.0.1"
            )
        else:
            self.app = self._answering
        super().on_headers_complete()


def is_own_host(headers: list[tuple[bytes, bytes]]) -> bool:
    """Return whether every Host header of a request names this computer."""
    for name, value in headers:
        if name == b"host":
            try:
                if urlsplit("//" + value.decode("latin-1")).hostname not in OWN_HOSTS:
                    return False
            except ValueError:
                return False
    return True


def _refusing(text: str) -> Callable:
    body = responses.error(text)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]

    async def refuse(_, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse
