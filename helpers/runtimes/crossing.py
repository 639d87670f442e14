"""Which signatures of an export each runtime can call, and whether its numbers are Python's."""

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpers import artifact, readers, runtimes
from helpers.display.html_table import table
from helpers.readers import compare
from helpers.text import in_columns

SAME, OTHER, FAILS = "✓", "≠", "✗"
LEGEND = f"{SAME} Python's answer, {OTHER} another answer, {FAILS} an error"
# Without "openvino", whose precision, and so whose numbers, depend on the processor. Without
# "browser", which reads the same files as "onnx": a narrow page has no room for it.
STEADY = ("litert", "onnx", "c", "openvino-f32")


@dataclass(frozen=True)
class Crossing:
    """A table: for each signature of an export, a mark for each runtime.

    Parameters
    ----------
    name : str
        The name of the export directory.
    columns : tuple of str
        The readers and runtimes.
    marks : dict of str to tuple of str
        For each signature a mark in the order of `columns`: SAME, OTHER or FAILS.
    missing : tuple of str
        A sentence for each runtime that is not installed.
    """

    name: str
    columns: tuple[str, ...]
    marks: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = [("signature", *self.columns), *((key, *row) for key, row in self.marks.items())]
        return "\n".join([f"{self.name}/", in_columns(rows), LEGEND, *self.missing])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(key, *row) for key, row in self.marks.items()]
        notes = "".join(f"<p>{html.escape(text)}</p>" for text in (LEGEND, *self.missing))
        head = [name.replace("-", " ") for name in self.columns]  # so that a narrow page has room
        shown = table(("signature", *head), rows)
        return f"<p>{html.escape(self.name)}/</p>{shown}{notes}"


def crossing(
    directory: str | os.PathLike,
    inputs: Mapping[str, np.ndarray] | None = None,
    which: Sequence[str] = STEADY,
) -> Crossing:
    """Call every signature of an export in Python and in several runtimes.

    Parameters
    ----------
    directory : str or path
        The export.
    inputs : dict of str to array, or None
        The inputs by name, for every signature. None: inputs that are made for each signature.
    which : sequence of str
        Keys of helpers.runtimes.RUNTIMES or MORE. One that is not installed has no column.

    Returns
    -------
    Crossing

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    ValueError
        If there is no such runtime.
    """
    found = artifact.read(directory)
    lacking = {name: runtimes.missing(name) for name in which}
    here = [name for name in which if not lacking[name]]
    marks = {}
    for key, signature in found.signatures.items():
        feeds = [inputs] if inputs else compare.make_inputs(signature)
        marks[key] = _marks(directory, key, feeds, here)
    missing = tuple(dict.fromkeys(filter(None, lacking.values())))
    return Crossing(found.directory.name, ("python", *here), marks, missing)


def _marks(directory, key, feeds, names):
    try:
        expected = [readers.run(directory, key, feed) for feed in feeds]
    except readers.ReaderError:
        expected = None

    def mark(runtime):
        try:
            got = [runtimes.run(directory, key, feed, runtime) for feed in feeds]
        except readers.ReaderError:
            return FAILS
        same = expected is not None and all(map(compare.same, expected, got))
        return SAME if same else OTHER

    return (FAILS if expected is None else SAME, *map(mark, names))
