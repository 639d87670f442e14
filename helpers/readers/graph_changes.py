"""Changes of an export's graph that may help the LiteRT converter: fixed sizes, float32.

They are trials. Nothing says that the changed graph computes the same: a caller compares.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.artifact.graph_only import leave_out_objects
from helpers.artifact.saved_model import saved_model
from helpers.artifact.tag_sets import serving_graph_of

if TYPE_CHECKING:  # the protocol buffers come with TensorFlow, which takes seconds to import
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

# The input of each operation on lists that holds the shape of an element. A recurrent layer with an
# open number of rows writes -1 for the rows there, and no inference replaces it.
ELEMENT_SHAPE = {
    "TensorListReserve": 0,
    "EmptyTensorList": 0,
    "TensorListFromTensor": 1,
    "TensorListStack": 1,
    "TensorListGetItem": 2,
}
SHAPES = ("_output_shapes", "_input_shapes", "output_shapes")  # written when the graph was traced


def write(
    directory: str,
    out: str,
    key: str,
    shapes: Mapping[str, tuple[int | None, ...]],
    rows: int | None = None,
    float32: bool = False,
):
    """Write an export with one signature as the new folder `out`, with a changed graph.

    Parameters
    ----------
    directory : str
        An export.
    out : str
    key : str
        The signature that is kept.
    shapes : dict of str to tuple
        The new shape of each input that changes.
    rows : int or None
        The fixed number of rows, for the lists of recurrent layers.
    float32 : bool
        Whether float16, bfloat16 and float64 become float32, variables included.

    Raises
    ------
    NotAnArtifact, OSError
    """
    source, new = Path(directory), Path(out)
    model = saved_model(source)
    graph = serving_graph_of(model)
    assert graph is not None  # artifact.read has found its signatures
    # Without the Python objects, TensorFlow reads the shapes and dtypes from the graph alone.
    leave_out_objects(graph)
    for other in set(graph.signature_def) - {key}:
        del graph.signature_def[other]
    _fix_shapes(graph, key, shapes, rows)
    new.mkdir()
    _link(source, new, "assets")
    if not (float32 and _make_float32(graph, source, new)):
        _link(source, new, "variables")
    del model.meta_graphs[:]
    model.meta_graphs.append(graph)
    (new / "saved_model.pb").write_bytes(model.SerializeToString())


def write_unseeded(directory: str, out: str) -> bool:
    """Write an export as the new folder `out`, without the seeds of its random numbers.

    A model that was built after tf.random.set_seed has a seed in each operation that draws.

    Parameters
    ----------
    directory : str
        An export.
    out : str

    Returns
    -------
    bool
        Whether there was a seed. If not, nothing is written.

    Raises
    ------
    NotAnArtifact, OSError
    """
    source, new = Path(directory), Path(out)
    model = saved_model(source)
    seeds = [
        node.attr[name]
        for graph in model.meta_graphs
        for body in _bodies(graph)
        for node in body
        for name in ("seed", "seed2")
        if name in node.attr and node.attr[name].i
    ]
    if not seeds:
        return False
    for seed in seeds:
        seed.i = 0  # TensorFlow draws a seed where both are 0
    new.mkdir()
    for name in ("assets", "variables"):
        _link(source, new, name)
    (new / "saved_model.pb").write_bytes(model.SerializeToString())
    return True


def _link(source, new, name):
    if (source / name).is_dir():
        try:
            os.symlink(source / name, new / name, target_is_directory=True)
        except OSError:  # Windows allows links to few users
            shutil.copytree(source / name, new / name)


def _bodies(graph: "MetaGraphDef") -> Iterator[Any]:
    """Yield the nodes of the graph, and of each of its functions."""
    yield graph.graph_def.node
    for function in graph.graph_def.library.function:
        yield function.node_def


def _fix_shapes(graph, key, shapes, rows):
    nodes = {node.name: node for node in graph.graph_def.node}
    for name, shape in shapes.items():
        info = graph.signature_def[key].inputs[name]
        placeholder = nodes[info.name.split(":")[0]]
        for place in (info.tensor_shape, placeholder.attr["shape"].shape):
            place.unknown_rank = False
            del place.dim[:]
            for size in shape:
                place.dim.add(size=-1 if size is None else size)
    if not shapes:
        return
    for function in graph.graph_def.library.function:
        for attributes in function.arg_attr.values():
            attributes.attr.pop("_output_shapes", None)
        for name in SHAPES:
            function.attr.pop(name, None)
    for body in _bodies(graph):
        named = {node.name: node for node in body}
        for node in body:
            for name in SHAPES:
                if name in node.attr and (name[0] == "_" or node.op.endswith("While")):
                    del node.attr[name]
            if rows is not None and node.op in ELEMENT_SHAPE:
                source = named.get(node.input[ELEMENT_SHAPE[node.op]].split(":")[0].lstrip("^"))
                if source is not None and source.op == "Const":
                    _fix_rows(source, rows)


def _fix_rows(node, rows):
    from tensorflow import make_ndarray, make_tensor_proto

    value = make_ndarray(node.attr["value"].tensor)
    if value.ndim == 1 and value.size > 1 and value[0] == -1:
        value = np.array([rows, *value[1:]], value.dtype)
        node.attr["value"].tensor.CopyFrom(make_tensor_proto(value))


def _make_float32(graph, source, new):
    """Make all floats float32. Return whether the variables were written again, in `new`."""
    for body in _bodies(graph):
        for node in body:
            for value in node.attr.values():
                _attribute(value)
    for function in graph.graph_def.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            argument.type = _float32(argument.type)
        for value in function.attr.values():
            _attribute(value)
    for signature in graph.signature_def.values():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            info.dtype = _float32(info.dtype)
    return _variables(source / "variables", new / "variables")


def _float32(number):
    from tensorflow import bfloat16, float16, float32, float64

    others = {dtype.as_datatype_enum for dtype in (bfloat16, float16, float64)}
    return float32.as_datatype_enum if number in others else number


def _attribute(value):
    """Change the dtypes and the constants in one attribute of an operation."""
    from tensorflow import make_ndarray, make_tensor_proto

    kind = value.WhichOneof("value")
    if kind == "type":
        value.type = _float32(value.type)
    elif kind == "list":
        value.list.type[:] = map(_float32, value.list.type)
    elif kind == "tensor" and _float32(value.tensor.dtype) != value.tensor.dtype:
        array = make_ndarray(value.tensor).astype(np.float32)
        value.tensor.CopyFrom(make_tensor_proto(array))
    elif kind == "func":
        for inner in value.func.attr.values():
            _attribute(inner)


def _variables(old, new):
    """Write the variables as float32 unless they are; return whether they were written."""
    import tensorflow as tf

    if not (old / "variables.index").is_file():
        return False
    checkpoint = tf.train.load_checkpoint(str(old / "variables"))
    dtypes = checkpoint.get_variable_to_dtype_map()
    changing = {n for n, d in dtypes.items() if _float32(d.as_datatype_enum) != d.as_datatype_enum}
    if not changing:
        return False
    names, tensors = sorted(dtypes), []
    for name in names:
        value = checkpoint.get_tensor(name)
        tensors.append(tf.constant(value.astype(np.float32) if name in changing else value))
    new.mkdir()
    tf.raw_ops.SaveV2(
        prefix=str(new / "variables"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=tensors,
    )
    return True
