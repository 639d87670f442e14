"""Convert arrays to and from TensorProto messages, as TensorFlow's C++ code does."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:  # importing TensorFlow takes seconds
    from tensorflow.core.framework.tensor_pb2 import TensorProto

MAX_DIMENSIONS, TENSORFLOW_DIMENSIONS = 64, 254  # NumPy's limit, and TensorFlow's

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


def _check_dimensions(name, count):
    if count > TENSORFLOW_DIMENSIONS:
        raise _cannot_parse(name)
    if count > MAX_DIMENSIONS:
        raise invalid(
            f"{name} has {count} dimensions. This server takes at most {MAX_DIMENSIONS}, and "
            f"TensorFlow Serving {TENSORFLOW_DIMENSIONS}."
        )


def from_values(name: str, dtype: int, shape: Sequence[int], values: Any) -> np.ndarray:
    """Return an array with the given values.

    With no values, the array contains zeros or b"". With too few values, the last value is
    repeated. Surplus values are ignored.

    Parameters
    ----------
    name : str
        the input, for the error message
    dtype : int
        dtype number
    shape : sequence of int
    values : list or array
        in row-major order

    Returns
    -------
    array of that dtype and shape

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; NumPy has no such dtype, or not so many dimensions
    """
    if dtype not in NUMPY:
        raise _cannot_parse(name)
    _check_dimensions(name, len(shape))
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


def from_proto(name: str, proto: "TensorProto") -> np.ndarray:
    """Return the array in a TensorProto.

    Parameters
    ----------
    name : str
        the input, for the error message
    proto : TensorProto

    Returns
    -------
    array

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the name of the input; the message is not a valid tensor
    """
    dtype = proto.dtype
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    # TensorFlow does not look at unknown_rank here: without dimensions, the tensor is a scalar.
    if dtype not in NUMPY or any(size < 0 for size in sizes):
        raise _cannot_parse(name)
    _check_dimensions(name, len(sizes))
    if math.prod(sizes) >= 2**40:
        raise _cannot_parse(name)
    if proto.tensor_content:
        return _from_content(name, dtype, sizes, proto.tensor_content)
    values = getattr(proto, _FIELDS[dtype])
    size = math.prod(sizes)
    if dtype in (COMPLEX64, COMPLEX128):
        values = np.array(values, np.zeros((), NUMPY[dtype]).real.dtype)
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
    """Read the lengths of all strings, which are varints, and then the strings."""
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


def fill(proto: "TensorProto", dtype: int, array: np.ndarray, as_content: bool = False) -> None:
    """Write an array into an empty TensorProto.

    Parameters
    ----------
    proto : TensorProto
    dtype : int
        dtype number
    array : array of that dtype
    as_content : bool
        write the values as bytes in `tensor_content`, except strings; otherwise as typed values
    """
    proto.dtype = dtype
    proto.tensor_shape.SetInParent()  # the shape of a scalar must be present, too
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
