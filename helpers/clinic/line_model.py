"""The line y = 2x + 1, the model of most cases of the clinic."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROWS = np.array([[0.0], [1.0], [5.0]], np.float32)
ANSWERS = np.array([[1.0], [3.0], [11.0]], np.float32)


def line_model():
    """Return a Keras model with the input x that gives ANSWERS (n, 1) for ROWS (n, 1)."""
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    return model


def exported_line(folder: Path) -> Path:
    """Export `line_model()` into `folder` and return the directory."""
    directory = folder / "line"
    line_model().export(directory, verbose=False)
    return directory


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide the warnings of TensorFlow and Keras in the block."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
