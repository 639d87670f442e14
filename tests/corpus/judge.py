"""Judging the readers' tool: what it says about an export of the corpus against what is right."""

import contextlib
import io
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers import artifact, readers
from helpers.readers import litert_trials
from helpers.readers.compare import Report, compare, same
from helpers.readers.made_inputs import make_inputs
from helpers.readers.outcomes import ANSWERS, FAILURES, NOT_TRIED, SAME
from helpers.text import in_columns
from tests.corpus.record import SEED, Export

# How the tool is wrong about one reader.
FALSE_PASS = "false pass"  # it passes what fails or differs, or what cannot be known
FALSE_ALARM = "false alarm"  # it says that a reader fails or differs, which gives the same numbers
UNDECIDED = "undecided"  # it says that nothing can be compared, where something can
WRONG_KIND = "wrong kind"  # it says "fails" for other numbers, or the reverse


@dataclass(frozen=True)
class Wrong:
    """One row of a report that is not right."""

    signature: str
    reader: str
    right: str
    said: str
    kind: str
    error: str = ""

    def __str__(self) -> str:
        words = f"{self.signature}, {self.reader}: {self.said}, not {self.right} ({self.kind})"
        return f"{words}: {self.error}" if self.error else words


@dataclass(frozen=True)
class Judged:
    """What the tool says about one export, judged.

    Parameters
    ----------
    export : Export
    report : Report
        What the tool says.
    wrong : tuple of Wrong
        The rows that are not right.
    told : str
        The report and the trials for LiteRT, as the command prints them.
    cure : str
        Why the cure is not proved. Empty if it is, or if there is none.
    seconds : float
        The time of making, comparing and curing.
    """

    export: Export
    report: Report
    wrong: tuple[Wrong, ...]
    told: str
    cure: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether every row is right."""
        return not self.wrong

    def count(self, kind: str) -> int:
        """Return 1 if a row is wrong in this way, else 0."""
        return int(any(one.kind == kind for one in self.wrong))


def judge(one: Export, folder: Path, seconds: float = readers.LONG_DEADLINE) -> Judged:
    """Write an export, ask the tool about it, and apply its cure.

    Parameters
    ----------
    one : Export
    folder : Path
        An empty directory.
    seconds : float
        The time for each answer of a reader.

    Returns
    -------
    Judged
    """
    begin = time.perf_counter()
    directory = folder / one.name
    write(one, directory)
    report = compare(directory, seconds=seconds)
    trials = [str(trial) for trial in litert_trials.trials(report, directory)] if one.cure else []
    told = "\n".join([report.text(differences=True), *trials])
    cure = _cure(one, directory, folder / f"{one.name}_cured", told, seconds) if one.cure else ""
    spent = time.perf_counter() - begin
    return Judged(one, report, tuple(wrong_rows(one, report)), told, cure, spent)


def write(one: Export, directory: Path) -> object:
    """Write an export with the fixed seed, in silence, and return what its function returns."""
    return _quietly(one.make, directory)


def _quietly(function, *arguments):
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(SEED)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return function(*arguments)


def wrong_rows(one: Export, report: Report) -> Iterator[Wrong]:
    """Yield the rows of a report that are not right.

    Parameters
    ----------
    one : Export
    report : Report
        On this export.
    """
    for row in report.rows:
        right, said = one.status(row.signature, row.reader), row.status
        answered = [
            r.reader for r in report.rows if (r.signature, r.status) == (row.signature, ANSWERS)
        ]
        # The reader whose answers are the reference "answers". If several do, nothing is compared.
        if said == right or (right == SAME and answered == [row.reader]):
            continue
        yield Wrong(row.signature, row.reader, right, said, _kind(right, said), row.error)


def _kind(right, said):
    if said in FAILURES:
        return WRONG_KIND if right in FAILURES else FALSE_ALARM
    if said == NOT_TRIED or (said, right) == (ANSWERS, SAME):
        return UNDECIDED
    return FALSE_PASS


def _cure(one, directory, cured, told, seconds):
    """Apply the cure of an export, and return why it is not proved, or "" if it is."""
    if missing := [words for words in one.told if words not in told]:
        return f"the report does not tell the cure: {', '.join(missing)}"
    _quietly(one.cure, directory, cured)
    report = compare(cured, seconds=seconds)
    if report.exit_status:
        return f"after the cure: {report.verdict} {_first_error(report)}"
    return _unlike_before(one, directory, cured)


def _first_error(report):
    return next((f"{row.reader}: {row.error}" for row in report.rows if row.error), "")


def _unlike_before(one, directory, cured):
    """Compare the cured export with the old one, in the first reader that reads the old one."""
    for key, signature in artifact.read(cured).signatures.items():
        if key not in artifact.read(directory).signatures:
            return f"the cured export has a signature {key}, which the old one does not have"
        reader = next((r for r in readers.READERS if one.status(key, r) == SAME), "")
        for feed in make_inputs(signature) if reader else []:
            before, after = readers.run(directory, key, feed, reader), readers.run(cured, key, feed)
            if not (_near(before, after, one.apart) if one.apart else same(before, after)):
                return f"the cured export gives other numbers than the old one in {reader}"
    return ""


def _near(before, after, apart):
    """Say whether all numbers are at most `apart` of the largest number away, in any float."""
    if before.keys() != after.keys():
        return False
    for name, value in before.items():
        left, right = value.astype(float), after[name].astype(float)
        if left.shape != right.shape or abs(left - right).max() > apart * abs(left).max():
            return False
    return True


def table(judged: Iterable[Judged]) -> list[str]:
    """Write a line for each export, and below it what is wrong.

    Parameters
    ----------
    judged : iterable of Judged

    Returns
    -------
    list of str
    """
    found = list(judged)
    rows = [("export", "family", "verdict", "cure", "seconds")]
    for one in found:
        kinds = ", ".join(dict.fromkeys(wrong.kind for wrong in one.wrong))
        cure = ("not proved" if one.cure else "proved") if one.export.cure else ""
        rows.append(
            (one.export.name, one.export.family, kinds or "right", cure, f"{one.seconds:.1f}")
        )
    lines = in_columns(rows).splitlines()
    for one in found:
        lines += [f"{one.export.name}: {words}" for words in [*one.wrong, one.cure] if words]
    counts = [f"{sum(one.right for one in found)} of {len(found)} verdicts right"]
    counts += [f"{kind}: {sum(one.count(kind) for one in found)}" for kind in KINDS]
    cures = [one for one in found if one.export.cure]
    proved = sum(not one.cure for one in cures)
    return [*lines, "; ".join([*counts, f"cures proved: {proved} of {len(cures)}"])]


KINDS = (FALSE_PASS, FALSE_ALARM, UNDECIDED, WRONG_KIND)
