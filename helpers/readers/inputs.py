"""Check and cast what is given for a call; tell whether an export has changed since it was read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import Signature
from helpers.text import safe_repr


def as_arrays(inputs: Mapping[str, object]) -> dict[str, np.ndarray]:
    """Return what is given for each input as an array of numbers or texts.

    Parameters
    ----------
    inputs : mapping of str to what NumPy can make an array of

    Raises
    ------
    TypeError
        an input is neither numbers nor texts
    """
    return {name: _array(name, value) for name, value in dict(inputs).items()}


def cast(
    declared: Mapping[str, Signature], key: str, inputs: Mapping[str, object]
) -> dict[str, np.ndarray]:
    """Return `inputs` as arrays of the dtypes that the signature `key` declares.

    Parameters
    ----------
    declared : mapping of str to helpers.artifact.Signature
        the signatures of the export
    key : str
    inputs : mapping of str to array

    Raises
    ------
    KeyError
        there is no such signature
    TypeError
        the names are not those of the signature, or a dtype cannot be cast
    ValueError
        a whole number is outside the range of the declared dtype
    """
    if key not in declared:
        raise KeyError(
            f"no signature {key!r} in this artifact: it has {', '.join(declared) or 'none'}"
        )
    expected = {tensor.name: tensor for tensor in declared[key].inputs}
    if set(inputs) != set(expected):
        raise TypeError(
            f"{key} takes the inputs {', '.join(expected) or '(none)'}; given were "
            f"{', '.join(map(str, inputs)) or '(none)'}"
        )
    return {name: _cast(name, value, expected[name].dtype) for name, value in inputs.items()}


def state(directory: str | Path) -> tuple:
    """Return facts about all files of an export, which differ when a file changes.

    A reader keeps a loaded export as long as they are the same.
    """
    files = sorted(path for path in Path(directory).rglob("*") if path.is_file())
    facts = [(str(p), p.stat().st_mtime_ns, p.stat().st_size, p.stat().st_ino) for p in files]
    return tuple(facts)


def _array(name, value):
    array = np.asarray(value)
    if array.dtype == object and not all(isinstance(v, str | bytes) for v in array.flat):
        raise TypeError(f"input {name}: expected numbers or texts, not {safe_repr(value)}")
    return array


def _cast(name, value, dtype):
    import tensorflow as tf

    array = np.asarray(value)
    is_text = array.dtype.kind in "OSU"
    given = "text" if is_text else array.dtype
    if is_text != (dtype == "string"):
        raise TypeError(f"input {name} is {dtype}; {given} cannot be given for it")
    if is_text:
        return array.astype(object)
    expected = np.dtype(tf.dtypes.as_dtype(dtype).as_numpy_dtype)
    whole = array.dtype.kind in "iu" and expected.kind in "iu"
    if not whole and not np.can_cast(array.dtype, expected, "same_kind"):
        raise TypeError(f"input {name} is {dtype}; {given} cannot be given for it")
    with np.errstate(over="ignore"):  # float16 holds no number above 65,504
        cast = array.astype(expected)
    if whole and not np.array_equal(cast, array):
        number = array[cast != array].flat[0]
        raise ValueError(f"input {name} is {dtype}, which cannot hold the number {number}")
    return cast
