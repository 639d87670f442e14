"""Operations that decode bytes, and values that they accept.

A graph says which operation decodes an input, and often also how many numbers it expects: what is
decoded is reshaped, or multiplied by a matrix.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.readers.made_inputs import Hint, floats
from helpers.readers.special_values import Feature, Make, values_of

NUMBERS = 12  # decoded from one text where the graph does not say how many: 3 rows of 4, or 4 of 3
SAMPLES, RATE = 1600, 16_000  # of a sound
SHAPED = {"Reshape", "EnsureShape", "MatMul"}
PASSED = {"Cast", "Identity", "ExpandDims", "Bitcast"}


def hint_of(walk: Any, scope: Any, node: Any) -> Hint | None:
    """Return values for the input of an operation that decodes bytes.

    Parameters
    ----------
    walk : helpers.readers.graph_walk.Walk
    scope : helpers.readers.graph_walk.Scope
        Where the operation is.
    node : NodeDef

    Returns
    -------
    Hint or None
        None for any other operation.
    """
    if node.op == "DecodeWav":
        channels = max(1, node.attr["desired_channels"].i)
        samples = node.attr["desired_samples"].i
        return Hint("WAV sounds", sounds(channels, samples if samples > 0 else SAMPLES))
    if node.op in ("DecodeRaw", "DecodePaddedRaw", "ParseTensor"):
        dtype = _dtype(node.attr["out_type"].type)
        if dtype is None:
            return None
        shape = _shape_after(walk, scope, node)
        if node.op == "ParseTensor":
            return Hint(f"serialized tensors of {dtype}", serialized(dtype, shape))
        return Hint(f"bytes of {dtype}", raw(dtype, int(np.prod(shape))))
    return None


def _dtype(number):
    """Return the name of a dtype that NumPy has, else None."""
    from tensorflow import dtypes

    dtype = dtypes.as_dtype(number)
    return dtype.name if dtype.is_integer or dtype.is_floating or dtype.is_bool else None


def _shape_after(walk, scope, node):
    """Return the shape of one decoded text, from the operation that uses it."""
    waiting, seen = [node.name], set()
    while waiting:
        name = waiting.pop(0)
        for reader, at, _ in scope.readers[name]:
            if reader.op in SHAPED and at == 0 and (found := _needed(walk, scope, reader)):
                return found
            if reader.op in PASSED and at == 0 and reader.name not in seen:
                seen.add(reader.name)
                waiting.append(reader.name)
    return (NUMBERS,)


def _needed(walk, scope, node):
    """Return the sizes that an operation expects, without the open ones; () if unknown."""
    if node.op == "EnsureShape":
        sizes = [dim.size for dim in node.attr["shape"].shape.dim]
    elif node.op == "MatMul":
        sizes = walk.rows_of(scope, node.input[1])
    else:
        value = walk.constant(scope, node.input[1])
        sizes = _packed(walk, scope, node.input[1]) if value is None else value.ravel().tolist()
    return tuple(int(size) for size in sizes if size > 0)


def _packed(walk, scope, reference):
    """Return the constant sizes in a shape that is packed from constants and open sizes."""
    pack = walk.source(scope, reference)
    if pack is None or pack.op != "Pack":
        return []
    parts = (walk.constant(scope, one) for one in pack.input if not one.startswith("^"))
    return [int(part) for part in parts if part is not None and part.ndim == 0]


def sounds(channels: int, samples: int) -> Make:
    """Return a maker of WAV files of noise, as bytes."""

    def one(rng, trial):
        import tensorflow as tf

        noise = rng.uniform(-1, 1, (samples, channels)).astype("float32")
        return tf.audio.encode_wav(noise, RATE).numpy()

    return _each(one)


def raw(dtype: str, count: int) -> Make:
    """Return a maker of the bytes of `count` numbers."""
    return _each(lambda rng, trial: _numbers(rng, dtype, (count,), trial).tobytes())


def serialized(dtype: str, shape: tuple[int, ...]) -> Make:
    """Return a maker of serialized tensors."""

    def one(rng, trial):
        import tensorflow as tf

        return tf.io.serialize_tensor(_numbers(rng, dtype, shape, trial)).numpy()

    return _each(one)


def csv_rows(
    parts: Mapping[str, tuple[Feature, Hint | None]], delimiter: str, columns: Sequence[int]
) -> Make:
    """Return a maker of rows of a CSV file.

    Parameters
    ----------
    parts : dict of str to (Feature, Hint or None)
        What each field holds, in order.
    delimiter : str
    columns : sequence of int
        The columns that are read. Empty for all.
    """
    count = max(columns) + 1 if columns else len(parts)

    def one(rng, trial):
        fields = ["0"] * count
        places = columns or range(count)
        for place, (feature, hint) in zip(places, parts.values(), strict=False):
            (value,) = values_of(rng, trial, feature, hint, 1)
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            fields[place] = text
        return delimiter.join(fields).encode()

    return _each(one)


def _numbers(rng, dtype, shape, trial):
    import tensorflow as tf

    numpy_dtype = tf.dtypes.as_dtype(dtype).as_numpy_dtype
    if "float" in dtype:
        return floats(rng, shape, trial.values).astype(numpy_dtype)
    most = 1 if dtype == "bool" else min(255, np.iinfo(numpy_dtype).max)
    return rng.integers(0, most + 1, shape).astype(numpy_dtype)


def _each(one):
    """Return a maker of an array whose elements `one` makes."""

    def make(rng, shape, trial):
        made = np.empty(shape, object)
        for at in np.ndindex(*shape):
            made[at] = one(rng, trial)
        return made

    return make
