"""C: c_program.c, compiled here against TensorFlow's wheel, in a process without Python."""

import hashlib
import math
import os
import shutil
import subprocess
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from helpers.artifact.saved_model import serving_graph
from helpers.errors.messages import describe
from helpers.paths import RUNTIMES
from helpers.processes.clean_process import CleanProcess, Question, ReaderError
from helpers.runtimes.conversions import Converted, digest
from helpers.text import shorten

SOURCE = Path(__file__).resolve().with_name("c_program.c")  # gcc's errors show it in full
LIBRARIES = ("tensorflow_cc", "tensorflow_framework")


def missing() -> str:
    """Return a sentence that says what this computer does not have, or ""."""
    if not shutil.which("gcc"):
        return "gcc is missing: sudo apt install gcc libc6-dev (on macOS: xcode-select --install)"
    wheel = _wheel()
    if len(_libraries(wheel)) < len(LIBRARIES) or not _header(wheel).exists():
        return "TensorFlow's package for this system has no C library in it: use Linux or macOS"
    return ""


def converted(directory: Path, keys: list[str]) -> Converted:
    """Return the export itself: the program reads it as it is."""
    return Converted(directory, {key: key for key in keys})


def compile_command(program: str | Path) -> list[str]:
    """Return the command that compiles c_program.c to the file `program`."""
    wheel = _wheel()
    return [
        *("gcc", "-O2", "-o", str(program), str(SOURCE), f"-I{wheel / 'include'}"),
        *(*map(str, _libraries(wheel)), f"-Wl,-rpath,{wheel}"),
    ]


def _wheel():
    return Path(find_spec("tensorflow").submodule_search_locations[0])


def _libraries(wheel):
    found = (sorted(wheel.glob(f"lib{name}.[sd2]*")) for name in LIBRARIES)
    return [paths[0] for paths in found if paths]


def _header(wheel):
    return wheel / "include" / "tensorflow" / "c" / "c_api.h"


class Program(CleanProcess):
    """The compiled program. It holds one export at a time.

    It takes the questions of `helpers.runtimes.runtime_process`: "load" (path, key), "run" (path,
    key, feed) and "seconds" (path, key, feed, calls). What is written to the program is bytes.
    """

    def __init__(self):
        super().__init__(worker=None)
        self._reads, self._turn, self._file = None, threading.Lock(), None

    def command(self) -> list[str]:
        return [str(self._file), self._reads[0]]

    def ask(self, question: Question, *, deadline: float, computing: float | None = None) -> object:
        directory, key, feed, calls = (*question.arguments, None, None)[:4]
        definition = serving_graph(Path(directory)).signature_def[key]
        outputs = sorted(definition.outputs) if feed is not None else []
        inputs = [(definition.inputs[name], array) for name, array in (feed or {}).items()]
        ends = [definition.outputs[name].name for name in outputs]
        ask_program = super().ask

        def call(times):
            message = _message(deadline, times, inputs, ends)
            asked = Question("call", (message,), question.who)
            return ask_program(asked, deadline=deadline, computing=computing)

        with self._turn:
            self._file = _compiled(question.who)
            if self._reads != (directory, digest(directory)):
                self.stop()
                self._reads = directory, digest(directory)
            _, got = call(1 if outputs else 0)  # "load" is answered as soon as it has loaded
            if question.function == "seconds":
                nanoseconds, _ = call(calls)
                return nanoseconds / calls / 1e9
        return dict(zip(outputs, got, strict=True))

    @staticmethod
    def encode(question: Question) -> bytes:
        (message,) = question.arguments
        return message

    @staticmethod
    def decode(stream: IO[bytes]) -> tuple[str, object]:
        code = _read_number(stream)
        if code:
            text = _read_bytes(stream).decode(errors="replace")
            return "error", shorten(f"code {code}: {text}", 2000)
        nanoseconds, count = _read_number(stream), _read_number(stream)
        return "value", (nanoseconds, [_read_tensor(stream) for _ in range(count)])


process = Program()


def _compiled(runtime):
    """Compile the program unless that was done for this text and this TensorFlow; return its path.

    The library is so large that gcc takes some seconds.
    """
    library = _libraries(_wheel())[0].stat()
    parts = (SOURCE.read_text("utf-8"), compile_command(""), library.st_size, library.st_mtime_ns)
    program = RUNTIMES / "c" / f"reader-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"
    if program.exists():
        return program
    try:
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as folder:
            command = compile_command(f"{folder}/reader")
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode == 0:
                os.replace(f"{folder}/reader", program)
    except (OSError, subprocess.SubprocessError) as error:
        raise ReaderError(runtime, describe(error, limit=2000)) from None
    if done.returncode:
        raise ReaderError(runtime, f"gcc: {shorten(done.stderr, 2000)}")
    return program


# c_program.c describes the form of questions and answers.


def _message(deadline, calls, inputs, outputs):
    """Return the bytes of a question.

    Parameters
    ----------
    inputs : list of (TensorInfo, array)
    outputs : list of str
        names of tensors of the graph
    """
    parts = [_number(math.ceil(min(deadline, 10**6)) + 5), _number(calls), _number(len(inputs))]
    for info, array in inputs:
        parts += [_text(info.name), _tensor(array, info.dtype)]
    return b"".join([*parts, _number(len(outputs)), *map(_text, outputs)])


def _number(value):
    return np.int64(value).tobytes()


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return _number(len(data)) + data


def _tensor(array, dtype):
    head = b"".join(map(_number, (dtype, array.ndim, *array.shape)))
    if array.dtype == object:
        return b"".join([head, _number(0), *map(_text, array.ravel())])
    return head + _text(array.tobytes())


def _read_number(stream):
    return int(np.frombuffer(_read(stream, 8), np.int64)[0])


def _read_bytes(stream):
    return _read(stream, _read_number(stream))


def _read(stream, length):
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _read_tensor(stream):
    import tensorflow as tf

    dtype, rank = tf.dtypes.as_dtype(_read_number(stream)), _read_number(stream)
    shape = [_read_number(stream) for _ in range(rank)]
    data = _read_bytes(stream)
    if dtype != tf.string:
        return np.frombuffer(bytearray(data), dtype.as_numpy_dtype).reshape(shape)
    texts = np.empty(math.prod(shape), object)
    texts[:] = [_read_bytes(stream) for _ in texts]
    return texts.reshape(shape)
