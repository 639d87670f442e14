"""The pairs of exports of exercise 3, and what is different between the two."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

GRAPH, WEIGHTS, NOTHING = "graph", "weights", "nothing"
KINDS = (GRAPH, WEIGHTS, NOTHING)
SECOND_COPIES = "_all_variables"  # the beginning of the keys of the second copies
SMALL = 1e-6  # relative: np.allclose takes it for no change
TINY = 1e-9  # rounded to some decimals, twice this number is the same
MORE = 7  # variables before those that change, so that the first six of an export show nothing


@dataclass(frozen=True)
class Pair:
    """Two exports.

    Parameters
    ----------
    old, new : Path
    kind : str
        One of KINDS: what is different.
    words : str
        What was done, for the message: "the model was exported again".
    """

    old: Path
    new: Path
    kind: str
    words: str


def pairs(folder: Path) -> dict[str, Pair]:
    """Make the pairs of exports.

    Parameters
    ----------
    folder : Path
        Where the exports are made.

    Returns
    -------
    dict of str to Pair
        By the name of the second export.
    """
    made: dict[str, Pair] = {}
    chance = np.random.default_rng(4)
    weights = {
        **{f"biases_{n}": np.full(2, n, np.float32) for n in range(MORE)},
        "first": chance.uniform(0.5, 2, (3, 3)).astype(np.float32),
        "second": chance.uniform(0.5, 2, (3, 3)).astype(np.float32),
        "mean": chance.uniform(0.5, 2, (3,)).astype(np.float32),
    }
    weights["second"][0, 0] = TINY
    old = _save(folder / "old", weights)

    def add(name, kind, words, **changes):
        options = {key: changes.pop(key) for key in ("tanh", "twice", "prefix") if key in changes}
        new = _save(folder / name, {**weights, **changes}, **options)
        made[name] = Pair(old, new, kind, words)

    add("again", NOTHING, "the same model was exported again")
    made["copy"] = Pair(
        old, Path(shutil.copytree(old, folder / "copy")), NOTHING, "the folder was copied"
    )
    add("renamed", NOTHING, "the variables have new names and the same numbers", prefix="new_")
    add(
        "retrained",
        WEIGHTS,
        "all weights have other numbers",
        **{name: value * 1.5 for name, value in weights.items()},
    )
    one = weights["second"].copy()
    one[2, 2] *= 1 + SMALL
    add(
        "one_number",
        WEIGHTS,
        f"one number of one weight differs by {SMALL:g} of itself",
        second=one,
    )
    tiny = weights["second"].copy()
    tiny[0, 0] *= 2
    add(
        "tiny_number",
        WEIGHTS,
        f"one number of one weight was {TINY:g}, and is {2 * TINY:g} now",
        second=tiny,
    )
    add(
        "swapped",
        WEIGHTS,
        "two weights of the same shape have exchanged their numbers",
        first=weights["second"],
        second=weights["first"],
    )
    add(
        "statistic",
        WEIGHTS,
        "only a variable that is not trained differs",
        mean=weights["mean"] + 1,
    )
    add(
        "exchanged",
        WEIGHTS,
        "two numbers of one weight are exchanged, and their sum is the same",
        mean=weights["mean"][[1, 0, 2]],
    )
    lost = weights["first"].copy()
    lost[1, 1] = np.nan
    add("lost", WEIGHTS, "one number of one weight is nan", first=lost)
    add("tanh", GRAPH, "the graph has Tanh in place of Relu", tanh=True)
    add("twice", GRAPH, "the graph has two operations Relu in place of one", twice=True)
    made["simpler"] = Pair(
        made["twice"].new, old, GRAPH, "the graph has one operation Relu in place of two"
    )
    add(
        "both",
        GRAPH,
        "the graph has Tanh in place of Relu, and the weights have other numbers",
        tanh=True,
        first=weights["first"] + 1,
    )
    made["rebuilt"] = _rebuilt(folder)
    return made


def _save(directory, weights, tanh=False, twice=False, prefix=""):
    """Save a function of three of the variables, with tf.saved_model.save."""
    import tensorflow as tf

    module = tf.Module()
    for name, value in weights.items():
        trainable = name != "mean"
        setattr(module, name, tf.Variable(value, trainable=trainable, name=f"{prefix}{name}"))

    def score(x):
        hidden = (x - module.mean) @ module.first
        hidden = tf.tanh(hidden) if tanh else tf.nn.relu(hidden)
        return (tf.nn.relu(hidden) if twice else hidden) @ module.second

    spec = [tf.TensorSpec((None, 3), tf.float32, name="x")]
    module.score = tf.function(score, input_signature=spec)
    tf.saved_model.save(module, str(directory), signatures=module.score)
    return Path(directory)


def _rebuilt(folder):
    """Export a Keras model, and one that is built again with the same weights.

    The order of the second copies can differ.
    """
    import tensorflow as tf

    def export(name, values=None):
        layers = [
            tf.keras.Input((2,), name="x"),
            tf.keras.layers.Dense(2),
            tf.keras.layers.Dense(1),
        ]
        model = tf.keras.Sequential(layers)
        if values is not None:
            model.set_weights(values)
        model.export(folder / name, verbose=False)
        return Path(folder) / name, model.get_weights()

    def copies(directory):
        stored = tf.train.load_checkpoint(str(directory / "variables" / "variables"))
        keys = [
            key for key, _ in tf.train.list_variables(str(directory / "variables" / "variables"))
        ]
        return [stored.get_tensor(key).tolist() for key in keys if key.startswith(SECOND_COPIES)]

    old, values = export("built")
    new, _ = export("rebuilt", values)
    while copies(old) == copies(new):  # their order depends on addresses in memory
        new, _ = export("rebuilt", values)
    words = (
        "the second is of a Keras model that was built again with the same weights. Its keys below "
        f"{SECOND_COPIES} have another order"
    )
    return Pair(old, new, NOTHING, words)
