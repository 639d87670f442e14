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


def scan(directory, reader, operations):
    """What `saved_model_cli scan --op_denylist` prints; its exit status says nothing."""
    import tensorflow as tf
    from tensorflow.python.tools import saved_model_cli

    arguments = sys.argv
    sys.argv = ["saved_model_cli", "scan", "--dir", directory]
    sys.argv += ["--op_denylist", ",".join(operations)]
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
            saved_model_cli.main()
    finally:
        sys.argv = arguments
        tf.get_logger().setLevel("ERROR")
    return said.getvalue()
