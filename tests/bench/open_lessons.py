"""The memory of lessons that stay open, one after another: `python -m tests.bench.open_lessons 01`.

Each lesson runs in a kernel of its own, as in JupyterLab, and its kernel stays. After each lesson,
the command prints the memory of all processes together. Memory that processes share counts once.
"""

import os
import sys
import tempfile
import time

import nbformat
import psutil
from jupyter_client.manager import KernelManager

from helpers.jupyter import jupyter_path
from helpers.notebooks import find, learner_environment
from helpers.paths import NOTEBOOKS

MARK = "COURSE_OPEN_LESSONS"  # all processes of this run have this variable


def used() -> tuple[int, int]:
    """Return the memory of the processes of this run in bytes, and their number."""
    total = count = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(os.getpid()):
                total += process.memory_full_info().pss
                count += 1
        except psutil.Error:
            continue
    return total, count


def main(lessons: list[str]) -> None:
    """Open lessons, and print the memory after each of them."""
    with tempfile.TemporaryDirectory() as folder:
        mark = {MARK: str(os.getpid()), "TMPDIR": folder}
        os.environ |= jupyter_path() | mark | learner_environment(folder)
        managers = []
        try:
            for lesson in lessons:
                name = find(lesson)
                manager = KernelManager(kernel_name="python3")
                managers.append(manager)
                notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
                began = time.monotonic()
                manager.start_kernel(cwd=str(NOTEBOOKS), env=dict(os.environ))
                client = manager.client()
                client.start_channels()
                client.wait_for_ready(timeout=180)
                for cell in notebook.cells:
                    if cell.cell_type == "code":
                        client.execute_interactive(
                            cell.source, timeout=600, output_hook=lambda _: None
                        )
                size, count = used()
                print(
                    f"{name}: {size / 1e6:.0f} MB in {count} processes, "
                    f"{time.monotonic() - began:.0f} s",
                    flush=True,
                )
        finally:
            for manager in managers:
                manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["01"])
