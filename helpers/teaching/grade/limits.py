"""The limits of a box, and what its processes and files use."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "COURSE_BOX"  # the variable that all processes of a box have


@dataclass(frozen=True)
class Limits:
    """How much a box may use.

    Attributes
    ----------
    seconds : float
        Of the clock.
    memory : int
        Bytes, of all its processes together.
    processes : int
    disk : int
        Bytes, of all files that it writes.
    file : int
        Bytes of one file.
    """

    seconds: float = 900
    memory: int = 4_000_000_000
    processes: int = 150
    disk: int = 2_000_000_000
    file: int = 1_000_000_000


@dataclass
class Ended:
    """How a box ended.

    Attributes
    ----------
    status : int or None
        The exit status. None if the box was stopped.
    why : str
        Why it was stopped: "it used more than 4 GB of memory".
    output : bytes
        Its standard output.
    seconds : float
    memory : int
        The most that was measured, in bytes.
    """

    status: int | None = None
    why: str = ""
    output: bytes = b""
    seconds: float = 0.0
    memory: int = 0


def remove(folder: Path) -> None:
    """Remove a folder of a box, also where its program took the rights away."""

    def again(function, path, _):
        with contextlib.suppress(OSError):
            for locked in (os.path.dirname(path), path):
                if not os.path.islink(locked):
                    os.chmod(locked, 0o700)
            function(path)

    shutil.rmtree(folder, onerror=again)
    shutil.rmtree(folder, ignore_errors=True)


def processes_of(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the processes that a process has started, and those that these have started."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def memory_of(processes: Sequence[psutil.Process], limit: int) -> int:
    """Return the memory of some processes. What they share counts once if it matters."""
    used = sum(_of(one, lambda one: one.memory_info().rss) for one in processes)
    if used <= limit or not sys.platform.startswith("linux"):
        return used
    return sum(_of(one, lambda one: one.memory_full_info().pss) for one in processes)


def _of(process, measure):
    try:
        return measure(process)
    except psutil.Error:
        return 0


def size_of(folder: Path, limit: int) -> int:
    """Return the size of the files in a folder; not much more than `limit` is counted."""
    total, waiting = 0, [folder]
    while waiting and total <= limit:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                total += 4096
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def has_mark(process: psutil.Process, token: str) -> bool:
    """Return whether a process belongs to the box with this token."""
    return _of(process, lambda one: one.environ().get(MARK)) == token
