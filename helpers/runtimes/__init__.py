"""One artifact, the same numbers, in programs that are not TensorFlow's Python.

litert : one .tflite file with all signatures, in a process that cannot import TensorFlow.
onnx : one .onnx file for each signature, made by tf2onnx, read by ONNX Runtime.
c : a C program (reader.c) against the library in TensorFlow's wheel; it reads the artifact itself.
browser : the .onnx files again, in a page with onnxruntime-web, opened in chromium.

The questions are those of `helpers.readers`, whose clean process converts. Each runtime has one
process, which starts on the first question, stays warm, is replaced when it dies or hangs, and ends
with the kernel.
"""

from helpers import artifact
from helpers.errors.messages import describe
from helpers.processes.clean_process import Question, ReaderError
from helpers.readers import DEADLINE
from helpers.readers.inputs import as_arrays, cast
from helpers.runtimes import browser, c_program, litert, onnx_runtime
from helpers.text import safe_repr

RUNTIMES = {
    "litert": "LiteRT (ai-edge-litert, no TensorFlow in the process)",
    "onnx": "ONNX Runtime (after tf2onnx)",
    "c": "a C program (TensorFlow's C library)",
    "browser": "a browser page (onnxruntime-web in chromium)",
}
_KINDS = {"litert": litert, "onnx": onnx_runtime, "c": c_program, "browser": browser}


class RuntimeMissing(ReaderError):
    """A runtime is not on this computer; `error` is the sentence of `missing`."""


def missing(runtime):
    """What `runtime` needs and this computer has not, and the line that installs it; "" if nothing.

    Looks only at what is installed, so that it answers at once.
    """
    return _known(runtime).missing()


def convert(directory, runtime):
    """Make what `runtime` reads of the export `directory`, once for the same content.

    Returns the Path of a .tflite file ("litert"), of a folder with one .onnx file for each
    signature ("onnx", "browser"), or of the export itself ("c"). What is made lies in a temporary
    folder, which goes with the kernel. A signature that cannot cross is left out.

    Raises NotAnArtifact, RuntimeMissing, and ReaderError with the converter's own error when no
    signature can cross.
    """
    return _crossed(artifact.read(directory), runtime).path


def signatures(directory, runtime):
    """The signatures of the export `directory` that `runtime` offers; it loads them for that.

    Returns
    -------
    dict of str to helpers.artifact.Signature

    Raises as `convert` does, and ReaderError with the runtime's error where it can load none.
    """
    found = artifact.read(directory)
    converted, offered, error = _crossed(found, runtime), {}, None
    for key in converted.keys:
        try:
            _ask("load", converted, runtime, key, deadline=DEADLINE)
            offered[key] = found.signatures[key]
        except ReaderError as first:
            error = error or first
    if not offered:
        raise error
    return offered


def run(directory, signature, inputs, runtime, deadline=DEADLINE):
    """Call one signature of the export `directory` in `runtime`.

    Parameters
    ----------
    signature : str, the key
    inputs : dict of str to array; cast to the declared dtype where nothing but precision is lost
    runtime : one of RUNTIMES
    deadline : seconds for the call, conversion and start not counted; after it the process is
        replaced and ReaderError raised

    Returns
    -------
    dict of str to array, texts as bytes

    Raises NotAnArtifact, RuntimeMissing, or ReaderError with the converter's or runtime's error.
    """
    return _call("run", directory, signature, inputs, runtime, deadline=deadline)


def seconds_per_call(directory, signature, inputs, runtime, calls=100, deadline=DEADLINE):
    """Seconds that one call takes, the mean of `calls` in a row, measured inside the runtime's own
    process: what it costs to ask that process is not in it. Parameters and errors as for `run`.

    A first call, which is not counted, warms up.
    """
    if isinstance(calls, bool) or not isinstance(calls, int) or calls < 1:
        raise ValueError(f"calls: a whole number from 1 on is wanted, not {safe_repr(calls)}")
    return _call("seconds", directory, signature, inputs, runtime, calls, deadline=deadline)


def stop(runtime=None):
    """End the processes of `runtime`, or of all; the next question starts them again."""
    for kind in _KINDS.values() if runtime is None else [_known(runtime)]:
        kind.process.stop()


def process(runtime):
    """The helpers.processes.clean_process.CleanProcess of `runtime`."""
    return _known(runtime).process


def _known(runtime):
    if not isinstance(runtime, str) or runtime not in RUNTIMES:
        raise ValueError(f"no runtime {safe_repr(runtime)}: there are {', '.join(RUNTIMES)}")
    return _KINDS[runtime]


def _converted(found, runtime):
    """`found`, an Artifact, in the form that `runtime` reads."""
    kind = _known(runtime)
    if lacking := kind.missing():
        raise RuntimeMissing(runtime, lacking)
    return kind.converted(found.directory, list(found.signatures))


def _crossed(found, runtime):
    """The same, with at least one signature."""
    converted = _converted(found, runtime)
    if not converted.keys:
        error = next(iter(converted.errors.values()), "the artifact has no signatures")
        raise ReaderError(runtime, error)
    return converted


def _call(question, directory, signature, inputs, runtime, *details, deadline):
    _known(runtime)
    found, arrays = artifact.read(directory), as_arrays(inputs)
    try:
        feed = cast(found.signatures, signature, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ReaderError(runtime, describe(error, limit=2000)) from None
    converted = _converted(found, runtime)
    if signature in converted.errors:
        raise ReaderError(runtime, converted.errors[signature])
    return _ask(question, converted, runtime, signature, feed, *details, deadline=deadline)


def _ask(question, converted, runtime, key, *details, deadline):
    arguments = str(converted.path), converted.keys[key], *details
    return _KINDS[runtime].process.ask(Question(question, arguments, runtime), deadline=deadline)


__all__ = [
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
