"""Start a process that has TensorFlow imported already: a fork, which takes a tenth of a second.

One server for each user imports TensorFlow and forks a child for each order that it receives. All
kernels of the user share this server and its half a gigabyte of memory. The server runs no code of
the kernels. It ends a minute after its last child.

The server runs on Linux only: macOS does not support a fork of TensorFlow, and Windows has no fork.
Where no fork can be made, `Child` raises an OSError, and its caller starts an ordinary process.
The environment variable COURSE_FORK=0 has the same effect: no server is started or asked.

How a client and the server talk
    1. The client connects to an abstract UNIX socket. Every user of the computer can connect to
       that name, and every user can take it first. So each side asks the kernel for the user of
       the other side, and closes the connection when it is another user.
    2. The server sends HELLO at once, also while it imports TensorFlow. A client that receives no
       HELLO within HANDSHAKE seconds gives up.
    3. The client sends its order: a length, the child's standard input, output and error as file
       descriptors, and JSON. The server refuses an order that is not complete after HANDSHAKE
       seconds, is too long or is not an order. It answers other clients meanwhile.
    4. The server sends the number of the child with a pidfd, and later the exit status.
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
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NoReturn

import helpers
from helpers.paths import ROOT
from helpers.processes import patches, temporary_files

IDLE = 60  # seconds without a child after which the server ends
HANDSHAKE = 2  # seconds for HELLO and for an order; an import of TensorFlow is not in them
LONGEST = 2**24  # bytes of an order; Linux allows an environment of 2**21
MOST = 128  # connections without a complete order; the oldest is closed for one more
HELLO = b"\1"
# NumPy's threads look for work for 0.1 s after a matrix product and would disturb timings. NumPy
# reads this variable when it is imported.
SETTINGS = {"OPENBLAS_THREAD_TIMEOUT": "8"}
NUMBER = struct.Struct("!i")
# Libraries read these variables once, at their import. Other values need another server.
READ_AT_IMPORT = ("TF_", "CUDA_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "LD_", "PYTHON")
READ_AT_IMPORT += ("TMP", "TEMP")


class Child:
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
            socket.send_fds(self._line, [NUMBER.pack(len(order))], files)
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
    received, found, _, _ = socket.recv_fds(line, NUMBER.size, files, socket.MSG_CMSG_CLOEXEC)
    if len(received) < NUMBER.size or len(found) < files:
        for file in found:
            os.close(file)
        raise ConnectionResetError("the server has closed the connection")
    return NUMBER.unpack(received)[0], found


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
        line.settimeout(HANDSHAKE)
        line.connect(address)  # fails at once where nothing accepts and the queue is full
        _require_own(line)
        if line.recv(len(HELLO)) != HELLO:
            raise ConnectionResetError("the server has closed the connection")
    except BaseException:
        line.close()
        raise
    return line


def _require_own(line):
    """Raise PermissionError unless a process of this user is at the other end."""
    told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if struct.unpack("3i", told)[1] != os.getuid():
        raise PermissionError("another user's process is at the other end")


# The other side: the server


def main(address: str, idle: float):
    """Serve forks in a process of its own, until no child has lived for `idle` seconds.

    The process that calls this ends as soon as clients can connect. Two processes go on: one
    greets clients while the other imports TensorFlow, which can hold Python's lock for seconds.
    Then the first hands over the connections and ends.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)  # fails where there is a server already
    listener.listen(MOST)
    listener.setblocking(False)
    os.close(os.pidfd_open(os.getpid()))  # fails on a system without pidfd
    if os.fork():
        os._exit(0)
    os.chdir("/")  # so that the server keeps no folder in use
    greeter, server = socket.socketpair()
    if os.fork():
        server.close()
        _greet(listener, greeter)
        os._exit(0)
    greeter.close()
    sys.modules["matplotlib"] = sys.modules["keras"] = None  # see helpers.readers.worker
    from helpers.processes.tensorflow_import import import_tensorflow

    with contextlib.suppress(Exception):  # each child fails in the same way, and reports it
        import_tensorflow()
    with contextlib.suppress(OSError):
        server.send(HELLO)
    _Server(listener, server).serve(idle)


def _greet(listener, server):
    """Accept clients and pass their connections to the server, until it is ready or has died."""
    server.setblocking(False)
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    waiting.register(server, select.POLLIN)
    while True:
        ready = {file for file, _ in waiting.poll()}
        if server.fileno() in ready:
            with contextlib.suppress(OSError):
                server.recv(len(HELLO))  # a close with unread data would be an error there
            return
        for line in _accepted(listener):
            with line, contextlib.suppress(OSError):  # too many: this client starts a process
                socket.send_fds(server, [HELLO], [line.fileno()])


def _accepted(listener) -> Iterator[socket.socket]:
    """Accept the clients that wait; yield a connection to each client of this user."""
    for _ in range(MOST):
        try:
            line, _ = listener.accept()
        except OSError:  # no more, or too many files are open
            return
        try:
            _require_own(line)
            line.setblocking(False)
            line.send(HELLO)
        except OSError:
            line.close()
            continue
        yield line


