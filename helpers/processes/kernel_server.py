"""Fork kernels that have imported TensorFlow, Keras, ipykernel and what else a lesson begins with.

This process is a child of the fork server, so the memory of TensorFlow exists once for kernels,
readers and model servers. It is a process of its own because readers must not have Keras. It runs
no code of a learner. Its clients are launchers, see `helpers.processes.kernel_launcher`: a kernel
ends when its launcher ends.

A fork is safe while TensorFlow has started no thread and no eager context. Otherwise, and wherever
a fork would differ from a new process, this process ends, and the launchers start ordinary kernels.
"""

import contextlib
import gc
import locale
import os
import select
import selectors
import signal
import socket
import sys
import tempfile
import threading
import traceback
from typing import NoReturn

from helpers.processes import fork_server, forked_kernel, inherited, patches

KILLED = 1  # seconds in which a process that was killed has gone
# What a kernel imports when it starts, and then a lesson: all but what looks for a running kernel.
MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",  # this alone saves a sixth of a second
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "sqlite3",
    "pstats",
    "cProfile",
    "tornado.platform.asyncio",
    "keras",
    "matplotlib.pyplot",
    "ipywidgets",
    "filelock",
    "symtable",
    "tomllib",
)


def main(address: str, idle: float) -> None:
    """Import what kernels need, and fork them until none has lived for `idle` seconds.

    Parameters
    ----------
    address : str
        see `helpers.processes.fork_address.kernel_address`
    idle : float

    Raises
    ------
    OSError
        there is such a server already
    """
    listener = fork_server.listen(address)
    greeter = fork_server.start_greeter(listener)
    kernels = KernelServer(listener, greeter)
    try:
        kernels.set_by_imports = fork_server.set_by_imports | _import_all()
        require_fresh()
    except Exception:  # it goes on, so that the next launchers need not find that out again
        kernels.suitable = False
    greeter.ready()
    gc.freeze()  # what no kernel changes stays in the memory that all share
    kernels.serve(idle)


def _import_all():
    """Import MODULES as a kernel would; return the variables that they set."""
    sys.modules.pop("keras", None)
    sys.modules.pop("matplotlib", None)
    before = dict(os.environ)
    # ipykernel sets it in a kernel, where matplotlib is imported later.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for name in MODULES:
        __import__(name)
    if "MPLBACKEND" not in before:
        del os.environ["MPLBACKEND"]
    return dict(os.environ.items() - before.items())


def require_fresh() -> None:
    """Raise a RuntimeError where a fork of this process would differ from a new process."""
    locale.setlocale(locale.LC_CTYPE, "")
    if {sys.getfilesystemencoding(), locale.nl_langinfo(locale.CODESET).lower()} != {"utf-8"}:
        raise RuntimeError("this process has another encoding than a kernel of this environment")
    if os.listdir(tempfile.gettempdir()):
        raise RuntimeError("an import has left a temporary file, which all kernels would share")
    if not is_safe():
        raise RuntimeError("an import has started a thread or TensorFlow's eager context")


def is_safe() -> bool:
    """Return whether a fork of this process cannot hang."""
    threads = len(os.listdir("/proc/self/task"))
    return threads == threading.active_count() == 1 and not patches.tensorflow_has_begun()


class KernelServer(fork_server.Server):
    """A server whose children are kernels.

    Parameters
    ----------
    listener, greeter
        see `helpers.processes.fork_server.Server`

    Attributes
    ----------
    set_by_imports : dict of str to str
        the variables that importing MODULES sets
    suitable : bool
        whether a fork of this process is like a new process; if not, all orders are refused
    """

    def __init__(self, listener, greeter):
        super().__init__(listener, greeter)
        self.set_by_imports: dict[str, str] = {}
        self.suitable = True

    @staticmethod
    def _new_folder():
        return None  # as elsewhere, what a kernel writes to the system's folder stays

    def _start(self, incoming, order):
        try:
            _, (_, given), *_ = order
            inherited.allow(given)
        except (OSError, ValueError, TypeError, LookupError):  # or this is not an order
            possible = False
        else:
            possible = self.suitable and is_safe()
        if not possible:
            incoming.close()
            return
        super()._start(incoming, order)
        if any(line is incoming.line for _, line, _ in self._children.values()):
            self._events.register(incoming.line, selectors.EVENT_READ, self._end_kernel)

    def _end_kernel(self, line):
        """End a kernel, because its launcher has gone, with the processes of its group."""
        found = [(handle, pid) for handle, (pid, its, _) in self._children.items() if its is line]
        for handle, pid in found:  # none, where the kernel has been buried since the event
            self._events.unregister(line)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # it may not have a group yet
                os.killpg(pid, signal.SIGKILL)
            # The next kernel may want the same ports.
            waiting = select.poll()
            waiting.register(handle, select.POLLIN)
            waiting.poll(1000 * KILLED)

    def _bury(self, handle):
        with contextlib.suppress(KeyError):  # it was ended with its launcher
            self._events.unregister(self._children[handle][1])
        super()._bury(handle)

    def _become(self, incoming, folder, module, arguments, environment, directory) -> NoReturn:
        """In the child: be a kernel, and end as Python ends."""
        status = 1
        try:
            os.setsid()
            for number, file in enumerate(incoming.files):
                os.dup2(file, number)
            launcher = socket.socket(fileno=os.dup(incoming.line.fileno()))
            self._close_in_child(incoming)
            options, given = arguments
            inherited.take(given)
            forked_kernel.freshen(environment, directory, self.set_by_imports)
            forked_kernel.renew_streams(given["streams"])
            forked_kernel.run(options, launcher)
            status = 0
        except SystemExit as error:
            status = error.code or 0
            if not isinstance(status, int):
                print(status, file=sys.stderr)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)  # the notebook hears no more
        finally:
            with contextlib.suppress(BaseException):
                patches.wait_for_threads()
            with contextlib.suppress(BaseException):
                patches.run_exit_handlers()
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)
