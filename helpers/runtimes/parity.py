"""Every runtime beside Python: the same numbers? What does it read, how soon is it there?"""

import html
import time
from dataclasses import dataclass
from pathlib import Path

from helpers import artifact, readers, runtimes
from helpers.display.html_table import table
from helpers.readers import compare
from helpers.text import readable_size, shorten

CALLS = 200  # of one row, for the time that one takes
HEAD = ("runtime", "signatures", "answers", "reads")
FIGURES = ("largest difference", "start", "one row")


@dataclass(frozen=True)
class Row:
    """What one runtime made of an artifact.

    crossed, signatures : int, how many signatures it answers, and how many there are
    status : "same numbers", "OTHER NUMBERS", "FAILS" (it answers none) or "missing"
    difference : float or None, the largest absolute difference from Python's numbers
    size : int or None, bytes of what it reads
    start : float or None, seconds that its process took to be ready, when it started, and from the
        first question about this artifact to the answer
    latency : float or None, seconds for one row of the first signature that it answers
    note : str, the first error, or what is missing; empty when there is neither
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

    def cells(self, figures):
        """The row as texts, those of HEAD and, with `figures`, of FIGURES."""
        size = "" if self.size is None else readable_size(self.size)
        crossed = "" if self.status == "missing" else f"{self.crossed} of {self.signatures}"
        cells = (self.runtime, crossed, self.status, size)
        if not figures:
            return cells
        values = ((self.difference, "{:.1e}"), (self.start, "{:.1f} s"), (self.latency, "{:.1e} s"))
        return (*cells, *("" if value is None else form.format(value) for value, form in values))


@dataclass(frozen=True)
class Parity:
    """A `Row` for each runtime. `ok` when each that is here gives Python's numbers."""

    name: str
    rows: tuple[Row, ...]

    @property
    def ok(self):
        there = [row for row in self.rows if row.status != "missing"]
        return bool(there) and all(
            row.status == "same numbers" and row.crossed == row.signatures for row in there
        )

    def text(self, figures=False):
        """The table as lines; with `figures`, what is measured too (it varies by machine)."""
        rows = [HEAD + FIGURES * figures, *(row.cells(figures) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([f"{self.name}/", *lines, *self._notes()])

    def as_html(self, figures=False):
        """The same as HTML."""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        shown = table(HEAD + FIGURES * figures, [row.cells(figures) for row in self.rows])
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"

    def _notes(self):
        return [f"{row.runtime}: {shorten(row.note, 160)}" for row in self.rows if row.note]

    __str__ = __repr__ = lambda self: self.text()
    _repr_html_ = lambda self: self.as_html()  # noqa: E731


def parity(directory, inputs=None):
    """Put every signature of the export `directory` to every runtime and compare with Python.

    inputs : dict of str to array, for an artifact with one set of input names; made from the
        signature's spec when not given, as `helpers.readers.compare` does

    A runtime's process that runs already is not started again. Returns a `Parity`; raises
    NotAnArtifact, and ReaderError where Python itself gives no answer.
    """
    found = artifact.read(directory)
    wanted = {}  # {key: [(feed, Python's answer)]}
    for key, signature in found.signatures.items():
        feeds = [inputs] if inputs else compare.make_inputs(signature)
        wanted[key] = [(feed, readers.run(directory, key, feed)) for feed in feeds]
    return Parity(
        found.directory.name, tuple(_row(directory, name, wanted) for name in runtimes.RUNTIMES)
    )


def _row(directory, runtime, wanted):
    if lacking := runtimes.missing(runtime):
        return Row(runtime, 0, len(wanted), "missing", note=lacking)
    try:
        size = _size(runtimes.convert(directory, runtime))
    except runtimes.ReaderError as error:
        return Row(runtime, 0, len(wanted), "FAILS", note=error.error)
    start, latency, gaps, same, errors = None, None, [], True, []
    for key, pairs in wanted.items():
        try:
            for feed, answer in pairs:
                begin = time.perf_counter()
                got = runtimes.run(directory, key, feed, runtime)
                start = start or _since(begin, runtimes.process(runtime))
                same = same and compare.same(answer, got)
                gaps.append(compare.difference(answer, got))
            if latency is None:
                latency = runtimes.seconds_per_call(directory, key, feed, runtime, CALLS)
        except runtimes.ReaderError as error:
            errors.append(f"{key}: {error.error}")
    crossed, note = len(wanted) - len(errors), errors[0] if errors else ""
    if not crossed:
        return Row(runtime, 0, len(wanted), "FAILS", size=size, note=note)
    status = "same numbers" if same else "OTHER NUMBERS"
    largest = max(gaps)
    return Row(runtime, crossed, len(wanted), status, largest, size, start, latency, note)


def _since(begin, process):
    """Seconds since `begin`, and before it those that `process` had taken to start."""
    seconds = time.perf_counter() - begin
    return seconds if process.began >= begin else process.seconds + seconds


def _size(path):
    files = [path] if path.is_file() else [file for file in Path(path).rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
