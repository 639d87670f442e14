"""A table of known errors: what each one says, and its cure in a sentence."""

import re
import textwrap
from dataclasses import dataclass
from itertools import groupby

from helpers.clinic import CASES
from helpers.clinic.case import Case
from helpers.display.html_table import FullRow, table

WIDTH = 60  # characters of a line of the text form


@dataclass(frozen=True)
class Overview:
    """Some cases of the clinic, side by side.

    Parameters
    ----------
    cases : tuple of Case
        In the order of the rows. Each new group gets a heading.
    """

    cases: tuple[Case, ...]

    def __str__(self) -> str:
        lines = []
        for group, cases in self._groups():
            lines.append(group)
            for case in cases:
                lines.append(f"  {case.key}")
                for text in (case.text, f"Cure: {_first_sentence(case.cure)}"):
                    indents = {"initial_indent": "    ", "subsequent_indent": "      "}
                    lines += textwrap.wrap(text, WIDTH, break_on_hyphens=False, **indents)
        return "\n".join(lines)

    def _repr_mimebundle_(self, **options):
        return {"text/plain": str(self), "text/html": self.as_html()}

    def as_html(self) -> str:
        """Return the table as HTML."""
        rows = []
        for group, cases in self._groups():
            rows.append(FullRow(group, heading=True))
            for case in cases:
                rows += [(case.key, case.text), FullRow(f"Cure: {_first_sentence(case.cure)}")]
        return table(("case", "the message says"), rows)

    def _groups(self):
        return groupby(self.cases, key=lambda case: case.group)


def overview(*keys: str) -> Overview:
    """Make the table of some cases.

    Parameters
    ----------
    *keys : str
        Names of cases, in the order of the rows.

    Raises
    ------
    KeyError
        If a case is not in the clinic.
    """
    return Overview(tuple(CASES[key] for key in keys))


def _first_sentence(text):
    return re.split(r"(?<=\.) (?=[A-Z])", " ".join(text.split()))[0]
