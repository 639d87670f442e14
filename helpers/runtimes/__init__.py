"""Runtimes: programs other than TensorFlow's Python that run an export.

litert : reads one .tflite file with all signatures, in a process that cannot import TensorFlow.
onnx : reads one .onnx file for each signature, which tf2onnx makes, with ONNX Runtime.
c : reads the export itself, in a C program (c_program.c) that uses the library of TensorFlow's
    wheel.
browser : reads the same .onnx files, in a page with onnxruntime-web that Chromium opens.

`make runtimes OPENVINO=1` installs these two as well:

openvino : reads the export itself, with the precision that OpenVINO chooses for the processor.
openvino-f32 : the same, computed in float32.

The functions are like those of `helpers.readers`, whose clean process makes the files. Each runtime
has one process. It starts with the first question, stays warm, is replaced if it dies or hangs, and
ends with the kernel.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from helpers import artifact
from helpers.errors.messages import describe
from helpers.processes.clean_process import CleanProcess, Question, ReaderError
from helpers.readers import DEADLINE
from helpers.readers.inputs import as_arrays, cast
from helpers.runtimes import browser, c_program, litert, onnx_runtime, openvino_runtime
from helpers.text import safe_repr

RUNTIMES = {
    "litert": "LiteRT (ai-edge-litert, no TensorFlow in the process)",
    "onnx": "ONNX Runtime (after tf2onnx)",
    "c": "a C program (TensorFlow's C library)",
    "browser": "a browser page (onnxruntime-web in chromium)",
}
MORE = {
    "openvino": "OpenVINO (its own precision)",
    "openvino-f32": "OpenVINO (float32)",
}
_KINDS = {
    "litert": litert,
    "onnx": onnx_runtime,
    "c": c_program,
    "browser": browser,
    "openvino": openvino_runtime.default,
    "openvino-f32": openvino_runtime.float32,
}


class RuntimeMissing(ReaderError):
    """A runtime is not installed. The attribute `error` is what `missing` returns."""


def missing(runtime: str) -> str:
    """Say what a runtime needs that is not installed, and how to install it.

    Starts no process, so the answer comes at once.

    Parameters
    ----------
    runtime : str
        One of RUNTIMES or MORE.

    Returns
    -------
    str
        One sentence, or "" if everything is installed.
    """
    return _known(runtime).missing()


def convert(directory: str | os.PathLike, runtime: str) -> Path:
    """Convert an export into the files that a runtime reads, once for the same content.

    The files lie in a temporary folder, which is deleted when the kernel ends. A signature that the
    converter cannot convert is left out, and so is an .onnx file that its runtime cannot open.

    Parameters
    ----------
    directory : str or path
        The export.
    runtime : str
        One of RUNTIMES or MORE.

    Returns
    -------
    pathlib.Path
        A .tflite file ("litert"), a folder with one .onnx file for each signature ("onnx",
        "browser"), or the export itself ("c", "openvino", "openvino-f32").

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    RuntimeMissing
        If the runtime is not installed.
    ReaderError
        If no signature can be converted, with the converter's own error.
    """
    return _with_signatures(artifact.read(directory), runtime).path


def signatures(directory: str | os.PathLike, runtime: str) -> dict[str, artifact.Signature]:
    """Load an export in a runtime, and list the signatures that the runtime can call.

    Parameters
    ----------
    directory : str or path
        The export.
    runtime : str
        One of RUNTIMES or MORE.

    Returns
    -------
    dict of str to helpers.artifact.Signature
        By key.

    Raises
    ------
    NotAnArtifact, RuntimeMissing
        As `convert` does.
    ReaderError
        If the runtime can load no signature, with the error of the converter or of the runtime.
    """
    found = artifact.read(directory)
    converted, offered = _with_signatures(found, runtime), {}
    error: ReaderError | None = None
    for key in converted.keys:
        try:
            _ask("load", converted, runtime, key, deadline=DEADLINE)
            offered[key] = found.signatures[key]
        except ReaderError as first:
            error = error or first
    if error and not offered:
        raise error
    return offered


def run(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, np.ndarray],
    runtime: str,
    deadline: float = DEADLINE,
    computing: float | None = None,
) -> dict[str, np.ndarray]:
    """Call one signature of an export in a runtime.

    Parameters
    ----------
    directory : str or path
        The export.
    signature : str
        The key.
    inputs : dict of str to array
        By name. Cast to the declared dtype if only precision is lost.
    runtime : str
        One of RUNTIMES or MORE.
    deadline : float
        Seconds for the call, without the conversion and the start. After it, the process is
        replaced.
    computing : float, optional
        The same in seconds of CPU time, which a busy computer does not use up (on Linux).

    Returns
    -------
    dict of str to array
        The outputs by name. Texts are bytes.

    Raises
    ------
    NotAnArtifact, RuntimeMissing
        As `convert` does.
    ReaderError
        If the call fails or takes too long, with the error of the converter or of the runtime.
    """
    limits = {"deadline": deadline, "computing": computing}
    return _call("run", directory, signature, inputs, runtime, **limits)


def seconds_per_call(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, np.ndarray],
    runtime: str,
    calls: int = 100,
    deadline: float = DEADLINE,
) -> float:
    """Measure how long one call takes inside the process of a runtime.

    The communication with that process is not included. A first call, which is not counted, warms
    up.

    Parameters
    ----------
    directory, signature, inputs, runtime
        As in `run`.
    calls : int
        The number of calls in a row, at least 1.
    deadline : float
        Seconds for all calls together.

    Returns
    -------
    float
        The mean number of seconds per call.

    Raises
    ------
    ValueError
        If `calls` is not a whole number from 1 on.
    NotAnArtifact, RuntimeMissing, ReaderError
        As `run` does.
    """
    if isinstance(calls, bool) or not isinstance(calls, int) or calls < 1:
        raise ValueError(f"calls must be a whole number from 1 on, not {safe_repr(calls)}")
    return _call("seconds", directory, signature, inputs, runtime, calls, deadline=deadline)


def stop(runtime: str | None = None) -> None:
    """End the process of a runtime. The next question starts it again.

    Parameters
    ----------
    runtime : str or None
        One of RUNTIMES. None: all of them.
    """
    for kind in _KINDS.values() if runtime is None else [_known(runtime)]:
        kind.process.stop()


def process(runtime: str) -> CleanProcess:
    """Return the process of a runtime, one of RUNTIMES."""
    return _known(runtime).process


def _known(runtime):
    if not isinstance(runtime, str) or runtime not in _KINDS:
        raise ValueError(
            f"no runtime {safe_repr(runtime)}: beside {' and '.join(MORE)} "
            f"there are {', '.join(RUNTIMES)}"
        )
    return _KINDS[runtime]


def _converted(found, runtime):
    """Convert an Artifact into the form that a runtime reads."""
    kind = _known(runtime)
    if lacking := kind.missing():
        raise RuntimeMissing(runtime, lacking)
    return kind.converted(found.directory, list(found.signatures))


def _with_signatures(found, runtime):
    """Convert an Artifact, and raise ReaderError unless at least one signature is converted."""
    converted = _converted(found, runtime)
    if not converted.keys:
        error = next(iter(converted.errors.values()), "the export has no signatures")
        raise ReaderError(runtime, error)
    return converted


def _call(question, directory, signature, inputs, runtime, *details, **limits):
    _known(runtime)
    found, arrays = artifact.read(directory), as_arrays(inputs)
    try:
        feed = cast(found.signatures, signature, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ReaderError(runtime, describe(error, limit=2000)) from None
    converted = _converted(found, runtime)
    if signature in converted.errors:
        raise ReaderError(runtime, converted.errors[signature])
    return _ask(question, converted, runtime, signature, feed, *details, **limits)


def _ask(question, converted, runtime, key, *details, **limits):
    arguments = str(converted.path), converted.keys[key], *details
    return _KINDS[runtime].process.ask(Question(question, arguments, runtime), **limits)


__all__ = [
    "MORE",
    "RUNTIMES",
    "ReaderError",
    "RuntimeMissing",
    "convert",
    "missing",
    "process",
    "run",
    "seconds_per_call",
    "signatures",
    "stop",
]
