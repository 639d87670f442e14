"""HDF5 files of Keras: whole models (.h5) and weights (.weights.h5)."""

import json
from pathlib import Path

from helpers.readers.model_files import keras_config
from helpers.readers.model_files.sentences import joined, some
from helpers.text import printable

MARK = b"\x89HDF\r\n\x1a\n"
MOST = 100_000  # objects of a file that are counted


def describe(path: Path, head: bytes) -> str:
    """Say what an HDF5 file holds; "" for any other file."""
    if not head.startswith(MARK):
        return ""
    import h5py

    with h5py.File(path, "r") as file:
        if "model_config" in file.attrs:
            version = _text(file.attrs.get("keras_version", "of unknown version"))
            config = json.loads(_text(file.attrs["model_config"]))
            holding = "configuration and weights"
            if "model_weights" not in file:
                holding = "a configuration without weights"
            if "optimizer_weights" in file:
                holding += " (with its optimizer's state)"
            return keras_config.describe(path, config, f"Keras {version}", holding)
        if "layer_names" in file.attrs:
            return _weights(path, file, "save_weights of Keras 2", "load_weights")
        if {"layers", "_layer_checkpoint_dependencies", "vars"} & set(file):
            return _weights(path, file, "save_weights of Keras 3", "load_weights")
        return joined(
            f"{printable(path.name)} is an HDF5 file, but not one of Keras: it holds "
            f"{some(sorted(file)) or 'nothing'}.",
            "h5py can read its arrays.",
            "To get an export, build the model in Keras, set its weights, and call "
            "model.export(DIRECTORY).",
        )


def _weights(path, file, written_by, read_by):
    count, numbers = _count(file)
    name = printable(path.name)
    ending = ""
    if not path.name.endswith((".weights.h5", ".h5")):
        ending = "Keras reads it only if its name ends in .weights.h5. "
    elif not path.name.endswith(".weights.h5") and "Keras 3" in written_by:
        ending = "Keras 3 reads it only if its name ends in .weights.h5. "
    return joined(
        f"{name} holds {count} array{'s' * (count != 1)} of weights ({numbers:,} numbers), "
        f"written by {written_by}, but no model.",
        "Only a Python program that builds the same model can use it.",
        f"{ending}To get an export, build the model with its code, call "
        f'model.{read_by}("{name}"), and then model.export(DIRECTORY).',
    )


def _count(file):
    import h5py

    sizes = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            sizes.append(item.size)
        return True if len(sizes) > MOST else None

    file.visititems(visit)
    return len(sizes), sum(int(size or 0) for size in sizes)


def _text(value):
    return printable(value.decode() if isinstance(value, bytes) else str(value), 2**26)
