"""Export the small models of lesson 08's exercises, and find out which versions answer."""

import functools
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.exercises import exercise_server
from helpers.exercises.numbered_export import ROW, save

LATEST = (1, 2, 3, "error")  # possible results of a request that names no version


def save_a_keras_model(folder: Path) -> None:
    """Save a Keras model with `tf.saved_model.save`: a server loads it but it cannot answer."""
    import tensorflow as tf

    from helpers.models import LinearModel

    model = LinearModel()
    model(np.ones((1, 2), np.float32))
    tf.saved_model.save(model, str(folder))


@dataclass(frozen=True)
class Scoring:
    """The model `scoring`: what its three signatures compute, and how its inputs are named.

    Attributes
    ----------
    weights : (float, float)
        of the columns of a row
    bias : float
    left, right : float
        factors of the two inputs of the signature `both`; they differ, so the order of the inputs
        matters
    rows, packed : str
        names of the inputs of `serving_default` and of `packed`
    """

    weights: tuple[float, float] = (1.5, -0.5)
    bias: float = 4.25
    left: float = 2.0
    right: float = 1.0
    rows: str = "x"
    packed: str = "row_bytes"

    @classmethod
    def of(cls, seed: int | None) -> "Scoring":
        """Return the variant of a seed; None is the variant of the page."""
        if seed is None:
            return cls()
        chance = random.Random(seed)
        left, right = chance.sample(range(2, 9), 2)
        return cls(
            weights=(chance.choice((0.5, 1.5, 2.5, 3.5)), -chance.choice((0.25, 0.75, 1.25, 1.75))),
            bias=chance.randrange(9, 40) / 8 + 1 / 16,
            left=float(left),
            right=float(right),
            rows=chance.choice(("rows", "features", "values")),
            packed=chance.choice(("raw", "records", "bytes_of_rows")),
        )

    def scores(self, x: list[list[float]]) -> np.ndarray:
        """Compute the output of `serving_default` for n rows: n numbers."""
        return np.asarray(x) @ self.weights + self.bias

    def packed_scores(self, x: list[list[float]]) -> np.ndarray:
        """Compute the output of `packed` for the bytes of n rows: n numbers."""
        return np.asarray(x) @ self.weights - self.bias

    def totals(self, left: list[float], right: list[float]) -> np.ndarray:
        """Compute the output `total` of `both`."""
        return self.left * np.asarray(left) + self.right * np.asarray(right) + self.bias

    def gaps(self, left: list[float], right: list[float]) -> np.ndarray:
        """Compute the output `gap` of `both`."""
        return self.right * np.asarray(right) - self.left * np.asarray(left) + self.bias


def save_scoring(folder: Path, made: Scoring) -> None:
    """Save an export with three signatures; `made` computes the same numbers."""
    import tensorflow as tf

    class Module(tf.Module):
        def __init__(self):
            self.weights = tf.Variable([[weight] for weight in made.weights])
            self.bias = tf.Variable(made.bias)

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name=made.rows)])
        def score(self, x):
            return {"score": x @ self.weights + self.bias}

        @tf.function(
            input_signature=[
                tf.TensorSpec((None,), tf.float32, name="left"),
                tf.TensorSpec((None,), tf.float32, name="right"),
            ]
        )
        def both(self, left, right):
            left, right = made.left * left, made.right * right
            return {"gap": right - left + self.bias, "total": left + right + self.bias}

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name=made.packed)])
        def packed(self, row_bytes):
            rows = tf.reshape(tf.io.decode_raw(row_bytes, tf.float32), (-1, 2))
            return {"score": rows @ self.weights - self.bias}

    module = Module()
    signatures = {"serving_default": module.score, "both": module.both, "packed": module.packed}
    tf.saved_model.save(module, str(folder), signatures=signatures)


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


def outcomes() -> dict[str, int | str]:
    """Find out with the server which version answers `ROW` after each of EVENTS, or "error"."""
    return {event: answer for event, (answer, _) in measured().items()}


@functools.cache
def measured() -> dict[str, tuple[int | str, str]]:
    """Let each of EVENTS happen to a base path with the versions 1 and 2, and ask the server.

    Returns
    -------
    dict of str to (int or str, str)
        by event: the version that answers `ROW` or "error", and what the server says in words
    """
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
            return {event: _measure(name) for event, name in zip(EVENTS, bases, strict=True)}
        finally:
            for name in bases:
                exercise_server.forget_model(name)


def _measure(name):
    states = exercise_server.final_states(name)
    status, answer = exercise_server.ask(f"{name}:predict", ROW)
    found = int(answer["predictions"][0][0]) if status == 200 else "error"
    shown = ", ".join(f"version {number} is {state}" for number, (state, _) in states.items())
    return found, f"Measured: {shown}, and the request gets status {status}."
