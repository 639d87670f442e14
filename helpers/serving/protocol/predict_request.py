"""From the JSON of predict requests to tensors, by TensorFlow Serving's rules.

Regular input, nearly all there is, becomes an array in a few passes in C. What is not regular is
read again value by value, as TensorFlow Serving does it, which ends with its answer or its error.
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


class _Irregular(Exception):
    """This is not a dense array of the wanted type, or needs a closer look."""


class PredictBody:
    """The body of a predict request, read once and turned into tensors for a signature.

    signature_name : str
        "" where the body names none
    """

    def __init__(self, body):
        self._body = body
        self._document, self._exact = json_parser.parse(body)
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
            form, regular, exact = ROW, _regular_rows, from_rows
        elif COLUMN in document:
            form, regular, exact = COLUMN, _regular_columns, from_columns
        else:
            raise invalid("Missing 'inputs' or 'instances' key")
        try:
            return form, regular(document[form], inputs)
        except (_Irregular, OverflowError, ValueError, RecursionError):
            if not self._exact:
                document = json_parser.parse_exactly(self._body)
        try:
            return form, exact(document[form], inputs)
        except RecursionError:
            raise _too_deep(next(iter(inputs))) from None


def _too_deep(name):
    return invalid("tensor parsing error: ", name)


def signature_name(document):
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
    """An array of a nested list whose lists have equal lengths and whose leaves have the type."""
    wanted = TYPES.get(dtype)
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
