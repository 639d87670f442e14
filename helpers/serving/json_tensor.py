"""From the JSON of predict requests to tensors, by TensorFlow Serving's rules.

Regular input, nearly all there is, becomes an array in a few passes in C. What is not regular is
read again value by value, as TensorFlow Serving does it, which ends with its answer or its error.
"""

import binascii
import itertools
import re

import numpy as np

from helpers.serving import rapid_json
from helpers.serving.dtypes import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT64,
    INTEGERS,
    NAMES,
    NUMPY,
    STRING,
    UINT64,
)
from helpers.serving.rapid_json import Repeated, debug_string, to_bytes
from helpers.serving.status import UNIMPLEMENTED, ServingError, invalid
from helpers.serving.tensor_proto import MAX_DIMENSIONS, from_values

ROW, COLUMN = "instances", "inputs"

_TYPES = {
    **{key: {int, float} for key in (FLOAT, DOUBLE)},
    **{key: {int} for key in INTEGERS},
    BOOL: {bool},
    STRING: {str, dict},
}


class _Irregular(Exception):
    """This is not a dense array of the wanted type, or needs a closer look."""


class PredictBody:
    """The body of a predict request, read once and turned into tensors for a signature.

    signature_name : str
        "" where the body names none
    """

    def __init__(self, body):
        self._body = body
        self._document, self._exact = rapid_json.parse(body)
        self.signature_name = signature_name(self._document)

    def tensors(self, inputs):
        """The tensors that the body holds.

        Parameters
        ----------
        inputs : dict of str to int
            the signature's input names and their dtypes, as the numbers of `dtypes`

        Returns
        -------
        str
            ROW or COLUMN: the form of the answer
        dict of str to array
        """
        if not inputs:
            name = self.signature_name or "DEFAULT"
            raise invalid("Failed to get input map for signature: ", name)
        document = self._document
        if ROW in document:
            if COLUMN in document:
                raise wrong(
                    document,
                    f"Not formatted correctly expecting only one of '{COLUMN}' or '{ROW}' keys "
                    "to exist ",
                )
            if not isinstance(document[ROW], list):
                raise wrong(document, f"Expecting '{ROW}' to be an list/array")
            if not document[ROW]:
                raise wrong(document, f"No values in '{ROW}' array")
            form, regular, exact = ROW, _regular_rows, _rows
        elif COLUMN in document:
            form, regular, exact = COLUMN, _regular_columns, _columns
        else:
            raise invalid("Missing 'inputs' or 'instances' key")
        try:
            return form, regular(document[form], inputs)
        except (_Irregular, OverflowError, ValueError, RecursionError):
            if not self._exact:
                document = rapid_json.parse_exactly(self._body)
        try:
            return form, exact(document[form], inputs)
        except RecursionError:
            raise _too_deep(next(iter(inputs))) from None


def wrong(document, *text):
    return invalid("JSON Value: ", debug_string(document), " ", *text)


def _too_deep(name):
    return invalid("tensor parsing error: ", name)


