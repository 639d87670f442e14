"""Leave the variables that no signature reads out of what the LiteRT converter restores.

`model.export` writes each weight twice, and the signatures read one of the two. The converter
restores both and keeps them in memory, although the LiteRT file does not depend on the second.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import serving_graph_of

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

LARGE = 2**25  # bytes of unread variables; fewer are not worth the work
LINKED = ("variables", "assets")


@contextlib.contextmanager
def without_unread(directory: str) -> Iterator[str]:
    """Provide an export that restores only what signatures read.

    Parameters
    ----------
    directory : str
        An export.

    Yields
    ------
    str
        `directory` itself if little is unread. Otherwise a folder with a changed graph and links to
        the files of the export, which exists until the block ends.
    """
    model = saved_model(Path(directory))
    graph = serving_graph_of(model)
    if graph is None or not leave_out_unread(graph):
        yield directory
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in LINKED:
                if os.path.isdir(os.path.join(directory, name)):
                    os.symlink(os.path.join(directory, name), os.path.join(folder, name))
        except OSError:  # Windows allows links to few users
            yield directory
            return
        (Path(folder) / "saved_model.pb").write_bytes(model.SerializeToString())
        yield folder


def leave_out_unread(graph: "MetaGraphDef", least: int = LARGE) -> int:
    """Change the restore operation so that it does not fill the variables that nothing reads.

    Parameters
    ----------
    graph : tensorflow.core.protobuf.meta_graph_pb2.MetaGraphDef
        Of TensorFlow 2. It is changed.
    least : int
        The bytes from which on it is changed.

    Returns
    -------
    int
        The bytes of these variables. 0 if the graph stays as it is.
    """
    nodes = {node.name: node for node in graph.graph_def.node}
    restore = nodes.get(graph.saver_def.restore_op_name)
    bodies = {body.signature.name: body for body in graph.graph_def.library.function}
    body = bodies.get(restore.attr["f"].func.name) if restore is not None else None
    if restore is None or body is None:
        return 0
    read = _above(nodes, _outputs(graph, restore))
    arguments = [argument.name for argument in body.signature.input_arg]
    given = dict(zip(arguments, (_base(name) for name in restore.input), strict=False))
    assigned = {node.input[0] for node in body.node_def if node.op == "AssignVariableOp"}
    unread = {
        argument: _bytes(nodes[name])
        for argument, name in given.items()
        if name in nodes and nodes[name].op == "VarHandleOp" and name not in read
        if argument in assigned
    }
    size = sum(unread.values())
    if not unread or size < least or not _drop(body, set(unread)):
        return 0
    return size


def _outputs(graph, restore) -> list[str]:
    """List what is computed from the graph, except to save and restore it."""
    saver = graph.saver_def
    own = {restore.name, _base(saver.save_tensor_name), _base(saver.filename_tensor_name)}
    tensors = [t for one in graph.signature_def.values() for t in one.outputs.values()]
    names = [tensor.name for tensor in tensors]
    for collection in graph.collection_def.values():
        names += collection.node_list.value
    return [name for name in names if _base(name) not in own]


def _above(nodes, names) -> set[str]:
    """Return the names of all operations that others depend on."""
    seen, waiting = set(), list(names)
    while waiting:
        name = _base(waiting.pop())
        if name in nodes and name not in seen:
            seen.add(name)
            waiting += nodes[name].input
    return seen


def _drop(body: Any, unread: set[str]) -> bool:
    """Remove the assignments to some arguments, and the values that are restored for them."""
    from tensorflow import make_ndarray, make_tensor_proto

    nodes = {node.name: node for node in body.node_def}
    restores = [node for node in body.node_def if node.op == "RestoreV2"]
    if len(restores) != 1:
        return False
    (reader,) = restores
    names = [_base(name) for name in reader.input[1:3]]
    constants = [nodes[name] for name in names if name in nodes and nodes[name].op == "Const"]
    if len(constants) != len(names):
        return False
    gone = {n.name for n in body.node_def if n.op == "AssignVariableOp" and n.input[0] in unread}
    casts = {_base(nodes[name].input[1]) for name in gone}
    kept = [node for node in body.node_def if node.name not in gone]
    users = {_base(name) for node in kept for name in node.input} | set(
        map(_base, body.ret.values())
    )
    gone |= {name for name in casts - users if nodes[name].op == "Identity"}
    kept = [node for node in kept if node.name not in gone]

    start = f"{reader.name}:tensors:"
    used = sorted(
        {int(name.removeprefix(start)) for n in kept for name in n.input if name.startswith(start)}
    )
    if not used:
        return False
    place = {f"{start}{old}": f"{start}{new}" for new, old in enumerate(used)}
    for node in kept:
        node.input[:] = [
            place.get(name, name) for name in node.input if name.lstrip("^") not in gone
        ]
    for node in constants:
        values = make_ndarray(node.attr["value"].tensor)[used]
        node.attr["value"].tensor.CopyFrom(make_tensor_proto(values))
        node.attr.pop("_output_shapes", None)
    types = reader.attr["dtypes"].list.type
    types[:] = [types[at] for at in used]
    reader.attr.pop("_output_shapes", None)
    copies = [type(node).FromString(node.SerializeToString()) for node in kept]
    del body.node_def[:]
    body.node_def.extend(copies)
    for name in gone:
        for key in [key for key, value in body.control_ret.items() if value == name]:
            del body.control_ret[key]
            body.signature.control_output.remove(key)
    return True


def _base(name):
    return name.lstrip("^").split(":")[0]


def _bytes(node):
    from tensorflow import dtypes

    number = dtypes.as_dtype(node.attr["dtype"].type).size or 0
    for dim in node.attr["shape"].shape.dim:
        number *= max(0, dim.size)
    return number
