"""Other floats than float32: mixed_float16, mixed_bfloat16, float64, complex numbers."""

from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, module_export, numbers, whole
from tests.corpus.record import export


def small(dtype):
    """Return two dense layers with a dtype policy, and float32 at the end."""
    x = keras.Input((5,), name="x")
    hidden = layers.Dense(8, activation="relu", dtype=dtype)(x)
    return keras.Model(x, layers.Dense(2, dtype="float32")(hidden))


def as_float32(directory: Path, cured: Path):
    """Export a float32 model with the same weights."""
    low, model = small("mixed_float16"), small("float32")
    model.set_weights(low.get_weights())
    model.export(cured, verbose=False)


@export(
    family="precision",
    verdict=NO_LITERT,
    why="LiteRT has no product of float16 numbers.",
    cure=as_float32,
    told=("float32", "set_weights"),
    apart=0.01,
    quick=True,
)
def mixed_float16(directory: Path):
    return keras_export(small("mixed_float16"), directory, {"x": numbers(3, 5)})


def convolution(dtype):
    """Return a convolution with a dtype policy, and float32 at the end."""
    image = keras.Input((6, 6, 1), name="image")
    low = layers.Conv2D(2, 3, dtype=dtype)(image)
    return keras.Model(image, layers.Dense(2, dtype="float32")(layers.Flatten()(low)))


def convolution_as_float32(directory: Path, cured: Path):
    """Export a float32 convolution with the same weights."""
    low, model = convolution("mixed_bfloat16"), convolution("float32")
    model.set_weights(low.get_weights())
    model.export(cured, verbose=False)


@export(
    family="precision",
    verdict=NO_LITERT,
    why="LiteRT has no convolution of bfloat16 numbers.",
    cure=convolution_as_float32,
    told=("float32", "set_weights"),
    apart=0.05,
)
def mixed_bfloat16(directory: Path):
    return keras_export(convolution("mixed_bfloat16"), directory, {"image": numbers(2, 6, 6, 1)})


def one_layer(dtype):
    """Return a dense layer of a dtype."""
    stack = [keras.Input((4,), name="x", dtype=dtype), layers.Dense(2, dtype=dtype)]
    return keras.Sequential(stack)


def layer_as_float32(directory: Path, cured: Path):
    """Export a float32 layer with the same weights."""
    wide, model = one_layer("float64"), one_layer("float32")
    model.set_weights(wide.get_weights())
    model.export(cured, verbose=False)


@export(
    family="precision",
    verdict=NO_LITERT,
    why="LiteRT has no product of float64 numbers.",
    cure=layer_as_float32,
    told=("float32", "set_weights"),
    apart=1e-5,
    quick=True,
)
def float64_model(directory: Path):
    return keras_export(one_layer("float64"), directory, {"x": numbers(3, 4).astype("float64")})


@export(
    family="precision",
    verdict=SAME_IN_ALL,
    why="float64 in and out, but computed in float32: LiteRT has the two casts.",
)
def float64_in_and_out(directory: Path):
    weights = tf.constant(numbers(4, 2))

    def compute(x):
        return {"y": tf.cast(tf.matmul(tf.cast(x, tf.float32), weights), tf.float64)}

    spec = [tf.TensorSpec((None, 4), tf.float64, name="x")]
    return module_export(compute, directory, spec, numbers(3, 4).astype("float64"))


@export(
    family="precision",
    verdict=SAME_IN_ALL,
    why="LiteRT has RFFT2D, to which the converter turns a transform of one axis.",
)
def spectrum(directory: Path):
    def compute(wave):
        return {"power": tf.abs(tf.signal.rfft(wave))}

    spec = [tf.TensorSpec((2, 16), tf.float32, name="wave")]
    return module_export(compute, directory, spec, numbers(2, 16))


@export(
    family="precision",
    verdict=NO_LITERT,
    why="A transform of complex numbers: LiteRT has it for real numbers only.",
)
def complex_spectrum(directory: Path):
    def compute(wave):
        return {"spectrum": tf.signal.fft(wave)}

    spec = [tf.TensorSpec((2, 8), tf.complex64, name="wave")]
    wave = (numbers(2, 8) + 1j * numbers(2, 8, seed=2)).astype("complex64")
    return module_export(compute, directory, spec, wave)


@export(
    family="precision",
    verdict=NO_LITERT,
    why="The answer is bfloat16, too. LiteRT has no product of bfloat16 numbers.",
)
def bfloat16_out(directory: Path):
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dense(3, dtype="mixed_bfloat16")(x))
    return keras_export(model, directory, {"x": numbers(2, 4)})


@export(
    family="precision",
    verdict=SAME_IN_ALL,
    why="int64 is int64 in LiteRT, too, beyond what 32 bits hold.",
)
def large_whole_numbers(directory: Path):
    def compute(ids):
        return {"next": ids * 3_000_000_000 + 1}

    spec = [tf.TensorSpec((None,), tf.int64, name="ids")]
    return module_export(compute, directory, spec, whole(100, 3, dtype="int64"))
