"""The options of the command that are about golden answers and old versions."""

from argparse import Namespace
from pathlib import Path

from helpers.readers.golden_files import FOLDER, NAMES, GoldenSet, require_place, write_golden
from helpers.readers.input_files import WrongOption
from helpers.readers.report import Report
from helpers.text import printable

WITH_VALUE = ("golden", "write-golden", "against")
WITHOUT_VALUE = ("keep-golden", "retrained")
# An option, and those that it cannot be used with.
CONFLICTS = {
    "rescue": ("golden", "write-golden", "keep-golden", "against", "retrained"),
    "against": ("golden", "write-golden", "keep-golden", "also"),
    "golden": ("inputs",),
}


def require_possible(given: Namespace):
    """Refuse options that contradict each other.

    Parameters
    ----------
    given : argparse.Namespace
        The options of the command.

    Raises
    ------
    WrongOption
    """
    for one, others in CONFLICTS.items():
        for other in others:
            if _is_given(given, one) and _is_given(given, other):
                raise WrongOption(f"--{one} and --{other} cannot be used together: {WHY[one]}")
    if given.write_golden is not None:
        require_place(given.write_golden)
    if given.retrained and given.against is None:
        raise WrongOption("--retrained needs --against OLD_DIRECTORY")


WHY = {
    "rescue": "a rescue compares the new export with the old one",
    "against": "the old version gives the answers; use the other option in a second call",
    "golden": "golden answers have inputs of their own",
}


def _is_given(given, option):
    return getattr(given, option.replace("-", "_")) not in (None, False, [])


class Golden:
    """The golden answers of one call of the command: what to compare with and where to write.

    Parameters
    ----------
    given : argparse.Namespace
        The options of the command.
    """

    def __init__(self, given: Namespace):
        self._file = given.golden
        self._targets = [given.write_golden] if given.write_golden is not None else []
        if given.keep_golden:
            self._targets.append(str(Path(given.directory) / FOLDER / NAMES[0]))
        self._written: list[str] = []
        self._left: list[str] = []
        self._error = ""

    def given(self) -> str | bool | None:
        """Return what `compare` takes: those of a file, or none where new ones are written."""
        return self._file if self._file is not None else False if self._targets else None

    def write(self, report: Report):
        """Write what was compared, if the options ask for it."""
        if not self._targets:
            return
        try:
            found: dict[str, list[GoldenSet]] = report.golden()
            self._left = [key for key in report.sets if key not in found]
            for target in self._targets:
                self._written.append(str(write_golden(target, found)))
            self._told = ", ".join(
                f"{printable(key)} ({len(sets)} set{'' if len(sets) == 1 else 's'} of inputs)"
                for key, sets in found.items()
            )
        except WrongOption as error:
            self._error = str(error)

    def lines(self) -> list[str]:
        """Return what to tell about the writing."""
        told = [f"Golden answers written to {file}: {self._told}" for file in self._written]
        if self._written and self._left:
            names = ", ".join(map(printable, self._left))
            told.append(f"No golden answers for {names}: no two readers give the same numbers.")
        return [*told, *([self._error] if self._error else [])]

    def as_dict(self) -> dict:
        """Return the same as data for JSON."""
        if not self._targets:
            return {}
        return {"golden_written": self._written, "golden_error": self._error}

    def exit_status(self, status: int) -> int:
        """Return the exit status of the command: 2 if the golden answers were not written."""
        return 2 if self._error else status
