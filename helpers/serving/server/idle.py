"""End a server without requests for a while, to give back its memory.

A lesson's server does so, and starts again with the next request of the lesson; see
`helpers.serving.launch.wake`.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from helpers.serving.handshake import IDLE_WORDS

log = logging.getLogger("helpers.serving")


class Idle(grpc.ServerInterceptor):
    """Notes each request over REST and gRPC.

    Parameters
    ----------
    seconds : float
        without a request, after which the server ends
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def note(self) -> None:
        """Note a request that arrives now."""
        self._last = time.monotonic()

    def intercept_service(self, continuation: Callable, handler_call_details: Any) -> Any:
        """Note a call over gRPC."""
        self.note()
        return continuation(handler_call_details)

    def noting(self, protocol: type) -> type:
        """Return uvicorn's protocol `protocol`, which also notes what arrives over REST."""
        idle = self

        class Noting(protocol):
            def data_received(self, data: bytes) -> None:
                idle.note()
                super().data_received(data)

        return Noting

    def watch(self) -> None:
        """Start a thread that ends this process with SIGTERM."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while (left := self._last + self._seconds - time.monotonic()) > 0:
            time.sleep(left)
        log.info("%s %g seconds", IDLE_WORDS, self._seconds)
        os.kill(os.getpid(), signal.SIGTERM)
