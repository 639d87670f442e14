"""Check the function of exercise 3 of lesson 08, which publishes a version of a model."""

import contextlib
import itertools
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.exercises import answer_types, exercise_server
from helpers.exercises.examples import require_for_all
from helpers.exercises.learner_code import call
from helpers.exercises.numbered_export import ROW, save
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.side_effects import digest
from helpers.serving.launch.clients import Asking

NUMBERS = itertools.count(1)  # of checks, because a model name must not have old versions
CLIENTS = 3
FILES = 200  # additional files, so that copying takes a moment, as it does for a large model
PAUSE = 0.0003  # seconds between two reads of the folder
DRAWN, LARGEST = 10, 2000  # base paths that no server reads, and the highest number in them
OTHERS = ("notes", "v12", "12.bak", "old-7", "9-withdrawn", "readme")  # what is no version
HIGH = 5000  # above every version that the check makes
NUMBERED = (
    f"{HIGH}-notes",
    f"notes-{HIGH}",
    f"v{HIGH}",
    f"{HIGH}.txt",
)  # with a number, but no version
ZEROS = 4  # digits of a name with leading zeros


def _export(folder, number):
    made = save(folder / f"export-{number}", number)
    (made / "assets" / "words.txt").write_text(f"words of version {number}")
    (made / "assets.extra" / "parts").mkdir(parents=True)
    for part in range(FILES):
        (made / "assets.extra" / "parts" / f"part-{part:03d}.txt").write_text("words\n" * 100)
    return made


