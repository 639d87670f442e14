"""Comparing the readers of an export: call every signature in every reader with the same inputs."""

import html
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import artifact, readers
from helpers.display.html_table import FullRow, table
from helpers.errors.cure import cure
from helpers.readers.outcomes import ANSWERS, FAILS, FAILURES, MARKS, OTHER, SAME, spelled
from helpers.readers.sameness import difference, differences, same
from helpers.text import printable, shorten

ROWS = (3, 1)  # batch sizes for an open batch dimension; one alone would hide a frozen batch
SIZE = 8  # the size of every other open dimension
WORDS = ("red", "green", "blue")
USAGE = f"""\
usage: python -m helpers.readers DIRECTORY_OF_AN_EXPORT [--rescue NEW_DIRECTORY]
Calls every signature in {", ".join(readers.READERS.values())}, with inputs made from its spec.
Exit status: 0 if every reader can use the export, 1 if not, 2 if it is not an export.
With --rescue, an export that only Python can read is saved again as a new export, which is compared
with the old one. Exit status: 0 if every reader can use the new export, 1 if only LiteRT cannot,
2 if nothing was written.\
"""


@dataclass(frozen=True)
class Row:
    """The result of one reader for one signature.

    Parameters
    ----------
    signature : str
        The key.
    reader : str
        One of helpers.readers.READERS.
    status : str
        One of helpers.readers.outcomes.OUTCOMES.
    difference : float or None
        The largest absolute difference from the numbers that it is compared with.
    error, cure : str
        What failed and how to fix it. Empty if nothing failed.
    """

    signature: str
    reader: str
    status: str
    difference: float | None = None
    error: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Report:
    """The results of all readers for all signatures of one export.

    Parameters
    ----------
    name : str
        The name of the export directory.
    rows : tuple of Row
        Signature by signature.
    notes : tuple of str
        Limits of the comparison, in sentences.
    """

    name: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every reader can use every signature, and there is at least one."""
        return bool(self.rows) and not any(row.status in FAILURES for row in self.rows)

    def text(self, differences: bool = False) -> str:
        """Write the report as lines.

        Parameters
        ----------
        differences : bool
            Whether to add the largest differences, which vary from computer to computer.

        Returns
        -------
        str
        """
        lines = [f"{self.name}/"]
        for row in self.rows:
            if row.reader == next(iter(readers.READERS)):
                lines.append(f"  {row.signature}")
            lines.append(f"    {row.reader:<8} {spelled(row.status)}")
            if differences and row.difference is not None:
                lines[-1] += f"  (largest difference {row.difference:.1e})"
            lines += [f"             {line}" for line in (row.error, row.cure) if line]
        return "\n".join([*lines, *(f"  Note: {note}" for note in self.notes)])

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for row in self.rows:
            if row.reader == next(iter(readers.READERS)):
                rows.append(FullRow(f"signature {row.signature}", heading=True))
            rows.append((row.reader, f"{MARKS[row.status]} {spelled(row.status)}"))
            rows += [FullRow(text) for text in (row.error, row.cure) if text]
        notes = "".join(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)
        shown = table(("reader", "answer"), rows)
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"


def compare(
    directory: str | os.PathLike,
    inputs: Mapping[str, np.ndarray] | None = None,
    original: str | os.PathLike | None = None,
) -> Report:
    """Call every signature of an export in every reader, and compare the answers.

    Parameters
    ----------
    directory : str or path
        The export.
    inputs : dict of str to array, or None
        The inputs by name, used for every signature. None: inputs that `make_inputs` makes.
    original : str, path or None
        An export with the same signatures. Every reader is compared with what Python reads from
        it. None: every reader is compared with the first reader that answers.

    Returns
    -------
    Report

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    ReaderError
        If Python gets no answer from the original.
    """
    found = artifact.read(directory)
    rows, notes = [], []
    for signature in found.signatures.values():
        feeds = [inputs] if inputs else make_inputs(signature)
        rows += _rows(found.directory, signature, feeds, notes, original)
    if not found.signatures:
        notes.append("no signatures: a server has nothing to call. Export with model.export.")
    return Report(found.directory.name, tuple(rows), tuple(dict.fromkeys(notes)))


def make_inputs(signature: artifact.Signature, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Make inputs that fit the spec of a signature.

    Floats are standard normal numbers, integers are 0 or 1, and strings are names of colours.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    seed : int

    Returns
    -------
    list of dict of str to array
        The inputs by name: for 3 rows and for 1 row if the number of rows is open, else once.
    """
    batches = ROWS if any(t.shape and t.shape[0] is None for t in signature.inputs) else ROWS[:1]
    rng = np.random.default_rng(seed)
    return [{t.name: _make(t, rows, rng) for t in signature.inputs} for rows in batches]


