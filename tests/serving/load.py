"""Send one HTTP request many times over open connections, and time each answer.

The client is one thread with plain sockets and httptools. A request costs it a few hundredths of a
millisecond, which is a small part of the time that a server in Python needs.
"""

import selectors
import socket
import statistics
import time
from dataclasses import dataclass

import httptools

SILENCE = 60  # seconds without any answer


@dataclass
class Load:
    """The result of a load.

    Attributes
    ----------
    times : list of float
        Seconds from sending a request to the end of its answer, sorted.
    seconds : float
        Duration of the whole load.
    busy : float
        Share of `seconds` during which the client itself computed.
    """

    times: list[float]
    seconds: float
    busy: float

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.times) / self.seconds

    @property
    def median(self) -> float:
        """The median of the times, in seconds."""
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        """The 99th percentile of the times, in seconds."""
        return self.times[min(int(0.99 * len(self.times)), len(self.times) - 1)]


class _Connection:
    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SILENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._parser = httptools.HttpResponseParser(self)

    def send(self):
        self.parts, self.complete = [], False
        self.sent = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection that should stay open")
        self._parser.feed_data(data)

    # -- What the parser calls ---------------------------------------------------------------------

    def on_body(self, part):
        self.parts.append(part)

    def on_message_complete(self):
        self.complete, self.status = True, self._parser.get_status_code()


def request(path: str, body: bytes) -> bytes:
    """Make a POST request with a JSON body.

    Parameters
    ----------
    path : str
    body : bytes

    Returns
    -------
    bytes
        The whole request.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def run(port: int, request: bytes, answer: bytes, seconds: float, connections: int = 8) -> Load:
    """Send the request over every connection, each time as soon as the last answer is complete.

    Parameters
    ----------
    port : int
        On 127.0.0.1.
    request : bytes
        The whole request.
    answer : bytes
        The body that every answer must have.
    seconds : float
        Least duration of the load.
    connections : int

    Returns
    -------
    Load

    Raises
    ------
    OSError
        A connection ended, an answer was a different one, or no answer came for SILENCE seconds.
    """
    times = []
    with selectors.DefaultSelector() as selector:
        opened = [_Connection(port, request) for _ in range(connections)]
        try:
            for connection in opened:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            computed, start = time.thread_time(), time.perf_counter()
            for connection in opened:
                connection.send()
            now = start
            while now - start < seconds:
                ready = selector.select(SILENCE)
                if not ready:
                    raise TimeoutError(f"no answer for {SILENCE} seconds")
                for key, _ in ready:
                    connection = key.data
                    connection.receive()
                    if not connection.complete:
                        continue
                    now = time.perf_counter()
                    times.append(now - connection.sent)
                    found = b"".join(connection.parts)
                    if connection.status != 200 or found != answer:
                        raise ConnectionError(
                            f"the answer should be 200 {answer[:500]}, "
                            f"but is {connection.status} {found[:500]}"
                        )
                    connection.send()
            took, computed = time.perf_counter() - start, time.thread_time() - computed
        finally:
            for connection in opened:
                connection.socket.close()
    return Load(sorted(times), took, computed / took)
