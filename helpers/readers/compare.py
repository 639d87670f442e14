"""Who can use an export: every signature put to every reader, with inputs made from its spec."""

import html
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import artifact, readers
from helpers.display.html_table import table
from helpers.errors.cure import cure
from helpers.text import shorten

RTOL, ATOL = 1e-4, 1e-5  # float32 arithmetic in another order stays well below
ROWS = (3, 1)  # batch sizes tried where the batch is open; one alone hides a frozen batch
OTHER = 8  # the size of any other open dimension
FAILURES = ("FAILS", "OTHER NUMBERS")
WORDS = ("red", "green", "blue")
USAGE = f"""\
usage: python -m helpers.readers DIRECTORY_OF_AN_EXPORT [--rescue NEW_DIRECTORY]
Asks {", ".join(readers.READERS.values())} for every signature, with inputs made from its spec.
Exit status: 0 every reader can use it, 1 not every one, 2 not an export.
With --rescue, what only Python can read is saved again as a new export, which is compared with the
old one. Exit status: 0 every reader can use the new one, 1 LiteRT alone cannot, 2 nothing written.\
"""


@dataclass(frozen=True)
class Row:
    """What one reader made of one signature.

    status : "same numbers", "OTHER NUMBERS", "FAILS" or "answers"; the last when there is
        nothing to compare with
    difference : float or None, the largest absolute difference from what it is compared with
    error, cure : str, empty when there is none
    """

    signature: str
    reader: str
    status: str
    difference: float | None = None
    error: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Report:
    """The rows of every signature and reader, and `notes`. `ok` when every reader can use it."""

    name: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self):
        return bool(self.rows) and not any(row.status in FAILURES for row in self.rows)

    def text(self, differences=False):
        """The report as lines; with `differences`, the figures too (they vary by machine)."""
        lines = [f"{self.name}/"]
        for row in self.rows:
            if row.reader == next(iter(readers.READERS)):
                lines.append(f"  {row.signature}")
            lines.append(f"    {row.reader:<8} {row.status}")
            if differences and row.difference is not None:
                lines[-1] += f"  (largest difference {row.difference:.1e})"
            lines += [f"             {line}" for line in (row.error, row.cure) if line]
        return "\n".join([*lines, *(f"  Note: {note}" for note in self.notes)])

    def __str__(self):
        return self.text()

    __repr__ = __str__

    def _repr_html_(self):
        rows = [
            (
                row.signature,
                row.reader,
                f"{'✗' if row.status in FAILURES else '✓'} {row.status}",
                "\n".join(filter(None, (row.error, row.cure))),
            )
            for row in self.rows
        ]
        notes = "".join(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)
        shown = table(("signature", "reader", "answer", "error and cure"), rows)
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"


def compare(directory, inputs=None, original=None):
    """Put every signature of the export `directory` to every reader.

    inputs : dict of str to array, for an artifact with one set of input names; made from the
        signature's spec when not given: floats from a seeded normal distribution, small whole
        numbers, words.
    original : path of an export with the same signatures; what Python reads from it is what every
        reader is compared with. When not given: the answer of the first reader that has one.

    Returns a `Report`; raises NotAnArtifact, and ReaderError where the original gives no answer.
    """
    found = artifact.read(directory)
    rows, notes = [], []
    for signature in found.signatures.values():
        feeds = [inputs] if inputs else make_inputs(signature)
        rows += _rows(found.directory, signature, feeds, notes, original)
    if not found.signatures:
        notes.append("no signatures: a server has nothing to call. Export with model.export.")
    return Report(found.directory.name, tuple(rows), tuple(dict.fromkeys(notes)))


def make_inputs(signature, seed=0):
    """Inputs that fit the `signature`'s spec: a list of {name: array}, one for each batch size."""
    batches = ROWS if any(t.shape and t.shape[0] is None for t in signature.inputs) else ROWS[:1]
    rng = np.random.default_rng(seed)
    return [{t.name: _make(t, rows, rng) for t in signature.inputs} for rows in batches]