def signature_name(document):
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise wrong(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


# -- regular input ---------------------------------------------------------------------------------


def _regular_rows(rows, inputs):
    if _is_named(rows[0]):
        names = inputs.keys()
        if not all(type(row) is dict and row.keys() == names for row in rows):
            raise _Irregular
        return {n: _dense([row[n] for row in rows], dtype) for n, dtype in inputs.items()}
    if len(inputs) > 1:
        raise _Irregular
    ((name, dtype),) = inputs.items()
    return {name: _dense(rows, dtype)}


def _regular_columns(columns, inputs):
    if type(columns) is dict and not is_base64(columns):
        return {name: _dense(columns[name], dtype) for name, dtype in _present(columns, inputs)}
    if len(inputs) > 1:
        raise _Irregular
    ((name, dtype),) = inputs.items()
    return {name: _dense(columns, dtype)}


def _present(columns, inputs):
    if not inputs.keys() <= columns.keys():
        raise _Irregular
    return inputs.items()


def _dense(value, dtype):
    """An array of a nested list whose lists have equal lengths and whose leaves have the type."""
    wanted = _TYPES.get(dtype)
    if wanted is None:
        raise _Irregular
    shape, leaves = [], [value]
    first = value
    while type(first) is list:
        size = len(first)
        shape.append(size)
        if len(shape) > MAX_DIMENSIONS:
            raise _Irregular
        if len(leaves) == 1:
            leaves = first
        else:
            if any(type(held) is not list or len(held) != size for held in leaves):
                raise _Irregular
            leaves = list(itertools.chain.from_iterable(leaves))
        if not size:
            break
        first = leaves[0]
    if not wanted.issuperset(map(type, leaves)):
        raise _Irregular
    if dtype == STRING:
        array = np.empty(len(leaves), object)
        try:
            array[:] = [to_bytes(v) if type(v) is str else decode_base64(v) for v in leaves]
        except ServingError:
            raise _Irregular from None  # the error must also say where
        return array.reshape(shape)
    if dtype in (FLOAT, DOUBLE):
        array = np.array(leaves, np.float64)
        if dtype == FLOAT:
            with np.errstate(over="ignore"):
                array = array.astype(np.float32)
        return array.reshape(shape)
    if dtype == BOOL:
        return np.array(leaves, bool).reshape(shape)
    array = np.array(leaves, np.uint64 if dtype == UINT64 else np.int64)
    low, high = INTEGERS[dtype]
    if leaves and dtype not in (INT64, UINT64) and (array.min() < low or array.max() > high):
        raise _Irregular
    return array.astype(NUMPY[dtype]).reshape(shape)


# -- everything, value by value --------------------------------------------------------------------


def is_base64(value):
    return (
        isinstance(value, dict)
        and len(getattr(value, "members", value)) == 1
        and isinstance(value.get("b64"), str)
    )


def _is_named(value):
    return isinstance(value, dict) and not is_base64(value)


_BASE64 = re.compile(r"[A-Za-z0-9+/]*[=.]{0,2}")
_SPACES = re.compile(r"[ \t\n\v\f\r]+")


def decode_base64(value):
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


_KINDS = {type(None): "Null", dict: "Object", Repeated: "Object", list: "Array", str: "String"}


def kind(value):
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
    """The values of one tensor, in the order in which they come, and the shape of the last item."""

    def __init__(self):
        self.shape, self.values = [], []

    def fill(self, item, dtype):
        """Add an item; the number of its values."""
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
    if dtype not in _TYPES:
        raise ServingError(
            UNIMPLEMENTED,
            f"Conversion of JSON Value: {debug_string(value)} to type: {NAMES[dtype]}",
        )
    if type(value) not in _TYPES[dtype]:
        raise _mistyped(value, dtype)
    if dtype == STRING:
        return to_bytes(value)
    if dtype in INTEGERS:
        low, high = INTEGERS[dtype]
        if not low <= value <= high:
            raise _mistyped(value, dtype)
    return value


def _rows(rows, inputs):
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    named = _is_named(rows[0])
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
            if not _is_named(row):
                raise invalid(f"Expecting object but got list at item {number} of input list")
            for name, item in getattr(row, "members", None) or row.items():
                try:
                    add(name, item)
                except ServingError as error:
                    raise invalid(
                        f"Failed to process element: {number} key: {name} of 'instances' list. "
                        f"Error: {error}"
                    ) from None
            if row.keys() != inputs.keys():
                raise invalid(
                    f"Failed to process element: {number} of 'instances' list. JSON object: ",
                    debug_string(row),
                    " keys must be equal to: ",
                    ",".join(sorted(inputs)),
                )
        else:
            if _is_named(row):
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


def _columns(columns, inputs):
    if _is_named(columns):
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
