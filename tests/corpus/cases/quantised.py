"""Quantised models: by Keras, by fake quantisation, with whole numbers as weights and as inputs."""

from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, module_export, numbers, whole
from tests.corpus.record import export

INT8 = "LiteRT's kernels do not multiply the int8 tensors that Keras writes as plain weights."


def dense():
    """Return two dense layers."""
    stack = [keras.Input((6,), name="x"), layers.Dense(8, activation="relu"), layers.Dense(3)]
    return keras.Sequential(stack)


def before_quantisation(directory: Path, cured: Path):
    """Export the model before it is quantised."""
    dense().export(cured, verbose=False)


@export(
    family="quantised",
    verdict=NO_LITERT,
    why=INT8,
    cure=before_quantisation,
    told=("before it is quantised",),
    apart=0.05,
    quick=True,
)
def keras_int8(directory: Path):
    model = dense()
    model.quantize("int8")
    return keras_export(model, directory, {"x": numbers(3, 6)})


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="A row of an int8 table times its scale: a lookup, a cast and a product.",
)
def keras_int8_embedding(directory: Path):
    ids = keras.Input((4,), dtype="int32", name="ids")
    model = keras.Model(ids, layers.Embedding(20, 6)(ids))
    model.quantize("int8")
    return keras_export(model, directory, {"ids": whole(20, 2, 4)})


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="Numbers from 0 to 6 are rounded to 256 steps. LiteRT has QUANTIZE and DEQUANTIZE for it.",
    quick=True,
)
def fake_quantised(directory: Path):
    weights = tf.constant(numbers(4, 2))

    def compute(x):
        low = tf.quantization.fake_quant_with_min_max_args(x, 0.0, 6.0)
        return {"y": tf.matmul(low, weights)}

    spec = [tf.TensorSpec((None, 4), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(3, 4, seed=2))


MOVED = {"python": "same", "session": "same", "litert": "other"}
MOVED_RANGE = (
    "0 is in the middle of two steps of this range. TensorFlow moves the range up to the next step "
    "and LiteRT down, so numbers beyond the ends differ by one step."
)


@export(family="quantised", verdict=MOVED, why=MOVED_RANGE, quick=True)
def fake_quantised_around_0(directory: Path):
    def compute(x):
        return {"y": tf.quantization.fake_quant_with_min_max_args(x, -8.0, 8.0) * 2.0}

    spec = [tf.TensorSpec((None, 4), tf.float32, name="x")]
    return module_export(compute, directory, spec, 10 * numbers(3, 4))


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="The int8 weights become float32 before the product, so it is one of float32.",
)
def int8_weights_made_floats(directory: Path):
    weights = tf.constant(whole(255, 4, 2, dtype="int16") - 127, tf.int8)

    def compute(x):
        return {"y": tf.matmul(x, tf.cast(weights, tf.float32) * 0.01)}

    spec = [tf.TensorSpec((None, 4), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(3, 4))


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="Bytes of a picture become float32 first. LiteRT takes uint8 and has the cast.",
    quick=True,
)
def uint8_pictures(directory: Path):
    image = keras.Input((6, 6, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 255)(image)
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Conv2D(2, 3)(x))))
    return keras_export(model, directory, {"image": whole(256, 2, 6, 6, 3, dtype="uint8")})


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="int8 in and out, float32 between them: two casts and a product.",
)
def int8_in_and_out(directory: Path):
    weights = tf.constant(numbers(4, 2))

    def compute(x):
        y = tf.round(tf.matmul(tf.cast(x, tf.float32) * 0.1, weights))
        return {"y": tf.cast(tf.clip_by_value(y, -128.0, 127.0), tf.int8)}

    spec = [tf.TensorSpec((None, 4), tf.int8, name="x")]
    given = whole(100, 3, 4, dtype="int8")
    return module_export(compute, directory, spec, given)


@export(
    family="quantised",
    verdict=SAME_IN_ALL,
    why="float16 weights that become float32 before the product, as in a file of half the size.",
)
def float16_weights(directory: Path):
    weights = tf.constant(numbers(4, 2).astype("float16"))

    def compute(x):
        return {"y": tf.matmul(x, tf.cast(weights, tf.float32))}

    spec = [tf.TensorSpec((None, 4), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(3, 4))


@export(
    family="quantised",
    verdict=MOVED,
    why=f"{MOVED_RANGE} Products are often beyond 8.",
)
def fake_quantised_between(directory: Path):
    first, second = tf.constant(numbers(8, 16)), tf.constant(numbers(16, 2, seed=2))

    def compute(x):
        steps = tf.quantization.fake_quant_with_min_max_args(tf.matmul(x, first), -8.0, 8.0)
        return {"y": tf.matmul(steps, second)}

    spec = [tf.TensorSpec((None, 8), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(3, 8, seed=3))
