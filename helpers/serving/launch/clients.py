"""Clients that ask again and again, while something is done to the server."""

import threading

PAUSE = 0.002  # seconds between two requests of a client, who shares this machine with the server


class Asking:
    """Threads that call `ask` again and again while the `with` block runs.

    ask : function without arguments, makes a request and returns (HTTP status, answer)
    clients : int

    answers : list of (status, answer), so far; (None, error) where `ask` raised
    """

    def __init__(self, ask, clients=2):
        self.answers, self._ask, self._done = [], ask, threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self):
        """The answers whose status is not 200."""
        return [answer for answer in self.answers if answer[0] != 200]

    def _work(self):
        while not self._done.wait(PAUSE):
            try:
                self.answers.append(self._ask())
            except Exception as error:
                self.answers.append((None, error))
