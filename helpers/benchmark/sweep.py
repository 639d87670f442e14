"""Every way from rows to answers, timed over batch sizes, in a process of its own.

There nothing of the notebook is in the way, and the memory that large batches need goes with the
process. It imports TensorFlow in the background from `warm_up` on, and ends after one sweep or
with the kernel. Where `make runtimes` has been run, its packages are there, too, so that ONNX
Runtime is among the ways.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import directory_of
from helpers.benchmark.timing import duration, rounded
from helpers.processes.child import answer_questions
from helpers.processes.clean_process import CleanProcess, Question
from helpers.processes.tensorflow_import import import_tensorflow
from helpers.text import safe_repr

SIZES = (1, 32, 1024, 65536)
PAIRS = 8
BASELINE, SLOW = "NumPy", "model.predict"
TIMINGS = 2  # of the slow one, each call of which takes tens of milliseconds


@dataclass(frozen=True)
class Sweep:
    """What was measured; prints itself as a table of medians.

    ratios : {rows: {way: Ratio}}, its time as a multiple of NumPy's
    numpy : {rows: seconds for one call of the arithmetic in NumPy}
    missing : str, why ONNX Runtime is not among the ways, or ""
    """

    ratios: dict
    numpy: dict
    missing: str = ""

    @property
    def ways(self):
        return list(next(iter(self.ratios.values())))

    def __getitem__(self, key):
        """sweep["signature", 1] : the Ratio of a way at a number of rows."""
        try:
            way, rows = key
            return self.ratios[rows][way]
        except (KeyError, TypeError, ValueError):
            raise KeyError(
                f"{safe_repr(key)}: give one of {', '.join(self.ways)} and one of the numbers of "
                f"rows {', '.join(map(str, self.ratios))}"
            ) from None

    def middle(self, way, rows):
        """The median of the pairs, also where it does not tell which of the two is faster."""
        return float(np.median(self[way, rows].pairs))

    def cells(self):
        """The table as rows of texts, the head first."""
        head = ["rows", *map("{:,}".format, self.ratios)]
        numpy = [BASELINE, *map(duration, self.numpy.values())]
        middles = [
            [way, *(rounded(self.middle(way, rows)) for rows in self.ratios)] for way in self.ways
        ]
        return [head, numpy, *middles]

    def __str__(self):
        cells = self.cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = (
            "  ".join(
                f"{c:>{w}}" if n else f"{c:<{w}}"
                for n, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        )
        return "\n".join(["NumPy's time for one call, and the others as multiples of it", *lines])

    __repr__ = __str__


_process = CleanProcess("helpers.benchmark.sweep", forked=True)


def warm_up():
    """Start the process that will measure, in the background."""
    _process.start()


def sweep(export_dir, litert_file, deadline=300):
    """Time every way from rows to the answers of a ComplexModel's export, for each of SIZES.

    Parameters
    ----------
    export_dir : export of a ComplexModel, signature `serving_default`
    litert_file : path of the same as a LiteRT file
    deadline : seconds for everything

    Returns
    -------
    Sweep

    Raises NotAnArtifact, or ReaderError: the process failed, or two ways gave other numbers.
    """
    from helpers.runtimes import missing, onnx_runtime

    export_dir, litert_file = directory_of(export_dir), Path(litert_file).resolve()
    if not litert_file.is_file():
        raise FileNotFoundError(f"there is no LiteRT file {litert_file.name!r}")
    lacking = missing("onnx")
    packages = None if lacking else onnx_runtime.packages()
    try:
        question = Question("sweep", (str(export_dir), str(litert_file), packages), who="sweep")
        return Sweep(*_process.ask(question, deadline=deadline), lacking)
    finally:
        _process.stop()


def rows_for(size):
    """(size, 10) float32 array, the same each time."""
    return np.random.default_rng(0).normal(size=(size, 10)).astype(np.float32)


# The other side, in the process


def main():
    # A forked process has no Keras, and the model needs it.
    if sys.modules.get("keras", ...) is None:
        del sys.modules["keras"]
    answer_questions({"sweep": _sweep}, _prepare)


def _prepare():
    tf = import_tensorflow()
    tf.ones((1, 10)) @ tf.ones((10, 1))  # the first operation starts what the others need


def _sweep(export_dir, litert_file, packages):
    if packages:
        sys.path.append(packages)
    from helpers.benchmark.predictors import routes
    from helpers.benchmark.timing import Ratio, measure, ratios

    ways = routes(export_dir, litert_file)
    found, numpy = {}, {}
    for size in SIZES:
        rows = rows_for(size)
        here = {way: partial(function, rows) for way, function in ways.items()}
        baseline = here.pop(BASELINE)
        for way, function in here.items():  # and this is the warm-up
            if not np.allclose(function(), baseline(), rtol=1e-4, atol=1e-4):
                raise ValueError(f"{way} gives other numbers than {BASELINE} for {size} rows")
        slow = measure(here.pop(SLOW), timings=TIMINGS, warm_up=0)
        others = ratios(here, baseline, pairs=PAIRS, warm_up=0)
        numpy[size] = measure(baseline, timings=TIMINGS, warm_up=0).median
        of_slow = Ratio(tuple(seconds / numpy[size] for seconds in slow.seconds))
        found[size] = {SLOW: of_slow, **others}
    return found, numpy
