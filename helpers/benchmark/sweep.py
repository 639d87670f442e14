"""Time every way from rows to answers over several batch sizes, in a process of its own.

In that process no object of the notebook disturbs the timings, and the memory for large batches is
free again when the process ends. `warm_up` starts the process, which imports TensorFlow in the
background. It ends after one sweep, or with the kernel. After `make runtimes` the process also
finds ONNX Runtime, which is then one of the ways.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import directory_of
from helpers.benchmark.timing import Ratio, duration, measure, ratios, rounded
from helpers.processes.child import answer_questions
from helpers.processes.clean_process import CleanProcess, Question
from helpers.processes.tensorflow_import import import_tensorflow
from helpers.text import safe_repr

SIZES = (1, 32, 1024, 65536)
PAIRS = 10
DOUBLINGS = 2  # of the pairs of a way that is not clearly faster or slower than NumPy
BASELINE, SLOW = "NumPy", "model.predict"
TIMINGS = 2  # of the slow way: each of its calls takes tens of milliseconds


@dataclass(frozen=True)
class Sweep:
    """The measured times. It prints itself as a table of medians.

    Attributes
    ----------
    ratios : dict of int to dict of str to Ratio
        For each number of rows and each way: its time as a multiple of NumPy's.
    numpy : dict of int to float
        For each number of rows: seconds for one call of the arithmetic in NumPy.
    missing : str
        Why ONNX Runtime is not one of the ways, or "".
    """

    ratios: dict[int, dict[str, Ratio]]
    numpy: dict[int, float]
    missing: str = ""

    @property
    def ways(self) -> list[str]:
        """The names of the ways, without the baseline."""
        return list(next(iter(self.ratios.values())))

    def __getitem__(self, key: tuple[str, int]) -> Ratio:
        """Return the Ratio of a way at a number of rows: sweep["signature", 1].

        Raises
        ------
        KeyError
            The way or the number of rows was not measured.
        """
        try:
            way, rows = key
            return self.ratios[rows][way]
        except (KeyError, TypeError, ValueError):
            raise KeyError(
                f"{safe_repr(key)}: give one of {', '.join(self.ways)} and one of the numbers of "
                f"rows {', '.join(map(str, self.ratios))}"
            ) from None

    def middle(self, way: str, rows: int) -> float:
        """Return the median of the pairs, even if the pairs are inconclusive.

        Parameters
        ----------
        way : str
            One of `ways`.
        rows : int
            One of the measured numbers of rows.

        Returns
        -------
        float
            The time of the way as a multiple of NumPy's.

        Raises
        ------
        KeyError
            The way or the number of rows was not measured.
        """
        return float(np.median(self[way, rows].pairs))

    def cells(self) -> list[list[str]]:
        """Return the table as rows of texts.

        Returns
        -------
        list of list of str
            The head first, then NumPy's seconds, then one row for each way.
        """
        head = ["rows", *map("{:,}".format, self.ratios)]
        numpy = [BASELINE, *map(duration, self.numpy.values())]
        middles = [
            [way, *(rounded(self.middle(way, rows)) for rows in self.ratios)] for way in self.ways
        ]
        return [head, numpy, *middles]

    def __str__(self) -> str:
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


def warm_up() -> None:
    """Start the process that will measure, in the background."""
    _process.start()


def sweep(export_dir: str | Path, litert_file: str | Path, deadline: float = 300) -> Sweep:
    """Time every way from rows to the answers of a ComplexModel's export, for each of SIZES.

    Parameters
    ----------
    export_dir : path
        Export of a ComplexModel with the signature `serving_default`.
    litert_file : path
        The same model as a LiteRT file.
    deadline : float
        Seconds for the whole sweep.

    Returns
    -------
    Sweep

    Raises
    ------
    NotAnArtifact
        `export_dir` is not an export.
    FileNotFoundError
        `litert_file` does not exist.
    ReaderError
        The process failed, or two ways returned different numbers.
    """
    from helpers.runtimes import missing, onnx_runtime

    export_dir, litert_file = directory_of(export_dir), Path(litert_file).resolve()
    if not litert_file.is_file():
        raise FileNotFoundError(f"there is no LiteRT file {litert_file.name!r}")
    lacking = missing("onnx")
    packages = None if lacking else onnx_runtime.packages()
    try:
        question = Question("sweep", (str(export_dir), str(litert_file), packages), who="sweep")
        ratios_of, numpy = _process.ask(question, deadline=deadline)
        return Sweep(ratios_of, numpy, lacking)
    finally:
        _process.stop()


def rows_for(size: int) -> np.ndarray:
    """Make rows for the ways: the same rows for each call.

    Parameters
    ----------
    size : int

    Returns
    -------
    (size, 10) float32 array
    """
    return np.random.default_rng(0).normal(size=(size, 10)).astype(np.float32)


# What runs in the process


def main() -> None:
    """Answer the sweep's question in the process."""
    # A forked process has no Keras, and the model needs it.
    if sys.modules.get("keras", ...) is None:
        del sys.modules["keras"]
    answer_questions({"sweep": _sweep}, _prepare)


def _prepare() -> None:
    tf = import_tensorflow()
    tf.ones((1, 10)) @ tf.ones((10, 1))  # the first operation starts TensorFlow's runtime


def _sweep(
    export_dir: str, litert_file: str, packages: str | None
) -> tuple[dict[int, dict[str, Ratio]], dict[int, float]]:
    if packages:
        sys.path.append(packages)
    from helpers.benchmark.predictors import routes

    ways = routes(export_dir, litert_file)
    found, numpy = {}, {}
    for size in SIZES:
        rows = rows_for(size)
        here = {way: partial(function, rows) for way, function in ways.items()}
        baseline = here.pop(BASELINE)
        for way, function in here.items():  # this call is also the warm-up
            if not np.allclose(function(), baseline(), rtol=1e-4, atol=1e-4):
                raise ValueError(f"{way} returns other numbers than {BASELINE} for {size} rows")
        slow = measure(here.pop(SLOW), timings=TIMINGS, warm_up=0)
        others = ratios(here, baseline, pairs=PAIRS, warm_up=0, doublings=DOUBLINGS)
        numpy[size] = measure(baseline, timings=PAIRS, warm_up=0).median
        of_slow = Ratio(tuple(seconds / numpy[size] for seconds in slow.seconds))
        found[size] = {SLOW: of_slow, **others}
    return found, numpy
