"""The content of an export directory as data: files, sizes and signatures.

This module never loads or runs the model. It parses `saved_model.pb` and opens no other file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.artifact import tag_sets
from helpers.display.html_table import FullRow, table
from helpers.errors.messages import describe
from helpers.text import printable, readable_size, safe_repr

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

PURPOSE = {
    "saved_model.pb": "the graph and its signatures",
    "fingerprint.pb": "identifies this export",
    "keras_metadata.pb": "written by Keras 2",
    "variables.index": "where each weight lies in the data",
    "variables.data": "the weights",
    "assets": "a file the graph reads",
    "assets.extra": "a file for a server",
}
MOST_FILES = 10_000  # files and folders that are listed
MOST_BYTES = 2**31  # a limit of the format of saved_model.pb


class NotAnArtifact(ValueError):
    """The given object is not the directory of a SavedModel. The message says what it is."""


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a signature.

    Parameters
    ----------
    name : str
    dtype : str
        The name of the dtype, such as "float32".
    shape : tuple of (int or None), or None
        None stands for any size of one dimension, or for an unknown number of dimensions.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        shape = "unknown shape" if self.shape is None else self.shape
        return f"{printable(self.name)}: {self.dtype} {shape}"


@dataclass(frozen=True)
class Signature:
    """A function of an export that other programs can call.

    Parameters
    ----------
    key : str
        The name by which programs call it, such as "serving_default".
    inputs, outputs : tuple of TensorInfo
        Sorted by name.
    """

    key: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    def __str__(self) -> str:
        rows = [f"  in   {t}" for t in self.inputs] + [f"  out  {t}" for t in self.outputs]
        return "\n".join([printable(self.key), *rows])


@dataclass(frozen=True)
class File:
    """One file of an export.

    Parameters
    ----------
    path : str
        The path inside the export, with "/" on every system.
    size : int
        In bytes.
    """

    path: str
    size: int

    @property
    def purpose(self) -> str:
        """What the file is for, in a few words, or "" for an unknown file."""
        name, folder = Path(self.path).name, Path(self.path).parts[0]
        return PURPOSE.get(folder) or next(
            (PURPOSE[start] for start in PURPOSE if name.startswith(start)), ""
        )


@dataclass(frozen=True)
class Artifact:
    """The content of an export directory.

    Parameters
    ----------
    directory : pathlib.Path
    files : tuple of File
        Sorted by path.
    signatures : dict of str to Signature
        By key, sorted.
    """

    directory: Path
    files: tuple[File, ...]
    signatures: dict[str, Signature]

    def __str__(self) -> str:
        rows = [(printable(f.path), readable_size(f.size), f.purpose) for f in self.files]
        width = max(len(path) for path, _, _ in rows)
        lines = [f"{printable(self.directory.name)}/"]
        lines += [f"  {path:<{width}}  {size:>8}  {why}".rstrip() for path, size, why in rows]
        lines += ["", *map(str, self.signatures.values())]
        return "\n".join(lines if self.signatures else [*lines, "no signatures"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        files = [(printable(f.path), readable_size(f.size), f.purpose) for f in self.files]
        shown = table((f"{printable(self.directory.name)}/", "size", "what it is"), files)
        if not self.signatures:
            return shown + "<p>no signatures</p>"
        return shown + table(SIGNATURE_HEAD, signature_rows(self.signatures))


SIGNATURE_HEAD = ("", "name", "dtype and shape")


def signature_rows(signatures: Mapping[str, Signature]) -> list[tuple | FullRow]:
    """List the inputs and outputs of signatures as rows of a table with SIGNATURE_HEAD."""
    rows: list[tuple | FullRow] = []
    for signature in signatures.values():
        rows.append(FullRow(f"signature {printable(signature.key)}", heading=True))
        for way, tensors in (("in", signature.inputs), ("out", signature.outputs)):
            for t in tensors:
                shape = "unknown" if t.shape is None else t.shape
                rows.append((way, printable(t.name), f"{t.dtype} {shape}"))
    return rows


def directory_of(given: str | os.PathLike) -> Path:
    """Return the path of an export directory.

    Parameters
    ----------
    given : str or path
        What a learner gave as a directory.

    Returns
    -------
    pathlib.Path
        The absolute path of a directory with a saved_model.pb.

    Raises
    ------
    NotAnArtifact
        If `given` is anything else. The message says what it is.
    """
    if given == "":
        raise NotAnArtifact("expected the path of an export directory, not an empty text")
    if isinstance(given, str) and len(given) > 4096:
        raise NotAnArtifact(
            f"expected the path of an export directory, not a text of {len(given):,} characters"
        )
    try:
        path = Path(given)
        exists, is_file = path.exists(), path.is_file()
        inside = sorted(child.name for child in path.iterdir()) if path.is_dir() else []
        is_export = "saved_model.pb" in inside
        others = [] if is_export else inside
        versions = [name for name in others if (path / name / "saved_model.pb").exists()]
        name = path.name or path.resolve().name or str(path)  # "" for "." and "/"
    except TypeError:
        raise NotAnArtifact(
            f"expected the path of an export directory, not {safe_repr(given)}"
        ) from None
    except (OSError, ValueError) as error:
        raise NotAnArtifact(
            f"{safe_repr(given)} cannot be opened: {describe(error, 120)}"
        ) from None
    if not exists:
        raise NotAnArtifact(f"there is nothing at {name!r}: no such directory")
    if is_file:
        hint = " (a .keras file needs its Python classes)" if path.suffix == ".keras" else ""
        raise NotAnArtifact(f"{name!r} is a file, not an export directory{hint}")
    if not is_export:
        raise NotAnArtifact(
            f"{name!r} is the parent of exports, not one itself; it holds {_some(versions)}"
            if versions
            else f"{name!r} has no saved_model.pb; it holds {_some(inside) or 'nothing'}"
        )
    return path.resolve()


def _some(names, most=8):
    """Return the first `most` names, and how many more there are."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(printable, names[:most]), *more])


