"""The table of the promise matrix as data, and what changed between two runs."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

SAME, OTHER, FAILS, NOT_TRIED = "same", "other", "fails", "not tried"
WORST = (FAILS, OTHER, NOT_TRIED, SAME)  # of several signatures, the first one counts
FORMAT = 1  # of the file
# Words of a text that differ from run to run: numbers, and of several variables that are missing,
# the one that is named first.
VARYING = re.compile(r"\S*[/\d]\S*")


@dataclass(frozen=True)
class Cell:
    """What one reader makes of one export.

    Parameters
    ----------
    outcome : str
        One of WORST. "same": as the live model answers.
    text : str
        The error, what differs, or why it was not tried.
    """

    outcome: str
    text: str = ""

    def as_dict(self) -> dict:
        """Return the cell as data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Row:
    """One export in all readers.

    Parameters
    ----------
    family : str
    why : str
        Why the readers do what they do.
    cells : dict of str to Cell
        By reader.
    """

    family: str
    why: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Run:
    """The table of one environment.

    Parameters
    ----------
    versions : dict of str to str
        Of TensorFlow, Keras and LiteRT, by the name of the package.
    rows : dict of str to Row
        By the name of the export. Empty if the environment could not be made.
    pinned : bool
        Whether these are the versions of the lock.
    reason : str
        Why there are no rows.
    date : str
        As 2026-11-30.
    """

    versions: Mapping[str, str]
    rows: Mapping[str, Row]
    pinned: bool = False
    reason: str = ""
    date: str = ""

    @property
    def name(self) -> str:
        """The versions, in words."""
        return " and ".join(f"{package} {version}" for package, version in self.versions.items())


@dataclass(frozen=True)
class Change:
    """One cell that changed.

    Parameters
    ----------
    export, reader : str
    before, after : Cell or None
        None if the export or the reader is not in this run.
    """

    export: str
    reader: str
    before: Cell | None
    after: Cell | None


@dataclass(frozen=True)
class Table:
    """The tables of all environments of one run.

    Parameters
    ----------
    runs : tuple of Run
        The pinned environment first.
    """

    runs: tuple[Run, ...] = field(default=())

    def like(self, run: Run) -> Run | None:
        """Return the run of the same versions; for the pinned versions, the pinned run."""
        pinned = [one for one in self.runs if one.pinned]
        if run.pinned and pinned:
            return pinned[0]
        return next((one for one in self.runs if one.versions == run.versions), None)


def worst(cells: Mapping[str, Cell]) -> Cell:
    """Return the worst of the cells of several signatures, with the signatures that it is about.

    Parameters
    ----------
    cells : dict of str to Cell
        By the key of the signature.
    """
    if not cells:
        return Cell(NOT_TRIED, "there is no signature to call")
    outcome = min((cell.outcome for cell in cells.values()), key=WORST.index)
    found = {key: cell for key, cell in cells.items() if cell.outcome == outcome}
    texts = list(dict.fromkeys(cell.text for cell in found.values() if cell.text))
    if len(found) == len(cells) and len(texts) <= 1:
        return Cell(outcome, "".join(texts))
    if outcome == SAME:
        return Cell(SAME)
    return Cell(outcome, f"{', '.join(found)}: {'; '.join(texts)}")


def changes(before: Run, after: Run) -> list[Change]:
    """List the cells that differ between two runs.

    Parameters
    ----------
    before, after : Run

    Returns
    -------
    list of Change
        In the order of the rows: those of `after`, then those that are gone. Two texts that differ
        only in numbers and in the names of variables are equal.
    """
    found = []
    for name in dict.fromkeys([*after.rows, *before.rows]):
        old, new = (run.rows[name].cells if name in run.rows else {} for run in (before, after))
        for reader in dict.fromkeys([*new, *old]):
            if not _equal(old.get(reader), new.get(reader)):
                found.append(Change(name, reader, old.get(reader), new.get(reader)))
    return found


def _equal(left, right):
    if left is None or right is None:
        return left is right
    texts = {VARYING.sub("0", cell.text) for cell in (left, right)}
    return left.outcome == right.outcome and len(texts) == 1


def counts(runs: Iterable[Run]) -> dict[str, int]:
    """Count the cells of each outcome."""
    cells = [cell for run in runs for row in run.rows.values() for cell in row.cells.values()]
    return {outcome: sum(cell.outcome == outcome for cell in cells) for outcome in WORST[::-1]}


def dump(table: Table, file: Path):
    """Write a table as JSON."""
    data = {"format": FORMAT, "runs": [asdict(run) for run in table.runs]}
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(file: Path) -> Table:
    """Read a table from JSON.

    Parameters
    ----------
    file : Path

    Raises
    ------
    ValueError
        The file holds something else, or was written in another format. The message names it.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, and {FORMAT} is expected")
        return Table(tuple(_run(run) for run in data["runs"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"{file.name} is no table of `make matrix` ({reason}): delete it, and the next run "
            "compares with nothing"
        ) from None


def _run(data):
    rows = {
        name: Row(row["family"], row["why"], {r: Cell(**cell) for r, cell in row["cells"].items()})
        for name, row in data["rows"].items()
    }
    return Run(**{**data, "rows": rows})
