"""What is in an export directory: files, sizes, signatures. Plain data that prints itself.

Nothing here loads or runs the model; `saved_model.pb` is parsed and nothing else is opened.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from helpers.display.html_table import table
from helpers.errors.messages import describe
from helpers.text import printable, readable_size, safe_repr

PURPOSE = {
    "saved_model.pb": "the graph and its signatures",
    "fingerprint.pb": "identifies this export",
    "keras_metadata.pb": "written by Keras 2",
    "variables.index": "where each weight lies in the data",
    "variables.data": "the weights",
    "assets": "a file the graph reads",
    "assets.extra": "a file for a server",
}
MOST_FILES = 10_000  # more are not listed
MOST_BYTES = 2**31  # the format of saved_model.pb holds no more


class NotAnArtifact(ValueError):
    """What was given is not the directory of a SavedModel; the message says what it is."""


@dataclass(frozen=True)
class TensorInfo:
    """One input or output: `shape` is a tuple with None for any size, or None if unknown."""

    name: str
    dtype: str
    shape: tuple | None

    def __str__(self):
        shape = "unknown shape" if self.shape is None else self.shape
        return f"{printable(self.name)}: {self.dtype} {shape}"


@dataclass(frozen=True)
class Signature:
    """One entry point of an artifact: its key and what goes in and comes out, by name."""

    key: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    def __str__(self):
        rows = [f"  in   {t}" for t in self.inputs] + [f"  out  {t}" for t in self.outputs]
        return "\n".join([printable(self.key), *rows])


@dataclass(frozen=True)
class File:
    """One file of an artifact: its path inside the directory, bytes, and what it is for."""

    path: str
    size: int

    @property
    def purpose(self):
        name, folder = Path(self.path).name, Path(self.path).parts[0]
        return PURPOSE.get(folder) or next(
            (PURPOSE[start] for start in PURPOSE if name.startswith(start)), ""
        )


@dataclass(frozen=True)
class Artifact:
    """An export directory as data: `files`, and `signatures` by key."""

    directory: Path
    files: tuple[File, ...]
    signatures: dict[str, Signature]

    def __str__(self):
        rows = [(printable(f.path), readable_size(f.size), f.purpose) for f in self.files]
        width = max(len(path) for path, _, _ in rows)
        lines = [f"{printable(self.directory.name)}/"]
        lines += [f"  {path:<{width}}  {size:>8}  {why}".rstrip() for path, size, why in rows]
        lines += ["", *map(str, self.signatures.values())]
        return "\n".join(lines if self.signatures else [*lines, "no signatures"])

    __repr__ = __str__

    def _repr_html_(self):
        files = [(printable(f.path), readable_size(f.size), f.purpose) for f in self.files]
        promises = [
            (printable(s.key), way, printable(t.name), t.dtype, t.shape)
            for s in self.signatures.values()
            for way, tensors in (("in", s.inputs), ("out", s.outputs))
            for t in tensors
        ]
        shown = table((f"{printable(self.directory.name)}/", "size", "what it is"), files)
        if not promises:
            return shown + "<p>no signatures</p>"
        return shown + table(("signature", "", "name", "dtype", "shape"), promises)


def directory_of(given):
    """`given` as the path of a SavedModel directory; raises NotAnArtifact with what is wrong."""
    if given == "":
        raise NotAnArtifact("the path of an export directory is wanted, not an empty text")
    if isinstance(given, str) and len(given) > 4096:
        raise NotAnArtifact(f"a path is wanted, not a text of {len(given):,} characters")
    try:
        path = Path(given)
        exists, is_file = path.exists(), path.is_file()
        inside = sorted(child.name for child in path.iterdir()) if path.is_dir() else []
        versions = [name for name in inside if (path / name / "saved_model.pb").exists()]
        name = path.name or path.resolve().name or str(path)  # "" for "." and "/"
    except TypeError:
        raise NotAnArtifact(
            f"the path of an export directory is wanted, not {safe_repr(given)}"
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
    if "saved_model.pb" not in inside:
        raise NotAnArtifact(
            f"{name!r} is the parent of exports, not one itself; it holds {_some(versions)}"
            if versions
            else f"{name!r} has no saved_model.pb; it holds {_some(inside) or 'nothing'}"
        )
    return path.resolve()


def _some(names, most=8):
    """The names, or as many of them as can be read at a glance."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(printable, names[:most]), *more])


def read(directory):
    """What is in the export `directory`, as an `Artifact`. Raises NotAnArtifact."""
    path = directory_of(directory)
    return Artifact(path, walk(path)[0], signatures_of(serving_graph(path)))


def walk(path):
    """What lies below the folder `path`, links to folders left alone, so that a loop ends.

    Returns the files as a tuple of `File`, the folders as a tuple of str, and what is odd about
    them as a list of sentences.
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
                    odd.append(f"{printable(name)} is a link, not the thing itself")
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
        odd.append(f"more than {MOST_FILES:,} files and folders: the rest is not listed")
    in_order = sorted(files, key=lambda file: file.path.split("/"))
    return tuple(in_order), tuple(sorted(folders)), sorted(odd)


def restored_and_read(directory, key="serving_default"):
    """Which variables the export's restore operation fills, and which the signature `key` reads.

    Returns two sorted lists of variable names, taken from the graph. Where the second is not part
    of the first, a session reader meets variables that nobody filled. Raises NotAnArtifact.
    """
    graph = serving_graph(directory_of(directory))
    nodes = {node.name: node for node in graph.graph_def.node}

    def variables_above(name):
        seen, waiting = set(), [name]
        while waiting:
            name = waiting.pop().split(":")[0].lstrip("^")
            if name in nodes and name not in seen:
                seen.add(name)
                waiting += nodes[name].input
        return {name for name in seen if nodes[name].op == "VarHandleOp"}

    if key not in graph.signature_def:
        keys = sorted(key for key in graph.signature_def if not key.startswith("__"))
        raise KeyError(f"no signature {key!r}: there are {', '.join(keys) or 'none'}")
    outputs = graph.signature_def[key].outputs.values()
    read = set().union(*(variables_above(output.name) for output in outputs))
    return sorted(variables_above(graph.saver_def.restore_op_name)), sorted(read)


def saved_model(path):
    """The SavedModel protocol buffer of the directory `path`; raises NotAnArtifact."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model, file = saved_model_pb2.SavedModel(), path / "saved_model.pb"
    try:
        if not file.is_file() or file.stat().st_size >= MOST_BYTES:
            raise DecodeError  # opening a pipe would wait for ever
        model.ParseFromString(file.read_bytes())
        if not model.meta_graphs:  # an empty file parses as well
            raise DecodeError
    except (DecodeError, OSError):
        raise NotAnArtifact(f"saved_model.pb of {path.name!r} is damaged or incomplete") from None
    return model


def serving_graph(path):
    """The MetaGraphDef of the directory `path` that is tagged "serve"; raises NotAnArtifact."""
    graphs = saved_model(path).meta_graphs
    serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
    if not serving:
        raise NotAnArtifact(f"{path.name!r} holds no graph tagged 'serve'")
    return serving[0]


def signatures_of(graph):
    """{key: Signature} of a MetaGraphDef, without those that TensorFlow keeps for itself."""

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
