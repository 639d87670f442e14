"""One HTTP request sent again and again over connections that stay open, and how long each took.

One thread, plain sockets and httptools: a request costs it a few hundredths of a millisecond, a
small part of what any server written in Python needs for it.
"""

import selectors
import socket
import statistics
import time
from dataclasses import dataclass

import httptools

SILENCE = 30  # seconds without any answer


@dataclass
class Load:
    """What came of a load.

    times : list of float
        seconds from sending a request to the end of its answer, sorted
    seconds : float
        how long the whole load took
    busy : float
        the share of `seconds` for which the client itself computed
    """

    times: list
    seconds: float
    busy: float

    @property
    def per_second(self):
        return len(self.times) / self.seconds

    @property
    def median(self):
        return statistics.median(self.times)

    @property
    def p99(self):
        return self.times[min(int(0.99 * len(self.times)), len(self.times) - 1)]


class _Connection:
    def __init__(self, port, request):
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
            raise ConnectionError("the server closed a connection that was to stay open")
        self._parser.feed_data(data)

    # -- called by the parser ----------------------------------------------------------------------

    def on_body(self, part):
        self.parts.append(part)

    def on_message_complete(self):
        self.complete, self.status = True, self._parser.get_status_code()


def request(path, body):
    """A POST request with a JSON body, as bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def run(port, request, answer, seconds, connections=8):
    """Ask over every connection, each time as soon as the answer is there.

    Parameters
    ----------
    port : int
        on 127.0.0.1
    request : bytes
        the whole request
    answer : bytes
        the body that every answer must have
    seconds : float
    connections : int

    Returns
    -------
    Load

    Raises
    ------
    OSError
        a connection ended, an answer was another one, or none came for half a minute
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
                            f"not 200 {answer[:500]}, but {connection.status} {found[:500]}"
                        )
                    connection.send()
            took, computed = time.perf_counter() - start, time.thread_time() - computed
        finally:
            for connection in opened:
                connection.socket.close()
    return Load(sorted(times), took, computed / took)