def read(directory: str | os.PathLike) -> Artifact:
    """Read the files and signatures of an export.

    Parameters
    ----------
    directory : str or path

    Returns
    -------
    Artifact

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export, or if its saved_model.pb is damaged.
    """
    path = directory_of(directory)
    return Artifact(path, walk(path)[0], signatures_of(serving_graph(path)))


def walk(path: Path) -> tuple[tuple[File, ...], tuple[str, ...], list[str]]:
    """List all files and folders below a folder. Links to folders are not followed.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    files : tuple of File
        Sorted by path.
    folders : tuple of str
        The paths of the folders inside `path`, sorted.
    findings : list of str
        Sentences about what is unusual: links, pipes, or what cannot be opened.
    """
    files, folders, odd, waiting = [], [], [], [""]
    while waiting and len(files) + len(folders) < MOST_FILES:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(path / folder))
        except OSError as error:
            odd.append(f"{printable(folder)}/ cannot be opened: {type(error).__name__}")
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}".lstrip("/")
            try:
                if entry.is_symlink():
                    odd.append(f"{printable(name)} is a link, not a file or folder of the export")
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                    waiting.append(name)
                elif entry.is_file():
                    files.append(File(name, entry.stat().st_size))
                elif not entry.is_symlink():
                    odd.append(f"{printable(name)} is neither a file nor a folder")
            except OSError as error:
                odd.append(f"{printable(name)} cannot be opened: {type(error).__name__}")
    if waiting:
        odd.append(f"more than {MOST_FILES:,} files and folders: the others are not listed")
    in_order = sorted(files, key=lambda file: file.path.split("/"))
    return tuple(in_order), tuple(sorted(folders)), sorted(odd)


def saved_model(path: Path) -> "SavedModel":
    """Parse the saved_model.pb of an export.

    Parameters
    ----------
    path : pathlib.Path
        The export directory.

    Returns
    -------
    tensorflow.core.protobuf.saved_model_pb2.SavedModel

    Raises
    ------
    NotAnArtifact
        If the file is missing, damaged, or without a graph.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model, file = saved_model_pb2.SavedModel(), path / "saved_model.pb"
    try:
        if not file.is_file() or file.stat().st_size >= MOST_BYTES:
            raise DecodeError  # to open a pipe would wait without an end
        model.ParseFromString(file.read_bytes())
        if not model.meta_graphs:  # an empty file parses as well
            raise DecodeError
    except (DecodeError, OSError):
        raise NotAnArtifact(f"saved_model.pb of {path.name!r} is damaged or incomplete") from None
    return model


def serving_graph(path: Path) -> "MetaGraphDef":
    """Parse an export and return the graph that servers load: see `tag_sets.serving_graph_of`.

    Parameters
    ----------
    path : pathlib.Path
        The export directory.

    Returns
    -------
    tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef

    Raises
    ------
    NotAnArtifact
        If saved_model.pb is damaged or has no such graph.
    """
    model = saved_model(path)
    graph = tag_sets.serving_graph_of(model)
    if graph is None:
        found = tag_sets.tag_sets(model)
        raise NotAnArtifact(
            f"{path.name!r} has no graph with the tag 'serve', so no server can use it; its tag "
            f"sets are: {' and '.join(map(tag_sets.written, found))}. Python can save one of them "
            f"for all readers: loaded = tf.saved_model.load(DIRECTORY, tags={list(found[0])}), "
            "then tf.saved_model.save(loaded, NEW_DIRECTORY, signatures=dict(loaded.signatures))"
        )
    return graph


def signatures_of(graph: "MetaGraphDef") -> dict[str, Signature]:
    """Read the signatures of a graph, except the internal ones of TensorFlow.

    Parameters
    ----------
    graph : tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef

    Returns
    -------
    dict of str to Signature
        By key, sorted.
    """

    def tensors(infos):
        return tuple(
            TensorInfo(
                name,
                _dtype(infos[name].dtype),
                None
                if infos[name].tensor_shape.unknown_rank
                else tuple(d.size if d.size >= 0 else None for d in infos[name].tensor_shape.dim),
            )
            for name in sorted(infos)
        )

    return {
        key: Signature(key, tensors(definition.inputs), tensors(definition.outputs))
        for key, definition in sorted(graph.signature_def.items())
        if not key.startswith("__")
    }


def _dtype(number):
    from tensorflow import dtypes

    try:
        return dtypes.as_dtype(number).name
    except TypeError:
        return f"unknown dtype {number}"