def _make(tensor, rows, rng):
    shape = (rows,) if tensor.shape is None else tensor.shape
    shape = tuple(
        size if size is not None else rows if axis == 0 else SIZE for axis, size in enumerate(shape)
    )
    if tensor.dtype == "string":
        return rng.choice(WORDS, shape).astype(object)
    if tensor.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if "int" in tensor.dtype:
        # Indices, for example: a table of two rows is enough for 0 and 1.
        return rng.integers(0, 2, shape).astype(tensor.dtype)
    return rng.normal(size=shape)


def _rows(directory, signature, feeds, notes, original):
    for tensor in signature.inputs:
        if tensor.shape and len(tensor.shape) > 1 and tensor.shape[0] is not None:
            notes.append(
                f"{signature.key} takes exactly {tensor.shape[0]} rows of {tensor.name}; a reader "
                "may refuse any other number or answer wrongly. To accept any number, export with "
                "None as the number of rows, as model.export does."
            )

    def ask(where, reader):
        return [readers.run(where, signature.key, feed, reader) for feed in feeds]

    def ask_twice(where, reader):
        answers = ask(where, reader)
        return answers, all(map(same, answers, ask(where, reader)))

    whose = "the original"
    reference, repeatable = (None, True) if original is None else ask_twice(original, "python")
    for reader in readers.READERS:
        try:
            if reference is None:
                answers, repeatable = ask_twice(directory, reader)
            else:
                answers = ask(directory, reader)
        except readers.ReaderError as error:
            yield Row(
                signature.key, reader, FAILS, None, shorten(str(error), 160), cure(str(error))
            )
            continue
        if not repeatable:
            notes.append(
                f"{signature.key} answers differently each time: there is nothing to compare."
            )
            yield Row(signature.key, reader, ANSWERS)
        elif reference is None:
            reference, whose = answers, reader
            yield Row(signature.key, reader, ANSWERS)
        elif all(map(same, reference, answers)):
            yield Row(signature.key, reader, SAME, max(map(difference, reference, answers)))
        else:
            yield Row(
                signature.key,
                reader,
                OTHER,
                max(map(difference, reference, answers)),
                f"no error, but not the same numbers as {whose}: {_unequal(reference, answers)}",
                _why_other(directory, signature.key),
            )


def _unequal(reference, answers):
    """Name each output that differs, and how the first set of inputs that shows it does."""
    found = {}
    for left, right in zip(reference, answers, strict=True):
        for one in differences(left, right):
            found.setdefault(one.output, f"{printable(one.output)} {one.words}")
    return shorten(", ".join(found.values()), 300)


def _why_other(directory, key):
    restored, read = artifact.restored_and_read(directory, key)
    if set(read) <= set(restored):
        return ""
    return (
        "The signature reads variables that only Python fills. Two things cause this: "
        "tf.saved_model.save with a Keras model, or @tf.function above the call method of a model "
        "that has no build method. Export with model.export(directory) or an ExportArchive, and "
        "remove @tf.function from call."
    )


def main(arguments: Sequence[str]) -> int:
    """Run `python -m helpers.readers DIRECTORY`: print the report.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command.

    Returns
    -------
    int
        The exit status: 0 if every reader can use the export, 1 if not, 2 if it is not an export.
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
