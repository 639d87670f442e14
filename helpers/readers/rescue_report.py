"""The report of a rescue: what every reader made of the old export, and makes of the new one."""

import html
from dataclasses import dataclass

from helpers.readers.outcomes import NOT_TRIED
from helpers.readers.report import Report


@dataclass(frozen=True)
class Rescue:
    """The result of a rescue.

    Parameters
    ----------
    before : Report
        The report of the old export.
    after : Report or None
        The report of the new export, compared with what `reference` reads from the old one. None
        if no new export was made.
    refused : str
        Why nothing was written, or "" if the new export was written.
    notes : tuple of str
        Limits of the rescue, in sentences.
    reference : str
        The reader of the old export that gives the right numbers, in words.
    """

    before: Report
    after: Report | None = None
    refused: str = ""
    notes: tuple[str, ...] = ()
    reference: str = "Python"

    @property
    def ok(self) -> bool:
        """Whether there is a new export that every reader can use."""
        return not self.refused and self.after is not None and self.after.ok

    @property
    def verdict(self) -> str:
        """The result in one or two sentences."""
        if self.refused or self.after is None:
            return f"Nothing was written: {self.refused}"
        old, new = f"{self.before.name}/", f"{self.after.name}/"
        if self.after.ok:
            return (
                f"Rescued: every reader of {new} gives the numbers that {self.reference} reads "
                f"from {old}."
            )
        if any(row.status == NOT_TRIED for row in self.after.rows):
            return (
                f"Rescued for Python and the session (Python): both give the numbers that "
                f"{self.reference} reads from {old}. LiteRT was not tried properly (see above)."
            )
        return (
            f"Rescued for Python and the session (Python): both give the numbers that "
            f"{self.reference} reads from {old}. That LiteRT cannot use {new} has another reason "
            "(see above)."
        )

    def text(self, differences: bool = False) -> str:
        """Write the two reports and the verdict as lines.

        Parameters
        ----------
        differences : bool
            Whether to add the largest differences, which vary from computer to computer.

        Returns
        -------
        str
        """
        parts = ["Before:", self.before.text(differences)]
        if self.after is not None:
            parts += [self._compared, self.after.text(differences)]
        return "\n".join([*parts, self.verdict, *(f"Note: {note}" for note in self.notes)])

    def as_dict(self) -> dict:
        """Return the two reports and the verdict as data for JSON."""
        return {
            "before": self.before.as_dict(),
            "after": None if self.after is None else self.after.as_dict(),
            "written": not self.refused,
            "verdict": self.verdict,
            "reference": self.reference,
            "notes": list(self.notes),
        }

    __str__ = text
    __repr__ = text

    def _repr_html_(self) -> str:
        parts = ["<p>Before:</p>", self.before._repr_html_()]
        if self.after is not None:
            parts += [f"<p>{html.escape(self._compared)}</p>", self.after._repr_html_()]
        parts.append(f"<p><strong>{html.escape(self.verdict)}</strong></p>")
        return "".join([*parts, *(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)])

    @property
    def _compared(self):
        read = f"what {self.reference} reads from {self.before.name}/"
        return f"Saved again, and compared with {read}:"
