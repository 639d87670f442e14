"""Open an ONNX file in ONNX Runtime, because a converter may write what no runtime reads."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import Signature, TensorInfo
from helpers.processes.clean_process import Question, ReaderError
from helpers.readers.made_inputs import ROWS, SIZE, Trial, make, source
from helpers.readers.model_files.sentences import joined, some
from helpers.text import printable, shorten

DEADLINE = 60  # seconds to open the file, and for each answer
NUMBERS = {"float16", "float32", "float64", "bool", "string"}
MADE = re.compile(r"(StatefulPartitioned|Partitioned|Identity)\w*(:\d+)?")
Value = tuple[str, str, Sequence | None]  # name, dtype, shape


def tried(path: Path, inputs: Sequence[Value]) -> str:
    """Open a file in ONNX Runtime, call it with made inputs, and say what came of it.

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
    from helpers.runtimes import onnx_runtime  # only here: the runtimes use the readers

    if lacking := onnx_runtime.missing():
        return f"It was not opened in ONNX Runtime. {lacking}."
    where = str(path.resolve().parent), path.name

    def ask(function, *arguments):
        question = Question(function, (*where, *arguments), "onnx")
        return onnx_runtime.process.ask(question, deadline=DEADLINE)

    try:
        ask("load")
    except ReaderError as error:
        return _refused(
            "ONNX Runtime cannot open it", error.error, "Other programs were not tried."
        )
    try:
        signature = _signature(inputs)
    except ValueError as error:
        return f"ONNX Runtime opens it. It was not called: no inputs can be made for {error}."
    try:
        for rows in ROWS:
            ask("run", _made(signature, rows))
    except ReaderError as error:
        told = [f"{t.name}: {source(t, 'usual')}" for t in signature.inputs]
        words = f"ONNX Runtime opens it, but fails with made inputs ({some(told)})"
        return _refused(words, error.error, "Call it with inputs of your own.")
    finally:
        onnx_runtime.process.stop()
    made = " to made inputs" if inputs else ""
    return joined(
        f"ONNX Runtime opens it, and answers{made}. Its numbers were not compared.",
        "OpenVINO and other programs for ONNX were not tried.",
    )


def _made(signature, rows):
    """Make inputs of the declared dtypes: ONNX Runtime casts nothing."""
    made = make(signature, Trial(rows, SIZE))
    dtypes = {t.name: object if t.dtype == "string" else t.dtype for t in signature.inputs}
    return {name: np.asarray(value, dtypes[name]) for name, value in made.items()}


def about_names(outputs: Sequence[str]) -> str:
    """Say which names of outputs the converter made; "" if none."""
    made = [name for name in outputs if MADE.fullmatch(name)]
    if not made:
        return ""
    return f"The converter made the name {some(made)}: an export has names that the model chose."


def _refused(words, error, otherwise):
    from helpers.runtimes import onnx_facts

    reason = printable(shorten(onnx_facts.reason_first(error), 300), 320)
    return joined(f"{words}: {reason.removesuffix('.')}.", onnx_facts.cure_of(error) or otherwise)


def _signature(inputs):
    """Return the inputs as a signature; raise ValueError with the name of one that is unusual."""
    tensors = []
    for name, dtype, shape in inputs:
        if shape is None or not (dtype in NUMBERS or re.fullmatch(r"u?int\d+", dtype)):
            raise ValueError(f"{printable(name)} ({dtype})")
        sizes = tuple(size if isinstance(size, int | np.integer) else None for size in shape)
        tensors.append(TensorInfo(name, dtype, sizes))
    return Signature("", tuple(tensors), ())
