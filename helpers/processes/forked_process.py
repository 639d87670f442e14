"""Start a process that has TensorFlow imported already: a fork, which takes a tenth of a second.

`helpers.processes.fork_server` makes the forks, on Linux only: macOS does not support a fork of
TensorFlow, and Windows has no fork. Where no fork can be made, `ForkedProcess` raises an OSError,
and its caller starts an ordinary process. The environment variable COURSE_FORK=0 has the same
effect: no server is started or asked.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import IO

from helpers.processes.fork_address import (
    SETTINGS,
    connect,
    enabled,
    receive_number,
    send_order,
    server_address,
)

IDLE = 60  # seconds without a child after which the server ends


class ForkedProcess:
    """A forked process that calls `main(*arguments)` of a module; used like a subprocess.Popen.

    Parameters
    ----------
    module : str
    arguments : tuple
        what JSON can hold
    stdout : file, optional
        what the child writes to; without it a pipe, `self.stdout`
    stderr : file
    env : mapping of str to str, optional
        the child's environment; without it the environment of this process

    Raises
    ------
    OSError
        there is no server and none can be started, or the server does not answer
    """

    def __init__(
        self,
        module: str,
        arguments: tuple = (),
        *,
        stdout: IO | None = None,
        stderr: IO,
        env: Mapping[str, str] | None = None,
    ):
        env = dict(os.environ) if env is None else dict(env)
        if not enabled(env):
            raise OSError("COURSE_FORK=0: no process is forked")
        self.returncode = self._pid = self._handle = None
        self._line, self._lock = _connect(SETTINGS | env), threading.Lock()
        theirs_in, ours_in = os.pipe()
        self.stdin = os.fdopen(ours_in, "wb")
        self.stdout: IO[bytes] | None = None
        if stdout:
            theirs_out = os.dup(stdout.fileno())
        else:
            ours_out, theirs_out = os.pipe()
            self.stdout = os.fdopen(ours_out, "rb")
        order = json.dumps((module, arguments, env, os.getcwd())).encode()
        try:
            send_order(self._line, order, [theirs_in, theirs_out, stderr.fileno()])
        except BaseException:
            self.stdin.close()
            if self.stdout:
                self.stdout.close()
            self._line.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    @property
    def pid(self) -> int | None:
        """The number of the process; waits until the server has forked it."""
        while self._look() is None and self._pid is None:
            _readable(self._line, None)
        return self._pid

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or None while the process runs."""
        return self._look()

    def _look(self):
        with self._lock:
            try:
                if self.returncode is None and self._pid is None and _readable(self._line, 0):
                    self._pid, (self._handle,) = receive_number(self._line, 1)
                if self.returncode is None and self._pid and _readable(self._handle, 0):
                    self._ended(receive_number(self._line)[0])
            except OSError:  # the server has died, or has refused the order
                self._ended(-signal.SIGKILL)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait at most `timeout` seconds for the end; return the exit status.

        Raises
        ------
        subprocess.TimeoutExpired
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self._look()) is None:
            left = None if end is None else max(0, end - time.monotonic())
            if not _readable(self._handle or self._line, left):
                raise subprocess.TimeoutExpired("the forked process", timeout or 0)
        return status

    def kill(self):
        """End the process at once; a process that is not forked yet is ended when it is."""
        if self._look() is None and self._pid is None:
            self._ended(-signal.SIGKILL)  # the server kills a child whose client has gone
        self._send(signal.SIGKILL)

    def terminate(self):
        """Ask the process to end, with SIGTERM."""
        if self.pid:
            self._send(signal.SIGTERM)

    def _send(self, number):
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                signal.pidfd_send_signal(self._handle, number)

    def _ended(self, status):
        self.returncode = status
        self._line.close()
        if self._handle is not None:
            os.close(self._handle)


def _readable(file, seconds):
    waiting = select.poll()  # select stops at 1,024 open files
    waiting.register(file, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else 1000 * seconds))


def _connect(env: Mapping[str, str]) -> socket.socket:
    return connect(server_address(env), env, IDLE)
