"""The report of an assessment: ten requirements, as text, as HTML and as data."""

import textwrap
from dataclasses import dataclass, field

from helpers.display.html_table import marked, table
from helpers.teaching.assess.brief import LIMITS, REQUIREMENTS

MET, NOT_MET, NOT_TRIED = "met", "not met", "not tried"
MARKS = {MET: "✓", NOT_MET: "✗", NOT_TRIED: "?"}
WIDTH = 96


class NotMet(Exception):
    """A requirement is not met. The message says what was found, and what to do."""


class NotTried(Exception):
    """A requirement could not be tried. The message says why."""


@dataclass(frozen=True)
class Requirement:
    """The result for one requirement.

    Parameters
    ----------
    number : int
        From 1 to 10.
    outcome : {"met", "not met", "not tried"}
    found : str
        What was found, in words that do not vary from run to run.
    figures : dict of str to float
        What was measured, by its name with the unit.
    """

    number: int
    outcome: str
    found: str
    figures: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """The requirement in one or two words."""
        return REQUIREMENTS[self.number][0]

    @property
    def expected(self) -> str:
        """What the requirement expects."""
        return REQUIREMENTS[self.number][1]

    def text(self, figures: bool = False) -> str:
        """Write the result as lines, on demand with the figures."""
        first = f"{MARKS[self.outcome]} {self.number:>2} {self.name}: {self.outcome}"
        words = self.found
        if figures and self.figures:
            words += " (" + "; ".join(f"{k} = {v:.3g}" for k, v in self.figures.items()) + ")"
        lines = [words] if self.outcome == MET else [f"expected: {self.expected}.", words]
        shown = [
            textwrap.fill(line, WIDTH, initial_indent="     ", subsequent_indent="     ")
            for line in filter(None, lines)
        ]
        return "\n".join([first, *shown])

    def as_dict(self) -> dict:
        """Return the result as data for JSON."""
        return {
            "number": self.number,
            "name": self.name,
            "outcome": self.outcome,
            "expected": self.expected,
            "found": self.found,
            "figures": self.figures,
        }


@dataclass(frozen=True)
class Assessment:
    """The results for the ten requirements of the capstone.

    Parameters
    ----------
    name : str
        The name of the folder.
    requirements : tuple of Requirement
        In order.
    problem : str
        Why the folder cannot be used, so that nothing was tried, or "".
    """

    name: str
    requirements: tuple[Requirement, ...]
    problem: str = ""

    @property
    def met(self) -> int:
        """How many requirements are met."""
        return sum(one.outcome == MET for one in self.requirements)

    @property
    def ok(self) -> bool:
        """Whether all ten requirements are met."""
        return len(self.requirements) == len(REQUIREMENTS) == self.met

    @property
    def exit_status(self) -> int:
        """0 if all ten requirements are met, otherwise 1."""
        return 0 if self.ok else 1

    @property
    def headline(self) -> str:
        """The name and the number of met requirements in one line."""
        mark, count = "✓" if self.ok else "✗", len(REQUIREMENTS)
        line = f"{self.name}/: {mark} {self.met} of {count} requirements are met"
        return f"{line}. Nothing was tried: {self.problem}." if self.problem else line

    def text(self, figures: bool = False) -> str:
        """Write the report as lines, on demand with figures that vary from run to run."""
        first = textwrap.fill(self.headline, WIDTH)
        lines = [first, *(one.text(figures) for one in self.requirements)]
        limits = f"Not tried by any requirement: {'; '.join(LIMITS)}."
        return "\n".join([*lines, textwrap.fill(limits, WIDTH)])

    def as_dict(self) -> dict:
        """Return the report as data for JSON."""
        return {
            "name": self.name,
            "met": self.met,
            "exit_status": self.exit_status,
            "problem": self.problem,
            "requirements": [one.as_dict() for one in self.requirements],
            "limits": list(LIMITS),
        }

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for one in self.requirements:
            expected = "" if one.outcome == MET else f"Expected: {one.expected}. "
            words = f"{expected}{one.found}".strip()
            rows.append((f"{one.number} {one.name}", f"{MARKS[one.outcome]} {one.outcome}", words))
        limits = f"<p>Not tried by any requirement: {'; '.join(LIMITS)}.</p>"
        head = ("requirement", "result", "words")
        return f"<p>{marked(self.headline)}</p>{table(head, rows)}{limits}"
