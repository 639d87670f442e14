"""Start a process that has TensorFlow imported already: a fork, which takes a tenth of a second.

`helpers.processes.fork_server` makes the forks, on Linux only: macOS does not support a fork of
TensorFlow, and Windows has no fork. Where no fork can be made, `ForkedProcess` raises an OSError,
and its caller starts an ordinary process. The environment variable COURSE_FORK=0 has the same
effect: no server is started or asked.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import helpers
from helpers.paths import ROOT
from helpers.processes import fork_server

IDLE = 60  # seconds without a child after which the server ends
# NumPy's threads look for work for 0.1 s after a matrix product and would disturb timings. NumPy
# reads this variable when it is imported.
SETTINGS = {"OPENBLAS_THREAD_TIMEOUT": "8"}
# Libraries read these variables once, at their import. Other values need another server.
READ_AT_IMPORT = ("TF_", "CUDA_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "LD_", "PYTHON")
READ_AT_IMPORT += ("TMP", "TEMP")


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
            files = [theirs_in, theirs_out, stderr.fileno()]
            socket.send_fds(self._line, [fork_server.NUMBER.pack(len(order))], files)
            self._line.sendall(order)
        except BaseException:
            self.stdin.close()
            if self.stdout:
                self.stdout.close()
            self._line.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._line.setblocking(True)  # the next answer comes when TensorFlow is imported

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
                    self._pid, (self._handle,) = _number(self._line, 1)
                if self.returncode is None and self._pid and _readable(self._handle, 0):
                    self._ended(_number(self._line)[0])
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


def enabled(env: Mapping[str, str] = os.environ) -> bool:
    """Return whether processes may be forked at all in this environment."""
    return sys.platform == "linux" and env.get("COURSE_FORK") != "0"


def _readable(file, seconds):
    waiting = select.poll()  # select stops at 1,024 open files
    waiting.register(file, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else 1000 * seconds))


def _number(line, files=0):
    """Receive the next number, and the files that come with it."""
    received, found, _, _ = socket.recv_fds(
        line, fork_server.NUMBER.size, files, socket.MSG_CMSG_CLOEXEC
    )
    if len(received) < fork_server.NUMBER.size or len(found) < files:
        for file in found:
            os.close(file)
        raise ConnectionResetError("the server has closed the connection")
    return fork_server.NUMBER.unpack(received)[0], found


def _connect(env):
    """Return a connection to the server, which is started if there is none."""
    if sys.platform != "linux":
        raise OSError("a process with TensorFlow is forked on Linux only")
    address = _address(env)
    with contextlib.suppress(ConnectionError):  # there is none, or it has just ended
        return _dial(address)
    # -P, and the path: see helpers.processes.clean_process
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "from helpers.processes import fork_server; del sys.path[0]; "
        f"fork_server.main({address!r}, {IDLE})"
    )
    subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,  # another kernel may have started one at the same time
    )
    return _dial(address)


def _address(env):
    """Return the name that belongs to this user, this Python, this course and this system."""
    settings = sorted(item for item in env.items() if item[0].startswith(READ_AT_IMPORT))
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "pid")]
    files = [Path(helpers.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    code = [(str(file), file.stat().st_mtime_ns) for file in files]
    text = repr((os.getuid(), sys.executable, settings, here, code))
    return "\0exporting-models-" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _dial(address):
    """Return a connection to a server of this user that lives; what it still does has a timeout."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(fork_server.HANDSHAKE)
        line.connect(address)  # fails at once where nothing accepts and the queue is full
        fork_server.require_own(line)
        if line.recv(len(fork_server.HELLO)) != fork_server.HELLO:
            raise ConnectionResetError("the server has closed the connection")
    except BaseException:
        line.close()
        raise
    return line
