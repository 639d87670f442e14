"""Programs that JAX compiled. Keras with the JAX backend exports each function as one of them.

The operation that runs it, XlaCallModule, names the kinds of processor for which its program was
made. On another kind it refuses to run.
"""

import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.artifact.reached_operations import reached_operations
from helpers.artifact.saved_model import serving_graph
from helpers.text import printable

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

OPERATION = "XlaCallModule"
NO_CHECK = "platform"  # an export may switch the check of the platform off
# By the name of a platform in the operation: what a server with it is called.
SERVERS = {"CPU": "a CPU", "CUDA": "a GPU (CUDA)", "ROCM": "a GPU (ROCm)", "TPU": "a TPU"}
SHORT = {"CPU": "a CPU", "CUDA": "a GPU"}
USUAL = tuple(SHORT)  # the kinds of server that a verdict speaks of


def platforms(graph: "MetaGraphDef", key: str) -> tuple[str, ...] | None:
    """Return the platforms for which all compiled programs of a signature were made.

    Parameters
    ----------
    graph : tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef
    key : str
        The signature.

    Returns
    -------
    tuple of str or None
        For example ("CPU",). None if the signature has no such program, or none that names its
        platforms. Empty if no platform has all programs.
    """
    common: tuple[str, ...] | None = None
    for node in reached_operations(graph, key):
        if node.op != OPERATION or NO_CHECK.encode() in node.attr["disabled_checks"].list.s:
            continue
        if made_for := [one.decode(errors="replace") for one in node.attr["platforms"].list.s]:
            kept = made_for if common is None else [one for one in common if one in made_for]
            common = tuple(dict.fromkeys(kept))
    return common


def is_compiled(directory: str | Path, key: str) -> bool:
    """Say whether a signature of an export runs a program that JAX compiled."""
    if not _mentions_operation(Path(directory)):
        return False
    reached = reached_operations(serving_graph(Path(directory)), key)
    return any(node.op == OPERATION for node in reached)


def notes_and_limit(directory: str | Path, keys: Iterable[str]) -> tuple[list[str], str]:
    """Say which servers refuse an export because of programs that JAX compiled.

    Parameters
    ----------
    directory : str or path
        An export.
    keys : iterable of str
        The signatures that count.

    Returns
    -------
    list of str
        Sentences for the notes of a report, with the cure. Empty if there is no such program.
    str
        A sentence for the verdict: which of a CPU and a GPU refuses the export. "" if neither.

    Raises
    ------
    NotAnArtifact
        It is not a SavedModel.
    """
    if not _mentions_operation(Path(directory)):  # a large graph takes seconds to parse
        return [], ""
    graph, asked = serving_graph(Path(directory)), list(keys)
    by_platforms: dict[tuple[str, ...], list[str]] = {}
    for key in asked:
        if (made_for := platforms(graph, key)) is not None:
            by_platforms.setdefault(made_for, []).append(key)
    notes, limits = [], []
    for made_for, which in by_platforms.items():
        notes.append(_note(made_for, which))
        if refusing := [name for name in USUAL if name not in made_for]:
            what = "it" if which == asked else ", ".join(map(printable, which))
            servers = " or ".join(SHORT[name] for name in refusing)
            limits.append(f"A server on {servers} refuses {what}.")
    return notes, " ".join(limits)


def cure_of(error: str) -> str:
    """Return the cause and the cure of a refused platform; "" for other errors."""
    if "is not among the platforms required by the module" not in error:
        return ""
    return (
        "JAX compiled the signature for another kind of processor. Export it for this one, too: "
        f"{_how(USUAL)}."
    )


def _mentions_operation(directory):
    with (directory / "saved_model.pb").open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with content:
            return content.find(OPERATION.encode()) >= 0


def _note(made_for, keys):
    which = ", ".join(map(printable, keys))
    if not made_for:
        return (
            f"JAX compiled parts of {which} for different kinds of processor: no server runs all "
            "of them."
        )
    told = f"JAX compiled {which} for {' and '.join(map(printable, made_for))}"
    refusing = [words for name, words in SERVERS.items() if name not in made_for]
    if not refusing:
        return f"{told}."
    *others, last = refusing
    servers = f"{', '.join(others)} or {last}" if others else last
    more = tuple(name for name in SERVERS if name in made_for or name in USUAL)
    refused = f"{told}, and for nothing else. A server on {servers} refuses it."
    return f"{refused} To export for more: {_how(more)}." if more != made_for else refused


def _how(names):
    listed = ", ".join(f'"{name.lower()}"' for name in names)
    return (
        f'model.export(directory, jax2tf_kwargs={{"native_serialization_platforms": ({listed})}})'
    )
