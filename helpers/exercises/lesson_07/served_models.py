"""Export the small models of lesson 07's exercises, and find out which versions answer."""

import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np

from helpers.exercises.lesson_07 import exercise_server

ROW = {"instances": [[1.0, 1.0]]}
_FOLDER = tempfile.TemporaryDirectory(prefix="served-")  # deleted at the end of the kernel
LATEST = (1, 2, 3, "error")  # possible results of a request that names no version


def save(folder: str | Path, number: int, name: str = "x", fixed_rows: int | None = None) -> Path:
    """Save an export whose only signature answers each row with a number.

    The input has shape (n, 2) and dtype float32, the output (n, 1) and float32.

    Parameters
    ----------
    folder : path-like
        must not exist
    number : int
        the answer
    name : str
        the name of the input
    fixed_rows : int, optional
        the only n that the graph accepts; a mistake that careless exports contain

    Returns
    -------
    pathlib.Path
        the folder
    """
    shutil.copytree(_saved(number, name, fixed_rows), folder)
    return Path(folder)


def new_folder(folder: Path) -> Path:
    """Make a new folder in `folder`, because an interrupted start may have left an old one."""
    folder.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))


@functools.cache
def _saved(number, name, fixed_rows):
    """Export a model once, because this takes longer than the rest of an exercise."""
    import tensorflow as tf

    class Numbered(tf.Module):
        def __init__(self):
            self.number = tf.Variable(float(number))

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name=name)])
        def call(self, x):
            if fixed_rows:
                x = tf.reshape(x, (fixed_rows, 2))
            return {"version": 0 * tf.reduce_sum(x, axis=1, keepdims=True) + self.number}

    module, folder = Numbered(), tempfile.mkdtemp(dir=_FOLDER.name)
    tf.saved_model.save(module, folder, signatures=module.call)
    return folder


def save_a_keras_model(folder: Path) -> None:
    """Save a Keras model with `tf.saved_model.save`: a server loads it but it cannot answer."""
    import tensorflow as tf

    from helpers.models import LinearModel

    model = LinearModel()
    model(np.ones((1, 2), np.float32))
    tf.saved_model.save(model, str(folder))


def save_scoring(folder: Path) -> None:
    """Save an export with three signatures; `scoring` computes the same numbers."""
    import tensorflow as tf

    class Scoring(tf.Module):
        def __init__(self):
            self.weights, self.bias = tf.Variable([[1.5], [-0.5]]), tf.Variable(4.25)

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
        def score(self, x):
            return {"score": x @ self.weights + self.bias}

        @tf.function(
            input_signature=[
                tf.TensorSpec((None,), tf.float32, name="left"),
                tf.TensorSpec((None,), tf.float32, name="right"),
            ]
        )
        def both(self, left, right):
            return {"gap": right - left + self.bias, "total": left + right + self.bias}

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="row_bytes")])
        def packed(self, row_bytes):
            rows = tf.reshape(tf.io.decode_raw(row_bytes, tf.float32), (-1, 2))
            return {"score": rows @ self.weights - self.bias}

    module = Scoring()
    signatures = {"serving_default": module.score, "both": module.both, "packed": module.packed}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def scoring(
    x: list[list[float]], left: list[float], right: list[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the answers of the three signatures of `save_scoring`.

    Parameters
    ----------
    x : (n, 2) list of float
    left, right : (n,) list of float

    Returns
    -------
    three (n,) arrays of float64
        scores, totals, scores of packed rows
    """
    plain = np.asarray(x) @ [1.5, -0.5]
    return plain + 4.25, np.asarray(left) + right + 4.25, plain - 4.25


def _arrives(make):
    def event(base):
        make(base / "incoming")
        (base / "incoming").rename(base / "3")

    return event


def _without_graph(folder):
    (save(folder, 3) / "saved_model.pb").unlink()


EVENTS = {
    "a whole export arrives as v3": lambda base: save(base / "v3", 3),
    "a whole export arrives as 003": lambda base: save(base / "incoming", 3).rename(base / "003"),
    "3 arrives without its saved_model.pb": _arrives(_without_graph),
    "3 arrives, made with tf.saved_model.save(keras_model)": _arrives(save_a_keras_model),
    "3 arrives, its input is called rows and not x": _arrives(lambda to: save(to, 3, name="rows")),
    "2 is deleted": lambda base: shutil.rmtree(base / "2"),
}


@functools.cache
def outcomes() -> dict[str, int | str]:
    """Find out with the server which version answers `ROW` after each of EVENTS, or "error"."""
    with tempfile.TemporaryDirectory() as folder:
        bases = {f"event{number}": Path(folder) / str(number) for number in range(len(EVENTS))}
        try:
            for number in (1, 2):
                made = save(Path(folder) / f"made{number}", number)
                for base in bases.values():
                    shutil.copytree(made, base / str(number))
            for name, base in bases.items():
                exercise_server.serve_model(name, base)
            for base, event in zip(bases.values(), EVENTS.values(), strict=True):
                event(base)
            return {event: _answers(name) for event, name in zip(EVENTS, bases, strict=True)}
        finally:
            for name in bases:
                exercise_server.forget_model(name)


def _answers(name):
    exercise_server.final_states(name)
    status, answer = exercise_server.ask(f"{name}:predict", ROW)
    return int(answer["predictions"][0][0]) if status == 200 else "error"
