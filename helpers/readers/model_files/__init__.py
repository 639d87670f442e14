"""Say what a file or folder is that is not an export, who can use it, and how to get an export.

The content decides, not the ending of the name. No code in the file runs: nothing is unpickled, and
Keras does not load the model. LiteRT and ONNX files, which hold operations and no code, are opened
in processes of their own.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path

from helpers.errors.messages import describe as describe_error
from helpers.readers.model_files import (
    archives,
    folders,
    h5_files,
    litert_models,
    other_formats,
    pointers,
    texts,
)
from helpers.readers.model_files import protobuf_files as protobuf
from helpers.readers.model_files.sentences import from_model, joined
from helpers.text import printable, readable_size, safe_repr

HEAD = 512  # bytes that tell the format of a file
# The first that answers is right. ONNX and other protocol buffers have no mark, so they come last.
FORMATS: tuple[Callable[[Path, bytes], str], ...] = (
    pointers.describe,
    archives.describe,
    h5_files.describe,
    litert_models.describe,
    texts.describe,
    other_formats.describe,
    protobuf.describe,
)


def describe(given: str | os.PathLike) -> str:
    """Say what a path leads to, if it does not lead to an export.

    Parameters
    ----------
    given : str or path
        A file, a folder, or the prefix of a checkpoint's files.

    Returns
    -------
    str
        What it is, which programs can use it, and how to get an export: two or more sentences on
        one or more lines. "" for an export, and for a path that leads to nothing.
    """
    try:
        path = Path(given)
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError):
        return ""  # no path at all
    try:
        if is_folder:
            return folders.describe(path) if str(given) else ""
        if not is_file:
            return folders.describe_prefix(path) or _no_file(path)
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        return f"{safe_repr(str(given))} cannot be read: {type(error).__name__}."
    return folders.describe_part(path) or _described(path, head)


def _no_file(path):
    """Describe what exists and is neither a file nor a folder."""
    if path.exists():
        return joined(
            f"{printable(path.name)} is neither a file nor a folder.",
            "No reader can use it.",
            "Give the folder of an export, or a file.",
        )
    if path.is_symlink():
        return joined(
            f"{printable(path.name)} is a link, and nothing is at the place that it names.",
            "No reader can use it.",
            "Give the place where the export is now.",
        )
    return ""


def _described(path, head):
    name = printable(path.name)
    if not head:
        return joined(
            f"{name} is an empty file: it holds no model.",
            "Copy or download it again, or export the model again.",
        )
    for recognise in FORMATS:
        try:
            if found := recognise(path, head):
                return found
        except Exception as error:  # each library has its own errors for a damaged file
            found = _ending(path)
            return joined(
                f"{name} is damaged or incomplete: {found} was expected, and reading it failed "
                f"({_reason(error)}).",
                "No program can use it as it is.",
                "Copy or download it again, and compare its size, which is "
                f"{path.stat().st_size:,} bytes here.",
            )
    if texts.is_text(head):
        return texts.describe_any(path, head)
    zeros = ""
    if not head.strip(b"\0"):
        zeros = "It begins with zeros, as a file does whose download or copy was interrupted."
    return joined(
        f"{name} is a file of {readable_size(path.stat().st_size)}.",
        zeros,
        "It is not one of the formats "
        "that this tool knows: Keras (.keras, .h5), LiteRT (.tflite), ONNX, a frozen graph, a "
        "checkpoint, an archive.",
        from_model("the model that this file belongs to"),
    )


def _reason(error):
    # A format with offsets names a place behind the end of a file that is cut.
    return "it ends too early" if isinstance(error, struct.error) else describe_error(error, 160)


def _ending(path):
    kinds = {
        ".keras": "a Keras model",
        ".h5": "an HDF5 file of Keras",
        ".hdf5": "an HDF5 file of Keras",
        ".tflite": "a LiteRT model",
        ".onnx": "an ONNX model",
        ".zip": "a zip archive",
    }
    return kinds.get(path.suffix.lower(), "a model or an archive")
