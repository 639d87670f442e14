"""The operations that a signature of an export runs, also those in the functions that it calls."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.framework.node_def_pb2 import NodeDef
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef


def reached_operations(graph: "MetaGraphDef", key: str) -> "Iterator[NodeDef]":
    """Yield each operation that a signature runs, once.

    Parameters
    ----------
    graph : tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef
    key : str
        The signature.
    """
    library = {function.signature.name: function for function in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    signature = graph.signature_def[key]
    waiting = [_node(info.name) for info in signature.outputs.values()]
    seen: set[str] = set()
    called: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            yield nodes[name]
            waiting += map(_node, nodes[name].input)
            called += _calls(nodes[name])
    entered: set[str] = set()
    while called:
        name = called.pop()
        if name in library and name not in entered:
            entered.add(name)
            for node in library[name].node_def:
                yield node
                called += _calls(node)


def _node(reference: str) -> str:
    return reference.lstrip("^").split(":")[0]


def _calls(node: "NodeDef") -> Iterator[str]:
    """Yield the names of the functions that an operation may call."""
    yield node.op
    for value in node.attr.values():
        yield from [value.func.name, *(function.name for function in value.list.func)]
