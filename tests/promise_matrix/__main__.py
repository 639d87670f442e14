"""Make the promise matrix: every export of the corpus in every reader, and what changed.

Exit status: 0 if no cell changed, 1 if one changed, 2 if versions could not be tried.
"""

import argparse
import datetime
import importlib.metadata
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from helpers.paths import ROOT
from tests.corpus.record import load
from tests.newest_versions.__main__ import copy_course
from tests.newest_versions.environment import FOLDER, CannotTry, Environment, say
from tests.newest_versions.one_by_one import observed
from tests.promise_matrix import page
from tests.promise_matrix.table import NOT_TRIED, Cell, Row, Run, Table, changes, dump, read

OUTPUT = ROOT / "docs"
DATA, PAGE = "promise_matrix.json", "promise_matrix.md"
PACKAGES = ("tensorflow", "keras", "ai-edge-litert")
LIMIT = 7200  # seconds, for all exports on one pair of versions
TOLD = 30  # seconds between two lines about progress
PAIR = "TENSORFLOW/KERAS, each a version, pinned or newest; for example 2.20.0/3.12.0"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the table, print the page, and write both.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; that of this process by default.

    Returns
    -------
    int
        The exit status: 0 if no cell changed, 1 if one changed, 2 if versions could not be tried.
    """
    chosen = _parser().parse_args(arguments)
    pairs = chosen.versions.split()
    known = load()
    if unknown := [word for word in pairs if len(word.split("/")) != 2 or not all(word.split("/"))]:
        say(f"{unknown[0]!r} is no pair of versions: give {PAIR}.")
        return 2
    names = [name for name, one in known.items() if {name, one.family} & {*chosen.names}]
    if chosen.names and not names:
        say(f"No export and no family of the corpus is called {', '.join(chosen.names)}.")
        return 2
    output = Path(chosen.output)
    try:
        last = last_table(output)
    except ValueError as error:
        say(str(error))
        return 2
    now = make(names or list(known), pairs)
    if names:
        now = with_rows_of(last, now)
    output.mkdir(parents=True, exist_ok=True)
    text = page.markdown(now, last)
    dump(now, output / DATA)
    (output / PAGE).write_text(text, encoding="utf-8")
    print(text, end="")
    return exit_status(now, last)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.promise_matrix", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", help="exports or families; by default all")
    parser.add_argument("--versions", default="", help=f"beside the pinned ones: {PAIR}")
    parser.add_argument("--output", default=str(OUTPUT), help="a folder for the data and the page")
    return parser


def last_table(output: Path) -> Table | None:
    """Read the table of the last run: from the folder of the output, or the one that is committed.

    Raises
    ------
    ValueError
        The file is no table.
    """
    for file in (output / DATA, OUTPUT / DATA):
        if file.is_file():
            return read(file)
    return None


def exit_status(now: Table, last: Table | None) -> int:
    """Return 2 if versions could not be tried, 1 if a cell changed since the last run, else 0."""
    if any(run.reason for run in now.runs):
        return 2
    pairs = [(last.like(run), run) for run in now.runs] if last else []
    return int(any(before and before.rows and changes(before, run) for before, run in pairs))


def with_rows_of(last: Table | None, now: Table) -> Table:
    """Keep the rows of the last run for the exports that were not asked this time."""
    kept = []
    for run in now.runs:
        before = last.like(run) if last else None
        rows = {**before.rows, **run.rows} if before else run.rows
        kept.append(replace(run, rows=rows))
    return Table(tuple(kept))


def make(names: Sequence[str], pairs: Sequence[str] = ()) -> Table:
    """Make the table on the installed versions, and on others.

    Parameters
    ----------
    names : sequence of str
        Exports of the corpus.
    pairs : sequence of str
        Such as "2.20.0/3.12.0", "newest/pinned".

    Returns
    -------
    Table
        Versions that are the same as earlier ones are left out.
    """
    here = {package: _installed(package) for package in PACKAGES}
    say(f"Asking the readers about {len(names)} exports.")
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        seen = observe(Path(sys.executable), ROOT, Path(folder), names)
    runs = [table_of(here, seen, pinned=True)]
    for pair in pairs:
        run = _elsewhere(pair, names, [one.versions for one in runs])
        if run:
            runs.append(run)
    return Table(tuple(runs))


def _installed(package):
    names = [f"{package}-cpu", package] if package == "tensorflow" else [package]
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"


def _elsewhere(pair, names, tried) -> Run | None:
    """Make the table on another pair of versions; None if it has been tried already."""
    tensorflow, keras = pair.split("/")
    try:
        folder = FOLDER / "matrix"
        folder.mkdir(parents=True, exist_ok=True)
        environment = Environment(folder)
        found = environment.make(
            _version(tensorflow, environment.pinned[environment.tensorflow]),
            _version(keras, environment.pinned["keras"]),
        )
        versions = {package: found.get(package, "not installed") for package in PACKAGES}
        versions["tensorflow"] = found[environment.tensorflow]
        if versions in tried:
            say(f"{pair} is the same as versions that were tried: left out.")
            return None
        with tempfile.TemporaryDirectory(prefix="matrix-") as temporary:
            course = copy_course(Path(temporary) / "course", found)
            seen = observe(environment.python, course, Path(temporary), names)
    except (CannotTry, OSError) as reason:
        say(str(reason))
        versions = dict(zip(PACKAGES, (tensorflow, keras), strict=False))
        return Run(versions, {}, reason=str(reason), date=_today())
    return table_of(versions, seen)


def _version(word, pinned):
    """Return the version that a word stands for, "" for the newest."""
    return {"pinned": pinned, "newest": ""}.get(word, word)


def observe(python: Path, course: Path, folder: Path, names: Sequence[str]) -> dict[str, dict]:
    """Ask the readers of an environment about exports.

    Parameters
    ----------
    python : Path
        The interpreter of the environment.
    course : Path
        The course, or a copy of it for this environment.
    folder : Path
        For the answers.
    names : sequence of str

    Returns
    -------
    dict of str to dict
        By export: {"cells": {reader: cell}}, or {"died": how its process ended}.
    """
    file = folder / "cells.jsonl"
    command = [python, "-m", "tests.promise_matrix.observe"]

    def run(words):
        return _run(words, course, file, len(names))

    return observed(run, command, file, names)


def _run(command, course, file, total):
    """Run a command in the course and tell its progress; return "" or how it ended."""
    ours = ("PYTEST", "COURSE_", "COV_", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{kept.get('PATH', '')}"
    FOLDER.mkdir(exist_ok=True)
    begin = told = time.monotonic()
    with (FOLDER / "matrix.log").open("a", encoding="utf-8") as log:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, cwd=course, env=kept, stdout=log, stderr=log)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                now = time.monotonic()
                if now - begin > LIMIT:
                    return f"timeout after {LIMIT} seconds"
                if now - told >= TOLD:
                    told = now
                    done = len(file.read_text(encoding="utf-8").splitlines())
                    say(f"{done} of {total} exports, {now - begin:.0f} s so far")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return f"exit status {process.returncode}" if process.returncode else ""


def table_of(versions: Mapping[str, str], seen: Mapping[str, dict], pinned: bool = False) -> Run:
    """Make the table of one environment from what was observed there.

    Parameters
    ----------
    versions : mapping of str to str
        By package.
    seen : mapping of str to dict
        As `observe` returns it.
    pinned : bool
        Whether these are the versions of the lock.
    """
    from helpers.readers import READERS

    corpus, rows = load(), {}
    for name, found in seen.items():
        if "died" in found:
            text = f"the process ended: {found['died'] or 'no answer'}"
            cells = dict.fromkeys(READERS, Cell(NOT_TRIED, text))
        else:
            cells = {reader: Cell(**cell) for reader, cell in found["cells"].items()}
        rows[name] = Row(corpus[name].family, corpus[name].why, cells)
    return Run(versions, rows, pinned, date=_today())


def _today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
