"""Exercise 3 of lesson 07: a learner's way to publish a version, watched by clients."""

import contextlib
import itertools
import os
import tempfile
import threading
import time
from pathlib import Path

from helpers.exercises.learner_code import call
from helpers.exercises.lesson_07 import exercise_server
from helpers.exercises.lesson_07.served_models import ROW, save
from helpers.exercises.outcomes import NotYet, require
from helpers.serving.launch.clients import Asking
from helpers.text import safe_repr

NUMBERS = itertools.count(1)  # of checks: a name that is used again would find old versions
CLIENTS = 3
FILES = 200  # beside the model: so many take a moment to copy, as a large model does
PAUSE = 0.0003  # seconds between two looks at the folder


def _export(folder, number):
    made = save(folder / f"export-{number}", number)
    (made / "assets.extra").mkdir()
    for part in range(FILES):
        (made / "assets.extra" / f"part-{part:03d}.txt").write_text("words\n" * 100)
    return made


def require_published(publish):
    """`publish(export_dir, base)` must bring two new versions, one by one, without a lost request.

    Returns how many requests were answered meanwhile.
    """
    require(callable(publish), f"a function is wanted here, not {safe_repr(publish)}")
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


def _require_one(publish, model, made, base, answer_wanted):
    def request():
        return exercise_server.ask(f"{model}:predict", ROW)

    before = exercise_server.settled(model)
    whole, old = files(made), {path.name: files(path) for path in base.iterdir()}
    with Asking(request, CLIENTS) as clients, Asking(_look, 1), watched(base) as first:
        call(publish, made, base)
        states = exercise_server.settled(model)
        time.sleep(0.05)  # the clients go on for a moment
    require(base.is_dir(), "base itself has gone, with all versions in it: only add to it.")
    _require_whole(first, base, whole)
    status, answer = request()
    for number, (state, error) in states.items():
        if number > max(before) and error:
            raise NotYet(
                f"version {number} came to {state}: {error.splitlines()[0]}. "
                + _why(base / str(number))
            )
    if clients.failed:
        raise NotYet(
            f"{len(clients.failed)} of {len(clients.answers)} requests failed while you published, "
            f"the first with {clients.failed[0]}. Leave the old versions alone: the server lets "
            "them go when the new one answers."
        )
    got = int(answer["predictions"][0][0]) if status == 200 else answer
    if got != answer_wanted:
        there = ", ".join(sorted(path.name for path in base.iterdir())) or "nothing"
        raise NotYet(
            f"the new export does not answer. In base there is {there}. A version is a folder "
            "whose name is a number, and the highest number is served; a version that is loaded "
            "is not read again."
        )
    for name, content in sorted(old.items()):
        require(
            (base / name).is_dir() and content.keys() <= files(base / name).keys(),
            f"{name} was in base and has gone. Only add to base: the old versions are the way back "
            "when the new one turns out to be bad.",
        )
    require(
        (made / "saved_model.pb").is_file(),
        "export_dir has gone: others read it as well, so it is to stay where it is.",
    )
    return len(clients.answers)


def _look():
    """Let the server look into the folder now; else it looks once in a second."""
    exercise_server.look()
    return 200, None


def files(folder):
    """{path in the folder: size} of all files in it; empty when there is no such folder."""
    return {
        os.path.relpath(os.path.join(where, name), folder): os.stat(
            os.path.join(where, name)
        ).st_size
        for where, _, names in os.walk(folder)
        for name in names
    }


@contextlib.contextmanager
def watched(base):
    """Look into `base` again and again, as the server might: whether it does is a matter of luck.

    Yields {name: its `files` when it was first seen} of the versions that come meanwhile.
    """
    first, known, done = {}, set(os.listdir(base)), threading.Event()

    def watch():
        while not done.wait(PAUSE):
            with contextlib.suppress(OSError):  # renamed or deleted while we read: look again
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
    """No version may have been in `base` before those files were in it that are in it now."""
    for name, seen in sorted(first.items()):
        now = files(base / name)
        here = [path for path, size in whole.items() if now.get(path) == size]
        early = sum(seen.get(path) == whole[path] for path in here)
        require(
            early == len(here),
            f"version {name} was in base before it was complete: when it was first seen, it had "
            f"{early} of its {len(here)} files. The server looks at any time, so a version must "
            "appear there in one step. (Copying takes many, and so does shutil.move from one disk "
            "to another.)",
        )


def _why(version):
    if version.is_symlink():
        return "This server follows no link out of its folder: copy the export."
    if (version / "saved_model.pb").is_file():
        return (
            "The export is complete now; it was not when the server looked into the folder. It "
            "looks at any time, so a version must appear there in one step."
        )
    return "saved_model.pb must lie in the folder of the version itself."
