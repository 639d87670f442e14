"""The web server of the room: it takes reports, and shows the page to the instructor."""

import hmac
import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from helpers.teaching.room.state import LARGEST, Refused, Room, checked

PAGE = Path(__file__).with_name("page.html")
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TIMEOUT = 10  # seconds for one request


class RoomServer(ThreadingHTTPServer):
    """Serves a room.

    Learners send reports to `reports`. The instructor opens `page`. Each address has a secret part,
    so that only those who know it can use it, and learners do not see the page.

    Parameters
    ----------
    room : Room
    host : str
        "127.0.0.1" for this computer only, or "0.0.0.0" for all that can reach this computer.
    port : int
        0 takes a free one.
    """

    daemon_threads = True
    request_queue_size = 128  # a class may check at the same moment

    def __init__(self, room: Room, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.room = room
        self.for_learners, self.for_instructor = secrets.token_urlsafe(9), secrets.token_urlsafe(9)

    def address(self, name: str = "") -> str:
        """Return the address of this server.

        Parameters
        ----------
        name : str
            The name of this computer for others. By default the one that it listens to.
        """
        host, port = self.server_address[:2]
        return f"http://{name or host}:{port}"

    def reports(self, name: str = "") -> str:
        """Return the address for reports: the value of COURSE_ROOM."""
        return f"{self.address(name)}/{self.for_learners}"

    def page(self, name: str = "") -> str:
        """Return the address of the instructor's page."""
        return f"{self.address(name)}/{self.for_instructor}"


class _Handler(BaseHTTPRequestHandler):
    timeout = TIMEOUT
    server: RoomServer

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        if not hmac.compare_digest(parts[0].encode(), self.server.for_instructor.encode()):
            self._answer(404, "text/plain", b"not found\n")
        elif parts[1:] == ["state"]:
            state = json.dumps(self.server.room.state()).encode()
            self._answer(200, "application/json", state)
        else:
            self._answer(200, "text/html; charset=utf-8", PAGE.read_bytes())

    def do_POST(self):
        given = self.path.strip("/").encode()
        if not hmac.compare_digest(given, self.server.for_learners.encode()):
            self._answer(404, "text/plain", b"not found\n")
            return
        try:
            size = int(self.headers.get("Content-Length", ""))
            if not 0 <= size <= LARGEST:
                raise Refused(f"a report has at most {LARGEST} bytes")
            self.server.room.add(checked(self.rfile.read(size)))
        except ValueError as error:
            self._answer(400, "text/plain; charset=utf-8", f"{error}\n".encode())
        else:
            self._answer(204, "text/plain", b"")

    def _answer(self, status, kind, content):
        self.send_response(status)
        for name, value in SECURITY.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Print nothing: the addresses have secret parts."""
