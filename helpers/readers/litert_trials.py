"""Which change of an export LiteRT can convert: fixed sizes, float32. Each is tried and compared.

The export stays as it is. A changed copy is converted and called, and its answer is compared with
what Python reads from the export.
"""

import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from helpers import artifact, readers
from helpers.artifact.saved_model import TensorInfo
from helpers.readers import compare
from helpers.readers.litert_reasons import LOW
from helpers.readers.outcomes import SAME
from helpers.readers.sameness import close

ROWS, LENGTH = 1, 8  # the sizes that are tried for the number of rows, and for other open axes
REFUSALS = ("ConverterError", "RuntimeError")  # of the converter, and of the interpreter
HOPELESS = ("for string", "32-bit float or QI8")  # no size or float can help these
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
        if not self.converts:
            return f"{start}cannot be used either."
        if self.difference is None:
            return f"{start}converts, but the answer is empty, so nothing can be compared."
        gap = f"(largest difference {self.difference:.1e})"
        if not self.within:
            return f"{start}converts, but gives other numbers {gap}."
        shapes = "; ".join(map(str, self.inputs))
        return f"{start}converts and gives {self.within} {gap}. Export it with {shapes}."


def trials(report: compare.Report, directory: str | os.PathLike) -> Iterator[Trial]:
    """Try changes for each signature that LiteRT's converter refuses, until one gives the numbers.

    Parameters
    ----------
    report : Report
        What `compare` returned for the export.
    directory : str or path
        The export.

    Yields
    ------
    Trial
        The one that gives Python's numbers comes last. None for operations on text, and where no
        size is open and every float is float32.
    """
    found, told = artifact.read(directory), set()
    # Of two signatures of one function, the one that clients call.
    for row in sorted(report.rows, key=lambda row: row.signature != "serving_default"):
        if not _may_be_helped(row, report) or row.error in told:
            continue
        told.add(row.error)
        yield from _trials_of(found.directory, found.signatures[row.signature], row.error)


def _may_be_helped(row, report):
    refused = row.reader == "litert" and row.error.startswith(REFUSALS)
    # Of a signature that answers differently each time, no number can be compared.
    others = [r.status for r in report.rows if r.signature == row.signature and r != row]
    return refused and not any(kind in row.error for kind in HOPELESS) and SAME in others


def _trials_of(directory, signature, error):
    """Yield trials with sizes, and then with float32, too, if an error names another float."""
    low = _low(error)
    for _ in range(2):
        found = ""
        for change, inputs, rows in _changes(signature, low):
            trial = _try(directory, signature, change, inputs, rows, low)
            if trial is None:  # Python gives no numbers to compare with
                return
            yield trial
            if trial.within:
                return
            found = found or _low(trial.error)
        if low or not found:
            return
        low = found


def _low(error):
    return next((dtype for dtype in LOW if f"for {dtype}" in error), "")


def _changes(signature, low):
    """Yield (words, inputs, fixed number of rows or None). `low` is the float to replace, or ""."""
    sizes = [(None, None)] if low else []
    shapes = [tensor.shape or () for tensor in signature.inputs]
    open_axes = {axis for shape in shapes for axis, size in enumerate(shape) if size is None}
    if open_axes - {0}:
        sizes.append((None, LENGTH))
    if 0 in open_axes:
        sizes.append((ROWS, None))
    if 0 in open_axes and open_axes - {0}:
        sizes.append((ROWS, LENGTH))
    for rows, length in sizes:
        words = [f"float32 in place of {low}"] if low else []
        words += ["1 row"] if rows else []
        words += [f"the fixed length {length}"] if length else []
        yield " and ".join(words), _inputs(signature, rows, length, low), rows


def _inputs(signature, rows, length, low):
    return tuple(_fixed(tensor, rows, length, low) for tensor in signature.inputs)


def _fixed(tensor, rows, length, low):
    dtype = "float32" if tensor.dtype in LOW and low else tensor.dtype
    if tensor.shape is None:
        return replace(tensor, dtype=dtype)
    sizes = (rows if axis == 0 else length for axis in range(len(tensor.shape)))
    shape = tuple(
        new if size is None else size for size, new in zip(tensor.shape, sizes, strict=True)
    )
    return TensorInfo(tensor.name, dtype, shape)


def _try(directory, signature, change, inputs, rows, low):
    """Convert and call a changed copy of an export; return None if Python does not answer."""
    key = signature.key
    feed = compare.make_inputs(replace(signature, inputs=inputs))[0]
    try:
        right = readers.run(directory, key, feed)
    except readers.ReaderError:
        return None
    old = {tensor.name: tensor.shape for tensor in signature.inputs}
    shapes = {t.name: t.shape for t in inputs if t.shape is not None and t.shape != old[t.name]}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "changed"
        try:
            readers.write_changed(directory, copy, key, shapes, rows, bool(low))
            got = readers.run(copy, key, feed, "litert", deadline=readers.LONG_DEADLINE)
            if not compare.same(right, readers.run(directory, key, feed)):  # it keeps a state
                (right,) = readers.run_from_start(directory, key, [feed])
                (got,) = readers.run_from_start(copy, key, [feed], "litert")
        except (readers.ReaderError, artifact.NotAnArtifact) as error:
            return Trial(key, change, inputs, converts=False, error=str(error))
    if not any(value.size for value in right.values()):
        return Trial(key, change, inputs, converts=True)
    gap = compare.difference(right, got)
    return Trial(key, change, inputs, True, gap, _within(right, got, low))


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
