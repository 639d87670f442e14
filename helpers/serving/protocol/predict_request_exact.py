"""Convert JSON to tensors value by value, with every error text of TensorFlow Serving."""

import binascii
import re
from typing import TypeGuard

import numpy as np

from helpers.serving.protocol.dtypes import BOOL, DOUBLE, FLOAT, INTEGERS, NAMES, STRING
from helpers.serving.protocol.errors import UNIMPLEMENTED, ServingError, invalid
from helpers.serving.protocol.json_pieces import Repeated, members_of
from helpers.serving.protocol.json_text import debug_string, to_bytes
from helpers.serving.protocol.tensor_proto import from_values

TYPES = {
    **{key: {int, float} for key in (FLOAT, DOUBLE)},
    **{key: {int} for key in INTEGERS},
    BOOL: {bool},
    STRING: {str, dict},
}


def wrong(document: object, *text: object) -> ServingError:
    """Return an INVALID_ARGUMENT error that shows the request in front of the text."""
    return invalid("JSON Value: ", debug_string(document), " ", *text)


def is_base64(value: object) -> TypeGuard[dict]:
    """Return whether a JSON value is an object with the one key "b64" and a string."""
    return (
        isinstance(value, dict)
        and len(getattr(value, "members", value)) == 1
        and isinstance(value.get("b64"), str)
    )


def is_named(value: object) -> TypeGuard[dict]:
    """Return whether a JSON value is an object of named values, not base64 data."""
    return isinstance(value, dict) and not is_base64(value)


def before_zero(key: str) -> str:
    """Return a key as TensorFlow Serving reads it where it takes it for a C string."""
    return key.partition("\0")[0]


_BASE64 = re.compile(r"[A-Za-z0-9+/]*[=.]{0,2}")
_SPACES = re.compile(r"[ \t\n\v\f\r]+")


def decode_base64(value: object) -> bytes:
    """Decode a JSON value of the form {"b64": text}.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the value has another form, or the text is not base64
    """
    if not is_base64(value):
        raise invalid(
            "JSON Value: ", debug_string(value), " not formatted correctly for base64 data"
        )
    text = _SPACES.sub("", value["b64"])
    digits = text.rstrip("=.")
    padding = len(text) - len(digits)
    if not _BASE64.fullmatch(text) or len(digits) % 4 == 1 or padding not in (0, -len(digits) % 4):
        raise invalid("Unable to base64 decode")
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


_KINDS: dict[type, str] = {
    type(None): "Null",
    dict: "Object",
    Repeated: "Object",
    list: "Array",
    str: "String",
}


def kind(value: object) -> str:
    """Return the name of a JSON value's type in error messages."""
    if isinstance(value, bool):
        return "True" if value else "False"
    return _KINDS.get(type(value), "Number")


def _mistyped(value, dtype):
    return invalid(
        "JSON Value: ",
        debug_string(value),
        " Type: ",
        kind(value),
        " is not of expected type: ",
        NAMES[dtype],
    )


class _Values:
    """The values of one tensor in row-major order, and the shape of the last item."""

    def __init__(self):
        self.shape, self.values = [], []

    def fill(self, item, dtype):
        """Add the values of an item and return their number."""
        before = len(self.values)
        self.shape = []
        inner = item
        while isinstance(inner, list):
            self.shape.append(len(inner))
            if not inner:
                break
            inner = inner[0]
        self._fill(item, 0, dtype)
        return len(self.values) - before

    def _fill(self, value, level, dtype):
        rank = len(self.shape)
        if not isinstance(value, list):
            if level != rank:
                raise invalid(
                    "JSON Value: ",
                    debug_string(value),
                    f" found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {rank}",
                )
            self.values.append(_leaf(value, dtype))
            return
        if level >= rank:
            raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
        if len(value) != self.shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {self.shape[level]}"
            )
        for held in value:
            self._fill(held, level + 1, dtype)

    def tensor(self, name, dtype, shape):
        return from_values(name, dtype, shape, self.values)


