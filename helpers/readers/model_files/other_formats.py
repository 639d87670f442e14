"""Formats of other libraries, and the architecture of a Keras model as JSON."""

import json
from pathlib import Path

from helpers.readers.model_files.sentences import joined
from helpers.text import printable

MOST_BYTES = 2**26  # of a JSON file; a larger one is not read
BUILD = (
    "This course's tools cannot make an export of it. Build the same model in Keras, set its "
    "weights, and call model.export(DIRECTORY)."
)


def describe(path: Path, head: bytes) -> str:
    """Say what a pickle, a safetensors, GGUF, NumPy or JSON file is; "" for any other file."""
    name = printable(path.name)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return joined(
            f"{name} is a pickle: Python objects and the names of their classes.",
            "Only Python with the same packages can use it, and opening it can run code, so open "
            "it only if you trust its author.",
            BUILD,
        )
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return joined(
            f"{name} is a safetensors file: weights by name, without a graph.",
            "Only a program that builds the same model can use it.",
            BUILD,
        )
    if head.startswith(b"GGUF"):
        return joined(
            f"{name} is a GGUF file: a language model for llama.cpp.",
            "llama.cpp and programs that use it can read it. TensorFlow cannot.",
            BUILD,
        )
    if head.startswith(b"\x93NUMPY"):
        return joined(
            f"{name} holds one array of NumPy, not a model.",
            "NumPy can read it: numpy.load(FILE).",
            "To get an export, open the model in Python, and call model.export(DIRECTORY).",
        )
    if head.lstrip().startswith(b"{") and path.stat().st_size <= MOST_BYTES:
        return _json(path, name)
    return ""


def _json(path, name):
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return ""
    if isinstance(content, dict) and {"class_name", "config"} <= content.keys():
        kind = printable(str(content["class_name"]))
        return joined(
            f"{name} is the architecture of a Keras model ({kind}) as JSON, without weights.",
            "Only Python programs with Keras can use it.",
            f'To get an export: tf.keras.models.model_from_json(open("{name}").read()), then '
            "load_weights with the file of its weights, and model.export(DIRECTORY).",
        )
    return ""
