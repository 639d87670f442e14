"""Inputs that belong together: a ragged or a sparse tensor is several inputs of a signature."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from helpers import artifact
from helpers.readers.made_inputs import Hint

RAGGED, SPARSE = "RAGGED_TENSOR_SPEC", "SPARSE_TENSOR_SPEC"
MOST_SPECS = 1000


def composite_hints(graph: Any, signature: artifact.Signature) -> dict[str, Hint]:
    """Find the inputs that are parts of a ragged or a sparse tensor.

    TensorFlow names the parts of `x` x, x_1 and x_2: the values and the row splits of a ragged
    tensor, the outermost first; the indices, values and shape of a sparse one.

    Parameters
    ----------
    graph : MetaGraphDef
        Whose saved functions declare ragged and sparse arguments.
    signature : helpers.artifact.Signature

    Returns
    -------
    dict of str to Hint
        By the name of the input. Empty if no function of the export has such arguments.
    """
    specs = list(_specs(graph))
    tensors = {tensor.name: tensor for tensor in signature.inputs}
    hints: dict[str, Hint] = {}
    for name, tensor in tensors.items():
        parts = [tensors[f"{name}_{n}"] for n in (1, 2, 3) if f"{name}_{n}" in tensors]
        if any(kind == SPARSE for kind, _ in specs) and _is_sparse(tensor, parts):
            rank = tensor.shape[1]
            shapes = [shape for kind, shape in specs if kind == SPARSE and len(shape) == rank]
            hints |= _sparse(name, shapes[0] if shapes else [-1] * rank)
        elif any(kind == RAGGED for kind, _ in specs) and (splits := _splits(parts)):
            hints |= _ragged(tensor, splits)
    return hints


def _specs(graph):
    """Yield the kind and the shape of the ragged and sparse arguments of the saved functions."""
    saved = graph.object_graph_def
    waiting = [one.canonicalized_input_signature for one in saved.concrete_functions.values()]
    waiting += [
        node.function.function_spec.input_signature
        for node in saved.nodes
        if node.HasField("function")
    ]
    left = MOST_SPECS
    while waiting and left:
        value, left = waiting.pop(), left - 1
        kind = value.WhichOneof("kind")
        if kind == "type_spec_value":
            spec = value.type_spec_value
            name = type(spec).TypeSpecClass.Name(spec.type_spec_class)
            if name in (RAGGED, SPARSE):
                yield name, next(_shapes(spec.type_state), [])
        else:
            waiting += _children(value, kind)


def _children(value, kind) -> Iterator[Any]:
    if kind in ("list_value", "tuple_value"):
        yield from getattr(value, kind).values
    elif kind == "dict_value":
        yield from value.dict_value.fields.values()
    elif kind == "named_tuple_value":
        yield from (pair.value for pair in value.named_tuple_value.values)


def _shapes(value):
    kind = value.WhichOneof("kind")
    if kind == "tensor_shape_value":
        yield [dim.size for dim in value.tensor_shape_value.dim]
    for child in _children(value, kind):
        yield from _shapes(child)


def _is_sparse(tensor, parts):
    if len(parts) < 2 or tensor.shape is None or parts[0].shape is None:
        return False
    indices, values, shape = tensor.shape, parts[0].shape, parts[1].shape
    return (
        (tensor.dtype, parts[1].dtype) == ("int64", "int64")
        and (len(indices), len(values)) == (2, 1)
        and indices[1] is not None
        and shape == (indices[1],)
    )


def _splits(parts):
    """Return the parts that can be row splits: whole numbers with one open axis."""
    found = []
    for part in parts:
        if part.dtype not in ("int32", "int64") or part.shape not in ((None,), None):
            break
        found.append(part)
    return found


def _ragged(tensor, splits):
    """Return hints for the row splits of a ragged tensor, and for its values."""
    hints = {}
    for level, part in enumerate(reversed(splits)):
        outermost = level == len(splits) - 1

        def make(rng, shape, trial, level=level, outermost=outermost, dtype=part.dtype):
            total = _length(trial, level)
            rows = trial.rows if outermost else _length(trial, level + 1)
            inner = np.sort(rng.integers(0, total + 1, rows - 1))
            return np.array([0, *inner, total], dtype)

        hints[part.name] = Hint("row splits", make)
    if tensor.shape is None or (tensor.shape and tensor.shape[0] is None):
        hints[tensor.name] = Hint("values of a ragged tensor", _values_of(tensor))
    return hints


def _length(trial, level):
    """Return the number of values (level 0), or of rows of an inner level."""
    return max(1, trial.size // 2**level)


def _values_of(tensor):
    from helpers.readers.made_inputs import Trial, make

    inside = artifact.Signature("", (tensor,), ())

    def made(rng, shape, trial):
        flat = Trial(_length(trial, 0), trial.size, trial.values, trial.seed)
        return make(inside, flat)[tensor.name]

    return made


def _sparse(name, declared):
    def shape_of(trial):
        return [
            size if size >= 0 else trial.rows if axis == 0 else trial.size
            for axis, size in enumerate(declared)
        ]

    def indices(rng, shape, trial):
        sizes = shape_of(trial)
        count = _count(sizes)
        # In the order that TensorFlow requires, without repetitions.
        places = np.sort(np.random.default_rng(trial.seed).choice(_room(sizes), count, False))
        return np.stack(np.unravel_index(places, sizes), axis=-1).astype("int64")

    def values(rng, shape, trial):
        return rng.normal(size=_count(shape_of(trial)))

    def dense_shape(rng, shape, trial):
        return np.array(shape_of(trial), "int64")

    return {
        name: Hint("indices of a sparse tensor", indices),
        f"{name}_1": Hint("values of a sparse tensor", values),
        f"{name}_2": Hint("the shape of a sparse tensor", dense_shape),
    }


def _room(sizes):
    return min(int(np.prod(sizes)), 10_000)


def _count(sizes):
    return max(1, _room(sizes) // 2)
