"""Start a kernel of the course: ask for a fork, or become an ordinary kernel where there is none.

Jupyter runs this file in place of a kernel, with the arguments of one. It passes signals on to the
kernel, ends with it, and the kernel ends when this process does or when Jupyter has gone.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

if __name__ == "__main__":  # without the package, whose import takes longer than all the rest
    import fork_address as servers  # pyrefly: ignore[missing-import]
    import inherited  # pyrefly: ignore[missing-import]
else:
    from helpers.processes import fork_address as servers
    from helpers.processes import inherited

IDLE = 300  # seconds without a kernel after which the process that forks kernels ends
SERVER_IDLE = 60  # and without this process, the fork server
PATIENCE = 60_000  # milliseconds for a fork; a cold start on a busy computer takes half of it
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT")


def main() -> None:
    """Be a kernel until it ends, with its exit status."""
    arguments = sys.argv[1:]
    if arguments == ["--start"]:
        prepare()
        return
    if servers.enabled() and sys.getfilesystemencoding() == "utf-8":
        try:
            kernel = Kernel(arguments)
        except OSError:
            pass
        else:
            sys.exit(kernel.wait())
    command = [sys.executable, "-m", "ipykernel_launcher", *arguments]
    os.execv(sys.executable, command)


def prepare() -> None:
    """Start the process that forks kernels, if there can be one; do not wait for it."""
    if servers.enabled() and not os.fork():
        try:
            connect(servers.SETTINGS | dict(os.environ))
        finally:
            os._exit(0)


class Kernel:
    """A kernel that was forked, for its launcher.

    Raises
    ------
    OSError
        no kernel can be forked
    """

    def __init__(self, arguments: list[str]):
        env = dict(os.environ)
        settings = servers.SETTINGS | env
        self._line = connect(settings)
        kernel = "ipykernel_launcher", (arguments, inherited.found()), env, os.getcwd()
        servers.send_order(self._line, json.dumps(kernel).encode(), [0, 1, 2])
        self._pid, (self._handle,) = _receive(self._line, 1)
        for name in PASSED_ON:
            signal.signal(getattr(signal, name), self._pass_on)

    def _pass_on(self, number, _):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, number)  # the number is not given away before wait() returns

    def wait(self) -> int:
        """Wait for the end of the kernel, or of Jupyter; return the exit status."""
        waiting = select.poll()
        waiting.register(self._line, select.POLLIN)
        waiting.register(self._handle, select.POLLIN)
        parent = os.getppid()
        if parent > 1:
            try:
                waiting.register(os.pidfd_open(parent), select.POLLIN)
            except ProcessLookupError:
                return 1
        ready = {file for file, _ in waiting.poll()}
        if self._handle in ready:
            _readable(self._line, 1000 * servers.HANDSHAKE)  # the server, if it lives, tells more
        if not _readable(self._line, 0):
            return 1
        try:
            status, _ = servers.receive_number(self._line)
        except OSError:  # the server ended
            return 1
        return status if status >= 0 else 128 - status


def connect(settings: dict[str, str]) -> socket.socket:
    """Return a connection to the process that forks kernels, which is started if there is none."""
    address = servers.kernel_address(settings)
    try:
        return servers.dial(address)
    except ConnectionError:
        pass
    server = start(address, settings)
    try:
        while True:
            ended = _readable(server, 0)
            try:
                return servers.dial(address)
            except ConnectionRefusedError:  # it has not come that far, or has ended
                if ended:
                    raise
            _readable(server, 10)
    finally:
        os.close(server)


def start(address: str, settings: dict[str, str]) -> int:
    """Start the process that forks kernels, as a child of the fork server; return its pidfd."""
    line = servers.connect(servers.server_address(settings), settings, SERVER_IDLE)
    module = "helpers.processes.kernel_server"
    order = json.dumps((module, (address, IDLE), settings, "/")).encode()
    nothing = os.open(os.devnull, os.O_RDWR)
    servers.send_order(line, order, [nothing] * 3)
    os.close(nothing)
    _, (server,) = _receive(line, 1)
    line.close()
    return server


def _receive(line, files):
    if not _readable(line, PATIENCE):
        raise TimeoutError("no process is forked in time")
    return servers.receive_number(line, files)


def _readable(file, milliseconds):
    waiting = select.poll()
    waiting.register(file, select.POLLIN)
    return bool(waiting.poll(milliseconds))


if __name__ == "__main__":
    main()