class _Incoming:
    """A connection whose order has not arrived completely, and what has arrived of it."""

    def __init__(self, line):
        self.line, self.files, self._received = line, [], bytearray()
        self.deadline = time.monotonic() + HANDSHAKE

    def receive(self) -> tuple | None:
        """Return the order (module, arguments, environment, folder) when it is complete, or None.

        Raises
        ------
        OSError
            the client has gone
        ValueError
            what it sends is not an order
        """
        while True:
            try:
                data, files, _, _ = socket.recv_fds(
                    self.line, 2**16, 3 - len(self.files), socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return None
            self.files += files
            self._received += data
            if not data:
                raise ConnectionResetError("the client has closed the connection")
            order = self._order()
            if order is not None:
                return order

    def _order(self):
        if len(self._received) < NUMBER.size:
            return None
        (size,) = NUMBER.unpack_from(self._received)
        if not 0 < size <= LONGEST or len(self._received) > NUMBER.size + size:
            raise ValueError("the size of the order is wrong")
        if len(self._received) < NUMBER.size + size:
            return None
        order = json.loads(self._received[NUMBER.size :])
        if len(self.files) != 3 or not _is_order(order):
            raise ValueError("this is not an order")
        return tuple(order)

    def close(self):
        self.line.close()
        self.close_files()

    def close_files(self):
        for file in self.files:
            os.close(file)
        self.files = []


def _is_order(order):
    if not isinstance(order, list) or [*map(type, order)] != [str, list, dict, str]:
        return False
    return all(isinstance(value, str) for value in order[2].values())


class _Server:
    """The loop that receives orders, forks children and reports how they end."""

    def __init__(self, listener, greeter):
        self._listener, self._greeter = listener, greeter
        self._events = selectors.DefaultSelector()
        self._events.register(listener, selectors.EVENT_READ, self._accept)
        self._events.register(greeter, selectors.EVENT_READ, self._take_over)
        self._incoming = {}  # {connection: _Incoming}, the oldest first
        self._orders = deque()  # of (_Incoming, order), complete
        self._children = {}  # {pidfd: (pid, connection, folder of its temporary files or None)}

    def serve(self, idle):
        end = time.monotonic() + idle
        while True:
            busy = bool(self._children)
            # Greetings come before forks: a fork takes long enough to keep many clients waiting.
            for key, _ in self._events.select(self._seconds(end)):
                key.data(key.fileobj)
            now = time.monotonic()
            for incoming in [one for one in self._incoming.values() if one.deadline <= now]:
                self._refuse(incoming)
            if self._orders:
                self._start(*self._orders.popleft())
            if busy or self._children or self._orders:
                end = time.monotonic() + idle
            elif now >= end and not self._incoming:
                return

    def _seconds(self, end):
        """Seconds until there is something to do without an event; None for never."""
        if self._orders:
            return 0
        ends = [incoming.deadline for incoming in self._incoming.values()]
        if not self._children and not ends:
            ends = [end]
        return max(0, min(ends) - time.monotonic()) if ends else None

    def _accept(self, listener):
        for line in _accepted(listener):
            self._expect_order(line)

    def _take_over(self, greeter):
        """Take over one connection from the process that greeted clients during the import."""
        try:
            data, files, _, _ = socket.recv_fds(greeter, len(HELLO), 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:  # it was killed; what it has sent can still be received
            return
        if not data:
            self._events.unregister(greeter)
            greeter.close()
        for file in files:
            line = socket.socket(fileno=file)
            line.setblocking(False)
            self._expect_order(line)

    def _expect_order(self, line):
        if len(self._incoming) >= MOST:
            self._refuse(next(iter(self._incoming.values())))
        self._incoming[line] = _Incoming(line)
        self._events.register(line, selectors.EVENT_READ, self._receive)

    def _receive(self, line):
        incoming = self._incoming.get(line)
        if incoming is None:  # refused since the event
            return
        try:
            order = incoming.receive()
        except (OSError, ValueError, RecursionError):
            self._refuse(incoming)
            return
        if order is not None:
            self._forget(incoming)
            self._orders.append((incoming, order))

    def _refuse(self, incoming):
        self._forget(incoming)
        incoming.close()

    def _forget(self, incoming):
        del self._incoming[incoming.line]
        self._events.unregister(incoming.line)

    def _start(self, incoming, order):
        folder = temporary_files.new_folder()
        try:
            pid = os.fork()
        except OSError:  # too many processes, or too little memory
            incoming.close()
            temporary_files.remove(folder)
            return
        if not pid:
            self._become(incoming, folder, *order)
        incoming.close_files()
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            incoming.close()
            temporary_files.remove(folder)
            return
        self._children[handle] = pid, incoming.line, folder
        self._events.register(handle, selectors.EVENT_READ, self._bury)
        try:
            socket.send_fds(incoming.line, [NUMBER.pack(pid)], [handle])
        except OSError:  # the client has gone
            os.kill(pid, signal.SIGKILL)

    def _bury(self, handle):
        pid, line, folder = self._children.pop(handle)
        self._events.unregister(handle)
        os.close(handle)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        temporary_files.remove(folder)
        with contextlib.suppress(OSError):
            line.sendall(NUMBER.pack(status))
        line.close()

    def _become(self, incoming, folder, module, arguments, environment, directory) -> NoReturn:
        """In the child: run `main` of the module, and end."""
        status = 1
        try:
            patches.drop_exit_handlers()  # those of the server
            os.setsid()
            for number, file in enumerate(incoming.files):
                os.dup2(file, number)
            self._close_in_child(incoming)
            temporary_files.use(folder)
            os.chdir(directory)
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
            with contextlib.suppress(BaseException):
                patches.run_exit_handlers()
                temporary_files.remove_own()  # the server may have ended
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)

    def _close_in_child(self, incoming):
        """Close what belongs to the server and to other children."""
        self._events.close()
        self._listener.close()
        self._greeter.close()
        for other in (incoming, *self._incoming.values(), *(one for one, _ in self._orders)):
            other.close()
        for handle, (_, line, _) in self._children.items():
            os.close(handle)
            line.close()
