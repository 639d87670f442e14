"""Answers that show little: empty, constant, NaN, tiny, large; and answers with many parts."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}
LITERT_DIFFERS = {"python": "same", "session": "same", "litert": "other"}
NOTHING_SHOWN = {"python": "answers", "session": "not tried", "litert": "not tried"}
KEY = "serving_default"
X = np.float32([[1, 2], [3, -1]])
ROWS = tf.TensorSpec([None, 2], tf.float32, name="x")


def save(directory, function, *specs):
    """Save a function of tensors as serving_default."""
    module = tf.Module()
    module.serve = tf.function(function, input_signature=list(specs) or [ROWS])
    tf.saved_model.save(module, directory, signatures=module.serve)


@export(
    family="answers",
    verdict=NOTHING_SHOWN,
    why="No made input passes the limit, so all answers are empty. Two empty answers are equal "
    "whatever a reader computes.",
    quick=True,
)
def nothing_is_kept(directory: Path):
    save(directory, lambda x: {"kept": tf.boolean_mask(x, x[:, 0] > 1e9)})


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="The ends are cut off: an input must be longer than 200 to give an answer.",
    quick=True,
)
def ends_are_cropped(directory: Path):
    spec = tf.TensorSpec([None, None], tf.float32, name="audio")
    save(directory, lambda audio: {"frames": tf.tanh(audio[:, 100:-100])}, spec)
    x = np.random.default_rng(1).normal(size=(2, 205)).astype("float32")
    return {KEY: ({"audio": x}, {"frames": np.tanh(x[:, 100:-100])})}


@export(
    family="answers",
    verdict={"python": "answers", "session": "not tried", "litert": "fails"},
    why="The spec has 0 rows: every answer is empty. LiteRT refuses a tensor without numbers.",
)
def spec_of_no_rows(directory: Path):
    spec = tf.TensorSpec([0, 2], tf.float32, name="x")
    save(directory, lambda x: {"y": x @ tf.constant([[2.0], [1.0]])}, spec)


@export(
    family="answers",
    verdict=NOTHING_SHOWN,
    why="The answer is 3 for every input: a reader that ignores its inputs gives the same.",
    quick=True,
)
def constant_answers(directory: Path):
    save(directory, lambda x: {"y": tf.zeros_like(x[:, 0]) + 3.0})


@export(
    family="answers",
    verdict=NOTHING_SHOWN,
    why="The logarithm of a negative number is NaN for every input.",
    quick=True,
)
def only_nan(directory: Path):
    save(directory, lambda x: {"y": tf.math.log(-tf.abs(x[:, 0]) - 1.0)})


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="Some answers are NaN, and at the same places in every reader.",
)
def some_nan(directory: Path):
    save(directory, lambda x: {"y": tf.math.log(x[:, 0])})
    return {KEY: ({"x": X - 2}, {"y": np.float32([np.nan, 0])})}


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="The probabilities are below 1e-6, and equal but for their own rounding.",
    quick=True,
)
def tiny_probabilities(directory: Path):
    save(directory, lambda x: {"p": tf.nn.sigmoid(x[:, 0]) * 1e-6})
    return {KEY: ({"x": X}, {"p": 1e-6 / (1 + np.exp(-X[:, 0]))})}


@export(
    family="answers",
    verdict=LITERT_DIFFERS,
    why="LiteRT computes log1p(x) as log(1 + x), which is 0 for small x. The numbers are far below "
    "an absolute tolerance.",
    quick=True,
)
def logarithm_of_tiny_numbers(directory: Path):
    save(directory, lambda x: {"y": tf.math.log1p(tf.square(x[:, 0]) * 1e-9)})
    return {KEY: ({"x": X}, {"y": np.log1p(np.square(X[:, 0], dtype=float) * 1e-9)})}


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="Every reader computes int64 as int64. One that used int32 would give negative numbers.",
    quick=True,
)
def whole_numbers_above_int32(directory: Path):
    spec = tf.TensorSpec([None], tf.int64, name="id")
    save(directory, lambda id: {"next": id + 3_000_000_000}, spec)
    given = np.int64([1, 4_000_000_000])
    return {KEY: ({"id": given}, {"next": given + 3_000_000_000})}


@export(
    family="answers",
    verdict=NO_LITERT,
    why="LiteRT computes no sums of float64.",
)
def doubles(directory: Path):
    spec = tf.TensorSpec([None, 2], tf.float64, name="x")
    save(directory, lambda x: {"y": tf.reduce_sum(x, axis=1) / 3.0}, spec)
    x = np.float64([[1, 2], [0.1, 0.2]])
    return {KEY: ({"x": x}, {"y": x.sum(axis=1) / 3})}


@export(
    family="answers",
    verdict={"python": "answers", "session": "answers", "litert": "answers"},
    why="The noise differs from call to call, so there is nothing to compare.",
)
def noise_in_every_answer(directory: Path):
    save(directory, lambda x: {"y": x + tf.random.normal(tf.shape(x))})


class Nested(tf.Module):
    """A function with a nested answer, and a signature of its parts."""

    def __init__(self):
        self.w = tf.Variable([[2.0, 1.0], [-1.0, 0.5]])

    def nested(self, x):
        hidden = tf.tanh(x @ self.w)
        return {"scores": {"low": hidden[:, 0], "high": hidden}, "hidden": [hidden * 2]}

    @tf.function(input_signature=[ROWS])
    def serve(self, x):
        answer = self.nested(x)
        parts = {f"scores/{name}": value for name, value in answer["scores"].items()}
        return parts | {"hidden/0": answer["hidden"][0]}


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="A signature cannot answer with a nested dict. Each part has a name with a slash.",
    quick=True,
)
def parts_of_a_nested_answer(directory: Path):
    module = Nested()
    tf.saved_model.save(module, directory, signatures=module.serve)
    hidden = np.tanh(X @ np.float32([[2, 1], [-1, 0.5]]))
    right = {"scores/low": hidden[:, 0], "scores/high": hidden, "hidden/0": hidden * 2}
    return {KEY: ({"x": X}, right)}


def without_overflow(directory: Path, cured: Path):
    """Save the function with a formula that LiteRT computes right for all numbers."""

    def softplus(x):
        return {"y": tf.maximum(x, 0.0) + tf.math.log(1.0 + tf.exp(-tf.abs(x)))}

    save(cured, softplus)


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="LiteRT computes softplus as log(1 + exp(x)). Usual numbers agree. Above 88 the answer is "
    "infinite, and the report must say so.",
    cure=without_overflow,
    told=("LiteRT computes Softplus as log(1 + exp(x))", "above 88"),
    quick=True,
)
def softplus_of_usual_numbers(directory: Path):
    save(directory, lambda x: {"y": tf.nn.softplus(x)})
    return {KEY: ({"x": X}, {"y": np.logaddexp(0, X)})}


@export(
    family="answers",
    verdict=EVERYWHERE,
    why="The numbers before the rounding agree to 7 digits. At the edge between two levels, LiteRT "
    "rounds some of 49,152 pixels in the other direction.",
    quick=True,
)
def pixels_of_whole_numbers(directory: Path):
    kernels = [
        tf.random.stateless_normal([3, 3, *channels], seed=[1, 2])
        for channels in ([3, 16], [16, 3])
    ]

    def pixels(image):
        hidden = tf.nn.relu(tf.nn.conv2d(image, kernels[0] * 0.2, 1, "SAME"))
        levels = tf.nn.conv2d(hidden, kernels[1] * 0.1, 1, "SAME") * 40 + 128
        return {"pixels": tf.cast(tf.clip_by_value(levels, 0, 255), tf.uint8)}

    save(directory, pixels, tf.TensorSpec([None, 64, 64, 3], tf.float32, name="image"))
    image = np.random.default_rng(1).normal(size=(1, 64, 64, 3)).astype("float32")
    right = {name: value.numpy() for name, value in pixels(tf.constant(image)).items()}
    return {KEY: ({"image": image}, right)}
