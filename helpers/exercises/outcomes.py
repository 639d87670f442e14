"""The four outcomes of a check, and their display."""

import html
import re
import textwrap
from collections.abc import Sequence
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
CODE = re.compile(r"`(?! )([^`\n]+)(?<! )`")
SHAPE = re.compile(r"\((?:(?:\d+|None), ?)+(?:\d+|None)?\)")  # it stays on one line


class NotYet(Exception):
    """The first condition that does not hold, as a message for the learner."""


class NotAttempted(Exception):
    """The answer is still `...`.

    Parameters
    ----------
    left : sequence of str
        The parts that are still `...`. Empty if it is the whole answer.
    """

    def __init__(self, left: Sequence[str] = ()):
        super().__init__(left)
        self.left = list(left)


class Raised(Exception):
    """An exception of the learner's own code, kept as `error`."""

    def __init__(self, error: BaseException):
        self.error = error


@dataclass(frozen=True)
class Result:
    """The result of a check.

    Parameters
    ----------
    outcome : {"passed", "not yet", "not attempted", "raised"}
    message : str
        What the learner reads.
    """

    outcome: str
    message: str

    def __str__(self):
        lines = f"{MARKS[self.outcome]} {self.outcome}: {self.message}".splitlines()
        return "\n".join(textwrap.fill(line, 96, subsequent_indent="  ") for line in lines)

    __repr__ = __str__

    def _repr_html_(self):
        message = as_html(self.message)
        return (
            f"<div style='border-left:4px solid {COLOURS[self.outcome]};padding:.3em .8em'>"
            f"<strong>{MARKS[self.outcome]} {self.outcome}</strong><br>{message}</div>"
        )


def as_html(message: str) -> str:
    """Write a message in HTML: escaped, with `code` as code, and each shape on one line.

    Parameters
    ----------
    message : str
        Text with `code` in backticks.

    Returns
    -------
    str
    """
    text = CODE.sub(r"<code>\1</code>", html.escape(message))
    return SHAPE.sub(r"<span style='white-space:nowrap'>\g<0></span>", text).replace("\n", "<br>")


def require(condition: object, message: str) -> None:
    """Raise NotYet unless a condition holds.

    Parameters
    ----------
    condition : object
        It holds when its truth value is True.
    message : str
        What the learner reads: what was expected, what was found, what to do next.

    Raises
    ------
    NotYet
        With `message`, if the condition does not hold.
    """
    if not condition:
        raise NotYet(message)
