"""An error in a learner's cell, in the same box as an error inside a check."""

import html
import sys
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from helpers.display.html_table import WRAP
from helpers.exercises.learner_code import own_words
from helpers.exercises.outcomes import RAISED, Result
from helpers.scratch import without_scratch

WHOLE = "%tb prints the whole traceback."


@dataclass(frozen=True, repr=False)
class ErrorBox(Result):
    """A Result for an error of a cell, with the traceback folded away.

    Parameters
    ----------
    outcome, message : str
        See `Result`.
    details : str
        The traceback, as Python prints it.
    """

    details: str = ""

    def _repr_html_(self):
        return (
            f"{super()._repr_html_()}<details style='margin:.3em .8em'><summary>the whole "
            f"traceback</summary><pre style='{WRAP}'>{html.escape(self.details)}</pre></details>"
        )


def install() -> None:
    """Show the errors of cells in the box. Without a notebook, nothing happens."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((Exception,), _show)


def _show(
    shell: Any, kind: type, error: BaseException, trace: TracebackType | None, tb_offset=None
) -> list[str]:
    """Show the box, and return the lines of the traceback for IPython."""
    from IPython.display import display

    # As Python does, for %tb and %debug.
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    lines = traceback.format_exception(kind, error, trace)
    words = f"{without_scratch(own_words(error))}\n{WHOLE}"
    display(ErrorBox(RAISED, words, "".join(lines)))
    return lines