def require_published(publish: Callable[[Path, Path], object]) -> int:
    """Check that `publish` publishes two versions, one by one, without a failed request.

    Then it publishes for base paths that no server reads, with drawn names.

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
    answer_types.function(publish, "publish")
    model = f"published-{next(NUMBERS)}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = folder / "served"
        (base / "notes").mkdir(parents=True)
        (base / "notes" / "monday.txt").write_text("version 9 is good")
        (base / "README.md").write_text("one folder for each version")
        for number in (1, 9):
            save(folder / "old", number).rename(base / str(number))
        try:
            exercise_server.serve_model(model, base)
            requests = sum(
                _require_one(publish, model, _export(folder, number), base, number)
                for number in (101, 102)
            )
        finally:
            exercise_server.forget_model(model)
    _require_next_for_all(publish)
    return requests


def _require_one(publish, model, made, base, expected):
    def request():
        return exercise_server.ask(f"{model}:predict", ROW)

    before = exercise_server.final_states(model)
    whole, exported, old = files(made), contents(made), contents_of_all(base)
    with Asking(request, CLIENTS) as clients, Asking(_scan, 1), watched(base) as seen:
        call(publish, made, base, may_change=[0, 1])
        states = exercise_server.final_states(model)
    require(
        base.is_dir(),
        "publish should only add to base, but base itself has gone. Do not delete or move it.",
    )
    _require_whole(seen.first, base, whole)
    status, answer = request()
    for number, (state, error) in states.items():
        if number > max(before) and error:
            raise NotYet(
                f"publish: version {number} should be available, but its state is {state}: "
                f"{error.splitlines()[0]}. " + _explain(base / str(number), exported)
            )
    now = contents_of_all(base)
    for name in sorted(_new_versions(old, now)):
        _require_copy(exported, now, name)
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
    _require_added(exported, made, old, base)
    for name in sorted(seen.gone):
        raise NotYet(
            f"publish: version {name} should stay in base, but was missing for a moment. The "
            "server reads base at any time, and unloads a version whose folder is missing."
        )
    return len(clients.answers)


def _require_added(exported, made, old, base):
    """Check the contents of base: what it had before, and exactly one new copy of the export."""
    now = contents_of_all(base)
    for path, content in sorted(old.items()):
        name = path.split("/")[0]
        require(
            path in now,
            f"publish should only add to base, but {path if (base / name).exists() else name} was "
            "in base and has gone. Keep everything in base: you need the old versions if the new "
            "version is bad.",
        )
        require(
            now[path] == content,
            f"publish should only add to base, but it has changed {path}. Keep all other files as "
            "they are: you need the old versions if the new version is bad.",
        )
    new = _new_versions(old, now)
    require(
        len(new) == 1,
        "publish should add one version, but the new versions are: "
        f"{', '.join(sorted(new)) or 'none'}.",
    )
    _require_copy(exported, now, *new)
    _require_number(*new, _children(old))
    for name in sorted({path.name for path in base.iterdir()} - _children(old) - new):
        raise NotYet(
            f"publish should add only the new version to base, but {name} is in base now, too. "
            "Delete everything else that your function makes in base."
        )
    require(
        (made / "saved_model.pb").is_file(),
        "publish should leave the export where it is, but export_dir has gone. Copy the export.",
    )
    require(
        contents(made) == exported,
        "publish should leave the export as it is, but it has changed files in export_dir. Copy "
        "the export.",
    )


def _require_copy(exported, now, name):
    for path, content in sorted(exported.items()):
        copied = now.get(f"{name}/{path}")
        require(
            copied is not None,
            f"publish: version {name} should have all files of the export, but has no {path}. Copy "
            "the whole folder.",
        )
        require(
            copied == content,
            f"publish: version {name} should be a copy of the export, but the content of {path} is "
            "different.",
        )


def _require_number(new, before):
    """Check the number of the new version by the names that were in base before."""
    versions = sorted(filter(str.isdigit, before), key=int)
    zeros = "".join(
        f" The name {name} is version {int(name)}." for name in versions if name.startswith("0")
    )
    expected = int(versions[-1]) + 1
    require(
        int(new) == expected,
        f"publish: the new version should have the number {expected}, but has {int(new)}. The "
        f"versions before it are {', '.join(versions)}. Compare the names as numbers. A version is "
        f"a folder in base whose whole name is a number.{zeros}",
    )


def _new_versions(old, now):
    return {name for name in _children(now) - _children(old) if name.isdigit()}


def _children(contents):
    return {path.split("/")[0] for path in contents}


def _require_next_for_all(publish):
    """Check `publish` with drawn numbers of versions and drawn names of other folders."""
    from hypothesis import strategies as st

    with tempfile.TemporaryDirectory() as name:
        folder, count = Path(name), itertools.count()
        made = folder / "export"
        made.mkdir()
        (made / "saved_model.pb").write_text("the graph")

        def require_next(drawn):
            versions, others = drawn
            base = folder / f"base-{next(count)}"
            for version in versions:
                (base / version).mkdir(parents=True)
                (base / version / "saved_model.pb").write_text(f"the graph of {version}")
            for other in others:
                (base / other / str(HIGH)).mkdir(parents=True)
                (base / other / str(HIGH) / "saved_model.pb").write_text(other)
            exported, old = contents(made), contents_of_all(base)
            call(publish, made, base, may_change=[0, 1])
            try:
                _require_added(exported, made, old, base)
            except NotYet as error:
                there = ", ".join(sorted(_children(old)))
                raise NotYet(f"{error} Before the call, base contained {there}.") from None

        versions = st.sets(st.integers(1, LARGEST).map(str), min_size=1, max_size=4)
        require_for_all(require_next, st.tuples(versions, st.sets(st.sampled_from(OTHERS))), DRAWN)
        for zeros in ("12".zfill(ZEROS), "3".zfill(ZEROS)):
            require_next((("2", zeros), ()))
        require_next((("1", "3"), NUMBERED))


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


def contents(folder: Path) -> dict[str, object]:
    """Return the digest of all files in a folder by relative path; {} without a folder."""
    found = digest(folder)
    if not isinstance(found, dict):
        return {}
    return {path: content for path, content in found.items() if content != "folder"}


def contents_of_all(base: Path) -> dict[str, object]:
    """Return the digests of all files in a base path by relative path.

    A folder in `base` may be a link to another folder.
    """
    found: dict[str, object] = {}
    for child in base.iterdir():
        if child.is_dir():
            found |= {f"{child.name}/{path}": one for path, one in contents(child).items()}
        else:
            found[child.name] = digest(child)
    return found


@dataclass
class Seen:
    """What was seen in a base path in the meantime.

    Parameters
    ----------
    first : dict of str to dict
        For each version that appeared: its `files` when it was first seen.
    gone : set of str
        The versions that were there before, and were missing once.
    """

    first: dict[str, dict[str, int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


@contextlib.contextmanager
def watched(base: Path) -> Iterator[Seen]:
    """Read a folder in a loop, because the server may not read it at the critical moment.

    Parameters
    ----------
    base : pathlib.Path

    Yields
    ------
    Seen
    """
    seen, known, done = Seen(), set(os.listdir(base)), threading.Event()
    versions = set(filter(str.isdigit, known))

    def watch():
        while not done.wait(PAUSE):
            with contextlib.suppress(OSError):  # renamed or deleted while this thread reads
                for name in os.listdir(base):
                    if name.isdigit() and name not in known and name not in seen.first:
                        seen.first[name] = files(base / name)
            seen.gone |= {name for name in versions if not (base / name).exists()}

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _require_whole(first, base, whole):
    """Check that each version had all its files when it was first seen."""
    for name, seen in sorted(first.items()):
        require(
            (base / name).exists(),
            f"publish: only a complete version should have a number as its name, but {name} was in "
            "base during the call and has gone. The server reads such a folder. Give the "
            "unfinished copy a name that is not a number.",
        )
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


def _explain(version, exported):
    if version.is_symlink() or any(path.is_symlink() for path in version.rglob("*")):
        return "The server does not follow a link out of its folder. Copy the export."
    if not (version / "saved_model.pb").is_file():
        return "saved_model.pb must be in the folder of the version itself."
    now = contents(version)
    for path, content in sorted(exported.items()):
        if now.get(path) != content:
            return f"{path} is not as in the export. Copy the whole folder without a change."
    return (
        "The export is complete now, but it was not complete when the server read the folder. "
        "The server reads base at any time, so a version must appear there in one step."
    )