def _leaf(value, dtype):
    if isinstance(value, dict):
        if dtype == STRING:
            return decode_base64(value)
        raise _mistyped(value, dtype)
    if dtype not in TYPES:
        raise ServingError(
            UNIMPLEMENTED,
            f"Conversion of JSON Value: {debug_string(value)} to type: {NAMES[dtype]}",
        )
    if type(value) not in TYPES[dtype]:
        raise _mistyped(value, dtype)
    if dtype == STRING:
        return to_bytes(value)
    if dtype in INTEGERS:
        low, high = INTEGERS[dtype]
        if not low <= value <= high:
            raise _mistyped(value, dtype)
    return value


def from_rows(rows: list, inputs: dict[str, int]) -> dict[str, np.ndarray]:
    """Convert the rows of a request to tensors.

    Parameters
    ----------
    rows : list
        the value of "instances"; not empty
    inputs : dict of str to int
        the signature's inputs: dtype number by name

    Returns
    -------
    dict of str to array
        the value of each input by name; its first dimension is the number of rows

    Raises
    ------
    ServingError
        INVALID_ARGUMENT or UNIMPLEMENTED, with the text of TensorFlow Serving
    """
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    named = is_named(rows[0])
    tensors, sizes, shapes = {}, {}, {}

    def add(name, item):
        if name not in inputs:
            raise invalid("JSON object: does not have named input: ", name)
        tensor = tensors.setdefault(name, _Values())
        size = tensor.fill(item, inputs[name])
        if name not in sizes:
            sizes[name], shapes[name] = size, tensor.shape
        elif sizes[name] != size:
            raise invalid(f"Expecting tensor size: {sizes[name]} but got: {size}")
        elif shapes[name] != tensor.shape:
            raise invalid(f"Expecting shape {_shape(shapes[name])} but got: {_shape(tensor.shape)}")

    for number, row in enumerate(rows):
        if named:
            if not is_named(row):
                raise invalid(f"Expecting object but got list at item {number} of input list")
            names = set()
            for key, item in members_of(row):
                name = before_zero(key)
                names.add(name)
                try:
                    add(name, item)
                except ServingError as error:
                    raise invalid(
                        f"Failed to process element: {number} key: {name} of 'instances' list. "
                        f"Error: {error}"
                    ) from None
            if names != inputs.keys():
                raise invalid(
                    f"Failed to process element: {number} of 'instances' list. JSON object: ",
                    debug_string(row),
                    " keys must be equal to: ",
                    ",".join(sorted(inputs)),
                )
        else:
            if is_named(row):
                raise invalid(f"Expecting value/list but got object at item {number} of input list")
            try:
                add(next(iter(inputs)), row)
            except ServingError as error:
                raise invalid(
                    f"Failed to process element: {number} of 'instances' list. Error: {error}"
                ) from None
    return {
        name: tensor.tensor(name, inputs[name], [len(rows), *shapes[name]])
        for name, tensor in tensors.items()
    }


def _shape(shape):
    return f"[{','.join(map(str, shape))}]"


def from_columns(columns: object, inputs: dict[str, int]) -> dict[str, np.ndarray]:
    """Convert the columns of a request to tensors.

    Parameters
    ----------
    columns : dict, or any JSON value
        the value of "inputs": an object with a value for each input, or the value of the only input
    inputs : dict of str to int
        the signature's inputs: dtype number by name

    Returns
    -------
    dict of str to array
        the value of each input by name

    Raises
    ------
    ServingError
        INVALID_ARGUMENT or UNIMPLEMENTED, with the text of TensorFlow Serving
    """
    if is_named(columns):
        for name in inputs:
            if name not in columns:
                raise invalid("Missing named input: ", name, " in 'inputs' object.")
        items = {name: columns[name] for name in inputs}
    elif len(inputs) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors "
            "required as per tensorinfo_map"
        )
    else:
        items = dict.fromkeys(inputs, columns)
    tensors = {}
    for name, item in items.items():
        values = _Values()
        values.fill(item, inputs[name])
        tensors[name] = values.tensor(name, inputs[name], values.shape)
    return tensors
