"""Attention: over open and fixed lengths, causal, with groups of heads, with masks."""

from pathlib import Path

import keras
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, numbers, whole
from tests.corpus.record import export


def attention(length, layer=None, **options):
    """Return a self attention over `length` steps of 8 numbers, open if it is None."""
    steps = keras.Input((length, 8), name="steps")
    layer = layer or layers.MultiHeadAttention(2, 4)
    return keras.Model(steps, layer(steps, steps, **options))


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="Products of a fixed length: LiteRT has an operation for each.",
    quick=True,
)
def attention_fixed_length(directory: Path):
    return keras_export(attention(5), directory, {"steps": numbers(2, 5, 8)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="No constant of the graph depends on the length, so an open length is a product, too.",
)
def attention_open_length(directory: Path):
    return keras_export(attention(None), directory, {"steps": numbers(2, 7, 8)})


def causal(length):
    """Return a causal self attention."""
    return attention(length, use_causal_mask=True)


def fixed_length(directory: Path, cured: Path):
    """Export the causal attention with a fixed length."""
    spec = keras.InputSpec(shape=(None, 8, 8), dtype="float32", name="steps")
    causal(None).export(cured, input_signature=[spec], verbose=False)


@export(
    family="attention",
    verdict=NO_LITERT,
    why="The mask is summed up along an open length. LiteRT has that sum for fixed shapes only.",
    cure=fixed_length,
    told=("the fixed length 8", "input_signature"),
    quick=True,
)
def attention_causal_open_length(directory: Path):
    return keras_export(causal(None), directory, {"steps": numbers(2, 7, 8)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="With a fixed length, the mask is a constant.",
)
def attention_causal_fixed_length(directory: Path):
    return keras_export(causal(6), directory, {"steps": numbers(2, 6, 8)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="Keys and values are repeated for the heads of a group: fixed shapes but for the rows.",
)
def attention_of_groups(directory: Path):
    layer = layers.GroupQueryAttention(4, 4, 2)
    return keras_export(attention(6, layer), directory, {"steps": numbers(2, 6, 8)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="The mask of padding comes from the ids: comparisons and products, of a fixed length.",
)
def attention_with_padding(directory: Path):
    ids = keras.Input((6,), dtype="int32", name="ids")
    embedded = layers.Embedding(30, 8, mask_zero=True)(ids)
    attended = layers.MultiHeadAttention(2, 4)(embedded, embedded)
    model = keras.Model(ids, layers.LayerNormalization()(layers.Add()([embedded, attended])))
    return keras_export(model, directory, {"ids": whole(30, 2, 6)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="Tokens and places are rows of two tables, and the block is products of a fixed length.",
)
def transformer_of_tokens(directory: Path):
    ids = keras.Input((8,), dtype="int32", name="ids")
    x = layers.Embedding(50, 8)(ids)
    places = keras.ops.expand_dims(keras.ops.arange(8), 0)
    x = layers.Add()([x, layers.Embedding(8, 8)(places)])
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)])
    x = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.Dense(8)(layers.Dense(16, activation="relu")(x))])
    model = keras.Model(ids, layers.Dense(50)(x))
    return keras_export(model, directory, {"ids": whole(50, 2, 8)})


@export(
    family="attention",
    verdict=SAME_IN_ALL,
    why="The mask is an input of True and False: a comparison and a sum with large numbers.",
)
def attention_with_mask_as_input(directory: Path):
    steps, mask = keras.Input((5, 8), name="steps"), keras.Input((5, 5), dtype="bool", name="mask")
    found = layers.MultiHeadAttention(2, 4)(steps, steps, attention_mask=mask)
    model = keras.Model([steps, mask], found)
    given = {"steps": numbers(2, 5, 8), "mask": whole(2, 2, 5, 5).astype(bool)}
    return keras_export(model, directory, given)
