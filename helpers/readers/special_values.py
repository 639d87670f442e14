"""Making values that an operation of a graph needs: images, Examples, words, row numbers."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.readers.made_inputs import COLOURS, Hint, Trial, floats

PIXELS = 24  # the side of an encoded image
UNKNOWN = 0.2  # the part of words that a vocabulary does not know
VARIABLE = 2  # the size of an open axis of a feature
MOST = 3  # values of a feature of variable length
MOST_STEPS = 4  # of a SequenceExample
Make = Callable[[np.random.Generator, tuple[int, ...], Trial], np.ndarray]


@dataclass(frozen=True)
class Feature:
    """What a parser of Examples expects under one name.

    Parameters
    ----------
    dtype : str
        "float32", "int64" or "string".
    shape : tuple of int, or None
        None for a variable number of values.
    steps : bool
        Whether each step of a SequenceExample has these values.
    """

    dtype: str
    shape: tuple[int, ...] | None
    steps: bool = False

    @classmethod
    def of(cls, number: int, dims: Sequence[int] | None, steps: bool = False) -> "Feature":
        """Make a Feature from the number of a dtype, and sizes of which -1 is open."""
        from tensorflow import dtypes

        name = dtypes.as_dtype(number).name
        if dims is None:
            return cls(name, None, steps)
        return cls(name, tuple(size if size >= 0 else VARIABLE for size in dims), steps)


def encoded_images(kind: str, channels: int = 0, as_base64: bool = False) -> Make:
    """Return a maker of encoded images of noise, as bytes.

    Parameters
    ----------
    kind : {"jpeg", "png"}
    channels : int
        1, 3, or for "png" also 4. 0 stands for 3.
    as_base64 : bool
        Whether each image is a URL-safe base64 text.
    """

    def make(rng, shape, trial):
        made = np.empty(shape, object)
        for at in np.ndindex(*shape):
            # Noise on a gradient: two images differ, and JPEG keeps most of the difference.
            ramp = np.linspace(0, 150, PIXELS)[:, None, None] + rng.uniform(0, 100, (1, 1, 3))
            pixels = np.broadcast_to(ramp, (PIXELS, PIXELS, 3)).astype(np.uint8)
            encoded = _encode(kind, _channels(pixels, channels))
            made[at] = base64.urlsafe_b64encode(encoded) if as_base64 else encoded
        return made

    return make


def _channels(pixels, channels):
    if channels == 1:
        return pixels[..., :1]
    if channels == 4:
        return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=-1)
    return pixels


def _encode(kind, pixels):
    import tensorflow as tf

    encode = tf.io.encode_png if kind == "png" else tf.io.encode_jpeg
    return encode(pixels[..., :3] if kind == "jpeg" else pixels).numpy()


def examples(parts: Mapping[str, tuple[Feature, Hint | None]], sequences: bool = False) -> Make:
    """Return a maker of serialized tf.train.Examples.

    Parameters
    ----------
    parts : dict of str to (Feature, Hint or None)
        What each Example holds, by name.
    sequences : bool
        Whether to make SequenceExamples.
    """

    def make(rng, shape, trial):
        made = np.empty(shape, object)
        for at in np.ndindex(*shape):
            made[at] = (_sequence if sequences else _example)(rng, trial, parts)
        return made

    return make


def _example(rng, trial, parts):
    from tensorflow.core.example.example_pb2 import Example

    example = Example()
    for name, (feature, hint) in parts.items():
        _fill(example.features.feature[name], feature, values_of(rng, trial, feature, hint))
    return example.SerializeToString(deterministic=True)


def _sequence(rng, trial, parts):
    from tensorflow.core.example.example_pb2 import SequenceExample

    example, steps = SequenceExample(), int(rng.integers(1, MOST_STEPS + 1))
    for name, (feature, hint) in parts.items():
        if feature.steps:
            for _ in range(steps):
                step = example.feature_lists.feature_list[name].feature.add()
                _fill(step, feature, values_of(rng, trial, feature, hint))
        else:
            _fill(example.context.feature[name], feature, values_of(rng, trial, feature, hint))
    return example.SerializeToString(deterministic=True)


def values_of(
    rng: np.random.Generator,
    trial: Trial,
    feature: Feature,
    hint: Hint | None,
    count: int | None = None,
) -> list:
    """Make the values of one feature.

    Parameters
    ----------
    rng : numpy.random.Generator
    trial : Trial
    feature : Feature
    hint : Hint or None
        What else is known about the values.
    count : int or None
        How many. None: as many as the feature has.

    Returns
    -------
    list of bytes, int or float
    """
    if count is None:
        shape = feature.shape
        count = int(rng.integers(1, MOST + 1) if shape is None else np.prod(shape, dtype=int))
    if hint is not None:
        values = hint.make(rng, (count,), trial)
    elif feature.dtype == "string":
        values = rng.choice(COLOURS, count)
    elif "int" in feature.dtype:
        values = rng.integers(0, 2, count)
    else:
        values = floats(rng, (count,), trial.values)
    kind = _bytes if feature.dtype == "string" else int if "int" in feature.dtype else float
    return [kind(value) for value in values]


def _fill(entry, feature, values):
    kinds = {"string": entry.bytes_list, "int64": entry.int64_list}
    kinds.get(feature.dtype, entry.float_list).value.extend(values)


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


def number_texts(whole: bool) -> Make:
    """Return a maker of texts such as "3.25", or "3" where a graph reads whole numbers."""

    def make(rng, shape, trial):
        made = np.empty(shape, object)
        for at in np.ndindex(*shape):
            number = rng.normal() * 10
            made[at] = f"{number:.0f}".replace("-0", "0") if whole else f"{number:.2f}"
        return made

    return make


def words_of(words: Sequence[bytes], sentences: bool = False) -> Make:
    """Return a maker of texts from a vocabulary, with a few unknown words among them.

    Parameters
    ----------
    words : sequence of bytes
    sentences : bool
        Whether each text has several words.
    """
    known = [word for word in words if word] or [b"a"]

    def make(rng, shape, trial):
        made = np.empty(shape, object)
        for place, at in enumerate(np.ndindex(*shape)):
            count = int(rng.integers(2, 7)) if sentences else 1
            chosen = [known[int(rng.integers(len(known)))] for _ in range(count)]
            if place and rng.uniform() < UNKNOWN:
                chosen[0] = str(rng.choice(COLOURS)).encode()
            made[at] = b" ".join(chosen)
        return made

    return make


def whole_numbers(dtype: str, size: int, keys: Sequence[int] = ()) -> Make:
    """Return a maker of whole numbers below `size`, the first and the last among them, or of keys.

    Parameters
    ----------
    dtype : str
    size : int
        Not used if there are keys.
    keys : sequence of int
    """
    limits = np.iinfo(dtype) if dtype.lstrip("u") in ("int8", "int16", "int32", "int64") else None
    most = size - 1 if limits is None else min(size - 1, int(limits.max))

    def make(rng, shape, trial):
        if keys:
            return rng.choice(np.array(keys), shape).astype(dtype)
        made = rng.integers(0, most + 1, shape)
        if made.size > 2:  # of two numbers, none would be left to chance
            first, last = rng.permutation(made.size)[:2]
            made.flat[first], made.flat[last] = most, 0
        return made.astype(dtype)

    return make
