"""A clean process in a tenth of a second: forked from one that has imported TensorFlow.

The server of these forks is shared by all kernels of a user, so that a lesson waits no more for
TensorFlow once another one has, and all clean processes share its half a gigabyte of memory. It
runs none of their code, and ends a minute after the last of them.

Linux only: a fork is not safe on macOS and unknown on Windows. There, and wherever it fails, who
asks gets an OSError and starts a process in the usual way.
"""

import contextlib
import hashlib
import importlib
import json
import os
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import helpers
from helpers.paths import ROOT

IDLE = 60  # seconds without a child after which the server ends
# Else NumPy's threads, done with a product, look for work on every core for a tenth of a second,
# whatever is timed there meanwhile. It is read when NumPy is imported.
SETTINGS = {"OPENBLAS_THREAD_TIMEOUT": "8"}
NUMBER = struct.Struct("!i")
# What libraries read once, at their import: who has set one otherwise gets a server of his own.
READ_AT_IMPORT = ("TF_", "CUDA_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "LD_", "PYTHON", "TMPDIR")


class Child:
    """A forked process that calls `main(*arguments)` of a module; used like a subprocess.Popen.

    module : str
    arguments : tuple of what JSON can hold
    stdout : file that it writes to, or None for a pipe, `self.stdout`
    stderr : file
    env : dict, its environment, or None for ours

    Raises OSError where there is no such server, and none can be started.
    """

    def __init__(self, module, arguments=(), *, stdout=None, stderr, env=None):
        env = dict(os.environ) if env is None else env
        self.returncode = self._pid = self._handle = None
        self._line, self._lock = _connect(SETTINGS | env), threading.Lock()
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = (None, os.dup(stdout.fileno())) if stdout else os.pipe()
        self.stdin = os.fdopen(ours_in, "wb")
        self.stdout = None if stdout else os.fdopen(ours_out, "rb")
        order = json.dumps((module, arguments, env, os.getcwd())).encode()
        try:
            files = [theirs_in, theirs_out, stderr.fileno()]
            socket.send_fds(self._line, [NUMBER.pack(len(order))], files)
            self._line.sendall(order)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    @property
    def pid(self):
        """Its number; waits until the server has imported TensorFlow and forked."""
        while self._look() is None and self._pid is None:
            _readable(self._line, None)
        return self._pid

    def poll(self):
        """Its exit status, negative for a signal; None while it runs."""
        return self._look()

    def _look(self):
        with self._lock:
            try:
                if self.returncode is None and self._pid is None and _readable(self._line, 0):
                    self._pid, (self._handle,) = _number(self._line, 1)
                if self.returncode is None and self._pid and _readable(self._handle, 0):
                    self._ended(_number(self._line)[0])
            except OSError:  # the server has died
                self._ended(-signal.SIGKILL)
            return self.returncode

    def wait(self, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        while self._look() is None:
            left = None if end is None else max(0, end - time.monotonic())
            if not _readable(self._handle or self._line, left):
                raise subprocess.TimeoutExpired("the forked process", timeout)
        return self.returncode

    def kill(self):
        if self._look() is None and self._pid is None:  # then it will not come to life
            self._ended(-signal.SIGKILL)
        self._send(signal.SIGKILL)

    def terminate(self):
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


def _number(line, files=0):
    """The number that comes next, and the files that come with it."""
    said, found, _, _ = socket.recv_fds(line, NUMBER.size, files, socket.MSG_CMSG_CLOEXEC)
    if len(said) < NUMBER.size or len(found) < files:
        raise ConnectionResetError("the other side has gone")
    return NUMBER.unpack(said)[0], found


def _connect(env):
    """A connection to the server, which is started if there is none."""
    if sys.platform != "linux":
        raise OSError("a fork of TensorFlow is tried on Linux only")
    address = _address(env)
    with contextlib.suppress(ConnectionRefusedError):
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
        check=False,  # another one may have been quicker
    )
    return _dial(address)


def _address(env):
    """A name that belongs to this user, this Python, this course and this system."""
    settings = sorted(item for item in env.items() if item[0].startswith(READ_AT_IMPORT))
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "pid")]
    files = [Path(__file__), Path(helpers.__file__)]
    code = [(str(file), file.stat().st_mtime_ns) for file in files]
    text = repr((os.getuid(), sys.executable, settings, here, code))
    return "\0exporting-models-" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _dial(address):
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(address)
        _require_own(line)
    except BaseException:
        line.close()
        raise
    return line


def _require_own(line):
    """Refuse whoever is at the other end, unless it is this user: the name is no secret."""
    told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if struct.unpack("3i", told)[1] != os.getuid():
        raise PermissionError("another user's process")


# The other side


def main(address, idle):
    """Serve forks until none has lived for `idle` seconds, in a process that nobody waits for.

    The one that was started ends as soon as others can connect.
    """
    door = socket.socket(socket.AF_UNIX)
    door.bind(address)  # fails where there is a server already
    door.listen(128)
    os.close(os.pidfd_open(os.getpid()))  # fails on a system that cannot
    if os.fork():
        os._exit(0)
    os.chdir("/")  # no folder is kept in use
    sys.modules["matplotlib"] = sys.modules["keras"] = None  # see helpers.readers.worker
    from helpers.processes.tensorflow_import import import_tensorflow

    with contextlib.suppress(Exception):  # each child will fail in the same way, and say so
        import_tensorflow()
    _Forks(door).serve(idle)


class _Forks:
    def __init__(self, door):
        self._door, self._events = door, selectors.DefaultSelector()
        self._events.register(door, selectors.EVENT_READ)
        self._children = {}  # pidfd to (pid, line)

    def serve(self, idle):
        while ready := self._events.select(None if self._children else idle):
            for key, _ in ready:
                if key.fileobj is self._door:
                    self._answer(self._door.accept()[0])
                else:
                    self._bury(key.fileobj)

    def _answer(self, line):
        try:
            _require_own(line)
            size, files = _number(line, 3)
            order = json.loads(line.recv(size, socket.MSG_WAITALL))
        except (OSError, ValueError):  # who asked has gone
            line.close()
            return
        pid = os.fork()
        if not pid:
            self._become(line, files, *order)
        for file in files:
            os.close(file)
        handle = os.pidfd_open(pid)
        self._children[handle] = pid, line
        self._events.register(handle, selectors.EVENT_READ)
        try:
            socket.send_fds(line, [NUMBER.pack(pid)], [handle])
        except OSError:  # who asked has gone
            os.kill(pid, signal.SIGKILL)

    def _bury(self, handle):
        pid, line = self._children.pop(handle)
        self._events.unregister(handle)
        os.close(handle)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(OSError):
            line.sendall(NUMBER.pack(status))
        line.close()

    def _become(self, line, files, module, arguments, environment, folder):
        """In the child: run `main` of the module, and end."""
        status = 1
        try:
            os.setsid()
            for number, file in enumerate(files):
                os.dup2(file, number)
            for own in (
                line,
                self._door,
                self._events,
                *(line for _, line in self._children.values()),
            ):
                own.close()
            for file in (*files, *self._children):
                os.close(file)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            sys.path.insert(0, str(ROOT))
            loaded = importlib.import_module(module)
            del sys.path[0]
            status = loaded.main(*arguments) or 0
        except SystemExit as error:
            status = error.code or 0
            if not isinstance(status, int):
                print(status, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)
