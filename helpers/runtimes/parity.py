"""Comparing the runtimes of an export with Python: numbers, size, start and speed."""

import html
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import artifact, readers, runtimes
from helpers.display.html_table import table
from helpers.readers import compare
from helpers.text import in_columns, readable_size, shorten

CALLS = 200  # calls with the same input, for the mean time of one
HEAD = ("runtime", "signatures", "answers", "reads")
FIGURES = ("largest difference", "start", "one row")


@dataclass(frozen=True)
class Row:
    """The result of one runtime for one export.

    Parameters
    ----------
    runtime : str
        One of helpers.runtimes.RUNTIMES or MORE.
    crossed, signatures : int
        How many signatures the runtime answers, and how many the export has.
    status : str
        "same numbers", "OTHER NUMBERS", "FAILS" (no signature answers) or "missing".
    difference : float or None
        The largest absolute difference from Python's numbers.
    size : int or None
        The size in bytes of the files that the runtime reads.
    start : float or None
        Seconds from the first question about this export to its answer, and the start of the
        process if this question started it.
    latency : float or None
        Seconds for one call with one row, of the first signature that answers.
    note : str
        The first error, or what is not installed. Empty if there is neither.
    """

    runtime: str
    crossed: int
    signatures: int
    status: str
    difference: float | None = None
    size: int | None = None
    start: float | None = None
    latency: float | None = None
    note: str = ""

    def cells(self, figures: bool) -> tuple[str, ...]:
        """Write the row as texts under HEAD and, with `figures`, under FIGURES."""
        size = "" if self.size is None else readable_size(self.size)
        crossed = "" if self.status == "missing" else f"{self.crossed} of {self.signatures}"
        cells = (self.runtime, crossed, self.status, size)
        if not figures:
            return cells
        values = ((self.difference, "{:.1e}"), (self.start, "{:.1f} s"), (self.latency, "{:.1e} s"))
        return (*cells, *("" if value is None else form.format(value) for value, form in values))


def _head(figures):
    return HEAD + FIGURES if figures else HEAD


@dataclass(frozen=True)
class Parity:
    """The results of all runtimes for one export.

    Parameters
    ----------
    name : str
        The name of the export directory.
    rows : tuple of Row
        One for each runtime that was asked.
    """

    name: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether each installed runtime, and at least one, answers with Python's numbers."""
        there = [row for row in self.rows if row.status != "missing"]
        return bool(there) and all(
            row.status == "same numbers" and row.crossed == row.signatures for row in there
        )

    def text(self, figures: bool = False) -> str:
        """Write the table as lines.

        Parameters
        ----------
        figures : bool
            Whether to add what was measured, which varies from computer to computer.

        Returns
        -------
        str
        """
        rows = [_head(figures), *(row.cells(figures) for row in self.rows)]
        return "\n".join([f"{self.name}/", in_columns(rows), *self._notes()])

    def as_html(self, figures: bool = False) -> str:
        """Write the table as HTML. `figures` is as in `text`."""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        shown = table(_head(figures), [row.cells(figures) for row in self.rows])
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"

    def _notes(self):
        return [f"{row.runtime}: {shorten(row.note, 160)}" for row in self.rows if row.note]

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.as_html()


def parity(
    directory: str | os.PathLike,
    inputs: Mapping[str, np.ndarray] | None = None,
    which: Iterable[str] = tuple(runtimes.RUNTIMES),
) -> Parity:
    """Call every signature of an export in several runtimes, and compare the answers with Python's.

    Parameters
    ----------
    directory : str or path
        The export.
    inputs : dict of str to array, or None
        The inputs by name, used for every signature. None: inputs that
        `helpers.readers.compare.make_inputs` makes.
    which : iterable of str
        Keys of helpers.runtimes.RUNTIMES or MORE.

    Returns
    -------
    Parity

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    ReaderError
        If Python itself gets no answer.
    """
    found = artifact.read(directory)
    expected = {}  # {key: [(feed, Python's answer)]}
    for key, signature in found.signatures.items():
        feeds = [inputs] if inputs else compare.make_inputs(signature)
        expected[key] = [(feed, readers.run(directory, key, feed)) for feed in feeds]
    return Parity(found.directory.name, tuple(_row(directory, name, expected) for name in which))


def _row(directory, runtime, expected):
    if lacking := runtimes.missing(runtime):
        return Row(runtime, 0, len(expected), "missing", note=lacking)
    try:
        size = _size(runtimes.convert(directory, runtime))
    except runtimes.ReaderError as error:
        return Row(runtime, 0, len(expected), "FAILS", note=error.error)
    start, latency, gaps, same, errors = None, None, [], True, []
    for key, pairs in expected.items():
        try:
            for feed, answer in pairs:
                begin = time.perf_counter()
                got = runtimes.run(directory, key, feed, runtime)
                start = start or _since(begin, runtimes.process(runtime))
                same = same and compare.same(answer, got)
                gaps.append(compare.difference(answer, got))
            if latency is None:
                one = _one_row(feed, artifact.read(directory).signatures[key])
                latency = runtimes.seconds_per_call(directory, key, one, runtime, CALLS)
        except runtimes.ReaderError as error:
            errors.append(f"{key}: {error.error}")
    crossed, note = len(expected) - len(errors), errors[0] if errors else ""
    if not crossed:
        return Row(runtime, 0, len(expected), "FAILS", size=size, note=note)
    status = "same numbers" if same else "OTHER NUMBERS"
    largest = max(gaps)
    return Row(runtime, crossed, len(expected), status, largest, size, start, latency, note)


def _one_row(feed, signature):
    """Return the first row of the inputs, or all of them if the number of rows is fixed."""
    shapes = [tensor.shape for tensor in signature.inputs]
    if not all(shape and shape[0] is None for shape in shapes):
        return feed
    return {name: np.asarray(value)[:1] for name, value in feed.items()}


def _since(begin, process):
    """Seconds since `begin`, and before it those that `process` had taken to start."""
    seconds = time.perf_counter() - begin
    return seconds if process.began >= begin else process.seconds + seconds


def _size(path):
    files = [path] if path.is_file() else [file for file in Path(path).rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
