"""Convert signatures to ONNX with tf2onnx, in a process that has imported TensorFlow already.

A process of its own for each conversion would spend most of its time on the import.
"""

import contextlib
import io
import logging
import sys
from pathlib import Path

from helpers.errors.messages import describe
from helpers.processes import patches
from helpers.readers.loading import tags_of

OPSET = 18  # version of ONNX's operations


def convert(directory: str, folder: str, names: dict[str, str], packages: str) -> dict[str, str]:
    """Convert each signature of an export to an .onnx file in `folder`.

    Parameters
    ----------
    directory : str
        an export
    folder : str
    names : dict of str to str
        the name of the file in `folder` for each key
    packages : str
        path of the site-packages that tf2onnx is in. They belong to another environment, which has
        the same versions of the packages that both have.

    Returns
    -------
    dict of str to str
        the converter's error for each key that cannot be converted
    """
    errors = {}
    with patches.load_once_for_tf2onnx(directory, tags_of(directory)):
        for key, name in names.items():
            try:
                _command_line(directory, key, Path(folder) / name, packages)
            except (Exception, SystemExit) as error:
                errors[key] = describe(error, limit=2000)
    return errors


def _command_line(directory, key, out, packages):
    """Run `python -m tf2onnx.convert` for one signature."""
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
