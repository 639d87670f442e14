"""Folders that are no export, and the files of checkpoints."""

import os
from collections.abc import Iterator
from pathlib import Path

from helpers.readers.model_files import keras_config
from helpers.readers.model_files.pointers import size_of_pointer
from helpers.readers.model_files.sentences import core_ml, joined, some
from helpers.text import printable, readable_size

DEPTH, MOST = 4, 5_000  # how deep, and how many folders are searched for exports
ENDINGS = (".keras", ".h5", ".hdf5", ".tflite", ".onnx", ".pb", ".zip", ".gz", ".tar")
OBJECTS = b"_CHECKPOINTABLE_OBJECT_GRAPH"  # a key that only checkpoints of objects have
CORE_ML = "com.apple.CoreML"  # the folder of the model in a package of Apple
PARTS = ("variables", "assets", "assets.extra")


def describe(path: Path) -> str:
    """Say what a folder holds; "" for an export whose files are all there."""
    name = printable(path.resolve().name or str(path))
    if (path / "saved_model.pb").is_file():
        return _pointers(path, name)
    if (path / "saved_model.pbtxt").is_file():
        return joined(
            f"{name}/ is an export whose graph is written as text (saved_model.pbtxt).",
            "tf.saved_model.load and TensorFlow Serving can use it, but this command does not read "
            "it.",
            "Save it again in Python: loaded = tf.saved_model.load(FOLDER), then "
            "tf.saved_model.save(loaded, DIRECTORY, signatures=dict(loaded.signatures)).",
        )
    if path.name in PARTS and (path.parent / "saved_model.pb").is_file():
        return joined(
            f"{name}/ is a part of the export {printable(path.parent.name)}/.",
            "No reader can use a part.",
            f"Give the folder above it: {printable(str(path.parent))}",
        )
    if (path / "Manifest.json").is_file() and (path / "Data" / CORE_ML).is_dir():
        return core_ml(f"{name}/ is a package (.mlpackage)")
    exports = [folder.relative_to(path) for folder in _exports(path)]
    if exports:
        found = [str(folder) for folder in exports]
        numbers = all(len(f.parts) == 1 and f.name.isdecimal() for f in exports)
        above = (
            f"{name}/ is the folder of a model with {_several(found, 'version')} ({some(found)}). "
            "TensorFlow Serving takes this folder as its model_base_path."
            if numbers
            else f"{name}/ is not an export itself, but {_several(found, 'export')} "
            f"{'lie' if len(found) > 1 else 'lies'} below it: {some(found)}."
        )
        best = max(exports, key=lambda f: int(f.name)) if numbers else exports[0]
        return joined(
            above,
            "A reader takes one export, which is the folder with a saved_model.pb.",
            f"Give one of them, for example {printable(str(path / best))}",
        )
    if prefixes := _prefixes(path):
        return _checkpoint(path / prefixes[-1], f"{name}/ holds {_several(prefixes, 'checkpoint')}")
    if {"config.json", "metadata.json"} <= {file.name for file in path.iterdir()}:
        return keras_config.describe_folder(path)
    if models := _models(path):
        return joined(
            f"{name}/ is not an export. It holds {_several(models, 'model file')}: {some(models)}.",
            "An export has a saved_model.pb.",
            "To learn who can use such a file and how to get an export, give the file: "
            f"{printable(str(path / models[0]))}",
        )
    inside = [entry.name for entry in sorted(path.iterdir(), key=lambda entry: entry.name)]
    return joined(
        f"{name}/ is a folder without an export: it has no saved_model.pb; it holds "
        f"{some(inside) or 'nothing'}.",
        "No reader can use it.",
        "An export is the folder that model.export(DIRECTORY) writes: give that folder.",
    )


def describe_prefix(path: Path) -> str:
    """Say what a path without a file is, if checkpoint files begin with it; else ""."""
    if not _index(path).is_file():
        return ""
    return _checkpoint(path, f"{printable(path.name)} is the prefix of a checkpoint")


