"""Put a LiteRT file to its interpreter as a phone does: in a process without TensorFlow.

`helpers.runtimes` converts an export itself. This module takes a file that the learner converted.
"""

import sys
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers.artifact.saved_model import Signature, TensorInfo
from helpers.processes.child import answer_questions
from helpers.processes.clean_process import CleanProcess, Question
from helpers.readers import DEADLINE
from helpers.readers.inputs import as_arrays
from helpers.readers.litert_interpreter import open_litert
from helpers.text import safe_repr

MARK = b"TFL3"  # bytes 4 to 7 of every LiteRT file
_process = CleanProcess("helpers.runtimes.litert_file")


def content_of(file: bytes | bytearray | memoryview | str | PathLike) -> bytes:
    """Return the content of a LiteRT file, from the content itself or from its path.

    Raises
    ------
    ValueError
        it is not a LiteRT file; the text names what was given instead
    """
    if isinstance(file, bytes | bytearray | memoryview):
        content = bytes(file)
    else:
        try:
            path = Path(file)
            wrong = "a directory" if path.is_dir() else "" if path.is_file() else "no file"
            content = b"" if wrong else path.read_bytes()
        except (TypeError, OSError):
            raise ValueError(
                "expected what convert() returned, or the path of a file with it, not "
                f"{safe_repr(file)}"
            ) from None
        if wrong:
            raise ValueError(f"{safe_repr(path.name)} is {wrong}; expected a LiteRT file")
    if content[4:8] != MARK:
        raise ValueError(f"these {len(content):,} bytes are not a LiteRT file")
    return content


def signatures(file: bytes | str | PathLike) -> dict[str, Signature]:
    """Return the signatures in a LiteRT file, by their key.

    Parameters
    ----------
    file : bytes, str or path
        the content of a LiteRT file, or its path

    Raises
    ------
    ValueError
        it is not a LiteRT file
    ReaderError
        the interpreter refuses it
    """
    found = _ask("signatures", content_of(file))
    return {
        key: Signature(key, *(tuple(TensorInfo(*tensor) for tensor in side) for side in sides))
        for key, sides in found.items()
    }


def run(
    file: bytes | str | PathLike,
    signature: str,
    inputs: Mapping[str, object],
    computing: float | None = None,
    scaled: bool = False,
) -> dict[str, np.ndarray]:
    """Call one signature of a LiteRT file and return its outputs by their name.

    Parameters
    ----------
    file : bytes, str or path
        the content of a LiteRT file, or its path
    signature : str
        the key
    inputs : dict of str to array
        given as they are: their dtypes must be those that the signature declares
    computing : float, optional
        seconds of CPU time after which the process is ended (on Linux)
    scaled : bool
        whether to convert floats to the whole numbers that a quantised file declares, and back, as
        an app must do: number = scale * (whole number - zero point)

    Raises
    ------
    ValueError
        it is not a LiteRT file
    ReaderError
        the interpreter's error, or it took too long
    """
    question = content_of(file), signature, as_arrays(inputs), scaled
    return _ask("run", *question, computing=computing)


def graph(file: bytes | str | PathLike) -> Signature:
    """Return the main graph of a LiteRT file, which may have no signature.

    Parameters
    ----------
    file : bytes, str or path
        the content of a LiteRT file, or its path

    Returns
    -------
    Signature
        with the key "" and the names of the tensors. A name that is empty or not the only one of
        its kind is followed by the index of the tensor.

    Raises
    ------
    ValueError
        it is not a LiteRT file
    ReaderError
        the interpreter refuses it
    """
    sides = _ask("graph", content_of(file))
    return Signature("", *(tuple(TensorInfo(*tensor) for tensor in side) for side in sides))


def run_graph(file: bytes | str | PathLike, inputs: Mapping[str, object]) -> dict[str, np.ndarray]:
    """Call the main graph of a LiteRT file by the indices of its tensors.

    Parameters
    ----------
    file : bytes, str or path
        the content of a LiteRT file, or its path
    inputs : dict of str to array
        named as `graph` names them, of the dtypes that it declares

    Returns
    -------
    dict of str to array

    Raises
    ------
    ValueError
        it is not a LiteRT file
    ReaderError
        the interpreter's error, or it took too long
    """
    return _ask("run_graph", content_of(file), as_arrays(inputs))


def _ask(function, *arguments, computing=None):
    question = Question(function, arguments, who="litert")
    return _process.ask(question, deadline=DEADLINE, computing=computing)


# The part that runs in the process


def main() -> NoReturn:
    """Answer the questions about LiteRT files, without TensorFlow."""
    sys.modules["tensorflow"] = None  # an import of TensorFlow raises ImportError
    answers = {"signatures": _signatures, "run": _run, "graph": _graph, "run_graph": _run_graph}
    answer_questions(answers)


def _run(content, key, inputs, scaled):
    runner = open_litert(content).get_signature_runner(key)
    if not scaled:
        return runner(**inputs)
    given, answered = runner.get_input_details(), runner.get_output_details()
    whole = {name: _to_whole(value, given[name]) for name, value in inputs.items()}
    return {name: _to_float(value, answered[name]) for name, value in runner(**whole).items()}


def _to_whole(value, tensor):
    (scale, zero), dtype = tensor["quantization"], tensor["dtype"]
    if not scale:  # not quantised
        return value
    limits = np.iinfo(dtype)
    return np.clip(np.round(value / scale + zero), limits.min, limits.max).astype(dtype)


def _to_float(value, tensor):
    scale, zero = tensor["quantization"]
    return np.float32(scale) * (value.astype(np.float32) - zero) if scale else value


def _graph(content):
    interpreter = open_litert(content)
    sides = interpreter.get_input_details(), interpreter.get_output_details()
    return tuple(_tensors(_named(side)) for side in sides)


def _run_graph(content, inputs):
    interpreter = open_litert(content)
    found = _named(interpreter.get_input_details())
    for name, value in inputs.items():
        if tuple(found[name]["shape"]) != value.shape:
            interpreter.resize_tensor_input(found[name]["index"], value.shape)
    interpreter.allocate_tensors()
    for name, value in inputs.items():
        interpreter.set_tensor(found[name]["index"], value)
    interpreter.invoke()
    outputs = _named(interpreter.get_output_details())
    return {name: interpreter.get_tensor(tensor["index"]) for name, tensor in outputs.items()}


def _named(details):
    names = [tensor["name"] for tensor in details]
    return {
        name if name and names.count(name) == 1 else f"{name}#{tensor['index']}": tensor
        for name, tensor in zip(names, details, strict=True)
    }


def _signatures(content):
    interpreter = open_litert(content)
    runners = {
        key: interpreter.get_signature_runner(key) for key in interpreter.get_signature_list()
    }
    return {
        key: (_tensors(runner.get_input_details()), _tensors(runner.get_output_details()))
        for key, runner in sorted(runners.items())
    }


def _tensors(details):
    return [
        (
            name,
            tensor["dtype"].__name__,
            tuple(None if size < 0 else int(size) for size in tensor["shape_signature"]),
        )
        for name, tensor in sorted(details.items())
    ]
