"""The report of a comparison of readers: as text, as HTML and as data."""

import html
import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from helpers import readers
from helpers.display.html_table import FullRow, table
from helpers.readers.evidence import Evidence
from helpers.readers.golden_files import Golden, write_golden
from helpers.readers.input_files import WrongOption
from helpers.readers.outcomes import FAILURES, MARKS, NOT_TRIED, OTHER, SAME, spelled


@dataclass(frozen=True)
class Row:
    """The result of one reader for one signature.

    Parameters
    ----------
    signature : str
        The key.
    reader : str
        One of helpers.readers.READERS.
    status : str
        One of helpers.readers.outcomes.OUTCOMES.
    difference : float or None
        The largest absolute difference from the numbers that it is compared with.
    error, cure : str
        What failed and how to fix it, or why nothing was compared and what to do. Empty if nothing
        failed.
    unequal : tuple of str
        The names of the outputs that differ from what they are compared with.
    """

    signature: str
    reader: str
    status: str
    difference: float | None = None
    error: str = ""
    cure: str = ""
    unequal: tuple[str, ...] = ()

    def as_dict(self) -> dict:
        """Return the row as data for JSON, which has no infinity: None stands for it."""
        largest = self.difference
        finite = largest is not None and math.isfinite(largest)
        return asdict(self) | {"difference": largest if finite else None}


@dataclass(frozen=True)
class Report:
    """The results of all readers for all signatures of one export.

    Parameters
    ----------
    name : str
        The name of the export directory.
    rows : tuple of Row
        Signature by signature.
    notes : tuple of str
        Limits of the comparison, in sentences.
    evidence : tuple of Evidence
        What was compared, one for each function that signatures call.
    sets : dict of str to list of GoldenSet
        The inputs that were compared and the answers of the reference, by signature. None where
        the answers are not repeatable.
    limit : str
        Where no reader can use the export, in a sentence that belongs to the verdict, or "".
    """

    name: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())
    evidence: tuple[Evidence, ...] = field(default=())
    sets: Golden = field(default_factory=dict, repr=False, compare=False)
    limit: str = ""

    @property
    def ok(self) -> bool:
        """Whether every reader can use every signature, and there is at least one."""
        return self.exit_status == 0

    @property
    def exit_status(self) -> int:
        """0 if all is the same, 1 if a reader fails or differs, 2 if one was not tried properly."""
        statuses = {row.status for row in self.rows}
        if not statuses or statuses & set(FAILURES):
            return 1
        return 2 if NOT_TRIED in statuses else 0

    @property
    def verdict(self) -> str:
        """The result in one sentence, and where no reader can use the export."""
        if self.exit_status == 1:
            failing = {row.status for row in self.rows if row.status in FAILURES}
            truths = {one.truth for one in self.evidence if one.truth}
            result = "Not every reader can use it"
            if OTHER in failing and len(truths) == 1:
                words = f"ot every reader gives the same numbers as {truths.pop()}"
                result = f"N{words}" if failing == {OTHER} else f"{result}, and n{words}"
            result += "."
        elif self.exit_status == 2:
            result = "Whether every reader can use it is unknown: it was not tried properly."
        else:
            limits = ", within the limits noted" if self.notes else ""
            result = f"Every reader can use it{limits}."
        return f"{result} {self.limit}".strip()

    def text(self, differences: bool = False) -> str:
        """Write the report as lines.

        Parameters
        ----------
        differences : bool
            Whether to add the largest differences and the range of the values, which vary from
            computer to computer.

        Returns
        -------
        str
        """
        lines = [f"{self.name}/"]
        width = max([8, *(len(row.reader) for row in self.rows)])
        for row in self.rows:
            if row.reader == next(iter(readers.READERS)):
                lines.append(f"  {row.signature}")
            lines.append(f"    {row.reader:<{width}} {spelled(row.status)}")
            if differences and row.difference is not None:
                lines[-1] += f"  (largest difference {row.difference:.1e})"
            lines += [f"{'':{width + 5}}{line}" for line in (row.error, row.cure) if line]
        lines += [f"  Note: {note}" for note in self.notes]
        return "\n".join([*lines, *(f"  {one.text(differences)}" for one in self.evidence)])

    def write_golden(self, file: str | os.PathLike) -> Path:
        """Write the inputs and the answers of the reference as golden answers.

        Without a live model, golden answers or an original, the reference is a reader. Then its
        answers are written only where no reader gives other numbers.

        Parameters
        ----------
        file : str or path
            Ends in .npz or .json.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        WrongOption
            If no answers are known to be right, or the file cannot be written.
        """
        return write_golden(file, self.golden())

    def golden(self) -> Golden:
        """Return the inputs and answers that `write_golden` writes, by signature.

        Raises WrongOption if the readers do not agree and there was nothing else to compare with.
        """
        proved = {key for one in self.evidence if one.truth for key in one.signatures}
        for row in self.rows:
            if row.status == OTHER and row.signature not in proved:
                raise WrongOption(
                    f"no golden answers are written: the readers do not agree ({row.signature}, "
                    f"{row.reader}: {spelled(row.status)}), so the right numbers are unknown. In "
                    "Python, the live model gives them: compare(directory, model=model)"
                    ".write_golden(FILE)."
                )
        proved |= {row.signature for row in self.rows if row.status == SAME}
        return {key: sets for key, sets in self.sets.items() if sets and key in proved}

    def as_dict(self) -> dict:
        """Return the report as data for JSON."""
        return {
            "name": self.name,
            "exit_status": self.exit_status,
            "verdict": self.verdict,
            "rows": [row.as_dict() for row in self.rows],
            "notes": list(self.notes),
            "compared": [one.as_dict() for one in self.evidence],
        }

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for row in self.rows:
            if row.reader == next(iter(readers.READERS)):
                rows.append(FullRow(f"signature {row.signature}", heading=True))
            rows.append((row.reader, f"{MARKS[row.status]} {spelled(row.status)}"))
            rows += [FullRow(text) for text in (row.error, row.cure) if text]
        below = [f"Note: {note}" for note in self.notes] + [one.text() for one in self.evidence]
        shown = table(("reader", "answer"), rows)
        notes = "".join(f"<p>{html.escape(line)}</p>" for line in below)
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"
