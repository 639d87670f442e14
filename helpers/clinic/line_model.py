"""What the clinic breaks and cures: the line y = 2x + 1, and how that is kept quiet."""

import contextlib
import logging

import numpy as np

ROWS = np.array([[0.0], [1.0], [5.0]], np.float32)
ANSWERS = np.array([[1.0], [3.0], [11.0]], np.float32)


def line_model():
    """A Keras model that answers ANSWERS, (n, 1), to ROWS, (n, 1); its input is called x."""
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), tf.keras.layers.Dense(1)])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    return model


def exported_line(folder):
    """The directory of an export of `line_model()`, made in `folder`."""
    directory = folder / "line"
    line_model().export(directory, verbose=False)
    return directory


@contextlib.contextmanager
def quiet():
    """Without the warnings of TensorFlow and Keras."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