def _make(tensor, rows, rng):
    shape = (rows,) if tensor.shape is None else tensor.shape
    shape = tuple(
        size if size is not None else rows if axis == 0 else OTHER
        for axis, size in enumerate(shape)
    )
    if tensor.dtype == "string":
        return rng.choice(WORDS, shape).astype(object)
    if tensor.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if "int" in tensor.dtype:
        return rng.integers(0, 2, shape).astype(tensor.dtype)  # the smallest table has both
    return rng.normal(size=shape)


def same(left, right):
    """Whether two dicts of arrays hold the same names, shapes and numbers."""
    return left.keys() == right.keys() and all(
        left[k].shape == right[k].shape and _close(left[k], right[k]) for k in left
    )


def _close(left, right):
    if left.dtype.kind in "fc" and right.dtype.kind in "fc":
        return np.allclose(left, right, rtol=RTOL, atol=ATOL, equal_nan=True)
    return np.array_equal(left, right)


def difference(left, right):
    """The largest absolute difference between two dicts of arrays; inf where they do not match."""
    if left.keys() != right.keys() or any(left[k].shape != right[k].shape for k in left):
        return np.inf
    worst = 0.0
    for k in left:
        if not {left[k].dtype.kind, right[k].dtype.kind} <= set("fciub"):
            worst = max(worst, 0.0 if np.array_equal(left[k], right[k]) else np.inf)
            continue
        # complex holds every kind of number; atleast_1d, because a scalar has no parts to choose
        a, b = (np.atleast_1d(side[k]).astype(complex) for side in (left, right))
        apart = (a != b) & ~(np.isnan(a) & np.isnan(b))
        gap = np.nan_to_num(np.abs(a[apart] - b[apart]), nan=np.inf, posinf=np.inf)
        worst = max([worst, *gap.tolist()])
    return worst


def _rows(directory, signature, feeds, notes, original):
    for tensor in signature.inputs:
        if tensor.shape and len(tensor.shape) > 1 and tensor.shape[0] is not None:
            notes.append(
                f"{signature.key} takes exactly {tensor.shape[0]} rows of {tensor.name}; any other "
                "number may be refused or answered wrongly. If that is not meant, export with "
                "None as the number of rows, as model.export does."
            )

    def ask(where, reader):
        return [readers.run(where, signature.key, feed, reader) for feed in feeds]

    def ask_twice(where, reader):
        answers = ask(where, reader)
        return answers, all(map(same, answers, ask(where, reader)))

    whose = "first reader" if original is None else "original"
    reference, repeatable = (None, True) if original is None else ask_twice(original, "python")
    for reader in readers.READERS:
        try:
            if reference is None:
                answers, repeatable = ask_twice(directory, reader)
            else:
                answers = ask(directory, reader)
        except readers.ReaderError as error:
            yield Row(
                signature.key, reader, "FAILS", None, shorten(str(error), 160), cure(str(error))
            )
            continue
        if not repeatable:
            notes.append(f"{signature.key} answers differently each time: nothing to compare.")
            yield Row(signature.key, reader, "answers")
        elif reference is None:
            reference = answers
            yield Row(signature.key, reader, "answers")
        elif all(map(same, reference, answers)):
            yield Row(
                signature.key, reader, "same numbers", max(map(difference, reference, answers))
            )
        else:
            yield Row(
                signature.key,
                reader,
                "OTHER NUMBERS",
                max(map(difference, reference, answers)),
                f"no error, and other numbers than the {whose}'s",
                _why_other(directory, signature.key),
            )


def _why_other(directory, key):
    restored, read = artifact.restored_and_read(directory, key)
    if set(read) <= set(restored):
        return ""
    return (
        "The weights are read from places that were never filled, as after "
        "tf.saved_model.save(keras_model) or where call is a tf.function and builds its layers. "
        "Export with model.export(directory) or an ExportArchive, with call left plain."
    )


def main(arguments):
    """`python -m helpers.readers DIR`: prints the report; 0 when every reader can use it, else 1.

    2 when DIR is not an export.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE)
        return 2
    print("Starting the readers; this takes some seconds.", file=sys.stderr, flush=True)
    try:
        report = compare(Path(arguments[0]))
    except artifact.NotAnArtifact as error:
        print(error)
        return 2
    print(report.text(differences=True))
    limits = ", within the limits noted" if report.notes else ""
    print(f"Every reader can use it{limits}." if report.ok else "Not every reader can use it.")
    return 0 if report.ok else 1
