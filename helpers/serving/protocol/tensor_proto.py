"""Tensors to and from the protocol's TensorProto, as the server's C++ does it."""

import math

import numpy as np

from helpers.serving.protocol.dtypes import (
    BFLOAT16,
    BOOL,
    COMPLEX64,
    COMPLEX128,
    DOUBLE,
    FLOAT,
    HALF,
    INT8,
    INT16,
    INT32,
    INT64,
    NUMPY,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
)
from helpers.serving.protocol.errors import invalid

MAX_DIMENSIONS = 64  # of NumPy; TensorFlow has 254

_FIELDS = {
    FLOAT: "float_val",
    DOUBLE: "double_val",
    **dict.fromkeys((INT32, INT16, INT8, UINT8, UINT16), "int_val"),
    INT64: "int64_val",
    BOOL: "bool_val",
    STRING: "string_val",
    UINT32: "uint32_val",
    UINT64: "uint64_val",
    **dict.fromkeys((HALF, BFLOAT16), "half_val"),
    COMPLEX64: "scomplex_val",
    COMPLEX128: "dcomplex_val",
}


def _cannot_parse(name):
    return invalid("tensor parsing error: ", name)


def from_values(name, dtype, shape, values):
    """An array of values in row-major order.

    None at all are zeros, too few repeat the last one, and what is too much is left out.
    """
    if len(shape) > MAX_DIMENSIONS or dtype not in NUMPY:
        raise _cannot_parse(name)
    size = math.prod(shape)
    if dtype == STRING:
        array = np.empty(size, object)
        array[:] = b""
        array[: len(values)] = values[:size]
    else:
        if dtype in (HALF, BFLOAT16):
            values = np.array(values, np.int64).astype(np.uint16).view(NUMPY[dtype])
        elif dtype in (INT8, INT16, UINT8, UINT16):
            values = np.array(values, np.int64)
        array = np.zeros(size, NUMPY[dtype])
        with np.errstate(over="ignore"):
            given = np.array(values[:size], np.uint64 if dtype == UINT64 else None)
            array[: len(values)] = given.astype(NUMPY[dtype])
    if 0 < len(values) < size:
        array[len(values) :] = array[len(values) - 1]
    return array.reshape(shape)


def from_proto(name, proto):
    """The array that a TensorProto holds.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, naming the input, for what is not a tensor
    """
    dtype = proto.dtype
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if dtype not in NUMPY or proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise _cannot_parse(name)
    if len(sizes) > MAX_DIMENSIONS or math.prod(sizes) >= 2**40:
        raise _cannot_parse(name)
    if proto.tensor_content:
        return _from_content(name, dtype, sizes, proto.tensor_content)
    values = getattr(proto, _FIELDS[dtype])
    size = math.prod(sizes)
    if dtype in (COMPLEX64, COMPLEX128):
        values = np.array(values, NUMPY[dtype].type(0).real.dtype)
        values = values[: len(values) // 2 * 2].view(NUMPY[dtype])
    elif dtype in (FLOAT, DOUBLE, INT32, INT64) and len(values) == size:
        return np.fromiter(values, NUMPY[dtype], size).reshape(sizes)
    else:
        values = list(values)
    return from_values(name, dtype, sizes, values)


def _from_content(name, dtype, sizes, content):
    if dtype == STRING:
        return _strings(name, sizes, content)
    if len(content) != math.prod(sizes) * NUMPY[dtype].itemsize:
        raise _cannot_parse(name)
    return np.frombuffer(content, NUMPY[dtype]).reshape(sizes)


def _strings(name, sizes, content):
    """Lengths as varints, all before all the texts."""
    lengths, at, count = [], 0, math.prod(sizes)
    while len(lengths) < count:
        length = shift = 0
        while True:
            if at >= len(content) or shift > 28:
                raise _cannot_parse(name)
            length |= (content[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if content[at - 1] < 128:
                break
        lengths.append(length)
    if at + sum(lengths) != len(content):
        raise _cannot_parse(name)
    array = np.empty(count, object)
    for i, length in enumerate(lengths):
        array[i], at = content[at : at + length], at + length
    return array.reshape(sizes)


def fill(proto, dtype, array, as_content=False):
    """Write an array into an empty TensorProto, as typed values or as one run of bytes."""
    proto.dtype = dtype
    proto.tensor_shape.SetInParent()  # a scalar has a shape as well, an empty one
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if as_content and dtype != STRING:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
        return
    flat = array.ravel()
    if dtype in (HALF, BFLOAT16):
        flat = flat.view(np.uint16)
    elif dtype in (COMPLEX64, COMPLEX128):
        flat = flat.view(flat.real.dtype)
    getattr(proto, _FIELDS[dtype]).extend(flat.tolist())
