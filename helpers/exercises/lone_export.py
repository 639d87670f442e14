"""An export that is checked without the folders that the learner got."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from helpers.artifact.saved_model import Artifact
from helpers.exercises.elsewhere import moved_away
from helpers.exercises.export_checks import export_at
from helpers.exercises.outcomes import NotYet, require

# Operations that read a file whose name the graph computes.
READS = (
    "ReadFile",
    "MatchingFiles",
    "InitializeTableFromTextFile",
    "TextLine",
    "FixedLengthRecord",
)


@contextlib.contextmanager
def about(name: str) -> Iterator[None]:
    """Begin every message of the checks in this context with the answer `name`."""
    try:
        yield
    except NotYet as error:
        raise NotYet(f"{name}: {error}") from None


@contextlib.contextmanager
def alone(name: str, answer: Any, given: Sequence[Path], copy: bool = False) -> Iterator[Artifact]:
    """Read the export of an answer, and move the given folders away while it is checked.

    Parameters
    ----------
    name : str
        The name of the answer, with which every message begins.
    answer : object
        The path of an export directory, if the answer is right.
    given : sequence of Path
        The folders that the learner got. An export inside one of them is copied first.
    copy : bool
        Whether any export is copied to another directory. A reader that has read a file once does
        not read it again, but it reads what a new copy names.

    Raises
    ------
    NotYet
        If there is no export, or if its graph reads a file that is no part of the export.
    """
    with about(name), tempfile.TemporaryDirectory() as folder:
        found = export_at(answer, "directory")
        _require_no_file(found.directory)
        away = [one for one in given if one.is_dir()]
        where = found.directory.resolve()
        if copy or any(where.is_relative_to(one.resolve()) for one in away):
            found = export_at(shutil.copytree(where, Path(folder) / "elsewhere"), "the copy")
        with moved_away(away):
            yield found


def _require_no_file(directory):
    """Require that the graph has no path of a file of this machine, and reads only assets.

    A relative path starts at the working directory of this process, which is the working
    directory of the clean process as well.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((directory / "saved_model.pb").read_bytes())
    files, reading, assets = set(), set(), 0
    for meta_graph in model.meta_graphs:
        graph, assets = meta_graph.graph_def, assets + len(meta_graph.asset_file_def)
        for node in [*graph.node, *(n for f in graph.library.function for n in f.node_def)]:
            if node.op.startswith(READS):
                reading.add(node.op)
            for value in node.attr["value"].tensor.string_val if node.op == "Const" else ():
                with contextlib.suppress(OSError, ValueError):  # not a text, or not a path
                    path = Path(value.decode())
                    if path.is_file():
                        files.add(path.name)
    require(
        not files,
        "the graph should need no file outside the export, but holds the path of "
        f"{', '.join(sorted(files))}, a file of this machine. The path does not become an asset.",
    )
    require(
        not reading or assets,
        f"the graph should read only files of the export, but it reads a file "
        f"({', '.join(sorted(reading))}), and the export has no assets. Make the file an asset, or "
        "put its words into the graph.",
    )
