"""Be a kernel in a fork of `helpers.processes.kernel_server`, in the state of a new process."""

import logging
import os
import random
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from io import TextIOWrapper

from helpers.processes import inherited, patches


def freshen(environment: dict[str, str], directory: str, set_by_imports: dict[str, str]) -> None:
    """Give this process what a new process would have of its own.

    Parameters
    ----------
    environment : dict of str to str
    directory : str
        the working directory
    set_by_imports : dict of str to str
        variables that the modules set that are imported already
    """
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(set_by_imports | environment)
    time.tzset()
    tempfile.tempdir = None
    _renew_random_numbers()


def renew_streams(encodings: list[tuple[str, str]]) -> None:
    """Open standard input, output and error again, and give the new ones to all loggers.

    Parameters
    ----------
    encodings : list of (str, str)
        encoding, and how errors are treated, of the three
    """
    if "PYTHONIOENCODING" in os.environ:  # the fork server had it, and the launcher ignores it
        encodings = inherited.found()["streams"]
    sys.stdin, sys.stdout, sys.stderr = map(
        _renewed, (sys.stdin, sys.stdout, sys.stderr), encodings
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _renew_loggers()  # Jupyter closes the streams of existing loggers, unless they are these


def _renewed(old, encoding):
    number, unbuffered = old.fileno(), old.write_through
    raw = open(  # noqa: SIM115, as long as this process
        number, "wb" if number else "rb", 0 if number and unbuffered else -1, closefd=False
    )
    by_line = old.line_buffering or (os.isatty(number) and not unbuffered)
    return TextIOWrapper(raw, *encoding, line_buffering=by_line, write_through=unbuffered)


def _renew_random_numbers():
    """Seed what was seeded at an import; other generators are seeded when they are made."""
    import multiprocessing

    import numpy as np

    random.seed()
    np.random.seed()
    multiprocessing.current_process().authkey = os.urandom(32)


def run(arguments: list[str], launcher: socket.socket) -> None:
    """Run a kernel until it ends.

    Parameters
    ----------
    arguments : list of str
        of the kernel's command: ["-f", "connection.json"]
    launcher : socket.socket
        a connection that closes when the launcher ends
    """
    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    _forget_the_course()
    sys.argv = [ipykernel_launcher.__file__, *arguments]
    sys.orig_argv = [sys.executable, "-m", "ipykernel_launcher", *arguments]
    # The default of this option was read from the environment of another process.
    app = IPKernelApp.instance(parent_handle=int(os.environ.get("JPY_PARENT_PID") or 0))
    app.initialize(arguments)
    app.poller = threading.Thread(target=_end_with, args=(launcher,), daemon=True)
    _renew_loggers()
    patches.remember_builtins()
    app.start()


def _forget_the_course():
    """Let the lesson import `helpers` itself, from its own folder."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
        del sys.modules[name]


def _end_with(launcher):
    """End this process when the launcher has ended and the server cannot do it."""
    waiting = select.poll()
    waiting.register(launcher, select.POLLIN)
    waiting.poll()
    os.killpg(0, signal.SIGKILL)


def _renew_loggers():
    """Let the loggers of imported modules write to the notebook."""
    from absl import logging as absl_logging

    # Where Python has a prompt, TensorFlow's messages go to standard output.
    for handler in logging.getLogger("tensorflow").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stdout)
    absl_logging.get_absl_handler().python_handler.stream = sys.stderr
