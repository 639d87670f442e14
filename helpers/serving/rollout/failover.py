"""Several servers with the same models: whose turn it is, and who is asked when one is silent."""

import http.client
import itertools
import json
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from helpers.text import safe_repr, shorten

ELSEWHERE = (404, 429, 502, 503)  # another server may have the version, or have time
PAUSE = 5  # seconds that a server which did not answer is asked last


class Answer(NamedTuple):
    """What came of a request.

    address : str, the server that was asked last
    status : int or None, the HTTP status; None when nobody answered
    body : dict or None
    error : str, one line; empty when all went well
    attempts : tuple of (address, what it came to), in the order they were asked
    """

    address: str
    status: int | None
    body: dict | None
    error: str
    attempts: tuple


class Addresses:
    """The REST addresses of servers that take turns; safe to use from several threads.

    Parameters
    ----------
    addresses : str or list of str
        like "http://127.0.0.1:8501"; a path in front of the protocol's own is kept
    timeout : float
        seconds that a server may be silent
    """

    def __init__(self, addresses, timeout):
        self._all, self._timeout = _checked(addresses), timeout
        self._turns, self._paused = itertools.cycle(range(len(self._all))), {}
        self._lock = threading.Lock()

    def next(self):
        """The address whose turn it is."""
        with self._lock:
            return self._from(next(self._turns))[0]

    def _from(self, first):
        """All addresses from that one on; those that did not answer come last."""
        now = time.monotonic()
        order = self._all[first:] + self._all[:first]
        return sorted(order, key=lambda address: self._paused.get(address, 0) > now)

    def post(self, first, path, body):
        """Send a request to `first`, and to each of the others once while none has an answer.

        No answer is: none within the time, a broken connection, and 404, 429, 502 or 503.
        A request for an answer changes nothing on a server, so that it may be sent again.
        """
        data = json.dumps(body).encode()
        with self._lock:
            order = self._from(self._all.index(first))
        order.sort(key=lambda address: address != first)
        attempts = []
        for address in order:
            status, answer, error = self._ask(address + path, data)
            attempts.append((address, error or str(status)))
            if status is None:
                with self._lock:
                    self._paused[address] = time.monotonic() + PAUSE
            elif status not in ELSEWHERE:
                break
        return Answer(address, status, answer, error, tuple(attempts))

    def _ask(self, url, data):
        """One POST: (status or None, body as dict or None, error text)."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(parts.hostname, parts.port, timeout=self._timeout)
        try:
            connection.request("POST", parts.path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            return None, None, shorten(f"no answer: {str(error) or type(error).__name__}")
        finally:
            connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            return status, None, f"status {status}, and the body is not a JSON object"
        if status != 200:
            return status, answer, shorten(str(answer.get("error", f"status {status}")))
        return status, answer, ""


def _checked(addresses):
    found = [addresses] if isinstance(addresses, str) else addresses
    if not isinstance(found, list | tuple) or not found:
        raise ValueError(
            f"the address of a server is wanted, or a list of them, not {safe_repr(addresses)}"
        )
    for address in found:
        try:
            parts = urlsplit(address)
            plain = address == f"{parts.scheme}://{parts.netloc}{parts.path}"
            plain = plain and "@" not in parts.netloc and parts.hostname and parts.port != 0
        except (ValueError, TypeError, AttributeError):
            plain = False
        if not plain or parts.scheme not in ("http", "https"):
            raise ValueError(
                f"an address is like 'http://127.0.0.1:8501', not {safe_repr(address)}"
            )
    found = [address.rstrip("/") for address in found]
    if len(set(found)) < len(found):
        raise ValueError(f"an address is there twice: {safe_repr(found)}")
    return found
