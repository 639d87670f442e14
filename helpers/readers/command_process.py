"""The process that runs the command, with TensorFlow imported already where one can be forked.

Reading an export needs TensorFlow's protocol buffers, and their import is an import of TensorFlow.
The readers need TensorFlow, too. A fork of the server in `helpers.processes.fork_server` has it, so
a command imports TensorFlow once, or not at all if the server runs already, and the memory of that
import is shared.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from helpers.processes import forked_process

INTERRUPTED = 130  # the exit status after an interrupt
PATIENCE = 10  # seconds for an interrupted command to remove its files


def run(arguments: Sequence[str]) -> int | None:
    """Run the command in a forked process, with the standard output and error of this one.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command.

    Returns
    -------
    int or None
        The exit status. None if no process can be forked: nothing has been done then.
    """
    sys.stdout.flush()
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    try:
        for stream in streams.values():
            stream.fileno()
        order = list(arguments), sys.stdout.encoding, _umask()
        process = forked_process.ForkedProcess(__name__, order, **streams)
    except (OSError, ValueError):  # ValueError: a stream is closed, or is no file
        return None
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.stdin.close()  # interrupts the command
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        return INTERRUPTED
    if status < 0:
        name = signal.Signals(-status).name
        print(f"The process of the command was ended by {name}.", file=sys.stderr)
        return 128 - status
    return status


def _umask():
    """Return the mode mask of this process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def main(arguments: Sequence[str], encoding: str, umask: int) -> int:
    """In the forked process: run the command, and end it with the process that waits for it.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command.
    encoding : str
        The encoding of the standard output of the waiting process.
    umask : int
        The mode mask of that process.

    Returns
    -------
    int
        The exit status.
    """
    from helpers import readers
    from helpers.readers import __main__ as command

    os.umask(umask)
    # This process has inherited the streams of the server, which may have another encoding.
    sys.stdout = open(1, "w", 1, encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    readers.warm_up()
    return command.main(list(arguments))


def _end_with_the_other():
    """Interrupt this process when the waiting process closes its end of the pipe, or has died."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    os.kill(os.getpid(), signal.SIGINT)
