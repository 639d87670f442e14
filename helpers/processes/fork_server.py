"""Fork processes that have TensorFlow imported already, for all kernels of one user.

One server for each user imports TensorFlow and forks a child for each order that it receives. All
kernels of the user share this server and its half a gigabyte of memory. The server runs no code of
the kernels. It ends a minute after its last child. Its clients are in
`helpers.processes.forked_process`.

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
import importlib
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterator
from typing import NoReturn

from helpers.paths import ROOT
from helpers.processes import patches, temporary_files
from helpers.processes.fork_address import HANDSHAKE, HELLO, NUMBER, require_own

KERNELS = "helpers.processes.kernel_server"  # a child that forks children itself
LONGEST = 2**24  # bytes of an order; Linux allows an environment of 2**21
MOST = 128  # connections without a complete order; the oldest is closed for one more


def main(address: str, idle: float):
    """Serve forks in a process of its own, until no child has lived for `idle` seconds.

    The process that calls this ends as soon as clients can connect.
    """
    listener = listen(address)
    if os.fork():
        os._exit(0)
    os.chdir("/")  # so that the server keeps no folder in use
    greeter = start_greeter(listener)
    sys.modules["matplotlib"] = sys.modules["keras"] = None  # see helpers.readers.worker
    from helpers.processes.tensorflow_import import import_tensorflow

    before = dict(os.environ)
    with contextlib.suppress(Exception):  # each child fails in the same way, and reports it
        import_tensorflow()
    set_by_imports.update(os.environ.items() - before.items())
    greeter.ready()
    Server(listener, greeter).serve(idle)


set_by_imports: dict[str, str] = {}  # the variables that TensorFlow sets when it is imported


def listen(address: str) -> socket.socket:
    """Return the socket that accepts clients at `address`.

    Raises
    ------
    OSError
        there is a server already, or the system has no pidfd
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(MOST)
    listener.setblocking(False)
    os.close(os.pidfd_open(os.getpid()))
    return listener


class Greeter:
    """A process that greets clients while this one imports, which can hold Python's lock long.

    Attributes
    ----------
    line : socket.socket
        what brings the connections to this process
    """

    def __init__(self, line: socket.socket, pid: int):
        self.line, self._pid = line, pid

    def ready(self):
        """Tell it to end, and to leave new clients to this process."""
        with contextlib.suppress(OSError):
            self.line.send(HELLO)

    def end(self):
        """Close the connection to a greeter that has ended."""
        self.line.close()
        os.waitpid(self._pid, 0)


def start_greeter(listener: socket.socket) -> Greeter:
    """Start a process that greets the clients of `listener` from now on."""
    theirs, ours = socket.socketpair()
    pid = os.fork()
    if pid:
        theirs.close()
        return Greeter(ours, pid)
    try:
        ours.close()
        _greet(listener, theirs)
    finally:
        os._exit(0)


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
            require_own(line)
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


class Server:
    """The loop that receives orders, forks children and reports how they end.

    Parameters
    ----------
    listener : socket.socket
    greeter : Greeter
        one that was told that this process is ready
    """

    def __init__(self, listener: socket.socket, greeter: Greeter):
        self._listener, self._greeter = listener, greeter
        self._events = selectors.DefaultSelector()
        self._events.register(listener, selectors.EVENT_READ, self._accept)
        self._events.register(greeter.line, selectors.EVENT_READ, self._take_over)
        self._incoming = {}  # {connection: _Incoming}, the oldest first
        self._orders = deque()  # of (_Incoming, order), complete
        self._children = {}  # {pidfd: (pid, connection, folder of its temporary files or None)}

    def serve(self, idle: float):
        """Serve until no child has lived for `idle` seconds."""
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

    def _take_over(self, line):
        """Take over one connection from the process that greeted clients during the import."""
        try:
            data, files, _, _ = socket.recv_fds(line, len(HELLO), 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:  # it was killed; what it has sent can still be received
            return
        if not data:
            self._events.unregister(line)
            self._greeter.end()
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
        folder = self._new_folder()
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

    @staticmethod
    def _new_folder():
        return temporary_files.new_folder()

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
            if module != KERNELS:  # a kernel has the handlers of the modules that it imports
                patches.drop_exit_handlers()
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
        self._greeter.line.close()
        for other in (incoming, *self._incoming.values(), *(one for one, _ in self._orders)):
            other.close()
        for handle, (_, line, _) in self._children.items():
            os.close(handle)
            line.close()
