"""A copy of an export that answers what goes into its last step, where that step hides it.

The softmax of an untrained network is often the same for all inputs: the values before it differ
by 1e-9, and rounding removes that. A reader that ignores its inputs would answer the same. Before
the softmax, the values show whether the readers compute the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import serving_graph_of

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

# Operations that may answer the same for different values, of the same shape and dtype.
HIDING = {
    *("Softmax", "LogSoftmax", "Sigmoid", "Tanh", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu"),
    *("Softplus", "Softsign", "Round", "Rint", "Floor", "Ceil", "Sign"),
}
MOVES = {"Identity", "Reshape", "Squeeze", "EnsureShape", "StopGradient", "ExpandDims"}
MOST_STEPS = 1000  # operations between an output and its last step


def write(directory: str | os.PathLike, key: str, out: str | os.PathLike) -> list[str]:
    """Write an export without the last step of one signature, with links to the other files.

    Parameters
    ----------
    directory : str or path
        An export.
    key : str
        The signature. Other signatures of the copy may be changed, too.
    out : str or path
        The new folder.

    Returns
    -------
    list of str
        The types of the operations that are left out. Empty if there are none: then nothing is
        written.

    Raises
    ------
    NotAnArtifact, OSError
    """
    source, new = Path(directory), Path(out)
    model = saved_model(source)
    graph = serving_graph_of(model)
    if graph is None or key not in graph.signature_def:
        return []
    left_out = [_leave_out(*place) for place in _last_steps(graph, key)]
    if left_out:
        new.mkdir()
        for name in ("variables", "assets"):
            if (source / name).is_dir():
                os.symlink(source / name, new / name, target_is_directory=True)
        (new / "saved_model.pb").write_bytes(model.SerializeToString())
    return sorted(set(left_out))


def _last_steps(graph: "MetaGraphDef", key: str) -> list[tuple[Any, Any]]:
    """Find the operations that hide what they are given, each once, with the function they are in.

    The function is None for an operation of the graph itself.
    """
    library = {body.signature.name: body for body in graph.graph_def.library.function}
    found = {}
    for output in graph.signature_def[key].outputs.values():
        for body, node in _behind(graph.graph_def.node, library, output.name):
            found[body and body.signature.name, node.name] = body, node
    return list(found.values())


def _behind(nodes, library, reference) -> Iterator[tuple[Any, Any]]:
    """Follow a tensor back to the operation that computes it, and yield it if it hides values."""
    body, scope = None, {node.name: node for node in nodes}
    for _ in range(MOST_STEPS):
        name, *output = reference.split(":")
        node = scope.get(name)
        if node is None:
            return
        if node.op in HIDING:
            yield body, node
            return
        if "PartitionedCall" in node.op and node.attr["f"].func.name in library:
            body = library[node.attr["f"].func.name]
            results = [one.name for one in body.signature.output_arg]
            reference = body.ret[results[int(output[-1] if output else 0)]]
            scope = {inner.name: inner for inner in body.node_def}
        elif node.op in MOVES:
            reference = node.input[0]
        else:
            return


def _leave_out(body, node):
    """Let an operation answer what it is given. Return its type."""
    kind, dtype = node.op, type(node.attr["T"]).FromString(node.attr["T"].SerializeToString())
    node.op = "Identity"
    node.attr.clear()
    node.attr["T"].CopyFrom(dtype)
    if body is not None:  # in a function, references have the name of the output: "softmax"
        for other in body.node_def:
            other.input[:] = [_renamed(one, node.name) for one in other.input]
        for name, reference in body.ret.items():
            body.ret[name] = _renamed(reference, node.name)
    return kind


def _renamed(reference, name):
    return f"{name}:output:0" if reference.startswith(f"{name}:") else reference
