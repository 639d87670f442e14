"""The report of a new version that replaces an old one: as text and as data."""

from dataclasses import dataclass

from helpers.readers.outcomes import FAILURES, NOT_TRIED
from helpers.readers.report import Report, Row
from helpers.readers.signature_changes import Change
from helpers.text import in_columns, printable

OTHER_ANSWERS = (
    "All readers that answer agree. The answers differ from those of the old version, as "
    "after more training. If this is right, add --retrained, or retrained=True in Python."
)
EXPECTED = "All readers that answer agree, and other answers are expected after more training."


@dataclass(frozen=True)
class Answers:
    """How the answers of the new version differ in one output, as Python reads both.

    Parameters
    ----------
    signature, output : str
    values : int
        How many were compared.
    different : int
        How many differ by more than rounding.
    lost : int
        How many are not finite in the new version and are in the old one.
    largest : float or None
        The largest absolute difference of finite numbers. None for texts.
    reshaped : int
        How many answers have another shape. Their values are not compared.
    """

    signature: str
    output: str
    values: int
    different: int
    lost: int
    largest: float | None
    reshaped: int = 0

    @property
    def spoiled(self) -> bool:
        """Whether the difference is one that no training explains."""
        return bool(self.lost or self.reshaped)

    def text(self, figures: bool = False) -> str:
        """Write the difference as a sentence, on demand with the largest difference."""
        told = f"{printable(self.output)}: {self.different} of {self.values} values differ"
        if figures and self.largest is not None and self.different:
            told += f", by {self.largest:.2g} at most"
        told += f", {self.lost} are NaN or infinite and were not" if self.lost else ""
        sets = "1 set" if self.reshaped == 1 else f"{self.reshaped} sets"
        return f"{told}, another shape for {sets} of inputs" if self.reshaped else told


@dataclass(frozen=True)
class Replacement:
    """Whether a new version may replace an old one.

    Parameters
    ----------
    names : tuple of two str
        The names of the new and of the old directory.
    changes : tuple of Change
        Of the form of the signatures.
    report : Report
        The readers of the new version, compared with the old version.
    answers : tuple of Answers
        For each output that both versions have.
    retrained : bool
        Whether other values of the same shape are expected.
    counted : tuple of Row
        The rows of the report that are about clients of the old version: their signature can still
        be called, and their reader can use the old version.
    notes : tuple of str
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    report: Report
    answers: tuple[Answers, ...]
    retrained: bool
    counted: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def breaking(self) -> list[Change]:
        """The changes that break a client."""
        return [change for change in self.changes if change.breaks]

    @property
    def failing(self) -> list[Row]:
        """The rows of readers that count: expected other values do not."""
        return [
            row
            for row in self.counted
            if row.status in FAILURES and not (self.retrained and self._expected(row))
        ]

    def _expected(self, row):
        spoiled = {(one.signature, one.output) for one in self.answers if one.spoiled}
        compared = {(one.signature, one.output) for one in self.answers} - spoiled
        return row.cure == EXPECTED and all((row.signature, n) in compared for n in row.unequal)

    @property
    def exit_status(self) -> int:
        """0 if it may replace the old one, 1 if a client breaks, 2 if it was not tried properly."""
        if self.breaking or self.failing:
            return 1
        return 2 if any(row.status == NOT_TRIED for row in self.counted) else 0

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        new, old = (printable(name) for name in self.names)
        if self.breaking:
            clients = ", ".join(dict.fromkeys(c for change in self.breaking for c in change.breaks))
            return f"{new} may not replace {old}: it breaks clients of {clients}."
        if any(row.cure not in (OTHER_ANSWERS, EXPECTED) for row in self.failing):
            return f"{new} may not replace {old}: not every reader can use it as the old one."
        if self.failing:
            if self.retrained:
                words = "answers have other shapes, or are NaN or infinite and were not"
                return f"{new} may not replace {old}: {words}."
            return f"{new} has the form of {old}, and other answers to the same inputs."
        if self.exit_status == 2:
            return f"Whether {new} may replace {old} is unknown: it was not tried properly."
        answers = "other answers are expected" if self.retrained else "the same answers"
        return f"{new} may replace {old}: no client of its signatures breaks, {answers}."

    def text(self, differences: bool = False) -> str:
        """Write the result as lines, on demand with figures that vary from training to training."""
        new, old = (printable(name) for name in self.names)
        lines = [f"{new}/ in place of {old}/"]
        for key in dict.fromkeys(change.signature for change in self.changes):
            lines.append(f"  {printable(key)}")
            lines += [f"    {change}" for change in self.changes if change.signature == key]
        if not self.changes:
            lines.append("  signatures: the same names, dtypes and shapes")
        if self.answers:
            lines.append(f"  answers of {new}/ to the same inputs")
            rows = [(f"    {printable(a.signature)}", a.text(differences)) for a in self.answers]
            lines.append(in_columns(rows))
        lines += [f"  Note: {note}" for note in self.notes]
        return "\n".join([*lines, "", self.report.text(differences)])

    def __str__(self) -> str:
        return f"{self.text()}\n{self.verdict}"

    __repr__ = __str__

    def as_dict(self) -> dict:
        """Return the result as data for JSON, which has no infinity: None stands for it."""
        return {
            "new": self.names[0],
            "old": self.names[1],
            "exit_status": self.exit_status,
            "verdict": self.verdict,
            "retrained": self.retrained,
            "changes": [change.as_dict() for change in self.changes],
            "answers": [vars(one) for one in self.answers],
            "notes": list(self.notes),
            "readers": self.report.as_dict(),
        }
