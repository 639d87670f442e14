"""Recurrent networks: with open and fixed sizes, unrolled, stateful."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from tests.corpus.record import export

FIXED = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}


def lstm_model():
    """Return an LSTM over six steps."""
    return keras.Sequential([keras.Input((6, 3), name="steps"), layers.LSTM(4), layers.Dense(1)])


def with_one_row(directory: Path, cured: Path):
    """Export the model again with one row."""
    signature = [keras.InputSpec(shape=(1, 6, 3), dtype="float32", name="steps")]
    lstm_model().export(cured, input_signature=signature, verbose=False)


@export(
    family="recurrent",
    verdict=NO_LITERT,
    why="LiteRT's converter needs lists whose elements have a fixed shape, and the rows are open.",
    cure=with_one_row,
    told=("1 row", "input_signature"),
    quick=True,
)
def lstm_open_rows(directory: Path):
    model = lstm_model()
    model.export(directory, verbose=False)
    x = np.random.default_rng(1).normal(size=(2, 6, 3)).astype("float32")
    return {"serving_default": ({"steps": x}, {"output_0": model(x).numpy()})}
