"""Recurrent networks: with open and fixed sizes, unrolled, masked, stateful."""

from pathlib import Path

import keras
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, numbers, whole
from tests.corpus.record import export

OPEN_ROWS = "LiteRT needs lists whose elements have a fixed shape, and the number of rows is open."


def lstm(**options):
    """Return an LSTM over six steps."""
    layer = layers.LSTM(4, **options)
    return keras.Sequential([keras.Input((6, 3), name="steps"), layer, layers.Dense(1)])


def one_row_of_steps(directory: Path, cured: Path):
    """Export the LSTM again with one row."""
    spec = keras.InputSpec(shape=(1, 6, 3), dtype="float32", name="steps")
    lstm().export(cured, input_signature=[spec], verbose=False)


def unroll_it(directory: Path, cured: Path):
    """Build the LSTM with unroll=True and export it."""
    lstm(unroll=True).export(cured, verbose=False)


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why=OPEN_ROWS,
    cure=one_row_of_steps,
    told=("1 row", "input_signature"),
    quick=True,
)
def lstm_open_rows(directory: Path):
    return keras_export(lstm(), directory, {"steps": numbers(2, 6, 3)})


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why=f"{OPEN_ROWS} Without the loop there is no list.",
    cure=unroll_it,
    told=("unroll=True",),
)
def lstm_not_unrolled(directory: Path):
    return keras_export(lstm(), directory, {"steps": numbers(3, 6, 3)})


@export(
    family="recurrent",
    verdict=SAME_IN_ALL,
    why="An unrolled GRU is a chain of products: there is no list and no loop.",
    quick=True,
)
def gru_unrolled(directory: Path):
    layer = layers.GRU(4, unroll=True)
    model = keras.Sequential([keras.Input((5, 3), name="steps"), layer])
    return keras_export(model, directory, {"steps": numbers(2, 5, 3)})


def both_ways():
    """Return a bidirectional GRU over any number of steps."""
    layer = layers.Bidirectional(layers.GRU(3, return_sequences=True))
    return keras.Sequential([keras.Input((None, 2), name="steps"), layer])


def one_row_both_ways(directory: Path, cured: Path):
    """Export the bidirectional GRU with one row."""
    spec = keras.InputSpec(shape=(1, None, 2), dtype="float32", name="steps")
    both_ways().export(cured, input_signature=[spec], verbose=False)


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why=OPEN_ROWS,
    cure=one_row_both_ways,
    told=("1 row",),
)
def bidirectional_open_length(directory: Path):
    return keras_export(both_ways(), directory, {"steps": numbers(2, 7, 2)})


def one_row_gru(directory: Path, **options):
    """Export a GRU whose Input has one row, and return what it answers."""
    steps = keras.Input(batch_shape=(1, 6, 3), name="steps")
    model = keras.Model(steps, layers.GRU(4)(steps))
    return keras_export(model, directory, {"steps": numbers(1, 6, 3)}, **options)


def one_row_by_signature(directory: Path, cured: Path):
    """Export the GRU with one row in the signature, too."""
    spec = keras.InputSpec(shape=(1, 6, 3), dtype="float32", name="steps")
    one_row_gru(cured, input_signature=[spec])


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why="The Input has one row, but model.export writes an open number of rows all the same.",
    cure=one_row_by_signature,
    told=("1 row", "input_signature"),
)
def gru_one_row_in_input(directory: Path):
    return one_row_gru(directory)


@export(
    family="recurrent",
    verdict=SAME_IN_ALL,
    why="One row and six steps: all shapes are fixed, so the list has elements of a fixed shape.",
)
def gru_one_row(directory: Path):
    spec = keras.InputSpec(shape=(1, 6, 3), dtype="float32", name="steps")
    return one_row_gru(directory, input_signature=[spec])


@export(
    family="recurrent",
    verdict=SAME_IN_ALL,
    why="Every loader starts from the stored state, and the state after a call is the same in all.",
)
def lstm_stateful(directory: Path):
    steps = keras.Input(batch_shape=(1, 4, 2), name="steps")
    model = keras.Model(steps, layers.LSTM(3, stateful=True)(steps))
    spec = keras.InputSpec(shape=(1, 4, 2), dtype="float32", name="steps")
    return keras_export(model, directory, {"steps": numbers(1, 4, 2)}, input_signature=[spec])


def masked_ids():
    """Return an LSTM over ids, of which 0 is padding."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    embedded = layers.Embedding(40, 5, mask_zero=True)(ids)
    return keras.Model(ids, layers.LSTM(4)(embedded))


def one_row_of_ids(directory: Path, cured: Path):
    """Export the LSTM over ids with one row."""
    spec = keras.InputSpec(shape=(1, None), dtype="int32", name="ids")
    masked_ids().export(cured, input_signature=[spec], verbose=False)


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why=OPEN_ROWS,
    cure=one_row_of_ids,
    told=("1 row",),
)
def lstm_masked_ids(directory: Path):
    return keras_export(masked_ids(), directory, {"ids": whole(40, 3, 6)})


def convolutions_of_steps():
    """Return a convolutional LSTM over four steps."""
    return keras.Sequential([keras.Input((4, 6, 1), name="steps"), layers.ConvLSTM1D(2, 3)])


def one_row_of_convolutions(directory: Path, cured: Path):
    """Export the convolutional LSTM with one row."""
    spec = keras.InputSpec(shape=(1, 4, 6, 1), dtype="float32", name="steps")
    convolutions_of_steps().export(cured, input_signature=[spec], verbose=False)


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why="The loop of a convolutional LSTM keeps a list, too, and the number of rows is open.",
    cure=one_row_of_convolutions,
    told=("1 row",),
)
def conv_lstm(directory: Path):
    return keras_export(convolutions_of_steps(), directory, {"steps": numbers(2, 4, 6, 1)})


@export(
    family="recurrent",
    verdict=SAME_IN_ALL,
    why="One unrolled step with the state as an input and as an output: products only.",
)
def gru_with_state_as_input(directory: Path):
    steps, state = keras.Input((1, 3), name="steps"), keras.Input((4,), name="state")
    gru = layers.GRU(4, unroll=True, return_state=True)
    model = keras.Model([steps, state], list(gru(steps, initial_state=state)))
    return keras_export(model, directory, {"steps": numbers(2, 1, 3), "state": numbers(2, 4)})
