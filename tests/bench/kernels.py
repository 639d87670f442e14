"""Measure forked kernels: how soon a lesson begins, what four cost, and what two hundred leave.

`python -m tests.bench.kernels` prints these figures alone.
"""

import contextlib
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil

from helpers.paths import NOTEBOOKS, SOLUTIONS
from helpers.runtimes.browser import find_browser
from tests.processes.kernels import Kernel, gone, kernel
from tests.support.browser import OFFLINE, Lab

LESSON, FOUR = "01_basic_export", ("01", "02", "03", "04")
STARTS = 5
MANY, KILLED = 200, 20
FIRST_CELL = "readers.warm_up()"
# As after some minutes without a question; see helpers.processes.clean_process.IDLE.
IDLE = """
import sys
if "helpers.readers" in sys.modules:
    sys.modules["helpers.readers"]._process.stop()
answer = 1"""

Row = tuple[str, str, float | None, float, str]  # what tests.bench.__main__.Figure takes


def figures() -> Iterator[Row]:
    """Measure all, and return the rows of the table."""
    yield from starts()
    if find_browser():
        yield from opened()
    else:
        name = "lesson opened in JupyterLab: to its first output"
        yield name, "a browser, to measure it", None, 1.5, "<"
    yield from memory()
    yield from leaks()


def starts() -> Iterator[Row]:
    """From asking for a kernel to the end of the first cell of a lesson, in turn."""
    source = _cells(NOTEBOOKS, LESSON)[0]
    seconds: dict[bool, list[float]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, kernel(Path(folder)):  # it keeps the server
        for _ in range(STARTS):
            for forked, found in seconds.items():
                begin = time.perf_counter()
                with kernel(Path(folder), forked, cwd=NOTEBOOKS, env=_learner(folder)) as one:
                    one.ask(f"{source}\nanswer = 1")
                    found.append(time.perf_counter() - begin)
    forked, ordinary = map(statistics.median, seconds.values())
    print(f"  kernel and first cell: {forked:.2f} s, ordinary {ordinary:.2f} s", flush=True)
    yield "ordinary kernel and first cell: time", "a forked kernel", ordinary / forked, 3, ">"


def opened() -> Iterator[Row]:
    """The same in JupyterLab, for a learner who looks at the page, and after a restart."""
    found = {}
    for setting in ("1", "0"):
        with _variable("COURSE_FORK", setting), Lab(settings=OFFLINE) as lab:
            with lab.open("00_start_here") as page:  # JupyterLab is loaded, and shows its files
                page.wait_until_idle()
            times = [lab.time_to_first_output(LESSON, FIRST_CELL) for _ in range(STARTS)]
        found[setting] = [statistics.median(column) for column in zip(*times, strict=True)]
        print(f"  COURSE_FORK={setting}: opened, restarted: {found[setting]}", flush=True)
    # JupyterLab itself needs more than half a second to open a notebook, whatever the kernel.
    for what, bar, forked, ordinary in zip(
        ("opened", "restarted"), (3, 4), *found.values(), strict=True
    ):
        name = f"lesson {what} in JupyterLab: to its first output"
        yield name, "seconds", forked, 1.5, "<"
        yield f"{name}, ordinary kernel", "a forked kernel", ordinary / forked, bar, ">"


def memory() -> Iterator[Row]:
    """The proportional set size of four lessons after Run All, when their readers are idle."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        kernels = []
        for number in FOUR:
            (path,) = SOLUTIONS.glob(f"{number}_*.ipynb")
            options = {"cwd": SOLUTIONS, "env": _learner(folder)}
            one = stack.enter_context(kernel(Path(folder), **options))
            for source in _cells(SOLUTIONS, path.stem):
                one.client.execute_interactive(source, timeout=300, output_hook=lambda _: None)
            one.ask(IDLE)
            kernels.append(one)
        forks = kernels[0].process().parent()
        processes = {forks, forks.parent()}
        for one in kernels:
            for process in (one.launcher, one.process()):
                processes |= {process, *process.children(recursive=True)}
        megabytes = sum(map(proportional, processes))
    yield "four lessons, readers idle: memory (PSS)", "megabytes", megabytes, 1000, "<"


def leaks() -> Iterator[Row]:
    """Kernels that come and go, one in ten of them killed: what stays of them."""
    left = []
    with tempfile.TemporaryDirectory() as folder, kernel(Path(folder)) as kept:
        server = kept.process().parent()
        before = None
        for number in range(MANY):
            one = Kernel(Path(folder))
            process = one.process()
            if number % (MANY // KILLED) == 0:
                process.kill()
            one.end()
            left += [found for found in (process, one.launcher) if not gone(found)]
            if number == MANY // 10:
                before = server.memory_info().rss
        grown = server.memory_info().rss / before
        children = len(server.children()) - 1
        assert kept.process().parent() == server, "the server has been replaced"
    yield f"{MANY} kernels, {KILLED} killed: left", "processes", len(left) + children, 0, "<"
    yield f"{MANY} kernels: server's memory at the end", f"after {MANY // 10}", grown, 1.05, "<"


def proportional(process: psutil.Process) -> float:
    """Return the proportional set size of a process in megabytes; 0 if it has ended."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024 / 1e6


def _cells(folder, name):
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _learner(folder):
    from helpers.notebooks import learner_environment

    return learner_environment(folder)


@contextlib.contextmanager
def _variable(name, value):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="  ", flush=True)
    sys.exit()
