"""Export a small model whose answer is a number, for exercises in which a server has versions."""

import functools
import shutil
import tempfile
from pathlib import Path

ROW = {"instances": [[1.0, 1.0]]}
LARGE = 1e5
_FOLDER = tempfile.TemporaryDirectory(prefix="served-")  # deleted at the end of the kernel


def save(folder: str | Path, number: int, name: str = "x", refuses: str = "") -> Path:
    """Save an export whose only signature answers each row with a number.

    The input has shape (n, 2) and dtype float32, the output (n, 1) and float32.

    Parameters
    ----------
    folder : path-like
        must not exist
    number : int
        the answer
    name : str
        the name of the input
    refuses : {"", "several rows", "negative numbers", "large numbers"}
        the inputs for which the graph fails; large numbers are above LARGE

    Returns
    -------
    pathlib.Path
        the folder
    """
    shutil.copytree(_saved(number, name, refuses), folder)
    return Path(folder)


def new_folder(folder: Path) -> Path:
    """Make a new folder in `folder`, because an interrupted start may have left an old one."""
    folder.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))


@functools.cache
def _saved(number, name, refuses):
    """Export a model once, because this takes longer than the rest of an exercise."""
    import tensorflow as tf

    class Numbered(tf.Module):
        def __init__(self):
            self.number = tf.Variable(float(number))

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name=name)])
        def call(self, x):
            if refuses == "several rows":
                x = tf.reshape(x, (1, 2))
            elif refuses == "negative numbers":
                tf.debugging.Assert(tf.reduce_all(x >= 0), [tf.shape(x)])
            elif refuses == "large numbers":
                tf.debugging.Assert(tf.reduce_all(tf.abs(x) <= LARGE), [tf.shape(x)])
            return {"version": 0 * tf.reduce_sum(x, axis=1, keepdims=True) + self.number}

    module, folder = Numbered(), tempfile.mkdtemp(dir=_FOLDER.name)
    tf.saved_model.save(module, folder, signatures=module.call)
    return folder
