"""A LiteRT file put to its interpreter, as a phone does it: in a process without TensorFlow.

`helpers.runtimes` converts an export and asks what comes out; here the file is somebody's own.
"""

import sys
from pathlib import Path

from helpers.artifact.saved_model import Signature, TensorInfo
from helpers.processes.child import answer_questions
from helpers.processes.clean_process import CleanProcess
from helpers.readers.inputs import as_arrays
from helpers.text import safe_repr

MARK = b"TFL3"  # stands in bytes 4 to 7 of every file
_process = CleanProcess("helpers.runtimes.litert_file")


def content_of(file):
    """The bytes of a LiteRT file, from the bytes themselves or from its path.

    Raises ValueError with what was given instead.
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
                "what convert() returned is wanted, or the path of a file with it, not "
                f"{safe_repr(file)}"
            ) from None
        if wrong:
            raise ValueError(f"{safe_repr(path.name)} is {wrong}; a LiteRT file is wanted")
    if content[4:8] != MARK:
        raise ValueError(f"these {len(content):,} bytes are not a LiteRT file")
    return content


def signatures(file):
    """The signatures in a LiteRT file, its bytes or its path.

    Returns
    -------
    dict of str to helpers.artifact.Signature

    Raises ValueError when it is no such file, ReaderError when the interpreter refuses it.
    """
    found = _process.ask("signatures", content_of(file), "litert", deadline=60)
    return {
        key: Signature(key, *(tuple(TensorInfo(*tensor) for tensor in side) for side in sides))
        for key, sides in found.items()
    }


def run(file, signature, inputs):
    """Call one signature of a LiteRT file, its bytes or its path.

    inputs : dict of str to array. Nothing is cast: give the dtypes that it declares.

    Returns a dict of str to array. Raises ValueError, or ReaderError with the interpreter's error.
    """
    details = signature, as_arrays(inputs)
    return _process.ask("run", content_of(file), "litert", *details, deadline=60)


# The other side, in the process


def main():
    sys.modules["tensorflow"] = None  # whoever asks for it gets an ImportError
    answer_questions({"signatures": _signatures, "run": _run}, lambda: None)


def _interpreter(content):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=content)


def _run(content, reader, key, inputs):
    return _interpreter(content).get_signature_runner(key)(**inputs)


def _signatures(content, reader):
    interpreter = _interpreter(content)
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
