"""A table of what each reader of an export answers. Numbers that vary are shown and not stored."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import ipywidgets
import numpy as np

from helpers.display.html_table import table
from helpers.readers.outcomes import FAILS, MARKS, NOT_TRIED, OTHER, SAME
from helpers.readers.verdicts import Verdict, verdicts
from helpers.widgets.view import View

WORDS = {OTHER: "other numbers, no error"}  # what a page adds to an outcome
HEAD = ("reader", "result", "answer")
SHOWN = 6  # numbers of an answer
LIVE = "Live in Jupyter: a table with the answer of each reader."


def describe(outputs: Iterable[np.ndarray], names: Sequence[str] = ()) -> str:
    """Write the answers to some rows on one line.

    Parameters
    ----------
    outputs : iterable of array
    names : sequence of str
        The classes, if each row of an output has a probability for each class.

    Returns
    -------
    str
        For each row the class and its probability, or else the numbers with four digits.
    """
    parts = [part for output in outputs for part in _parts(np.asarray(output), names)]
    more = [" …"] if len(parts) > SHOWN else []
    return ", ".join(parts[:SHOWN]) + "".join(more)


def _parts(output, names):
    if names and output.ndim == 2 and output.shape[1] == len(names):
        return [_class(row, names) for row in output]
    if output.dtype.kind in "fc":
        return [f"{value:.4g}" for value in output.flat]
    return [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in output.flat]


def _class(row, names):
    if not np.isfinite(row).all():
        return "nan"
    return f"{names[int(np.argmax(row))]} ({row.max():.0%})"


def _answer(verdict, names):
    if verdict.error:
        return verdict.error.split(". ")[0]  # the first sentence names the cause
    words = describe(verdict.outputs.values(), names)
    return f"no error: {words}" if verdict.status == OTHER else words


def write(found: Sequence[Verdict], directory: str | os.PathLike, names: Sequence[str] = ()) -> str:
    """Write the text form: what each reader does, and the classes of right answers.

    Parameters
    ----------
    found : sequence of Verdict
    directory : str or path
        The export. Only its name is written.
    names : sequence of str
        As for `describe`.

    Returns
    -------
    str
        Without numbers: wrong numbers can change from run to run.
    """
    lines = [f"{Path(directory).name}/, compared with the model"]
    for verdict in found:
        words = f"{MARKS[verdict.status]} {WORDS.get(verdict.status, verdict.status)}"
        if verdict.status == SAME and names:
            outputs = [np.asarray(output) for output in verdict.outputs.values()]
            best = [names[int(np.argmax(row))] for output in outputs for row in output]
            words += f": {', '.join(best)}"
        if verdict.status in (FAILS, NOT_TRIED):
            words += f": {verdict.error.split(':')[0]}"
        lines.append(f"  {verdict.reader:<8} {words}")
    return "\n".join([*lines, LIVE])


def reader_answers(
    directory: str | os.PathLike, inputs: object, expected: object, names: Sequence[str] = ()
) -> View:
    """Make the table: one row for each reader.

    Parameters
    ----------
    directory : str or path
        The export. Its signature "serving_default" is called.
    inputs : array, or mapping of str to array
        The rows, as for helpers.readers.verdicts.verdicts.
    expected : array, or mapping of str to array
        The model's answers to these rows.
    names : sequence of str
        The classes, if the model answers with a probability for each class.

    Returns
    -------
    View
        Its text form, which a page stores, has no numbers.

    Raises
    ------
    NotAnArtifact, KeyError, TypeError
        As `verdicts` does.
    """
    found = verdicts(directory, inputs, expected)
    rows = [
        (verdict.reader, f"{MARKS[verdict.status]} {verdict.status}", _answer(verdict, names))
        for verdict in found
    ]
    return View([ipywidgets.HTML(table(HEAD, rows))], write(found, directory, names))
