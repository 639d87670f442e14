"""LiteRT: one file with all signatures, read by ai-edge-litert where TensorFlow is out of reach."""

import sys
from importlib.util import find_spec

from helpers.processes.clean_process import CleanProcess
from helpers.readers import to_litert
from helpers.runtimes import runtime_process
from helpers.runtimes.conversions import Converted, convert_once

process = CleanProcess("helpers.runtimes.litert")


def missing():
    if find_spec("ai_edge_litert"):
        return ""
    return "The package ai-edge-litert is missing: install the course's own environment, make env"


def converted(directory, keys):
    return convert_once(directory, "litert", lambda *where: _convert(*where, keys))


def _convert(directory, folder, keys):
    path = folder / "model.tflite"
    kept, errors = to_litert(directory, keys, path)
    return Converted(path, kept, errors)


class Signature(runtime_process.Loaded):
    def __init__(self, path, key):
        from ai_edge_litert.interpreter import Interpreter

        # For each signature one of its own: to go from one batch size to another is to make room
        # anew, and two signatures would do that to each other.
        self.runner = Interpreter(model_path=path).get_signature_runner(key)

    def call(self, feed):
        return self.runner(**feed)


def main():
    sys.modules["tensorflow"] = None  # whoever asks for it gets an ImportError
    runtime_process.answer_questions(Signature)
