"""What a check can find, and how it is shown."""

import html
import textwrap
from dataclasses import dataclass

from helpers.display import palette

PASSED, NOT_YET, NOT_ATTEMPTED, RAISED = "passed", "not yet", "not attempted", "raised"
MARKS = {PASSED: "✓", NOT_YET: "✗", NOT_ATTEMPTED: "…", RAISED: "!"}
COLOURS = {
    PASSED: palette.PASSED,
    NOT_YET: palette.NOT_YET,
    NOT_ATTEMPTED: palette.NOT_ATTEMPTED,
    RAISED: palette.RAISED,
}


class NotYet(Exception):
    """The first condition that does not hold, in words for the learner."""


class NotAttempted(Exception):
    """The answer is still `...`."""


class Raised(Exception):
    """The learner's own code raised `error`."""

    def __init__(self, error):
        self.error = error


@dataclass(frozen=True)
class Result:
    """What a check found: one of the four outcomes, and what to tell the learner."""

    outcome: str
    message: str

    def __str__(self):
        lines = f"{MARKS[self.outcome]} {self.outcome}: {self.message}".splitlines()
        return "\n".join(textwrap.fill(line, 96, subsequent_indent="  ") for line in lines)

    __repr__ = __str__

    def _repr_html_(self):
        message = html.escape(self.message).replace("\n", "<br>")
        return (
            f"<div style='border-left:4px solid {COLOURS[self.outcome]};padding:.3em .8em'>"
            f"<strong>{MARKS[self.outcome]} {self.outcome}</strong><br>{message}</div>"
        )


def require(condition, words):
    """Raise NotYet with `words` unless `condition` holds."""
    if not condition:
        raise NotYet(words)
