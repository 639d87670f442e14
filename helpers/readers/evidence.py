"""What a comparison of readers has tried, and how much the answers can show.

An output shows nothing if it has no values, or if its value is the same for all inputs tried: a
reader that ignores its inputs would give the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from helpers import artifact
from helpers.readers.sameness import close, tolerance
from helpers.text import printable

# How much an output shows, in this order. ALONE: there is one answer, and no second one.
EMPTY, ALONE, CONSTANT, WEAK, VARIES = range(5)
NOISE = 8  # times the precision of the dtype: a difference that is rounding
SHOWN = 4  # outputs and inputs that a text names


@dataclass(frozen=True)
class Output:
    """What was compared of one output.

    Parameters
    ----------
    name, dtype : str
    values : int
        How many, in all answers of one reader.
    different : int
        How many of these values are different from each other.
    least, most : float or None
        The range of the finite numbers. None for texts, and if there is no finite number.
    power : str
        "varies", "varies less than the tolerance", "constant", "one input" or "empty".
    tolerance : tuple of two floats
        Which part of a value, and of the usual size of the output, a difference may have.
    """

    name: str
    dtype: str
    values: int
    different: int
    least: float | None
    most: float | None
    power: str
    tolerance: tuple[float, float]


@dataclass(frozen=True)
class Input:
    """What was tried for one input.

    Parameters
    ----------
    name : str
    shapes : tuple of shapes
        All that were tried and accepted, without repetitions.
    source : str
        Where the values come from.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    source: str


@dataclass(frozen=True)
class Evidence:
    """What was compared for one function of an export.

    Parameters
    ----------
    signatures : tuple of str
        The keys of the signatures that call the function. It was asked once.
    inputs : tuple of Input
    outputs : tuple of Output
    sets, tried : int
        How many sets of inputs were compared, and how many the reference answered. Those that show
        nothing more are not compared.
    refused : tuple of str
        The sets of inputs that were not compared because the reference refuses them, in words.
    reference : str
        The reader whose answers are the reference, in words.
    truth : str
        What the readers are compared with, in words. Empty if it is the reader, or an original.
    before : str
        The type of the last operation, if what goes into it was compared. Empty otherwise.
    alone : bool
        Whether the reference is a reader, and no other reader answered: then the outputs are what
        it gave, and nothing was compared.
    """

    signatures: tuple[str, ...]
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    sets: int = 0
    tried: int = 0
    refused: tuple[str, ...] = field(default=())
    reference: str = "Python"
    truth: str = ""
    before: str = ""
    alone: bool = False

    def text(self, figures: bool = False) -> str:
        """Write what was compared as sentences.

        Parameters
        ----------
        figures : bool
            Whether to add the range of the values, which varies from training to training.

        Returns
        -------
        str
        """
        keys = ", ".join(map(printable, self.signatures))
        once = " (one function, asked once)" if len(self.signatures) > 1 else ""
        if not self.sets:
            return f"Compared for {keys}{once}: nothing.{self._refusals()}"
        compared = f"Compared with {self.truth}" if self.truth else "Compared"
        outputs = _some([_told(output, figures) for output in self.outputs]) or "no outputs"
        inputs = _some([_given(one) for one in self.inputs]) or "no inputs"
        if self.alone:
            return (
                f"Compared for {keys}{once}: nothing, because only {self.reference} answers. It "
                f"gives {outputs}, for {inputs}.{self._refusals()}"
            )
        limits = " ".join(dict.fromkeys(_limit(output) for output in self.outputs))
        if self.before:
            limits += (
                f" These are the values before the last step, {self.before}, which answers the "
                "same for all inputs tried."
            )
        return f"{compared} for {keys}{once}: {outputs}, for {inputs}. {limits}{self._refusals()}"

    def _refusals(self):
        if not self.refused:
            return ""
        return f" Not compared, because {self.reference} refuses them: {_some(self.refused)}."

    def as_dict(self) -> dict:
        """Return the evidence as data for JSON."""
        return asdict(self)


def gather(
    keys: Sequence[str],
    signature: artifact.Signature,
    feeds: Sequence[Mapping[str, np.ndarray]],
    answers: Sequence[Mapping[str, np.ndarray]],
    shapes: Mapping[str, Sequence[tuple[int, ...]]],
    sources: Mapping[str, str],
    tried: int,
    refused: Sequence[str] = (),
) -> Evidence:
    """Collect what the answers of the reference to some sets of inputs can show.

    Parameters
    ----------
    keys : sequence of str
        The signatures that call the function.
    signature : helpers.artifact.Signature
        One of them.
    feeds, answers : sequence of dict of str to array
        The inputs, and what the reference answers, of each set.
    shapes : dict of str to list of shapes
        All that were tried and accepted, by the name of the input.
    sources : dict of str to str
        Where the values of each input come from.
    tried : int
        How many sets of inputs the reference answered.
    refused : sequence of str
        The sets that it refused, in words.

    Returns
    -------
    Evidence
    """
    inputs = tuple(Input(name, tuple(shapes[name]), sources[name]) for name in sources)
    shown = powers(signature, feeds, answers)
    words = ("empty", "one input", "constant", "varies less than the tolerance", "varies")
    outputs = tuple(
        _output(name, [answer[name] for answer in answers], words[power])
        for name, power in shown.items()
    )
    return Evidence(tuple(keys), inputs, outputs, len(feeds), tried, tuple(dict.fromkeys(refused)))


