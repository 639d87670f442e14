"""Conversion to ONNX by tf2onnx's command line, in a process that has TensorFlow already: its start
is most of what one conversion takes."""

import contextlib
import functools
import io
import logging
import sys
from pathlib import Path
from unittest import mock

from helpers.errors.messages import describe

OPSET = 18


def convert(directory, reader, folder, names, packages):
    """Convert each signature; {key: error} for those that cannot cross.

    names : dict of str to str, the name of the file in `folder` for each key
    packages : path of the site-packages that tf2onnx is in, for another environment with the same
        versions of what both have
    """
    import tensorflow as tf

    errors = {}
    # Each conversion would load the export again.
    once = functools.cache(functools.partial(tf.saved_model.load, directory))
    with mock.patch.object(tf.saved_model, "load", lambda path, tags: once()):
        for key, name in names.items():
            try:
                _command_line(directory, key, Path(folder) / name, packages)
            except (Exception, SystemExit) as error:
                errors[key] = describe(error, limit=2000)
    return errors


def _command_line(directory, key, out, packages):
    """`python -m tf2onnx.convert`, with arguments as one would type them."""
    import tensorflow as tf

    if packages not in sys.path:
        sys.path.append(packages)
    from tf2onnx import convert

    options = {"--saved-model": directory, "--signature_def": key, "--output": str(out)}
    before = sys.argv, logging.root.manager.disable
    sys.argv = ["tf2onnx.convert", "--opset", str(OPSET)]
    sys.argv += [word for pair in options.items() for word in pair]
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main()
    finally:
        sys.argv, level = before
        logging.disable(level)
        tf.get_logger().setLevel("ERROR")
