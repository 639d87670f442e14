"""Kernels for the tests: of the course, and ordinary ones to compare them with."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from jupyter_client import KernelManager

from helpers.jupyter import FOLDER

LONG = 60


class Kernel:
    """A kernel that runs, and a client of it.

    Parameters
    ----------
    folder : Path
        Where its sockets are.
    forked : bool
        Whether it is one of the course, or else an ordinary one.
    options
        `cwd`, and `env` with variables besides those of this process.
    """

    def __init__(self, folder: Path, forked: bool = True, **options):
        # Without this setting, the launcher is the same and becomes an ordinary kernel.
        env = {
            **os.environ,
            "JUPYTER_PATH": str(FOLDER),
            **({} if forked else {"COURSE_FORK": "0"}),
        }
        options["env"] = env | options.get("env", {})
        self.manager = KernelManager(
            kernel_name="python3", transport="ipc", ip=str(folder / f"kernel{time.monotonic_ns()}")
        )
        self.manager.kernel_spec_manager.kernel_dirs.insert(0, str(FOLDER / "kernels"))
        self.manager.start_kernel(**options)
        self.launcher = psutil.Process(self.manager.provisioner.pid)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(LONG)

    def ask(self, code: str) -> object:
        """Run code, and return what the name `answer` is then."""
        printed = []

        def hook(message):
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        code += "\nimport json as _json\nprint(_json.dumps(answer))"
        reply = self.client.execute_interactive(code, timeout=LONG, output_hook=hook)
        assert reply["content"]["status"] == "ok", reply["content"]
        return json.loads("".join(printed).splitlines()[-1])

    def process(self) -> psutil.Process:
        """Return the process that runs the code."""
        return psutil.Process(self.ask("import os\nanswer = os.getpid()"))

    def end(self, now: bool = False):
        """End it, as JupyterLab does, or with SIGKILL."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=now)


@contextlib.contextmanager
def kernel(folder: Path, forked: bool = True, **options) -> Iterator[Kernel]:
    """Start a kernel, and end it after the block."""
    made = Kernel(folder, forked, **options)
    try:
        yield made
    finally:
        made.end()


def gone(*processes: psutil.Process) -> bool:
    """Wait until processes have ended; whether they have."""
    end = time.monotonic() + LONG
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
