"""Which change of an export LiteRT can convert: fixed sizes, float32. Each is tried and compared.

The export stays as it is. A changed copy is converted and called, and its answer is compared with
what Python reads from the export.
"""

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from helpers import artifact, readers
from helpers.artifact.saved_model import TensorInfo
from helpers.readers import compare
from helpers.readers.input_files import sets_by_signature
from helpers.readers.litert_reasons import LOW, NO_NUMBERS
from helpers.readers.outcomes import SAME
from helpers.readers.sameness import close

ROWS, LENGTH = 1, 8  # the sizes that are tried for the number of rows, and for other open axes
REFUSALS = ("ConverterError", "RuntimeError")  # of the converter, and of the interpreter
HOPELESS = ("for string", "32-bit float or QI8", NO_NUMBERS)  # no size or float can help these
# How far apart two floats of these dtypes may be after a few roundings, in relation to the largest.
ROUNDING = {"float16": 1e-2, "bfloat16": 8e-2}


@dataclass(frozen=True)
class Trial:
    """One change that was tried.

    Parameters
    ----------
    signature : str
        The key.
    change : str
        In words, such as "1 row".
    inputs : tuple of helpers.artifact.TensorInfo
        The inputs of the changed signature.
    converts : bool
        Whether LiteRT converted the changed export and answered.
    difference : float or None
        The largest absolute difference from Python's numbers. None if there is nothing to compare.
    within : str
        "the same numbers", or "numbers within the rounding of float16" if floats were replaced.
        Empty for other numbers.
    error : str
        Why LiteRT cannot use the changed export. Empty if it can.
    """

    signature: str
    change: str
    inputs: tuple[TensorInfo, ...]
    converts: bool
    difference: float | None = None
    within: str = ""
    error: str = ""

    def as_dict(self) -> dict:
        """Return the trial as data for JSON, which has no infinity: None stands for it."""
        finite = self.difference is not None and math.isfinite(self.difference)
        return asdict(self) | {
            "inputs": [str(tensor) for tensor in self.inputs],
            "difference": self.difference if finite else None,
        }

    def __str__(self) -> str:
        start = f"LiteRT, {self.signature}, tried with {self.change}: "
        if self.error.startswith("TimeoutError: "):
            return f"{start}no answer in time. Give it more: --seconds N."
        if not self.converts:
            return f"{start}cannot be used either."
        if self.difference is None:
            return f"{start}converts, but the answer is empty, so nothing can be compared."
        gap = f"(largest difference {self.difference:.1e})"
        if not self.within:
            return f"{start}converts, but gives other numbers {gap}."
        shapes = "; ".join(map(str, self.inputs))
        return f"{start}converts and gives {self.within} {gap}. Export it with {shapes}."


def trials(
    report: compare.Report,
    directory: str | os.PathLike,
    inputs: Mapping | None = None,
    *,
    seconds: float = readers.DEADLINE,
    progress: Callable[[str], object] = lambda step: None,
) -> Iterator[Trial]:
    """Try changes for each signature that LiteRT's converter refuses, until one gives the numbers.

    Parameters
    ----------
    report : Report
        What `compare` returned for the export.
    directory : str or path
        The export.
    inputs : dict of str to array, dict of str to such a dict, or None
        As for `compare`. Of given rows, the first is used where one row is tried, and the sizes of
        the other open axes are tried as fixed ones.
    seconds : float
        The time for each answer of a reader.
    progress : function of str
        Is told what is tried next.

    Yields
    ------
    Trial
        The one that gives Python's numbers comes last. None for operations on text, and where no
        size is open and every float is float32.
    """
    found, told = artifact.read(directory), set()
    asked = {row.signature: found.signatures[row.signature] for row in report.rows}
    given = sets_by_signature(inputs, asked) if inputs else {}
    # Of two signatures of one function, the one that clients call.
    for row in sorted(report.rows, key=lambda row: row.signature != "serving_default"):
        if not _may_be_helped(row, report) or row.error in told:
            continue
        told.add(row.error)
        trying = _Trying(
            found.directory, asked[row.signature], given.get(row.signature), seconds, progress
        )
        yield from trying.trials(row.error)


def _may_be_helped(row, report):
    refused = row.reader == "litert" and row.error.startswith(REFUSALS)
    # Of a signature that answers differently each time, no number can be compared.
    others = [r.status for r in report.rows if r.signature == row.signature and r != row]
    return refused and not any(kind in row.error for kind in HOPELESS) and SAME in others


