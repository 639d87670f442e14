"""Ask three readers the same question about an export, in a clean process.

python : `tf.saved_model.load`, as a Python program does.
session : the session loader, which restores as TensorFlow Serving and the C API do. Python's
    `Session.run` calls it and compares shapes first; the C++ code beneath does not.
litert : conversion to LiteRT and its interpreter, as a phone does.

The process imports TensorFlow and none of the caller's code. It starts with the first question,
stays for the next ones, is replaced when it dies or hangs, and ends with the kernel.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence

import numpy as np

from helpers.artifact.saved_model import Signature, directory_of
from helpers.processes.clean_process import CleanProcess, Question, ReaderError
from helpers.readers.inputs import as_arrays

READERS = {
    "python": "Python (tf.saved_model.load)",
    "session": "the session (Python)",
    "litert": "LiteRT (phones, small devices)",
}
DEADLINE = 60  # seconds for an answer
LONG_DEADLINE = 10 * DEADLINE  # for what saves, converts or reads a whole export
LARGE = 10**8  # bytes of an export that the process holds for one reader at a time
_process = CleanProcess(forked=True)


def warm_up():
    """Start the clean process now, in the background, so that the first question waits less."""
    _process.start()


def signatures(directory: str | os.PathLike, reader: str = "python") -> dict[str, Signature]:
    """Return the signatures that a reader offers for an export, by their key.

    Parameters
    ----------
    directory : str or path
        an export
    reader : "python", "session" or "litert"

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the reader cannot load it
    """
    _require_known(reader)
    return _ask("signatures", directory, reader, who=reader)


def run(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, object],
    reader: str = "python",
    deadline: float = DEADLINE,
    computing: float | None = None,
) -> dict[str, np.ndarray]:
    """Call one signature of an export and return its outputs by their name.

    Parameters
    ----------
    directory : str or path
        an export
    signature : str
        the key
    inputs : mapping of str to array
        cast to the declared dtype where only precision is lost
    reader : "python", "session" or "litert"
    deadline : float
        seconds; after it the process is replaced
    computing : float, optional
        the same in seconds of CPU time, which a busy computer does not use up (on Linux)

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the reader's own error, or the deadline has passed
    """
    arrays = as_arrays(inputs)
    _require_known(reader)
    question = directory, reader, signature, arrays
    return _ask("run", *question, who=reader, deadline=deadline, computing=computing)


def run_batches(
    directory: str | os.PathLike,
    signature: str,
    batches: Sequence[Mapping[str, object]],
    reader: str = "python",
    computing: float | None = None,
) -> tuple[list[dict[str, np.ndarray]], str]:
    """Call one signature of an export with several batches, in one question.

    Parameters
    ----------
    directory, signature, reader, computing
        as in `run`; the limit holds for all batches together
    batches : sequence of mapping of str to array
        the inputs of each call

    Returns
    -------
    list of dict of str to array
        the outputs of each call before the first that fails
    str
        the reader's own error for the batch that fails, or ""

    Raises
    ------
    NotAnArtifact, ReaderError
        as `run` does, but not for the error of a batch
    """
    arrays = [as_arrays(inputs) for inputs in batches]
    _require_known(reader)
    question = directory, reader, signature, arrays
    return _ask("run_batches", *question, who=reader, computing=computing)


def run_from_start(
    directory: str | os.PathLike,
    signature: str,
    feeds: Sequence[Mapping[str, object]],
    reader: str = "python",
    deadline: float = DEADLINE,
) -> list[dict[str, np.ndarray]]:
    """Load an export anew, and call one signature with several sets of inputs, in their order.

    `run` goes on with an export that was called before, and with the state that these calls left.

    Parameters
    ----------
    directory, signature, reader
        as in `run`
    feeds : sequence of mapping of str to array
        the inputs of each call
    deadline : float
        seconds, for all calls

    Returns
    -------
    list of dict of str to array
        the outputs by name, of each call

    Raises
    ------
    NotAnArtifact, ReaderError
        as `run` does
    """
    _require_known(reader)
    question = directory, reader, signature, [as_arrays(feed) for feed in feeds]
    return _ask("run_from_start", *question, who=reader, deadline=deadline)


def run_bare(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, np.ndarray],
    computing: float | None = None,
) -> dict[str, tuple[dict[str, np.ndarray], str]]:
    """Call one signature of an export in six ways, with the inputs as they are.

    Parameters
    ----------
    directory : str or path
        an export
    signature : str
        the key
    inputs : mapping of str to array
        neither names nor dtypes are compared with the signature before the call
    computing : float, optional
        as in `run`; the limit holds for all six together

    Returns
    -------
    dict of str to (dict of str to array, str)
        by reader, a key of `helpers.readers.bare_calls.BARE_READERS`: the outputs by name, and the
        error, one of which is empty

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the process does not answer
    """
    question = directory, signature, dict(inputs)
    return _ask("run_bare", *question, who="readers", computing=computing)


def run_with_zeros(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, object],
    deadline: float = DEADLINE,
    computing: float | None = None,
) -> dict[str, np.ndarray]:
    """Call one signature of an export in Python, while all floating variables that it reads are 0.

    The other questions get the variables as they are in the export.

    Parameters
    ----------
    directory, signature, inputs, deadline, computing
        as in `run`

    Returns
    -------
    dict of str to array
        the outputs by name

    Raises
    ------
    NotAnArtifact, ReaderError
        as `run` does
    """
    question = directory, signature, as_arrays(inputs)
    limits = {"deadline": deadline, "computing": computing}
    return _ask("run_with_zeros", *question, who="python", **limits)


def run_with_xla(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, object],
    deadline: float = DEADLINE,
) -> dict[str, np.ndarray]:
    """Call one signature of an export in the session, with XLA on.

    `run` leaves XLA off in the session, as a TensorFlow Serving that was started without a flag
    for it. The arguments, the outputs and the errors are those of `run`.
    """
    question = directory, signature, as_arrays(inputs)
    return _ask("run_with_xla", *question, who="session", deadline=deadline)


def run_shaken(
    directory: str | os.PathLike,
    signature: str,
    inputs: Mapping[str, object],
    part: float,
    seed: int,
    deadline: float = DEADLINE,
) -> dict[str, np.ndarray]:
    """Call one signature in Python, while its float inputs and variables are changed a little.

    Parameters
    ----------
    directory, signature, inputs, deadline
        as in `run`
    part : float
        the standard deviation of the change, as a part of each value
    seed : int
        of the change

    Returns
    -------
    dict of str to array
        the outputs by name

    Raises
    ------
    NotAnArtifact, ReaderError
        as `run` does
    """
    question = directory, signature, as_arrays(inputs), part, seed
    return _ask("run_shaken", *question, who="python", deadline=deadline)


def save_again(
    directory: str | os.PathLike, out: str | os.PathLike, deadline: float = LONG_DEADLINE
):
    """Load an export in Python and save what that gives as the new export `out`.

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the error of loading or saving
    """
    _ask("save_again", directory, str(out), who="python", deadline=deadline)


def to_litert(
    directory: str | os.PathLike,
    keys: Sequence[str],
    out: str | os.PathLike,
    deadline: float = LONG_DEADLINE,
) -> tuple[dict[str, str], dict[str, str]]:
    """Write the signatures `keys` of an export as one LiteRT file, `out`.

    Of two signatures with one graph the file keeps one. A signature that cannot be converted is
    left out. When no signature can be converted, there is no file.

    Returns
    -------
    dict of str to str
        the name in the file for each key that was converted
    dict of str to str
        the converter's error for each other key

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the process does not answer
    """
    return _ask("to_litert", directory, list(keys), str(out), who="litert", deadline=deadline)


def to_onnx(
    directory: str | os.PathLike,
    names: Mapping[str, str],
    folder: str | os.PathLike,
    packages: str | os.PathLike,
    deadline: float = LONG_DEADLINE,
) -> dict[str, str]:
    """Write signatures of an export as .onnx files in `folder`, with tf2onnx.

    Parameters
    ----------
    directory : str or path
        an export
    names : mapping of str to str
        the name of the file for each key
    folder : str or path
    packages : str or path
        the site-packages that tf2onnx is in. Python looks there last, for what the course's
        environment does not have.

    Returns
    -------
    dict of str to str
        the converter's error for each key that could not be converted

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        the process does not answer
    """
    arguments = str(folder), dict(names), str(packages)
    return _ask("to_onnx", directory, *arguments, who="onnx", deadline=deadline)


def write_changed(
    directory: str | os.PathLike,
    out: str | os.PathLike,
    key: str,
    shapes: Mapping[str, tuple[int | None, ...]],
    rows: int | None = None,
    float32: bool = False,
):
    """Write an export with the one signature `key` as the new folder `out`, with a changed graph.

    The arguments are those of `helpers.readers.graph_changes.write`. The new folder may have links
    to the files of the export. Raises NotAnArtifact and ReaderError.
    """
    arguments = str(out), key, dict(shapes), rows, float32
    _ask("write_changed", directory, *arguments, who="litert", deadline=LONG_DEADLINE)


def write_unseeded(directory: str | os.PathLike, out: str | os.PathLike) -> bool:
    """Write an export as the new folder `out`, without the seeds of its random numbers.

    The new folder may have links to the files of the export.

    Returns
    -------
    bool
        Whether there was a seed. If not, nothing is written.

    Raises
    ------
    NotAnArtifact, ReaderError
    """
    return _ask("write_unseeded", directory, str(out), who="python", deadline=LONG_DEADLINE)


def variables(directory: str | os.PathLike) -> list[tuple[str, str, tuple[int, ...]]]:
    """List the variables of an export without reading their values.

    Returns
    -------
    list of (checkpoint key, dtype name, shape), sorted by key

    Raises
    ------
    NotAnArtifact
        it is not a SavedModel
    ReaderError
        variables.index cannot be read
    """
    return _ask("variables", directory, who="checkpoint")


def digests(directory: str | os.PathLike, deadline: float = LONG_DEADLINE) -> dict[str, str | None]:
    """Return a fingerprint of each variable's value by its checkpoint key.

    A fingerprint is None where the value cannot be read. Raises what `variables` raises.
    """
    return _ask("digests", directory, who="checkpoint", deadline=deadline)


def saved_model_cli(command: str, directory: str | os.PathLike, *arguments: str) -> tuple[str, int]:
    """Run `saved_model_cli COMMAND --dir DIRECTORY ARGUMENTS` in the clean process.

    The command line would import TensorFlow first, which takes seconds.

    Returns
    -------
    str
        what it prints
    int
        its exit status
    """
    return _ask("saved_model_cli", directory, command, list(arguments), who="saved_model_cli")


def _require_known(reader):
    if reader not in READERS:
        raise ValueError(f"no reader {reader!r}: there are {', '.join(READERS)}")


def _ask(function, directory, *arguments, who, deadline=DEADLINE, computing=None):
    path = directory_of(directory)
    loader = who if function in ("run", "run_with_zeros", "signatures") else function
    holds = (str(path), loader) if _size(path) >= LARGE else None
    question = Question(function, (str(path), *arguments), who, holds)
    return _process.ask(question, deadline=deadline, computing=computing)


def _size(path):
    """Return the bytes of the graph and the variables of an export, also where these are links."""
    size = 0
    for folder in (path, path / "variables"):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            size += sum(entry.stat().st_size for entry in entries if entry.is_file())
    return size


__all__ = [
    "DEADLINE",
    "READERS",
    "ReaderError",
    "digests",
    "run",
    "run_bare",
    "run_batches",
    "run_from_start",
    "run_shaken",
    "run_with_xla",
    "run_with_zeros",
    "save_again",
    "saved_model_cli",
    "signatures",
    "to_litert",
    "to_onnx",
    "variables",
    "warm_up",
    "write_changed",
    "write_unseeded",
]
