"""Write the protocol's responses as JSON, with the layout of TensorFlow Serving."""

import base64
import math
from array import array as Array

import numpy as np

from helpers.serving.protocol.dtypes import BOOL, DOUBLE, FLOAT, INTEGERS, NAMES, STRING
from helpers.serving.protocol.errors import invalid
from helpers.serving.protocol.json_text import quoted, to_bytes
from helpers.serving.protocol.predict_request import ROW


def predictions(form: str, outputs: dict[str, tuple[int, np.ndarray]]) -> bytes:
    """Write the body of a response to predict.

    Parameters
    ----------
    form : str
        ROW or COLUMN, the form of the request
    outputs : dict of str to (int, array)
        dtype number and values by the name of the output

    Returns
    -------
    bytes
        JSON

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the outputs cannot be written in this form
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    text = _row_form(outputs) if form == ROW else _column_form(outputs)
    return to_bytes(text)


def _row_form(outputs):
    rows = -1
    for name, (_, array) in outputs.items():
        if not array.ndim:
            raise invalid("Tensor name: ", name, " has no shape information ")
        if rows >= 0 and rows != len(array):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {rows}"
            )
        rows = len(array)
    if not rows:
        return '{\n    "predictions": []\n}'
    several = len(outputs) > 1
    columns = []
    for name, (dtype, array) in outputs.items():
        depth = array.ndim + 1 + several
        items = _nest(_tokens(name, dtype, array, depth), array.shape, 1)
        columns.append([f"{quoted(name)}: {item}" for item in items] if several else items)
    if not several:
        return f'{{\n    "predictions": [{", ".join(columns[0])}\n    ]\n}}'
    objects = [
        "\n        {\n            " + ",\n            ".join(members) + "\n        }"
        for members in zip(*columns, strict=True)
    ]
    return f'{{\n    "predictions": [{",".join(objects)}\n    ]\n}}'


def _column_form(outputs):
    several = len(outputs) > 1
    members = []
    for name, (dtype, array) in outputs.items():
        depth = 1 + several
        tokens = _tokens(name, dtype, array, depth + array.ndim)
        (text,) = _nest(tokens, array.shape, 0, depth)
        members.append(f"{quoted(name)}: {text}" if several else text)
    if not several:
        return f'{{\n    "outputs": {members[0]}\n}}'
    inner = ",\n        ".join(members)
    return f'{{\n    "outputs": {{\n        {inner}\n    }}\n}}'


def _nest(tokens, shape, outer, depth=None):
    """Join tokens into nested lists and return one text for each item of the first dimensions.

    Parameters
    ----------
    tokens : list of str
        the values in row-major order
    shape : tuple of int
    outer : int
        the number of first dimensions that are not joined
    depth : int or None
        the indentation level of the lists; None writes each list on one line
    """
    for level in range(len(shape) - 1, outer - 1, -1):
        size = shape[level]
        if not size:
            tokens = ["[]"] * math.prod(shape[:level])
            continue
        if depth is None:
            start, between, end = "[", ", ", "]"
        else:
            outside = "    " * (depth + level)
            inside = outside + "    "
            start, between, end = f"[\n{inside}", f",\n{inside}", f"\n{outside}]"
        tokens = [
            start + between.join(tokens[i : i + size]) + end for i in range(0, len(tokens), size)
        ]
    return tokens


def _tokens(name, dtype, array, depth):
    """Write the values of a tensor as JSON and return them in row-major order."""
    if dtype in (FLOAT, DOUBLE):
        return decimals(array)
    values = array.ravel().tolist()
    if dtype in INTEGERS:
        return list(map(str, values))
    if dtype == BOOL:
        return ["true" if value else "false" for value in values]
    if dtype == STRING:
        if name.endswith("_bytes"):
            inner, outer = "    " * (depth + 1), "    " * depth
            return [
                f'{{\n{inner}"b64": "{base64.b64encode(value).decode()}"\n{outer}}}'
                for value in values
            ]
        return [quoted(value.decode("utf-8", "surrogateescape")) for value in values]
    if values:
        raise invalid("Failed to write JSON value for tensor type: ", NAMES[dtype])
    return []


def decimals(array: np.ndarray) -> list[str]:
    """Write floating point numbers as JSON.

    A number has six significant digits if they identify it; otherwise it has 9 (float32) or 17
    (float64).

    Parameters
    ----------
    array : array of float32 or float64, any shape

    Returns
    -------
    list of str
        in row-major order
    """
    values = array.ravel().tolist()
    texts = [f"{value:.6g}" for value in values]
    single = array.dtype == np.float32
    again = Array("f" if single else "d", map(float, texts)).tolist()
    if again != values:
        digits = 9 if single else 17
        for i, value in enumerate(values):
            if again[i] != value:
                texts[i] = f"{value:.{digits}g}"
    return [
        text if "." in text or "e" in text else _WORDS.get(text) or text + ".0" for text in texts
    ]


_WORDS = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def classifications(labels: np.ndarray | None, scores: np.ndarray | None) -> bytes:
    """Write the body of a response to classify.

    Parameters
    ----------
    labels : (examples, classes) array of bytes, or None
    scores : (examples, classes) array of float32, or None

    Returns
    -------
    bytes
        JSON

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; there are no examples, or neither labels nor scores
    """
    shown = scores if scores is not None else labels
    if shown is None or not len(shown):
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    names = ['""'] * shown.size
    if labels is not None:
        names = [quoted(v.decode("utf-8", "surrogateescape")) for v in labels.ravel().tolist()]
    numbers = ["0.0"] * shown.size if scores is None else decimals(scores)
    pairs = [f"[{name}, {number}]" for name, number in zip(names, numbers, strict=True)]
    lists = _nest(pairs, shown.shape, 1)
    return to_bytes(f'{{\n    "results": [{", ".join(lists)}\n    ]\n}}')


def regressions(values: np.ndarray) -> bytes:
    """Write the body of a response to regress.

    Parameters
    ----------
    values : (examples,) array of float32

    Returns
    -------
    bytes
        JSON

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; there are no examples
    """
    if not len(values):
        raise invalid("Cannot convert empty RegressionResults to JSON")
    return f'{{\n    "results": [{", ".join(decimals(values))}]\n}}'.encode()


def error(message: str) -> bytes:
    """Write the body of an error response as JSON."""
    return to_bytes(f'{{\n    "error": {quoted(message)}\n}}')
