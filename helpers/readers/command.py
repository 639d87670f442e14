"""The command line of the readers: options, progress and exit status."""

import argparse
import json
import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from helpers import artifact, readers
from helpers.readers import litert_trials, optional_readers
from helpers.readers.compare import compare
from helpers.readers.golden_command import WITH_VALUE, WITHOUT_VALUE, Golden, require_possible
from helpers.readers.input_files import WrongOption, read_inputs
from helpers.readers.replacement import replace_old

QUIET = 15  # seconds of one step before progress is told, and between two lines
STARTING = "Starting the readers; this takes some seconds."
ALSO = "\n".join(f"{'':20}{name:<14}{what}" for name, what in optional_readers.OPTIONAL.items())
USAGE = f"""\
usage: python -m helpers.readers DIRECTORY_OF_AN_EXPORT [--rescue NEW_DIRECTORY]
           [--inputs FILE | --golden FILE] [--write-golden FILE] [--keep-golden]
           [--against OLD_DIRECTORY [--retrained]] [--signature NAME] [--seconds N] [--also NAMES]
           [--json]
Calls every signature in {", ".join(readers.READERS.values())}, with inputs made from its spec and
its graph, and compares the answers.
  --inputs FILE     your own inputs: an .npz file with an array for each input, or a JSON object.
                    SIGNATURE/INPUT (npz) or {{"SIGNATURE": {{"INPUT": ...}}}} (JSON) gives a set
                    for each signature. Another signature gets made inputs.
  --golden FILE     inputs with the answers that are right (.npz or .json): every reader is compared
                    with these answers. Without this option, the tool takes the golden answers that
                    the export keeps in assets.extra, if it has them.
  --write-golden FILE  write the inputs that were compared and the answers of the readers, if they
                    agree, as golden answers. A live model writes them in Python.
  --keep-golden     keep the golden answers in assets.extra of the export
  --against OLD_DIRECTORY  tell whether the export may replace an older version: names, dtypes,
                    shapes, and the answers to the same inputs
  --retrained       other answers than those of the old version are expected
  --signature NAME  compare this signature only
  --seconds N       the time for each answer of a reader, {readers.DEADLINE} without this option
  --also NAMES      ask these readers, too, separated by commas:
{ALSO}
  --json            print the report as JSON
Exit status: 0 if every reader can use the export, 1 if a reader fails or gives other numbers, 2 if
the export was not tried properly, is not an export, or an option cannot be used.
With --golden, 1 also if a reader gives other numbers than the golden answers. With --write-golden,
2 also if nothing was written. With --against: 0 if the export may replace the old version, 1 if a
client of the old version breaks or gets other answers, 2 if this was not tried properly.
With --rescue, an export that only Python or only a server can read is saved again as a new export,
which is compared with the old one. Exit status: 0 if every reader can use the new export, 1 if only
LiteRT cannot, 2 if nothing was written.\
"""