def describe_part(path: Path) -> str:
    """Say to what a file belongs, if it is one file of an export or of a checkpoint; else ""."""
    name, folder = printable(path.name), path.parent
    of_export = path.name in ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb")
    if folder.name == "variables" and (folder.parent / "saved_model.pb").is_file():
        folder, of_export = folder.parent, True
    # A pointer of Git LFS must not be taken for the file that it stands for.
    if (of_export or path.suffix == ".index") and size_of_pointer(path) is not None:
        return ""
    if of_export and (folder / "saved_model.pb").is_file():
        above = printable(folder.resolve().name)
        return joined(
            f"'{name}' is a file, not an export directory: it is a part of the export {above}/.",
            "No reader can use a part.",
            f"Give the folder: {printable(str(folder))}",
        )
    if path.name == "saved_model.pbtxt":
        return describe(folder)
    if path.name == "checkpoint" and (prefixes := _prefixes(folder)):
        return _checkpoint(folder / prefixes[-1], f"{name} names the newest checkpoint of a folder")
    prefix = path.with_suffix("")  # model.ckpt.index, model.ckpt.data-00000-of-00001
    of_checkpoint = path.suffix == ".index" or path.suffix.startswith(".data-")
    if of_checkpoint or (path.suffix == ".meta" and _index(prefix).is_file()):
        return _checkpoint(prefix, f"{name} is a file of the checkpoint {printable(prefix.name)}")
    return ""


def _checkpoint(prefix, what):
    files = sorted(prefix.parent.glob(_escaped(prefix.name) + ".data-*"))
    size = sum(file.stat().st_size for file in files)
    gone = ""
    if not files:
        gone = (
            f"The data is missing: no file {printable(prefix.name)}.data-* lies beside the index."
        )
    elif not _index(prefix).is_file():
        gone = f"The index is missing: no file {printable(prefix.name)}.index lies beside the data."
    by_name, restored = _how_to_restore(prefix)
    return joined(
        f"{what}{by_name}: the values of variables ({readable_size(size)}) without a graph.",
        gone,
        "Only a Python program that builds the same model can use it. No reader can.",
        restored,
    )


def _how_to_restore(prefix):
    """Say which TensorFlow wrote a checkpoint, and how its values get into an export."""
    name, index = printable(prefix.name), _index(prefix)
    if not index.is_file():
        return "", "Copy the missing file, too, and ask again."
    with index.open("rb") as stream:
        of_objects = OBJECTS in stream.read(4096)  # the keys of the index are sorted
    if of_objects:
        return " of TensorFlow 2", (
            "To get an export, build the model with its code, restore it with "
            f'tf.train.Checkpoint(...).restore("{name}"), or with model.load_weights("{name}") if '
            "Keras 2 wrote it, and call model.export(DIRECTORY)."
        )
    graph = prefix.with_name(f"{prefix.name}.meta")
    build = "build the graph with its code"
    if graph.is_file():
        build = f'read the graph with tf.compat.v1.train.import_meta_graph("{name}.meta")'
    return " of TensorFlow 1", (
        f"To get an export, {build} in a tf.compat.v1.Session, restore it with "
        f'tf.compat.v1.train.Saver().restore(session, "{name}"), and name its inputs and outputs '
        "in tf.compat.v1.saved_model.simple_save(session, DIRECTORY, inputs, outputs)."
    )


def _index(prefix):
    return prefix.with_name(f"{prefix.name}.index") if prefix.name else prefix


def _escaped(name):
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _pointers(path, name):
    """Name the Git LFS pointers that stand in place of files of an export."""
    found = []
    for folder in ("", *PARTS):
        for file in sorted((path / folder).glob("*")):
            size = size_of_pointer(file) if file.is_file() else None
            if size is not None:
                found.append(f"{file.relative_to(path)}{size}")
    if not found:
        return ""
    return joined(
        f"{name}/ is an export with Git LFS pointers, short texts, in place of "
        f"{_several(found, 'file')}: {some(found)}.",
        "No reader can use it.",
        "Run git lfs install and then git lfs pull in its repository, or download the files "
        "themselves, and ask again.",
    )


def _exports(path) -> Iterator[Path]:
    """Yield the exports below a folder, nearest first, without following links."""
    waiting, seen = [(path, 0)], 0
    while waiting and seen < MOST:
        folder, depth = waiting.pop(0)
        seen += 1
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        if any(entry.name == "saved_model.pb" for entry in entries):
            yield folder
        elif depth < DEPTH:
            below = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
            waiting += [(Path(entry.path), depth + 1) for entry in below]


def _prefixes(path):
    """Return the prefixes of the checkpoints in a folder, the newest last."""
    files = [file for file in path.glob("*.index") if file.is_file()]
    files.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
    return [file.name.removesuffix(".index") for file in files]


def _models(path):
    files = (file for file in sorted(path.iterdir()) if file.is_file())
    return [file.name for file in files if file.suffix.lower() in ENDINGS]


def _several(items, one):
    return f"{len(items)} {one}{'s' * (len(items) != 1)}"
