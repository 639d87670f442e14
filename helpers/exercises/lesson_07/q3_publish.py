"""Check the function of exercise 3 of lesson 07, which publishes a version of a model."""

import contextlib
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.exercises.learner_code import call
from helpers.exercises.lesson_07 import exercise_server
from helpers.exercises.lesson_07.served_models import ROW, save
from helpers.exercises.outcomes import NotYet, require
from helpers.serving.launch.clients import Asking
from helpers.text import safe_repr

NUMBERS = itertools.count(1)  # of checks, because a model name must not have old versions
CLIENTS = 3
FILES = 200  # additional files, so that copying takes a moment, as it does for a large model
PAUSE = 0.0003  # seconds between two reads of the folder


def _export(folder, number):
    made = save(folder / f"export-{number}", number)
    (made / "assets.extra").mkdir()
    for part in range(FILES):
        (made / "assets.extra" / f"part-{part:03d}.txt").write_text("words\n" * 100)
    return made


def require_published(publish: Callable[[Path, Path], object]) -> int:
    """Check that `publish` publishes two versions, one by one, without a failed request.

    Parameters
    ----------
    publish : callable
        `publish(export_dir, base)`

    Returns
    -------
    int
        the number of requests that were answered in the meantime

    Raises
    ------
    NotYet
        the first problem
    """
    require(
        callable(publish),
        f"publish should be a function, but is {safe_repr(publish)}. Define it with def.",
    )
    model = f"published-{next(NUMBERS)}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = folder / "served"
        (base / "notes").mkdir(parents=True)
        for number in (1, 9):
            save(folder / "old", number).rename(base / str(number))
        try:
            exercise_server.serve_model(model, base)
            return sum(
                _require_one(publish, model, _export(folder, number), base, number)
                for number in (101, 102)
            )
        finally:
            exercise_server.forget_model(model)


def _require_one(publish, model, made, base, expected):
    def request():
        return exercise_server.ask(f"{model}:predict", ROW)

    before = exercise_server.final_states(model)
    whole, old = files(made), {path.name: files(path) for path in base.iterdir()}
    with Asking(request, CLIENTS) as clients, Asking(_scan, 1), watched(base) as first:
        call(publish, made, base, may_change=[0, 1])
        states = exercise_server.final_states(model)
        time.sleep(0.05)  # more requests of the clients
    require(
        base.is_dir(),
        "publish should only add to base, but base itself has gone. Do not delete or move it.",
    )
    _require_whole(first, base, whole)
    status, answer = request()
    for number, (state, error) in states.items():
        if number > max(before) and error:
            raise NotYet(
                f"publish: version {number} should be available, but its state is {state}: "
                f"{error.splitlines()[0]}. " + _explain(base / str(number))
            )
    if clients.failed:
        raise NotYet(
            f"publish: no request should fail, but {len(clients.failed)} of "
            f"{len(clients.answers)} requests failed, the first with {clients.failed[0]}. Keep the "
            "old versions: the server unloads them when the new version answers."
        )
    got = int(answer["predictions"][0][0]) if status == 200 else answer
    if got != expected:
        there = ", ".join(sorted(path.name for path in base.iterdir())) or "nothing"
        raise NotYet(
            f"publish: the new export should answer, but it does not. base contains {there}. A "
            "version is a folder whose name is a number, and the server serves the highest number. "
            "The server does not read a loaded version again."
        )
    for name, content in sorted(old.items()):
        require(
            (base / name).is_dir() and content.keys() <= files(base / name).keys(),
            f"publish should only add to base, but {name} was in base and has gone. Keep "
            "everything in base: you need the old versions if the new version is bad.",
        )
    require(
        (made / "saved_model.pb").is_file(),
        "publish should leave the export where it is, but export_dir has gone. Copy the export.",
    )
    return len(clients.answers)


def _scan():
    """Make the server scan the folder now; otherwise it does so only a few times per second."""
    exercise_server.scan_folders()
    return 200, None


def files(folder: Path) -> dict[str, int]:
    """Return the size of all files in a folder, in bytes, by relative path; {} without a folder."""
    return {
        os.path.relpath(os.path.join(where, name), folder): os.stat(
            os.path.join(where, name)
        ).st_size
        for where, _, names in os.walk(folder)
        for name in names
    }


@contextlib.contextmanager
def watched(base: Path) -> Iterator[dict[str, dict[str, int]]]:
    """Read a folder in a loop, because the server may not read it at the critical moment.

    Parameters
    ----------
    base : pathlib.Path

    Yields
    ------
    dict of str to dict
        for each version that appears in the meantime: its `files` when it was first seen
    """
    first, known, done = {}, set(os.listdir(base)), threading.Event()

    def watch():
        while not done.wait(PAUSE):
            with contextlib.suppress(OSError):  # renamed or deleted while this thread reads
                for name in os.listdir(base):
                    if name.isdigit() and name not in known and name not in first:
                        first[name] = files(base / name)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield first
    finally:
        done.set()
        thread.join()


def _require_whole(first, base, whole):
    """Check that each version had all its files when it was first seen."""
    for name, seen in sorted(first.items()):
        now = files(base / name)
        here = [path for path, size in whole.items() if now.get(path) == size]
        early = sum(seen.get(path) == whole[path] for path in here)
        require(
            early == len(here),
            f"publish: version {name} should be complete when it appears in base, but it had only "
            f"{early} of its {len(here)} files. The server reads base at any time, so a version "
            "must appear there in one step. Copying takes many steps, and so does shutil.move from "
            "one disk to another.",
        )


def _explain(version):
    if version.is_symlink():
        return "The server does not follow a link out of its folder. Copy the export."
    if (version / "saved_model.pb").is_file():
        return (
            "The export is complete now, but it was not complete when the server read the folder. "
            "The server reads base at any time, so a version must appear there in one step."
        )
    return "saved_model.pb must be in the folder of the version itself."
