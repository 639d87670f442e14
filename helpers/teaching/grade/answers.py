"""Write answers as data, and read them again without running anything.

JSON holds them. What JSON does not have is written as {"kind": ..., ...}: see `_encoded`.
"""

import base64
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from helpers.text import safe_repr, shorten

DEPTH = 12  # of nested containers
MOST = 200_000  # values in one answer
BYTES = 100_000_000  # of one array or one file's content
DTYPES = "biufcSU"  # the kinds of NumPy's dtypes that are plain memory


class NotData(Exception):
    """An answer is not data, such as a function."""


def encode(value: Any) -> Any:
    """Write an answer with what JSON can hold.

    Parameters
    ----------
    value : object
        The answer.

    Returns
    -------
    object
        None, bool, int, float, str, list, or a dict with the key "kind".

    Raises
    ------
    NotData
        If the answer is a function, a model or another object, or too large.
    """
    return _encoded(value, DEPTH, [MOST])


def _encoded(value, depth, left):
    left[0] -= 1
    if depth == 0 or left[0] < 0:
        raise NotData("it is too large")
    if value is None or isinstance(value, bool):
        return value
    if value is ...:
        return {"kind": "ellipsis"}
    if isinstance(value, int):
        return {"kind": "int", "hex": hex(int(value))}
    if isinstance(value, np.generic | np.ndarray):
        return _array(value, depth, left)
    if isinstance(value, float):
        return {"kind": "float", "hex": float.hex(float(value))}
    if isinstance(value, complex):
        parts = [_encoded(part, depth - 1, left) for part in (value.real, value.imag)]
        return {"kind": "complex", "parts": parts}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes | bytearray):
        return {"kind": "bytes", "base64": _base64(bytes(value))}
    if isinstance(value, Path):
        return {"kind": "path", "path": os.fspath(value)}
    if isinstance(value, Decimal):
        return {"kind": "decimal", "text": str(value)}
    if isinstance(value, Mapping):
        pairs = [[_encoded(part, depth - 1, left) for part in pair] for pair in list(value.items())]
        return {"kind": "dict", "pairs": pairs}
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            items = [_encoded(item, depth - 1, left) for item in list(value)]
            return items if kind is list else {"kind": kind.__name__, "items": items}
    return _of_tensorflow(value, depth, left)


def _array(value, depth, left):
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    array = np.asarray(value)
    if array.dtype == object:
        items = [_encoded(item, depth - 1, left) for item in array.ravel().tolist()]
        return {"kind": "objects", "shape": list(array.shape), "items": items}
    if array.dtype.kind not in DTYPES:
        raise NotData(f"it is an array of {array.dtype}")
    content = _base64(np.ascontiguousarray(array).tobytes())
    return {"kind": kind, "dtype": array.dtype.str, "shape": list(array.shape), "base64": content}


def _of_tensorflow(value, depth, left):
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        if isinstance(value, tensorflow.TensorSpec):
            shape = None if value.shape.rank is None else value.shape.as_list()
            return {
                "kind": "spec",
                "shape": shape,
                "dtype": value.dtype.name,
                "name": value.name,
            }
        if isinstance(value, tensorflow.Tensor | tensorflow.Variable) and hasattr(value, "numpy"):
            return {"kind": "tensor", "array": _encoded(value.numpy(), depth - 1, left)}
    raise NotData(f"it is {shorten(safe_repr(value), 200)}")


def _base64(content):
    if len(content) > BYTES:
        raise NotData(f"it has {len(content):,} bytes")
    return base64.b64encode(content).decode("ascii")


def decode(data: Any) -> Any:
    """Read what `encode` wrote. Nothing is run or imported.

    Parameters
    ----------
    data : object
        What JSON holds. Its author may have written anything.

    Returns
    -------
    object
        The answer.

    Raises
    ------
    NotData
        If it is not what `encode` writes.
    """
    try:
        return _decoded(data, DEPTH + 1)
    except NotData:
        raise
    except Exception as error:  # any mistake in the data
        raise NotData(f"{type(error).__name__}: {error}") from None


def _decoded(data, depth):
    if depth == 0:
        raise NotData("it is nested too deeply")
    if data is None or isinstance(data, bool | str):
        return data
    if isinstance(data, list):
        return [_decoded(item, depth - 1) for item in data]
    return READ[data["kind"]](data, depth - 1)


def _read_array(data, _):
    dtype = np.dtype(str(data["dtype"]))
    if dtype.kind not in DTYPES or dtype.fields or dtype.subdtype:
        raise NotData(f"it is an array of {dtype}")
    content = base64.b64decode(data["base64"], validate=True)
    return np.frombuffer(content, dtype).reshape(_shape(data["shape"])).copy()


def _read_objects(data, depth):
    items = [_decoded(item, depth) for item in data["items"]]
    array = np.empty(len(items), object)
    for number, item in enumerate(items):
        array[number] = item
    return array.reshape(_shape(data["shape"]))


def _read_tensor(data, depth):
    import tensorflow as tf

    return tf.constant(_decoded(data["array"], depth))


def _read_spec(data, _):
    import tensorflow as tf

    name = data["name"]
    shape = (
        None if data["shape"] is None else [None if n is None else int(n) for n in data["shape"]]
    )
    return tf.TensorSpec(
        shape, tf.as_dtype(str(data["dtype"])), None if name is None else str(name)
    )


def _shape(sizes):
    if any(type(size) is not int or size < 0 for size in sizes):
        raise NotData("a size of a shape is not a whole number")
    return tuple(sizes)


def _read_dict(data, depth):
    return {_decoded(key, depth): _decoded(value, depth) for key, value in data["pairs"]}


def _items(data, depth):
    return [_decoded(item, depth) for item in data["items"]]


READ = {
    "ellipsis": lambda data, _: ...,
    "int": lambda data, _: int(data["hex"], 16),
    "float": lambda data, _: float.fromhex(data["hex"]),
    "complex": lambda data, depth: complex(*(_decoded(part, depth) for part in data["parts"])),
    "bytes": lambda data, _: base64.b64decode(data["base64"], validate=True),
    "path": lambda data, _: Path(str(data["path"])),
    "decimal": lambda data, _: Decimal(str(data["text"])),
    "dict": _read_dict,
    "tuple": lambda data, depth: tuple(_items(data, depth)),
    "set": lambda data, depth: set(_items(data, depth)),
    "frozenset": lambda data, depth: frozenset(_items(data, depth)),
    "array": _read_array,
    "scalar": lambda data, depth: _read_array(data, depth)[()],
    "objects": _read_objects,
    "spec": _read_spec,
    "tensor": _read_tensor,
}


def paths_in(value: Any) -> list[Path]:
    """Return the paths of existing files and folders in a decoded answer.

    Parameters
    ----------
    value : object
        A path, or a text that may be one, or a container of them.

    Returns
    -------
    list of Path
    """
    if isinstance(value, Path | str):
        try:
            return [Path(value)] if 0 < len(str(value)) < 4096 and Path(value).exists() else []
        except (OSError, ValueError):
            return []
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return [path for item in value for path in paths_in(item)]
    return []
