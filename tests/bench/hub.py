"""Measure a class on a real JupyterHub: time, memory, failures, and what is left.

`python -m tests.bench.hub` prints these figures alone.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from websocket import WebSocketException

from tests.bench.kernels import Row, proportional
from tests.support import hub as hubs

LEARNERS = 10
LESSON = "01_basic_export"


def figures() -> Iterator[Row]:
    """Let one learner run a lesson, and then ten at once; return the rows of the table."""
    if missing := hubs.missing():
        yield f"{LEARNERS} learners on a hub: cells that differ", missing, None, 0, "<"
        return
    first, *names = (f"learner{number}" for number in range(LEARNERS + 1))
    with tempfile.TemporaryDirectory() as folder, hubs.hub(Path(folder), [first, *names]) as class_:

        def learn(name):
            """Return the memory of a server, and how many cells differ; None if that failed."""
            try:
                class_.start(name)
                idle = memory(class_, name)
                return idle, sum(map(bool, class_.learn(name, LESSON).values()))
            except (AssertionError, OSError, WebSocketException) as error:
                print(f"  {name}: {error!r}\n{class_.log()}", flush=True)
                return None

        begin = time.monotonic()
        learn(first)
        alone = time.monotonic() - begin
        class_.stop(first)
        begin = time.monotonic()
        with ThreadPoolExecutor(LEARNERS) as learners:
            results = list(learners.map(learn, names))
        found = [result for result in results if result]
        together = time.monotonic() - begin
        # Now all kernels are idle, and each learner has the lesson open.
        sizes = [memory(class_, name) for name in names]
        hub = memory(class_) - sum(sizes)
        for name in names:
            class_.stop(name)
        left = sum(len(class_.processes(name)) for name in names)
    left_by_hub = len(class_.processes())
    print(
        f"  one learner: {alone:.0f} s, {LEARNERS} at once: {together:.0f} s; hub and proxy: "
        f"{hub:.0f} MB; with a lesson open: {min(sizes):.0f} to {max(sizes):.0f} MB",
        flush=True,
    )
    name = f"{LEARNERS} learners on a hub"
    yield f"{name}: failed", "learners", LEARNERS - len(found), 0, "<"
    yield f"{name}: cells that differ", "from the stored outputs", sum(n for _, n in found), 0, "<"
    yield f"{name}: time of a lesson", "one after another", together / alone / LEARNERS, 1, "<"
    idle = statistics.median(size for size, _ in found)
    yield f"{name}: memory of a server (PSS, median)", "megabytes", idle, 450, "<"
    yield f"{name}: memory with a lesson open (PSS, largest)", "megabytes", max(sizes), 750, "<"
    yield f"{name}: left when the servers have ended", "processes", left, 0, "<"
    yield f"{name}: left when the hub has ended", "processes", left_by_hub, 0, "<"


def memory(class_: hubs.Class, name: str = "") -> float:
    """Return the proportional set size of a learner's processes, or of all, in megabytes."""
    return sum(map(proportional, class_.processes(name)))


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="  ", flush=True)
    sys.exit()