class _Trying:
    """The trials for one signature of an export."""

    def __init__(self, directory, signature, given, seconds, progress):
        self.directory, self.signature = directory, signature
        self.given, self.seconds, self.progress = given, seconds, progress

    def trials(self, error):
        """Yield trials with sizes, and then with float32, too, if an error names another float."""
        low = _low(error)
        for _ in range(2):
            found = ""
            for change, inputs, rows in _changes(self.signature, low, self.given):
                self.progress(f"trying litert with {change}: {self.signature.key}")
                trial = self._try(change, inputs, rows, low)
                if trial is None:  # Python gives no numbers to compare with
                    return
                yield trial
                if trial.within:
                    return
                found = found or _low(trial.error)
            if low or not found:
                return
            low = found

    def _feed(self, inputs, rows):
        """Return the given inputs, of which one row is kept if `rows` is 1, or made inputs."""
        if self.given is None:
            return compare.make_inputs(replace(self.signature, inputs=inputs))[0]
        by_row = {t.name for t in self.signature.inputs if t.shape and t.shape[0] is None}
        return {n: v[:rows] if rows and n in by_row else v for n, v in self.given.items()}

    def _try(self, change, inputs, rows, low):
        """Convert and call a changed copy; return None if Python does not answer."""
        key, feed = self.signature.key, self._feed(inputs, rows)
        try:
            right = readers.run(self.directory, key, feed, deadline=self.seconds)
        except readers.ReaderError:
            return None
        old = {tensor.name: tensor.shape for tensor in self.signature.inputs}
        shapes = {t.name: t.shape for t in inputs if t.shape is not None and t.shape != old[t.name]}
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "changed"
            try:
                readers.write_changed(self.directory, copy, key, shapes, rows, bool(low))
                got = readers.run(copy, key, feed, "litert", deadline=self.seconds)
                again = readers.run(self.directory, key, feed, deadline=self.seconds)
                if not compare.same(right, again):  # it keeps a state
                    (right,) = readers.run_from_start(self.directory, key, [feed])
                    (got,) = readers.run_from_start(copy, key, [feed], "litert")
            except (readers.ReaderError, artifact.NotAnArtifact) as error:
                return Trial(key, change, inputs, converts=False, error=str(error))
        if not any(value.size for value in right.values()):
            return Trial(key, change, inputs, converts=True)
        gap = compare.difference(right, got)
        return Trial(key, change, inputs, True, gap, _within(right, got, low))


def _low(error):
    return next((dtype for dtype in LOW if f"for {dtype}" in error), "")


def _changes(signature, low, given):
    """Yield (words, inputs, fixed number of rows or None). `low` is the float to replace, or ""."""
    sizes = [(None, False)] if low else []
    shapes = [tensor.shape or () for tensor in signature.inputs]
    open_axes = {axis for shape in shapes for axis, size in enumerate(shape) if size is None}
    if open_axes - {0}:
        sizes.append((None, True))
    if 0 in open_axes:
        sizes.append((ROWS, False))
    if 0 in open_axes and open_axes - {0}:
        sizes.append((ROWS, True))
    for rows, lengths in sizes:
        inputs = tuple(_fixed(tensor, rows, lengths, low, given) for tensor in signature.inputs)
        words = [f"float32 in place of {low}"] if low else []
        words += ["1 row"] if rows else []
        words += [_lengths(signature, inputs)] if lengths else []
        yield " and ".join(words), inputs, rows


def _fixed(tensor, rows, lengths, low, given):
    dtype = "float32" if tensor.dtype in LOW and low else tensor.dtype
    if tensor.shape is None:
        return replace(tensor, dtype=dtype)
    own = (LENGTH,) * len(tensor.shape) if given is None else np.shape(given[tensor.name])
    shape = tuple(
        size if size is not None else rows if axis == 0 else own[axis] if lengths else None
        for axis, size in enumerate(tensor.shape)
    )
    return TensorInfo(tensor.name, dtype, shape)


def _lengths(signature, inputs):
    """Name the sizes that replace the open axes after the rows."""
    found = {
        new
        for old, fixed in zip(signature.inputs, inputs, strict=True)
        for axis, (size, new) in enumerate(zip(old.shape or (), fixed.shape or (), strict=True))
        if axis and size is None
    }
    many = "length" if len(found) == 1 else "lengths"
    return f"the fixed {many} {', '.join(map(str, sorted(found)))}"


def _within(right, got, low):
    """Say how the numbers agree, or return "". Float32 in place of `low` never gives the same."""
    if not low:
        return "the same numbers" if compare.same(right, got) else ""
    if right.keys() != got.keys():
        return ""
    if not all(_close(value, got[name], low) for name, value in right.items()):
        return ""
    return f"numbers within the rounding of {low if low in ROUNDING else 'float32'}"


def _close(right, got, low):
    if right.shape != got.shape:
        return False
    if "float" not in right.dtype.name:
        return close(right, got)
    if low not in ROUNDING:
        return close(right.astype("float32"), got.astype("float32"))
    limit = ROUNDING[low]
    right, got = right.astype(float), got.astype(float)
    scale = limit * max(1e-30, float(np.abs(right).max(initial=0)))
    return np.allclose(right, got, rtol=limit, atol=scale)
