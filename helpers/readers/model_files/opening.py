"""Open a model file in its runtime and call it: a converter may write what no runtime reads.

The runtimes have processes of their own, so a damaged file cannot end this one.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import Signature, TensorInfo
from helpers.processes.clean_process import Question, ReaderError
from helpers.readers.made_inputs import ROWS, SIZE, Trial, make, shape_of, source
from helpers.readers.model_files.sentences import joined, some
from helpers.text import printable, readable_size, shorten

DEADLINE = 60  # seconds to open a file, and for each answer
MOST_BYTES = 2**29  # of a LiteRT file, which is sent to its process
DTYPES = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool|string")
TEXTS = ("bytes_", "str_", "object_")  # NumPy's names for texts
ANSWERS = "opens it, and answers"
OTHER_INPUTS = "Other sizes and values were not tried, and may work."
LARGE = 640  # an open size that is tried after SIZE: a multiple of 32, as detectors need
MOST_NUMBERS = 2**24  # in inputs of this size
REASON = 300  # characters of an error
Value = tuple[str, str, Sequence | None]  # name, dtype, shape
Feed = dict[str, np.ndarray]


def in_onnx_runtime(path: Path, inputs: Sequence[Value]) -> str:
    """Open an ONNX file in ONNX Runtime, call it with made inputs, and say what came of it.

    Parameters
    ----------
    path : pathlib.Path
    inputs : sequence of (str, str, list or None)
        The name, dtype and shape of each input. A size that is no whole number is open.

    Returns
    -------
    str
        One or more sentences.
    """
    from helpers.runtimes import onnx_facts, onnx_runtime  # only here: they use the readers

    if lacking := onnx_runtime.missing():
        return f"It was not opened in ONNX Runtime. {lacking}."

    def ask(function, *arguments):
        question = Question(function, (str(path.resolve().parent), path.name, *arguments), "onnx")
        return onnx_runtime.process.ask(question, deadline=DEADLINE)

    def load():
        ask("load")
        return [_signature("", inputs)]

    # A size with the name of the first axis of an input is the number of rows, wherever it stands.
    names = {shape[0] for _, _, shape in inputs if shape and isinstance(shape[0], str)}
    axes = {
        (name, axis)
        for name, _, shape in inputs
        for axis, size in enumerate(shape or ())
        if isinstance(size, str) and size in names
    }

    def refused(words, error):
        return _refused(words, onnx_facts.reason_first(error), onnx_facts.cure_of(error))

    try:
        told = _tried("ONNX Runtime", load, lambda key, feed: ask("run", feed), refused, axes)
    finally:
        onnx_runtime.process.stop()
    return f"{told} Other programs for ONNX were not tried."


def in_litert(path: Path) -> str:
    """Open a LiteRT file in the interpreter, call each signature, and say what came of it.

    A file without a signature is called by the indices of its tensors.

    Returns
    -------
    str
        One or more sentences.
    """
    from helpers.runtimes import litert_file  # only here: the runtimes use the readers

    size = path.stat().st_size
    if size > MOST_BYTES:
        return f"It was not opened in the interpreter, because it has {readable_size(size)}."
    found: dict[str, Signature] = {}

    def load():
        for key, signature in litert_file.signatures(path).items():
            values = [(t.name, _numpy_name(t.dtype), t.shape) for t in signature.inputs]
            found[key] = _signature(key, values)
        if not found:
            values = [
                (t.name, _numpy_name(t.dtype), t.shape) for t in litert_file.graph(path).inputs
            ]
            return [_signature("", values)]
        return list(found.values())

    def call(key, feed):
        return litert_file.run(path, key, feed) if found else litert_file.run_graph(path, feed)

    def refused(words, error):
        return _refused(words, error.removeprefix("RuntimeError: "), "")

    return _tried("The LiteRT interpreter", load, call, refused)


def _numpy_name(dtype):
    return "string" if dtype in TEXTS else dtype


def _tried(
    program: str,
    load: Callable[[], Iterable[Signature]],
    call: Callable[[str, Feed], Mapping],
    refused: Callable[[str, str], str],
    axes: Collection[tuple[str, int]] = (),
) -> str:
    """Load a file and call its signatures with 3 rows and with 1; say what came of it.

    `axes` are the inputs and axes with as many entries as there are rows.
    """
    try:
        signatures = load()
    except ReaderError as error:
        return refused(f"{program} cannot open it", error.error)
    called, sizes = 0, ""
    for signature in signatures:
        if unusual := [t for t in signature.inputs if _is_unusual(t)]:
            names = some([f"{t.name} ({t.dtype})" for t in unusual])
            return f"{program} opens it. It was not called: no inputs can be made for {names}."
        called += 1
        try:
            larger = _called(signature, call, axes)
        except ReaderError as error:
            told = some([f"{t.name}: {source(t, 'usual')}" for t in signature.inputs])
            which = f" in {printable(signature.key)}" if signature.key else ""
            words = f"{program} opens it, but fails{which} with made inputs ({told})"
            told = refused(words, error.error)
            # A program that lacks an operation fails with every input.
            lacks = "custom op" in error.error
            return told if lacks or not signature.inputs else joined(told, OTHER_INPUTS)
        if larger:
            sizes = f" of 1 row and {LARGE} for each other open size; it refuses {SIZE}"
    if not called:
        return f"{program} opens it. It was not called."
    made = " to made inputs" if any(signature.inputs for signature in signatures) else ""
    return f"{program} {ANSWERS}{made}{sizes}. Its numbers were not compared."


def _called(signature, call, by_row):
    """Call a signature with 3 rows and with 1; return whether it needs larger open sizes.

    A model of sounds or pictures may refuse the few samples that suit most models.
    """
    try:
        for rows in ROWS:
            call(signature.key, _made(signature, rows, SIZE, by_row))
        return False
    except ReaderError as error:
        inputs = [_with_rows(tensor, 1, by_row) for tensor in signature.inputs]
        shapes = [shape_of(tensor, Trial(1, LARGE)) for tensor in inputs]
        is_open = any(None in (tensor.shape or ())[1:] for tensor in inputs)
        if not is_open or sum(map(math.prod, shapes)) > MOST_NUMBERS:
            raise
        first = error
    try:
        call(signature.key, _made(signature, 1, LARGE, by_row))
    except ReaderError:
        raise first from None
    return True


def _refused(words, reason, cure):
    told = printable(shorten(reason, REASON), REASON + 20).removesuffix(".")
    return joined(f"{words}: {told}.", cure)


def _signature(key, inputs):
    tensors = []
    for name, dtype, shape in inputs:
        sizes = [size if isinstance(size, int | np.integer) else None for size in shape or ()]
        tensors.append(TensorInfo(name, dtype, None if shape is None else tuple(sizes)))
    return Signature(key, tuple(tensors), ())


def _is_unusual(tensor):
    return tensor.shape is None or not DTYPES.fullmatch(tensor.dtype)


def _with_rows(tensor, rows, by_row):
    sizes = enumerate(tensor.shape or ())
    shape = tuple(rows if (tensor.name, axis) in by_row else size for axis, size in sizes)
    return tensor if tensor.shape is None else replace(tensor, shape=shape)


def _made(signature, rows, size, by_row):
    """Make inputs of the declared dtypes: the runtimes cast nothing."""
    inputs = tuple(_with_rows(tensor, rows, by_row) for tensor in signature.inputs)
    made = make(replace(signature, inputs=inputs), Trial(rows, size))
    dtypes = {t.name: object if t.dtype == "string" else t.dtype for t in signature.inputs}
    return {name: np.asarray(value, dtypes[name]) for name, value in made.items()}
