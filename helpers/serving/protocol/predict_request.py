"""Convert the JSON of predict requests to tensors, by TensorFlow Serving's rules.

Almost all input is regular: nested lists of equal lengths whose values have the expected type. A
few fast passes convert regular input to an array. `predict_request_exact` converts all other input
value by value and gives the result or the error of TensorFlow Serving.
"""

import itertools

import numpy as np

from helpers.serving.protocol import json_parser
from helpers.serving.protocol.dtypes import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT64,
    INTEGERS,
    NUMPY,
    STRING,
    UINT64,
)
from helpers.serving.protocol.errors import ServingError, invalid
from helpers.serving.protocol.json_text import to_bytes
from helpers.serving.protocol.predict_request_exact import (
    TYPES,
    decode_base64,
    from_columns,
    from_rows,
    is_base64,
    is_named,
    wrong,
)
from helpers.serving.protocol.tensor_proto import MAX_DIMENSIONS

ROW, COLUMN = "instances", "inputs"
_PART = 1 << 16  # values of a list that are converted at once


class _Irregular(Exception):
    """The value is not a regular array of the expected type; the exact code must convert it."""


class PredictBody:
    """The body of a predict request.

    Parameters
    ----------
    body : bytes
    end : float, optional
        the time of `time.monotonic` at which parsing must stop, in seconds

    Attributes
    ----------
    signature_name : str
        "" when the body names no signature

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the body is not a JSON object; or DEADLINE_EXCEEDED
    """

    def __init__(self, body: bytes, end: float | None = None) -> None:
        self._document = json_parser.parse(body, end)
        self.signature_name = signature_name(self._document)

    def tensors(self, inputs: dict[str, int]) -> tuple[str, dict[str, np.ndarray]]:
        """Convert the values in the body to the tensors of a signature.

        Parameters
        ----------
        inputs : dict of str to int
            the signature's inputs: dtype number by name

        Returns
        -------
        str
            ROW or COLUMN: the form of the request, in which the response must be written
        dict of str to array
            the value of each input by name

        Raises
        ------
        ServingError
            INVALID_ARGUMENT or UNIMPLEMENTED, with the text of TensorFlow Serving
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
            form, regular, exact = ROW, _regular_rows, from_rows
        elif COLUMN in document:
            form, regular, exact = COLUMN, _regular_columns, from_columns
        else:
            raise invalid("Missing 'inputs' or 'instances' key")
        try:
            return form, regular(document[form], inputs)
        except (_Irregular, OverflowError, ValueError, RecursionError):
            pass
        try:
            return form, exact(document[form], inputs)
        except RecursionError:
            raise _too_deep(next(iter(inputs))) from None


def _too_deep(name):
    return invalid("tensor parsing error: ", name)


def signature_name(document: dict) -> str:
    """Return the signature name in a request, or "" when the request names none.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the name is not a string
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise wrong(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def _regular_rows(rows, inputs):
    if is_named(rows[0]):
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
    """Convert a nested list to an array.

    Raises
    ------
    _Irregular
        the lists of one level have different lengths, or a value has the wrong type or range
    """
    python_types = TYPES.get(dtype)
    if python_types is None:
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
    if not all(python_types.issuperset(map(type, part)) for part in _parts(leaves)):
        raise _Irregular
    if dtype == STRING:
        array = np.empty(len(leaves), object)
        try:
            array[:] = [to_bytes(v) if type(v) is str else decode_base64(v) for v in leaves]
        except ServingError:
            raise _Irregular from None  # only the exact code can name the position
        return array.reshape(shape)
    if dtype in (FLOAT, DOUBLE):
        array = _array(leaves, np.float64)
        if dtype == FLOAT:
            with np.errstate(over="ignore"):
                array = array.astype(np.float32)
        return array.reshape(shape)
    if dtype == BOOL:
        return _array(leaves, bool).reshape(shape)
    array = _array(leaves, np.uint64 if dtype == UINT64 else np.int64)
    low, high = INTEGERS[dtype]
    if leaves and dtype not in (INT64, UINT64) and (array.min() < low or array.max() > high):
        raise _Irregular
    return array.astype(NUMPY[dtype]).reshape(shape)


def _parts(leaves):
    """Return the list in parts; a call for all of a long list would hold up other threads."""
    if len(leaves) <= _PART:
        return [leaves]
    return (leaves[start : start + _PART] for start in range(0, len(leaves), _PART))


def _array(leaves, dtype):
    if len(leaves) <= _PART:
        return np.array(leaves, dtype)
    return np.concatenate([np.array(part, dtype) for part in _parts(leaves)])
