"""Answer questions about the files of an export, without loading or running it.

The clean process answers these too: TensorFlow's reader of a hostile `variables.index` aborts the
process that it runs in.
"""

import contextlib
import hashlib
import io
import sys
from pathlib import Path

import numpy as np

from helpers.processes import patches

MOST_BYTES = 2 * 10**9  # of one variable; a larger variable is not read


def variables(directory: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """List what variables.index lists, (key, dtype name, shape), without opening the data file."""
    index = _index(directory)
    dtypes = index.get_variable_to_dtype_map()
    return [
        (key, dtypes[key].name, tuple(shape))
        for key, shape in sorted(index.get_variable_to_shape_map().items())
    ]


def digests(directory: str) -> dict[str, str | None]:
    """Return the SHA-256 of each variable's value by its key, None where it cannot be read."""
    index = _index(directory)
    dtypes, shapes = index.get_variable_to_dtype_map(), index.get_variable_to_shape_map()
    data = (Path(directory) / "variables").glob("variables.data-*")
    most = min(MOST_BYTES, sum(file.stat().st_size for file in data if file.is_file()))
    found = {}
    for key, shape in shapes.items():
        size = dtypes[key].size or 1
        for length in shape:
            size *= length
        # A hostile index lists shapes that the data file cannot hold, to fill the memory.
        found[key] = _digest(index, key) if size <= most else None
    return found


def _digest(index, key):
    try:
        value = np.asarray(index.get_tensor(key))
    except Exception:  # the data file is cut short or has been changed
        return None
    texts = value.dtype.kind in "OS"
    return hashlib.sha256(repr(value.tolist()).encode() if texts else value.tobytes()).hexdigest()


def _index(directory):
    import tensorflow as tf

    return tf.train.load_checkpoint(str(Path(directory) / "variables" / "variables"))


def saved_model_cli(directory: str, command: str, arguments: list[str]) -> tuple[str, int]:
    """Run `saved_model_cli COMMAND --dir DIRECTORY ARGUMENTS`; return its text and exit status."""
    import tensorflow as tf
    from tensorflow.python.tools import saved_model_cli

    patches.forget_flags(saved_model_cli.__name__)
    before, sys.argv = sys.argv, ["saved_model_cli", command, "--dir", directory, *arguments]
    status = 0
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            saved_model_cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
        tf.get_logger().setLevel("ERROR")
    return said.getvalue(), status
