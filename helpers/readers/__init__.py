"""The same question put to an artifact by three readers, in a clean process.

python : `tf.saved_model.load`, what a Python program does.
session : the session loader, which restores as TensorFlow Serving and the C API do. It is run by
    Python's `Session.run`, which compares shapes first; the C++ beneath does not.
litert : conversion to LiteRT and its interpreter, what a phone does.

The process imports TensorFlow and none of the caller's code. It starts on the first question,
stays warm, is replaced when it dies or hangs, and ends with the kernel.
"""

from helpers.artifact.saved_model import directory_of
from helpers.processes.clean_process import CleanProcess, ReaderError
from helpers.readers.inputs import as_arrays

READERS = {
    "python": "Python (tf.saved_model.load)",
    "session": "the session loader (TensorFlow Serving, C)",
    "litert": "LiteRT (phones, small devices)",
}
_process = CleanProcess(forked=True)


def warm_up():
    """Start the clean process now, in the background; the first question then waits less."""
    _process.start()


def signatures(directory, reader="python"):
    """The signatures that `reader` offers for the export `directory`.

    Returns
    -------
    dict of str to helpers.artifact.Signature

    Raises NotAnArtifact when it is no SavedModel, ReaderError when the reader cannot load it.
    """
    return _ask("signatures", directory, _known(reader))


def run(directory, signature, inputs, reader="python", deadline=60):
    """Call one signature of the export `directory`.

    Parameters
    ----------
    signature : str, the key
    inputs : dict of str to array; cast to the declared dtype where nothing but precision is lost
    reader : "python", "session" or "litert"
    deadline : seconds; after it the process is replaced and ReaderError raised

    Returns
    -------
    dict of str to array

    Raises NotAnArtifact, or ReaderError with the reader's own error.
    """
    arrays = as_arrays(inputs)
    return _ask("run", directory, _known(reader), signature, arrays, deadline=deadline)


def save_again(directory, out, deadline=600):
    """Load the export `directory` in Python and save what that gives as the new export `out`.

    Raises NotAnArtifact, or ReaderError with the error of loading or saving.
    """
    _ask("save_again", directory, "python", str(out), deadline=deadline)


def to_litert(directory, keys, out, deadline=600):
    """Write the signatures `keys` of the export `directory` as one LiteRT file, `out`.

    Of two signatures with one graph the file keeps one; a signature that cannot cross is left out,
    and without any there is no file.

    Returns ({key: its name in the file}, {key: the converter's error}). Raises NotAnArtifact, or
    ReaderError where the process does not answer.
    """
    return _ask("to_litert", directory, "litert", list(keys), str(out), deadline=deadline)


def to_onnx(directory, names, folder, packages, deadline=600):
    """Write signatures of the export `directory` as .onnx files in `folder`, with tf2onnx.

    names : dict of str to str, the name of the file for each key
    packages : path of the site-packages that tf2onnx is in; only these are looked for there that
        this environment has not

    Returns {key: the converter's error}. Raises NotAnArtifact, or ReaderError where the process
    does not answer.
    """
    details = "onnx", str(folder), names, str(packages)
    return _ask("to_onnx", directory, *details, deadline=deadline)


def variables(directory):
    """The variables of the export `directory`, listed without reading their values.

    Returns a list of (checkpoint key, dtype name, shape), sorted by key. Raises NotAnArtifact, or
    ReaderError where variables.index cannot be read.
    """
    return _ask("variables", directory, "checkpoint")


def digests(directory, deadline=600):
    """{checkpoint key: a fingerprint of the value, None where it cannot be read}; raises alike."""
    return _ask("digests", directory, "checkpoint", deadline=deadline)


def saved_model_cli(command, directory, *arguments):
    """`saved_model_cli COMMAND --dir DIRECTORY ARGUMENTS`, without the seconds that it takes to
    start: the clean process has TensorFlow at hand.

    Returns (str, int), what it prints and its exit status.
    """
    return _ask("saved_model_cli", directory, command, list(arguments))


def _known(reader):
    if reader not in READERS:
        raise ValueError(f"no reader {reader!r}: there are {', '.join(READERS)}")
    return reader


def _ask(question, directory, *details, deadline=60):
    return _process.ask(question, str(directory_of(directory)), *details, deadline=deadline)


__all__ = [
    "READERS",
    "ReaderError",
    "digests",
    "run",
    "save_again",
    "saved_model_cli",
    "signatures",
    "to_litert",
    "to_onnx",
    "variables",
    "warm_up",
]