class Progress:
    """Tells on standard error what takes long.

    Use it as a context manager. Each call names the next step.
    """

    def __init__(self):
        self._step, self._began, self._end = "", time.monotonic(), threading.Event()

    def __call__(self, step: str):
        """Name what is done next."""
        if step != self._step:
            self._step, self._began = step, time.monotonic()

    def __enter__(self) -> "Progress":
        threading.Thread(target=self._tell, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._end.set()

    def _tell(self):
        told = self._began
        while not self._end.wait(1):
            now = time.monotonic()
            if self._step and now - max(told, self._began) >= QUIET:
                told = now
                seconds = f"{now - self._began:.0f} s so far"
                print(f"{self._step}: {seconds}", file=sys.stderr, flush=True)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser():
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("directory")
    for name in (*WITH_VALUE, "rescue", "inputs", "signature", "seconds"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--also", action="append", default=[])
    for name in (*WITHOUT_VALUE, "json"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser


def directory_of(arguments: Sequence[str]) -> str | None:
    """Find the directory among the arguments, wherever the options stand.

    Parameters
    ----------
    arguments : sequence of str

    Returns
    -------
    str or None
        None if there is no directory, or an option has no value.
    """
    try:
        found, _ = _parser().parse_known_args(list(arguments))
    except ValueError:
        return None
    return found.directory


def asks_for_rescue(arguments: Sequence[str]) -> bool:
    """Say whether the option --rescue is given, as "--rescue NEW" or as "--rescue=NEW"."""
    return any(word == "--rescue" or word.startswith("--rescue=") for word in arguments)


def options(arguments: Sequence[str]) -> argparse.Namespace | None:
    """Read the arguments of the command.

    Parameters
    ----------
    arguments : sequence of str

    Returns
    -------
    argparse.Namespace or None
        None if they are not understood. Then the usage is printed, after the reason if an option
        has a wrong value.
    """
    try:
        found = _parser().parse_args(list(arguments))
        paths = [found.directory, found.rescue, found.against, found.golden, found.write_golden]
        if any(str(path).startswith("-") for path in paths if path):
            raise ValueError
    except ValueError:
        print(USAGE)
        return None
    try:
        found.seconds = _seconds(found.seconds)
    except ValueError as error:
        print(error)
        return None
    return found


def _seconds(text):
    if text is None:
        return readers.DEADLINE
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e6:
        raise ValueError(f"--seconds is {text!r}: give a number of seconds above 0, such as 300")
    return value


def run(arguments: Sequence[str], answer: Callable[[argparse.Namespace, dict], Any]) -> Any:
    """Read the options, and call `answer` with them and with what a comparison takes.

    Parameters
    ----------
    arguments : sequence of str
    answer : function of (options, keywords of `compare`)

    Returns
    -------
    object
        What `answer` returns. None if the arguments, the export or the inputs are wrong: then the
        reason is printed.
    """
    given = options(arguments)
    if given is None:
        return None
    try:
        require_possible(given)
        inputs = read_inputs(given.inputs) if given.inputs is not None else None
        with Progress() as progress:
            keywords = {"inputs": inputs, "signature": given.signature, "seconds": given.seconds}
            keywords["also"] = [name for names in given.also for name in names.split(",")]
            return answer(given, {**keywords, "progress": progress})
    except (WrongOption, artifact.NotAnArtifact) as error:
        print(error)
        return None


def main(arguments: Sequence[str]) -> int:
    """Run `python -m helpers.readers DIRECTORY`: print the report.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command.

    Returns
    -------
    int
        The exit status: 0 if every reader can use the export, 1 if a reader fails or gives other
        numbers, 2 if it was not tried properly or is not an export.
    """
    status = run(arguments, _answer)
    return 2 if status is None else status


def _answer(given, keywords):
    """Print the report, and what was tried for LiteRT, and return the exit status."""
    if given.against is not None:
        return _answer_against(given, keywords)
    directory = Path(given.directory)
    golden = Golden(given)
    report = compare(directory, golden=golden.given(), **keywords)
    if not given.json:
        print(report.text(differences=True), flush=True)
    tried = []
    options = {name: keywords[name] for name in ("seconds", "progress")}
    for trial in litert_trials.trials(report, directory, keywords["inputs"], **options):
        tried.append(trial.as_dict())
        if not given.json:
            print(trial, flush=True)
    golden.write(report)
    not_asked = optional_readers.not_asked([row.reader for row in report.rows])
    if given.json:
        more = {"tried_for_litert": tried, "not_asked": not_asked}
        print(json.dumps(report.as_dict() | more | golden.as_dict(), indent=2))
    else:
        print(*golden.lines(), *filter(None, (not_asked, report.verdict)), sep="\n")
    return golden.exit_status(report.exit_status)


def _answer_against(given, keywords):
    """Print whether an export may replace an old version, and return the exit status."""
    old = {name: value for name, value in keywords.items() if name != "also"}
    found = replace_old(given.directory, given.against, retrained=given.retrained, **old)
    if given.json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        print(found.text(differences=True), found.verdict, sep="\n")
    return found.exit_status
