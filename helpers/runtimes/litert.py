"""LiteRT: one file with all signatures, read in a process that cannot import TensorFlow."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import numpy as np

from helpers.processes.clean_process import CleanProcess
from helpers.readers import to_litert
from helpers.readers.litert_interpreter import open_litert
from helpers.runtimes import runtime_process
from helpers.runtimes.conversions import Converted, convert_once

process = CleanProcess("helpers.runtimes.litert")


def missing() -> str:
    """Return a sentence that says what this computer does not have, or ""."""
    if find_spec("ai_edge_litert"):
        return ""
    return "The package ai-edge-litert is missing: install the course's own environment, make env"


def converted(directory: Path, keys: list[str]) -> Converted:
    """Convert the signatures `keys` of an export to one .tflite file, once for the same content."""
    return convert_once(directory, "litert", lambda source, folder: _convert(source, folder, keys))


def _convert(directory, folder, keys):
    path = folder / "model.tflite"
    kept, errors = to_litert(directory, keys, path)
    return Converted(path, kept, errors)


class Signature(runtime_process.Loaded):
    """One signature of a .tflite file."""

    def __init__(self, path: str, key: str):
        # An interpreter for each signature: a new batch size makes it allocate all tensors again,
        # and two signatures in one interpreter would cause that for each other.
        self.runner = open_litert(path).get_signature_runner(key)

    def call(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.runner(**feed)


def main() -> NoReturn:
    """Answer the questions about .tflite files, without TensorFlow."""
    sys.modules["tensorflow"] = None  # an import of TensorFlow raises ImportError
    runtime_process.answer_questions(Signature)
