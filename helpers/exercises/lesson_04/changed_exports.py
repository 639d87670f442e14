"""The changes of exercise 1: copies of one export with one change each, and who can use them."""

import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.exercises.lesson_04.made_once import made_once

BOTH, ONLY_PYTHON, NONE = "both", "only Python", "none"
OUTCOMES = (BOTH, ONLY_PYTHON, NONE)
ROWS = np.array([[0.0], [10.0]], np.float32)
RIGHT = np.array([[1.0], [21.0]], np.float32)


def _delete_the_fingerprint(directory):
    (directory / "fingerprint.pb").unlink()
    return directory


def _delete_assets(directory):
    (directory / "assets").rmdir()
    return directory


def _delete_the_index(directory):
    (directory / "variables" / "variables.index").unlink()
    return directory


def _change_the_tag(directory):
    def change(about):
        del about.tags[:]
        about.tags.append("train")

    return _with_other_words(directory, change)


def _change_the_version(directory):
    def change(about):
        about.tensorflow_version = "9.9.9"

    return _with_other_words(directory, change)


def _pack(directory):
    return Path(shutil.make_archive(str(directory), "zip", directory))


def _with_other_words(directory, change):
    from tensorflow.core.protobuf import saved_model_pb2

    file = directory / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model.meta_graphs[0].meta_info_def)
    file.write_bytes(model.SerializeToString())
    return directory


# By the words of the page: what is done, and the rule behind the outcome.
CHANGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "fingerprint.pb is deleted": (
        _delete_the_fingerprint,
        "No reader opens fingerprint.pb. It only serves to compare exports.",
    ),
    "the empty folder assets is deleted": (
        _delete_assets,
        "Readers open assets only if the graph reads a file in it.",
    ),
    "variables.index is deleted": (
        _delete_the_index,
        "Without variables.index, no reader finds the numbers in the data file.",
    ),
    "the tag is train": (
        _change_the_tag,
        "A server asks for the tag serve. tf.saved_model.load takes the only graph that is there.",
    ),
    "the version is 9.9.9": (
        _change_the_version,
        "No reader compares the version. Only an operation that it does not know makes it fail.",
    ),
    "the folder is packed into a ZIP file": (
        _pack,
        "Readers open a folder. They do not unpack a file.",
    ),
}


@functools.cache
def measured(change: str) -> tuple[str, str]:
    """Apply a change to an export, and load and call it as Python and as a server do.

    Parameters
    ----------
    change : str
        A key of CHANGES.

    Returns
    -------
    outcome : str
        One of OUTCOMES.
    words : str
        What was measured, and the rule behind it.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(shutil.copytree(_line(), Path(folder) / "line"))
        make, rule = CHANGES[change]
        changed = make(directory)
        python, server = _error(_ask_python, changed), _error(_ask_session, changed)
    if python:
        assert server, f"{change}: only a server answers, which is no choice"
        return NONE, f"Python fails with {python}, and a server with {server}. {rule}"
    if server:
        return ONLY_PYTHON, f"Python gives the right answers. A server fails with {server}. {rule}"
    return BOTH, f"Python and a server give the right answers. {rule}"


def outcome(change: str) -> str:
    """Return who gives the right answers after a change, one of OUTCOMES."""
    return measured(change)[0]


def _line():
    """Export y = 2x + 1 once."""
    from helpers.clinic.line_model import exported_line

    return made_once(exported_line)


def _ask_python(directory):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(directory))  # its variables go when it goes
    return loaded.serve(ROWS).numpy()


def _ask_session(directory):
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        found = tf.compat.v1.saved_model.load(session, ["serve"], str(directory))
        signature = found.signature_def["serve"]
        (given,), (answer,) = signature.inputs.values(), signature.outputs.values()
        return session.run(answer.name, {given.name: ROWS})


def _error(ask, directory):
    """Return the type of the error that a reader raises, or "" for the right answers."""
    try:
        answers = ask(directory)
    except Exception as error:
        return type(error).__name__
    assert np.allclose(answers, RIGHT, atol=1e-4)
    return ""
