"""The process that runs tf2onnx's command line: TensorFlow is imported once for many files."""

import contextlib
import io
import logging
import sys
from pathlib import Path

from helpers.errors import describe
from helpers.runtimes.onnx import OPSET


def convert(directory, runtime, folder, names):
    """Convert each signature; {key: error} for those that cannot cross.

    names : dict of str to str, the name of the file for each key
    """
    errors = {}
    for key, name in names.items():
        try:
            command_line(directory, key, Path(folder) / name)
        except (Exception, SystemExit) as error:
            errors[key] = describe(error, limit=2000)
    return errors


def command_line(directory, key, out):
    """`python -m tf2onnx.convert`, with arguments as one would type them."""
    from tf2onnx import convert

    options = {"--saved-model": directory, "--signature_def": key, "--output": str(out)}
    before = sys.argv
    sys.argv = ["tf2onnx.convert", "--opset", str(OPSET)]
    sys.argv += [word for pair in options.items() for word in pair]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main()
    finally:
        sys.argv = before


def main():
    import helpers
    from helpers.readers import worker

    def prepare():
        helpers.import_tensorflow().get_logger().setLevel("ERROR")
        logging.disable(logging.WARNING)

    worker.answer_questions({"convert": convert}, prepare)
