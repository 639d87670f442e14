"""The measured sizes of exercise 2, and the words for estimates that are wrong."""

from dataclasses import dataclass
from pathlib import Path

from helpers.exercises.export_checks import ESTIMATE
from helpers.exercises.lesson_04.alike_layers import generator

QUESTIONS = (
    "weights",
    "MB of data, model.export",
    "MB of data, archive without track",
    "saved_model.pb",
)
SIZES = ("kilobytes", "megabytes")

VARIANT = (
    "This variant has {}. For the variant on the page, call lesson.q2.given() without a number."
)
UNITS_OF = {
    1e6: "in bytes, but the question asks for megabytes",
    1e3: "in kilobytes, but the question asks for megabytes",
}
# {question: {how many times too large: what the learner overlooked}}
SLIPS = {
    QUESTIONS[1]: {
        1 / 8: "as if each weight took 1 byte and were stored once",
        1 / 4: "as if each weight took 1 byte",
        1 / 2: "as if each weight were stored once",
        2: "as if each weight took 8 bytes",
        **UNITS_OF,
    },
    QUESTIONS[2]: {
        1 / 4: "as if each weight took 1 byte",
        2: "as if each weight were stored twice",
        4: "as if each weight took 8 bytes and were stored twice",
        **UNITS_OF,
    },
}


@dataclass(frozen=True)
class Layers:
    """A model of two Dense layers.

    Parameters
    ----------
    columns : int
        Of the input.
    first, second : int
        The units of the layers.
    """

    columns: int
    first: int
    second: int

    def __str__(self) -> str:
        return f"{self.columns} columns, Dense({self.first}), Dense({self.second})"

    __repr__ = __str__

    @property
    def biases(self) -> int:
        """The number of weights in both biases."""
        return self.first + self.second

    @property
    def of_the_second(self) -> int:
        """The number of weights in the second layer."""
        return (self.first + 1) * self.second


def layers_of(seed: int | None) -> Layers:
    """Return the layers on the page, or drawn ones for a seed."""
    if seed is None:
        return Layers(500, 1000, 10)
    chance = generator(seed)
    columns, second = (10 * int(chance.integers(10, 60)) for _ in range(2))
    return Layers(columns, 50 * int(chance.integers(8, 20)), second)


def both_exports(
    folder: Path, seed: int | None = None
) -> tuple[dict[str, int | float | str], Layers]:
    """Measure two exports of a model of two layers.

    Parameters
    ----------
    folder : Path
        Where the exports are made.
    seed : int, optional
        Another seed draws other layers.

    Returns
    -------
    dict
        {question: answer}
    Layers
        The layers of the model.
    """
    import tensorflow as tf

    layers = layers_of(seed)
    tf.keras.utils.set_random_seed(1)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((layers.columns,), name="x"),
            tf.keras.layers.Dense(layers.first, activation="relu"),
            tf.keras.layers.Dense(layers.second),
        ]
    )
    model.export(Path(folder) / "tracked", verbose=False)
    archive = tf.keras.export.ExportArchive()
    spec = [tf.TensorSpec((None, layers.columns), tf.float32, name="x")]
    archive.add_endpoint("serve", lambda x: model(x), spec)
    archive.write_out(Path(folder) / "untracked", verbose=False)
    data = [
        sum(file.stat().st_size for file in (Path(folder) / name).rglob("variables.data-*")) / 1e6
        for name in ("tracked", "untracked")
    ]
    graph = (Path(folder) / "tracked" / "saved_model.pb").stat().st_size
    answers = (model.count_params(), *data, SIZES[graph >= 10**6])
    return dict(zip(QUESTIONS, answers, strict=True)), layers


def why_wrong(question: str, said: float, expected: float, layers: Layers) -> str:
    """Say in which direction an estimate is wrong, and what the learner overlooked."""
    direction = "too much" if said > expected else "too little"
    variant = "" if layers == layers_of(None) else f" {VARIANT.format(layers)}"
    reason = _reason(question, said, expected, layers)
    return f"{question}: {said:,.6g} is {direction}{reason}.{variant}"


def _reason(question, said, expected, layers):
    ratio = said / expected
    if question == QUESTIONS[0]:
        forgotten = {
            "the first layer": expected - layers.of_the_second,
            "the second layer": layers.of_the_second,
        }
        for words, count in forgotten.items():
            if count > ESTIMATE * expected and abs(said + count - expected) < 0.005 * expected:
                return f", as if {words} had no weights"
        if ratio > 1:
            return ", look at each layer's inputs again"
        if abs(said - layers.biases) <= ESTIMATE * layers.biases:
            return ": these are the weights of the biases alone"
        return ", look at both kernels again"
    for times, words in SLIPS[question].items():
        if abs(ratio - times) < ESTIMATE * times:
            return f", {words}"
    return f", {ratio:.3g} times the size of the file"


def not_told_apart(layers: Layers, weights: int) -> str:
    """Say which parts of the model are too small to matter within the tolerance."""
    parts = {"the biases": layers.biases, "the second layer": layers.of_the_second}
    shares = [
        f"{name} ({count / weights:.1%} of the weights)"
        for name, count in parts.items()
        if count < ESTIMATE * weights
    ]
    return (
        f"The check allows {ESTIMATE:.0%}, so it cannot tell whether you counted "
        f"{' and '.join(shares)}."
    )


def nearest_size(layers: Layers, real: dict[str, int | float | str]) -> str:
    """Name the nearest wrong estimate that the check refuses, with its number."""
    weights, tracked = real[QUESTIONS[0]], real[QUESTIONS[1]]
    assert isinstance(weights, int) and isinstance(tracked, float)
    wrong = {
        f"{QUESTIONS[1]}, with each weight stored once": (tracked / 2, tracked),
        "weights, without the second layer": (weights - layers.of_the_second, weights),
        "weights, without the first layer": (layers.of_the_second, weights),
    }
    distances = {
        words: abs(said - right) / right
        for words, (said, right) in wrong.items()
        if abs(said - right) > ESTIMATE * right
    }
    words = min(distances, key=lambda name: distances[name])
    return f"{words}: {wrong[words][0]:,.6g}, which differs by {distances[words]:.0%}"
