"""Inputs of one's own for a comparison: read them from a file, and assign them to signatures."""

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from helpers import artifact
from helpers.errors.messages import describe
from helpers.readers.inputs import as_arrays, cast
from helpers.text import printable, safe_repr

MOST_BYTES = 2**30  # of a file
HOW = (
    "Write an .npz file with an array for each input, named as the input or SIGNATURE/INPUT, or a "
    'JSON object: {"INPUT": [...]} or {"SIGNATURE": {"INPUT": [...]}}.'
)


class WrongOption(ValueError):
    """What was given for a comparison cannot be used. The message says what is possible."""


def read_inputs(file: str | os.PathLike) -> dict:
    """Read inputs from an .npz or .json file.

    Parameters
    ----------
    file : str or path
        In an .npz file, an array has the name of its input, or SIGNATURE/INPUT. A .json file holds
        {INPUT: values} or {SIGNATURE: {INPUT: values}}. {"b64": TEXT} stands for bytes.

    Returns
    -------
    dict
        Arrays by the name of the input, or such dicts by the key of the signature.

    Raises
    ------
    WrongOption
        If the file cannot be read, or holds something else.
    """
    values = read_arrays(file, "inputs", HOW)
    if all(isinstance(value, np.ndarray) for value in values.values()):
        return _nested(values)
    return values if _is_nested(values) else {key: _decoded(value) for key, value in values.items()}


def read_arrays(file: str | os.PathLike, what: str, how: str) -> dict:
    """Read an .npz or .json file as it is.

    Parameters
    ----------
    file : str or path
    what, how : str
        What the file has to hold, and how to write one, for the message of an error.

    Returns
    -------
    dict
        Arrays by name, or the object of the JSON file. Not empty.

    Raises
    ------
    WrongOption
        If the file cannot be read, or holds something else.
    """
    path, name = Path(file), safe_repr(str(file))
    if not path.is_file():
        raise WrongOption(f"no file {name} with {what}. {how}")
    if path.stat().st_size > MOST_BYTES:
        raise WrongOption(f"{name} has more than {MOST_BYTES:,} bytes: give fewer rows")
    try:
        if zipfile.is_zipfile(path):
            with np.load(path, allow_pickle=False) as arrays:
                if not arrays.files:
                    raise ValueError("it holds no arrays")
                return {key: arrays[key] for key in arrays.files}
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WrongOption(f"{name} cannot be read: {describe(error, 160)}. {how}") from None
    if not isinstance(values, dict) or not values:
        raise WrongOption(f"{name} holds no object with names. {how}")
    return values


def sets_by_signature(
    inputs: Mapping, signatures: Mapping[str, artifact.Signature], checked: bool = True
) -> dict[str, dict[str, np.ndarray]]:
    """Assign given inputs to the signatures that take them.

    Parameters
    ----------
    inputs : mapping
        Arrays by the name of the input, or such mappings by the key of the signature.
    signatures : dict of str to helpers.artifact.Signature
    checked : bool
        Whether the inputs must fit the signature. False: they are returned as they are given.

    Returns
    -------
    dict of str to (dict of str to array)
        By the key of the signature. A signature that takes other inputs is left out.

    Raises
    ------
    WrongOption
        If inputs are given for a signature that is not compared, or have other names, dtypes or
        shapes than the signature.
    """
    prepared = _checked if checked else _as_given
    if _is_nested(inputs):
        if unknown := [key for key in inputs if key not in signatures]:
            keys = ", ".join(map(printable, signatures)) or "none"
            raise WrongOption(
                f"inputs for the signature {safe_repr(unknown[0])}, which is not compared: {keys}"
            )
        return {key: prepared(one, signatures, key) for key, one in inputs.items()}
    fitting = [
        key for key, one in signatures.items() if {t.name for t in one.inputs} == set(inputs)
    ]
    if not fitting:
        taken = "; ".join(
            f"{printable(key)} takes {', '.join(printable(t.name) for t in one.inputs) or 'none'}"
            for key, one in signatures.items()
        )
        names = ", ".join(printable(str(name)) for name in inputs)
        raise WrongOption(f"the inputs {names} are given, but {taken or 'there is no signature'}")
    return {key: prepared(inputs, signatures, key) for key in fitting}


def _checked(given, signatures, key):
    """Return the inputs of one signature as arrays of its dtypes and shapes, or raise."""
    try:
        decoded = {name: _decoded(value) for name, value in given.items()}
        arrays = cast(signatures, key, as_arrays(decoded))
    except (TypeError, ValueError) as error:
        raise WrongOption(f"the given inputs do not fit: {error}") from None
    for tensor in signatures[key].inputs:
        shape, declared = arrays[tensor.name].shape, tensor.shape
        fits = declared is None or (
            len(shape) == len(declared)
            and all(one in (None, size) for one, size in zip(declared, shape, strict=True))
        )
        if not fits:
            raise WrongOption(
                f"{printable(key)}: the input {printable(tensor.name)} is declared with the shape "
                f"{declared}; the given array has the shape {shape}"
            )
    return arrays


def _as_given(given, signatures, key):
    """Return the inputs of one signature as arrays of their own dtypes, or raise."""
    expected = {tensor.name for tensor in signatures[key].inputs}
    if set(given) != expected:
        taken, names = (
            ", ".join(printable(str(name)) for name in some) or "none" for some in (expected, given)
        )
        raise WrongOption(f"{printable(key)} takes the inputs {taken}; given were {names}")
    try:
        return as_arrays({name: _decoded(value) for name, value in given.items()})
    except (TypeError, ValueError) as error:
        raise WrongOption(f"the given inputs do not fit: {error}") from None


def _is_nested(values):
    return bool(values) and all(
        isinstance(value, Mapping) and "b64" not in value for value in values.values()
    )


def _nested(arrays):
    """Turn names such as SIGNATURE/INPUT into a dict for each signature."""
    if not all("/" in name for name in arrays):
        return arrays
    found = {}
    for name, array in arrays.items():
        key, _, tensor = name.partition("/")
        found.setdefault(key, {})[tensor] = array
    return found


def _decoded(value):
    """Replace {"b64": TEXT}, as in TensorFlow Serving's requests, by the bytes."""
    import base64

    if isinstance(value, Mapping) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    return [_decoded(one) for one in value] if isinstance(value, list) else value
