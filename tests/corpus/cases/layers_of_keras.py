"""Layers of Keras that LiteRT expresses in its own way, or cannot express."""

from pathlib import Path

import keras
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, numbers
from tests.corpus.record import export


@export(
    family="layers",
    verdict=SAME_IN_ALL,
    why="Half the size and back, for any height and width that is a multiple of 2.",
)
def up_and_down_open_size(directory: Path):
    image = keras.Input((None, None, 1), name="image")
    down = layers.Conv2D(3, 3, strides=2, padding="same", activation="relu")(image)
    up = layers.Conv2DTranspose(2, 3, strides=2, padding="same")(down)
    model = keras.Model(image, layers.Conv2D(1, 1)(layers.Concatenate()([image, up])))
    return keras_export(model, directory, {"image": numbers(2, 12, 8, 1)})


@export(family="layers", verdict=SAME_IN_ALL, why="LiteRT has CONV_3D.", quick=True)
def conv_3d(directory: Path):
    model = keras.Sequential([keras.Input((4, 4, 4, 1), name="cube"), layers.Conv3D(2, 3)])
    return keras_export(model, directory, {"cube": numbers(2, 4, 4, 4, 1)})


@export(
    family="layers",
    verdict=NO_LITERT,
    why="A resize with antialias is ScaleAndTranslate, which LiteRT does not have.",
    quick=True,
)
def resizing_with_antialias(directory: Path):
    image = keras.Input((12, 12, 3), name="image")
    model = keras.Model(image, layers.Resizing(5, 5, antialias=True)(image))
    return keras_export(model, directory, {"image": numbers(2, 12, 12, 3)})


@export(
    family="layers",
    verdict=SAME_IN_ALL,
    why="A resize without antialias is RESIZE_BILINEAR, for any height and width.",
)
def resizing_open_size(directory: Path):
    image = keras.Input((None, None, 3), name="image")
    model = keras.Model(image, layers.Resizing(6, 6)(image))
    return keras_export(model, directory, {"image": numbers(2, 9, 11, 3)})


@export(
    family="layers",
    verdict=SAME_IN_ALL,
    why="Padding on the left and convolutions that skip steps: space to batch and back.",
)
def causal_convolutions(directory: Path):
    steps = keras.Input((16, 2), name="steps")
    x = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")(steps)
    model = keras.Model(steps, layers.SeparableConv1D(2, 3, padding="same")(x))
    return keras_export(model, directory, {"steps": numbers(2, 16, 2)})


@export(
    family="layers",
    verdict=SAME_IN_ALL,
    why="One dense layer for each step, and norms of groups: reshapes and products.",
)
def steps_and_groups(directory: Path):
    steps = keras.Input((5, 4), name="steps")
    x = layers.TimeDistributed(layers.Dense(6, activation="silu"))(steps)
    model = keras.Model(steps, layers.GroupNormalization(2)(x))
    return keras_export(model, directory, {"steps": numbers(2, 5, 4)})
