"""The tag sets of an export: which graphs it holds, and which of them a server takes.

TensorFlow 1 wrote several graphs into one export, for example one to serve and one to train. Each
has a set of tags, and a program names the whole set of the graph that it loads.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from helpers.text import printable

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

SERVE = "serve"


def tag_sets(model: "SavedModel") -> list[tuple[str, ...]]:
    """Return the tags of each graph of an export, in the order of the file."""
    return [tuple(graph.meta_info_def.tags) for graph in model.meta_graphs]


def serving_graph_of(model: "SavedModel") -> "MetaGraphDef | None":
    """Return the graph that servers load.

    Parameters
    ----------
    model : tensorflow.core.protobuf.saved_model_pb2.SavedModel

    Returns
    -------
    tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef or None
        The graph whose only tag is "serve", else the first one with this tag among others.
    """
    graphs = [graph for graph in model.meta_graphs if SERVE in graph.meta_info_def.tags]
    exact = [graph for graph in graphs if set(graph.meta_info_def.tags) == {SERVE}]
    return next(iter([*exact, *graphs]), None)


def written(tags: Iterable[str]) -> str:
    """Write a tag set as the option of a server and the text of a message: "serve,gpu"."""
    return printable(",".join(tags)) or "(no tags)"
