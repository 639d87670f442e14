"""Archives: zip and tar files, among them .keras files and what other libraries write as zip."""

import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from helpers.readers.model_files import keras_config
from helpers.readers.model_files.sentences import from_model, joined, some
from helpers.text import printable

ENDINGS = (".keras", ".h5", ".tflite", ".onnx")
TAR = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ": "xz"}
MOST_NAMES = 20_000  # of a tar archive, which has no table of contents


def describe(path: Path, head: bytes) -> str:
    """Say what an archive holds; "" for any other file."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with zipfile.ZipFile(path) as archive:
            return _zip(path, archive)
    packed = next((kind for mark, kind in TAR.items() if head.startswith(mark)), "")
    if packed or head[257:262] == b"ustar":
        try:
            with tarfile.open(path) as archive:
                names = [member.name for _, member in zip(range(MOST_NAMES), archive, strict=False)]
        except tarfile.ReadError:
            return _packed_file(path, packed)
        return _holding(path, "a tar archive", names)
    return ""


def _zip(path, archive):
    names = archive.namelist()
    if {"config.json", "metadata.json"} <= set(names):
        return keras_config.describe_zip(path, archive)
    if any(name.endswith("data.pkl") for name in names):
        return joined(
            f"{printable(path.name)} is a PyTorch file (a zip archive with a pickle).",
            "Only PyTorch can use it, and a pickle can run code while it is opened, so open it "
            "only if you trust its author.",
            "This course's tools cannot make an export of it: convert the model with PyTorch's own "
            "exporters, or build the same model in Keras, set its weights, and call "
            "model.export(DIRECTORY).",
        )
    if names and all(name.endswith(".npy") for name in names):
        return joined(
            f"{printable(path.name)} holds arrays of NumPy ({some(names)}), not a model.",
            "NumPy can read it: numpy.load(FILE).",
            from_model("the model that the arrays belong to"),
        )
    return _holding(path, "a zip archive", names)


def _holding(path, what, names):
    """Describe an archive by the exports and model files in it."""
    name = printable(path.name)
    paths = [PurePosixPath(name) for name in names]
    exports = [str(p.parent) for p in paths if p.name == "saved_model.pb"]
    files = [str(p) for p in paths if p.suffix.lower() in ENDINGS]
    unpacked = "unpack it, and give "
    if exports:
        at_top = exports == ["."]
        where = "the folder" if at_top else f"the folder {printable(exports[0])}"
        return joined(
            f"{name} is {what} with {_count(exports, 'export')} in it"
            f"{'' if at_top else f': {some(exports)}'}.",
            "No reader opens an archive.",
            f"To use it, {unpacked}{where} to this command.",
        )
    if files:
        return joined(
            f"{name} is {what} with {_count(files, 'model file')} in it ({some(files)}).",
            "No reader opens an archive.",
            f"To learn more, {unpacked}the file to this command.",
        )
    return joined(
        f"{name} is {what} of {_count(names, 'entry', 'entries')} without an export or a model "
        f"file{f' ({some(names)})' if names else ''}.",
        "An export has a saved_model.pb.",
        from_model("the model itself"),
    )


def _packed_file(path, packed):
    if packed not in ("gz", "bz2", "xz"):
        raise tarfile.ReadError
    return joined(
        f"{printable(path.name)} is one compressed file ({packed}).",
        "No reader opens a compressed file.",
        "Decompress it, and give the result to this command.",
    )


def _count(items, one, several=""):
    return f"{len(items):,} {one if len(items) == 1 else several or one + 's'}"
