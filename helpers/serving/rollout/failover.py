"""Send requests to several servers with the same models, in turn, and retry on the next server."""

import http.client
import itertools
import json
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from helpers.serving.launch.wake import wake
from helpers.text import safe_repr, shorten

RETRY_STATUSES = (404, 429, 502, 503)  # another server may have the version, or less load
PAUSE = 5  # seconds during which a server that did not answer comes last


class Answer(NamedTuple):
    """The result of a request.

    Attributes
    ----------
    address : str
        the server that was asked last
    status : int or None
        the HTTP status; None when the server did not answer
    body : dict or None
        the body of the response
    error : str
        one line; "" when the request succeeded
    attempts : tuple of (str, str)
        each server that was asked, and its error or status, in order
    """

    address: str
    status: int | None
    body: dict | None
    error: str
    attempts: tuple[tuple[str, str], ...]


class Addresses:
    """The REST addresses of servers that take turns. Threads may share the object.

    Parameters
    ----------
    addresses : str or list of str
        like "http://127.0.0.1:8501", or with a path, like "http://127.0.0.1:8501/proxy"
    timeout : float
        seconds to wait for a server

    Raises
    ------
    ValueError
        an address is not valid, or occurs twice
    """

    def __init__(self, addresses: str | list[str], timeout: float) -> None:
        self._all, self._timeout = _checked(addresses), timeout
        self._turns, self._paused = itertools.cycle(range(len(self._all))), {}
        self._lock = threading.Lock()

    def next(self) -> str:
        """Return the next address; addresses that did not answer recently come last."""
        with self._lock:
            return self._from(next(self._turns))[0]

    def _from(self, first):
        """Return all addresses, beginning with one; those that did not answer come last."""
        now = time.monotonic()
        order = self._all[first:] + self._all[:first]
        return sorted(order, key=lambda address: self._paused.get(address, 0) > now)

    def post(self, first: str, path: str, body: dict) -> Answer:
        """Send a request to a server; if it fails there, send it to the others, each once.

        The request fails on a server after a timeout, after a broken connection, and with the
        status 404, 429, 502 or 503. The request may be sent again, because inference changes
        nothing on a server.

        Parameters
        ----------
        first : str
            the address of the first server
        path : str
            the path of the URL after the address
        body : dict
            the request

        Returns
        -------
        Answer
            of the last server that was asked

        Raises
        ------
        TypeError
            the body cannot be written as JSON
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
            elif status not in RETRY_STATUSES:
                break
        return Answer(address, status, answer, error, tuple(attempts))

    def _ask(self, url, data):
        """Send one POST request; return (status or None, body as dict or None, error text)."""
        wake(url)
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
            f"addresses must be the address of a server or a list of them, not "
            f"{safe_repr(addresses)}"
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
                f"an address must look like 'http://127.0.0.1:8501', not {safe_repr(address)}"
            )
    found = [address.rstrip("/") for address in found]
    if len(set(found)) < len(found):
        raise ValueError(f"addresses contains one address twice: {safe_repr(found)}")
    return found
