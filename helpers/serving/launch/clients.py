"""Clients that send requests in a loop while something happens to the server."""

import threading
from collections.abc import Callable

PAUSE = (
    0.002  # seconds between two requests of a client, because the server runs on the same machine
)


class Asking:
    """Threads that call a function in a loop while a `with` block runs, and once after it.

    The call after the block shows the state that the block has left: without it, a busy machine
    can end the block before any client has asked again.

    Parameters
    ----------
    ask : callable
        has no parameters, sends a request and returns (HTTP status, answer)
    clients : int
        the number of threads

    Attributes
    ----------
    answers : list of (int or None, object)
        the results so far; (None, error) when `ask` has raised
    """

    def __init__(self, ask: Callable[[], tuple[int | None, object]], clients: int = 2) -> None:
        self.answers, self._ask, self._done = [], ask, threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[tuple[int | None, object]]:
        """The answers whose status is not 200."""
        return [answer for answer in self.answers if answer[0] != 200]

    def _work(self):
        last = False
        while not last:
            last = self._done.wait(PAUSE)
            try:
                self.answers.append(self._ask())
            except Exception as error:
                self.answers.append((None, error))
