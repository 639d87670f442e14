"""Exports of Keras 2 and of TensorFlow 1: what is told about them, and how Python can load them.

An export of a compiled Keras 2 model holds its optimizer. TensorFlow without Keras 2 cannot make
the optimizer's slot variables (one or two for each weight), so `tf.saved_model.load` fails. Servers
load the graph alone, and are not concerned.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.artifact.graph_only import leave_out_objects
from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import SERVE, serving_graph_of, tag_sets, written

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

OPTIMIZER = "optimizer"  # how TensorFlow marks an optimizer of Keras 2
GENERIC = "_generic_user_object"  # an object that Python loads without its class


def notes(directory: str | Path) -> Iterator[str]:
    """Yield sentences about an old export that a caller must know.

    Parameters
    ----------
    directory : str or path
        An export.

    Raises
    ------
    NotAnArtifact
        It is not a SavedModel.
    """
    model = saved_model(Path(directory))
    yield from _about_tags(model)
    graph = serving_graph_of(model)
    if graph is None:
        return
    optimizers, slots = _optimizers(graph)
    if slots:
        yield (
            "the export holds an optimizer of Keras 2 and its slot variables "
            f"({slots}), which Python without Keras 2 cannot load. The weights and signatures are "
            "not concerned: --rescue NEW_DIRECTORY writes an export without the optimizer."
        )
    elif optimizers:
        yield (
            "the export holds an optimizer of Keras 2 without slot variables: Python loads it only "
            "if the package keras is installed."
        )


def cure_of(error: str) -> str:
    """Return the cause and the cure of an error that only old exports cause; "" for others."""
    if "has no attribute 'add_slot'" not in error:
        return ""
    return (
        "The export holds the optimizer of a Keras 2 model with its slot variables, and TensorFlow "
        "without Keras 2 cannot make them. Write an export without the optimizer with --rescue "
        "NEW_DIRECTORY, or export the model again with model.export(directory)."
    )


def _about_tags(model):
    sets, graph = tag_sets(model), serving_graph_of(model)
    if graph is None:
        return
    tags = list(graph.meta_info_def.tags)
    if len(sets) > 1:
        others = [written(found) for found in sets if list(found) != tags]
        yield (
            f"the export holds {len(sets)} graphs. The readers load the one with the tags "
            f"{written(tags)}; the others have {' and '.join(others)}. Python must name the tags: "
            f"tf.saved_model.load(DIRECTORY, tags={tags})."
        )
    if set(tags) != {SERVE}:
        yield (
            f"the tags of the graph are {written(tags)}, and servers look for the tag serve alone. "
            f"Start TensorFlow Serving with --saved_model_tags={written(tags)}."
        )


def _optimizers(graph: "MetaGraphDef") -> tuple[int, int]:
    """Count the optimizers and the slot variables among the Python objects of an export."""
    nodes = graph.object_graph_def.nodes
    found = [node for node in nodes if node.user_object.identifier == OPTIMIZER]
    return len(found), sum(len(node.slot_variables) for node in nodes)


def _without_optimizers(graph):
    """Make each optimizer an object without a class, and its slots ordinary variables."""
    for node in graph.object_graph_def.nodes:
        del node.slot_variables[:]
        if node.user_object.identifier == OPTIMIZER:
            node.user_object.identifier = GENERIC
            node.user_object.metadata = ""


@dataclass(frozen=True)
class Way:
    """A way to write an export so that Python can load it.

    Parameters
    ----------
    applies : function
        Whether the way changes anything in a graph.
    change : function
        Changes the graph. The operations, variables and signatures stay as they are.
    note : str
        What the new export has lost.
    """

    applies: Callable[["MetaGraphDef"], object]
    change: Callable[["MetaGraphDef"], object]
    note: str


# The first way that is proved is taken. Each later way loses more.
WAYS = (
    Way(
        lambda graph: any(_optimizers(graph)),
        _without_optimizers,
        "the new export has no optimizer, so no training can be continued with it. Its slot "
        "variables are still in the checkpoint.",
    ),
    Way(
        lambda graph: graph.HasField("object_graph_def"),
        leave_out_objects,
        "the new export has no Python objects: Python loads its signatures, as from an export of "
        "TensorFlow 1, and no other functions or attributes.",
    ),
)


def ways(directory: Path) -> Iterator[Way]:
    """Yield the ways that change something in an export, the mildest first."""
    graph = serving_graph_of(saved_model(directory))
    if graph is not None:
        yield from (way for way in WAYS if way.applies(graph))


def write(directory: Path, way: Way, out: Path):
    """Write an export again as the new folder `out`, changed in one way.

    Raises
    ------
    OSError
        A file cannot be read or written.
    """
    # The fingerprint belongs to the old graph. It is optional.
    shutil.copytree(directory, out, ignore=shutil.ignore_patterns("fingerprint.pb"))
    model = saved_model(directory)
    for graph in model.meta_graphs:
        way.change(graph)
    (out / "saved_model.pb").write_bytes(model.SerializeToString())