def powers(
    signature: artifact.Signature,
    feeds: Sequence[Mapping[str, np.ndarray]],
    answers: Sequence[Mapping[str, np.ndarray]],
) -> dict[str, int]:
    """Say for each output how much its values show, from EMPTY to VARIES.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    feeds, answers : sequence of dict of str to array
        The inputs and the outputs of each set.

    Returns
    -------
    dict of str to int
        By the name of the output. A function without inputs has one answer, which shows all.
    """
    found = {}
    for name, values in units(signature, feeds, answers):
        power = _power(values)
        found[name] = VARIES if power and not signature.inputs else power
    return found


def units(
    signature: artifact.Signature,
    feeds: Sequence[Mapping[str, np.ndarray]],
    answers: Sequence[Mapping[str, np.ndarray]],
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield (name, values) for each output: one array for each row, or for each set of inputs.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    feeds, answers : sequence of dict of str to array
        The inputs and the outputs of each set.
    """
    declared = {tensor.name: tensor.shape for tensor in signature.outputs}
    rows = [_rows(signature, feed) for feed in feeds]
    for name in answers[0] if answers else ():
        arrays = [np.asarray(answer[name]) for answer in answers if name in answer]
        shape = declared.get(name)
        by_row = shape is None or (len(shape) > 0 and shape[0] is None)
        by_row = by_row and all(
            array.ndim and array.shape[0] == n for array, n in zip(arrays, rows, strict=False)
        )
        ones = [row for array in arrays for row in array] if by_row else arrays
        yield name, [np.asarray(one) for one in ones]


def _rows(signature, feed):
    """Return the number of rows of a set of inputs, None if the signature has no open rows."""
    for tensor in signature.inputs:
        shape = np.shape(feed.get(tensor.name, 0))
        if shape and (tensor.shape is None or (tensor.shape and tensor.shape[0] is None)):
            return shape[0]
    return None


def _power(units):
    units = [unit for unit in units if unit.size]
    if not units:
        return EMPTY
    if len(units) == 1:
        return ALONE
    pairs = pairs_of(units)
    if all(_equal(*pair) for pair in pairs):
        return CONSTANT
    return WEAK if all(close(*pair) for pair in pairs) else VARIES


def pairs_of(units: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pair the first of several arrays with each other one, in one shape."""
    first = units[0]
    if all(unit.shape == first.shape for unit in units):
        return [(first, unit) for unit in units[1:]]
    # A longer answer that holds the same value everywhere shows no more than a shorter one.
    flat = np.concatenate([unit.ravel() for unit in units])
    return [(np.broadcast_to(flat[:1], flat.shape), flat)]


def _equal(left, right):
    """Say whether two arrays are equal, but for the rounding of their dtype."""
    if left.dtype.kind not in "fc" and "float" not in left.dtype.name:
        return np.array_equal(left, right)
    wide = complex if left.dtype.kind == "c" else float
    a, b = left.astype(wide), right.astype(wide)
    precision = {"float16": 1e-3, "bfloat16": 8e-3, "float64": 2e-16, "complex128": 2e-16}
    part = NOISE * precision.get(left.dtype.name, 1.2e-7)
    return bool(np.allclose(b, a, rtol=part, atol=0, equal_nan=True))


def _output(name, arrays, power):
    arrays = [np.asarray(array) for array in arrays]
    flat = np.concatenate([array.ravel() for array in arrays])
    least = most = None
    if flat.dtype.kind in "iufb" or "float" in flat.dtype.name:
        finite = flat.astype(float)
        finite = finite[np.isfinite(finite)]
        if finite.size:
            least, most = float(finite.min()), float(finite.max())
    different = len(set(flat.tolist())) if flat.dtype.kind == "O" else len(np.unique(_plain(flat)))
    dtype = "string" if flat.dtype.kind in "OSU" else arrays[0].dtype.name
    allowed = tolerance(flat.astype(arrays[0].dtype))  # a live model may answer several dtypes
    return Output(name, dtype, flat.size, different, least, most, power, allowed)


def _plain(array):
    return array if array.dtype.kind in "iufbcSU" else array.astype(float)


def _told(output, figures):
    name, count = printable(output.name), f"{output.values:,}"
    noun = "value" if output.values == 1 else "values"
    if output.power == "empty":
        return f"no values of {name} (empty)"
    if output.power == "one input":
        words = f"{count} {noun} of {name} for one input"
    elif output.power == "constant":
        words = f"{count} {noun} of {name} (the same for all inputs tried)"
    elif output.different == output.values:
        words = f"{count} {noun} of {name}, all different"
    else:
        words = f"{count} {noun} of {name}, {output.different:,} different"
    if output.power.startswith("varies less"):
        words += " (by less than the tolerance)"
    if figures and output.least is not None:
        words += f", from {output.least:.3g} to {output.most:.3g}"
    return words


def _given(one):
    *others, last = _few(list(map(str, one.shapes)))
    shapes = f"{', '.join(others)} and {last}" if others else last
    return f"{printable(one.name)} {shapes}: {one.source}"


def _limit(output):
    part, usual = output.tolerance
    if not part:
        return f"{output.dtype} must be equal."
    return (
        f"Allowed difference of {output.dtype}: {part:g} of a value plus {usual:g} of a typical "
        "value."
    )


def _some(texts):
    return "; ".join(_few(texts))


def _few(texts):
    more = [f"{len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
    return [*texts[:SHOWN], *more]
