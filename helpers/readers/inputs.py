"""What is given for a call, held to what a signature declares; and whether an artifact is still the
one that was read."""

from pathlib import Path

import numpy as np

from helpers.text import safe_repr


def as_arrays(inputs):
    """`inputs`, a dict of str to what NumPy takes, as arrays of numbers or texts; TypeError."""
    return {name: _array(name, value) for name, value in dict(inputs).items()}


def cast(declared, key, inputs):
    """The arrays `inputs` for the signature `key`, cast to the dtypes that it declares.

    declared : dict of str to helpers.artifact.Signature

    Raises KeyError (no such signature), TypeError (other names, or a dtype that cannot be given for
    the declared one), ValueError (whole numbers that do not fit).
    """
    if key not in declared:
        raise KeyError(
            f"no signature {key!r} in this artifact: it has {', '.join(declared) or 'none'}"
        )
    wanted = {tensor.name: tensor for tensor in declared[key].inputs}
    if set(inputs) != set(wanted):
        raise TypeError(
            f"{key} takes the inputs {', '.join(wanted) or '(none)'}; given were "
            f"{', '.join(map(str, inputs)) or '(none)'}"
        )
    return {name: _cast(name, value, wanted[name].dtype) for name, value in inputs.items()}


def state(directory):
    """What changes when any file of the artifact does: a reader is kept only until then."""
    files = sorted(path for path in Path(directory).rglob("*") if path.is_file())
    facts = [(str(p), p.stat().st_mtime_ns, p.stat().st_size, p.stat().st_ino) for p in files]
    return tuple(facts)


def _array(name, value):
    array = np.asarray(value)
    if array.dtype == object and not all(isinstance(v, str | bytes) for v in array.flat):
        raise TypeError(f"input {name}: numbers or texts are wanted, not {safe_repr(value)}")
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
    wanted = np.dtype(tf.dtypes.as_dtype(dtype).as_numpy_dtype)
    whole = array.dtype.kind in "iu" and wanted.kind in "iu"
    if not whole and not np.can_cast(array.dtype, wanted, "same_kind"):
        raise TypeError(f"input {name} is {dtype}; {given} cannot be given for it")
    cast = array.astype(wanted)
    if whole and not np.array_equal(cast, array):
        raise ValueError(f"input {name} is {dtype}, which cannot hold the numbers given")
    return cast
