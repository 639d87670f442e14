"""Questions about the files of an artifact. The clean process answers them too: nothing is loaded
or run, but on a hostile `variables.index` TensorFlow's own reader aborts the process it is in."""

import contextlib
import hashlib
import io
import sys
from pathlib import Path

import numpy as np

MOST_BYTES = 2 * 10**9  # of one variable: what is larger is not read


def variables(directory, reader):
    """[(key, dtype name, shape)] as variables.index lists them; the data file is not opened."""
    index = _index(directory)
    dtypes = index.get_variable_to_dtype_map()
    return [
        (key, dtypes[key].name, tuple(shape))
        for key, shape in sorted(index.get_variable_to_shape_map().items())
    ]


def digests(directory, reader):
    """{key: a fingerprint of the value, or None where it cannot be read}."""
    index = _index(directory)
    dtypes, shapes = index.get_variable_to_dtype_map(), index.get_variable_to_shape_map()
    data = (Path(directory) / "variables").glob("variables.data-*")
    most = min(MOST_BYTES, sum(file.stat().st_size for file in data if file.is_file()))
    found = {}
    for key, shape in shapes.items():
        size = dtypes[key].size or 1
        for length in shape:
            size *= length
        # What the index promises and the data cannot hold would be room made for nothing.
        found[key] = _digest(index, key) if size <= most else None
    return found


def _digest(index, key):
    try:
        value = np.asarray(index.get_tensor(key))
    except Exception:  # cut short, or not what was written
        return None
    texts = value.dtype.kind in "OS"
    return hashlib.sha256(repr(value.tolist()).encode() if texts else value.tobytes()).hexdigest()


def _index(directory):
    import tensorflow as tf

    return tf.train.load_checkpoint(str(Path(directory) / "variables" / "variables"))


def saved_model_cli(directory, command, arguments):
    """(text, exit status) of `saved_model_cli COMMAND --dir DIRECTORY ARGUMENTS`."""
    import tensorflow as tf
    from absl import flags
    from tensorflow.python.tools import saved_model_cli

    for flag in flags.FLAGS.flags_by_module_dict()[saved_model_cli.__name__]:
        flag.unparse()  # what the last call was given, and what it had to be given
        flag.validators.clear()
    before, sys.argv = sys.argv, ["saved_model_cli", command, "--dir", directory, *arguments]
    status = 0
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            saved_model_cli.main()
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.argv = before
        tf.get_logger().setLevel("ERROR")
    return said.getvalue(), status
