"""Observe exports of the corpus in each reader, in the environment that runs this module.

`python -m tests.promise_matrix.observe FILE NAME ...` appends one line of JSON per export to FILE
as soon as it has been asked, so that an export that ends the process does not lose the others.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.errors.messages import describe
from helpers.readers import outcomes
from helpers.readers.compare import compare
from helpers.readers.explanations import explained
from helpers.readers.sameness import differences
from helpers.text import shorten
from tests.corpus.judge import write
from tests.corpus.record import Arrays, Export, load
from tests.promise_matrix.table import FAILS, NOT_TRIED, OTHER, SAME, Cell, worst

# The words of a report, and those of the table.
WORDS = {
    outcomes.SAME: SAME,
    outcomes.OTHER: OTHER,
    outcomes.FAILS: FAILS,
    outcomes.NOT_TRIED: NOT_TRIED,
}
NOT_INSTALLED = re.compile(r"(?:ModuleNotFound|Import)Error: No module named")
# What differs from run to run: the numbers of functions, and where a temporary folder is.
NUMBERS = re.compile(r"(__\w+?)_\d+\b|0x[0-9a-f]+")
MOST = 200  # characters of a text


def observe(one: Export, folder: Path) -> dict[str, Cell]:
    """Write an export and ask each reader.

    Parameters
    ----------
    one : Export
    folder : Path
        An empty directory.

    Returns
    -------
    dict of str to Cell
        By reader. If the export has answers of the live model, they are what is right; else the
        readers are compared with each other.
    """
    directory = folder / one.name
    try:
        golden = write(one, directory)
    except Exception as error:
        text = plain(f"it cannot be exported: {describe(error)}", folder)
        return dict.fromkeys(readers.READERS, Cell(NOT_TRIED, text))
    if golden:
        cells = {reader: _of_golden(directory, golden, reader) for reader in readers.READERS}
    else:
        cells = _of_report(directory)
    return {r: Cell(cell.outcome, plain(cell.text, folder)) for r, cell in cells.items()}


def plain(text: str, folder: Path) -> str:
    """Return a text on one line, without what differs from run to run."""
    text = NUMBERS.sub(lambda found: found[1] or "0x", text.replace(f"{folder}/", ""))
    return shorten(" ".join(text.split()), MOST)


def _of_golden(directory, golden, reader):
    """Compare a reader with the live model, in each signature."""
    cells = {
        key: _asked(directory, key, inputs, right, reader)
        for key, (inputs, right) in golden.items()
    }
    return worst(cells)


def _asked(directory: Path, key: str, inputs: Arrays, right: Arrays, reader: str) -> Cell:
    try:
        got = readers.run(directory, key, inputs, reader, deadline=readers.LONG_DEADLINE)
    except readers.ReaderError as error:
        untried = error.error.startswith("TimeoutError: ") or NOT_INSTALLED.match(error.error)
        return Cell(NOT_TRIED if untried else FAILS, explained(error.error)[0])
    apart = differences({n: _like(right[n], got.get(n)) for n in right}, got)
    if apart:
        return Cell(OTHER, ", ".join(f"{one.output} {one.words}" for one in apart))
    return Cell(SAME)


def _like(right, got):
    """Return what is right in the dtype of the answer: NumPy computes it in float64, or as text."""
    right = np.asarray(right)
    if got is None or right.dtype.kind not in "fiub" or got.dtype.kind not in "fiub":
        return right
    same_kind = (right.dtype.kind == "f") == (got.dtype.kind == "f")
    return right.astype(got.dtype) if same_kind else right


def _of_report(directory):
    """Compare the readers with each other."""
    report = compare(directory, seconds=readers.LONG_DEADLINE)
    cells: dict[str, dict[str, Cell]] = {reader: {} for reader in readers.READERS}
    for row in report.rows:
        others = {r.status for r in report.rows if r.signature == row.signature and r != row}
        if row.status == outcomes.ANSWERS:
            # The reference is right if another reader agrees with it.
            agrees = outcomes.SAME in others
            cell = Cell(SAME) if agrees else Cell(NOT_TRIED, "there is nothing to compare it with")
        else:
            cell = Cell(WORDS[row.status], row.error)
        cells[row.reader][row.signature] = cell
    return {reader: worst(found) for reader, found in cells.items()}


def main(file: str, *names: str):
    """Observe the exports `names`, and append a line to `file` for each."""
    corpus = load()
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            cells = observe(corpus[name], Path(folder))
        line = {"key": name, "cells": {reader: cell.as_dict() for reader, cell in cells.items()}}
        with open(file, "a", encoding="utf-8") as seen:
            print(json.dumps(line), file=seen)


if __name__ == "__main__":
    main(*sys.argv[1:])
