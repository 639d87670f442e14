"""The exports of exercise 3: one for each day of a week, and what was done on each day."""

import functools
import os
import shutil
from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import saved_model
from helpers.exercises.lesson_04.alike_layers import checkpoint_of, generator
from helpers.inspection.differences import DIFFERENT, SAME, differences
from helpers.inspection.explore import explore

KINDS = ("copy", "exported again", "retrained", "other graph")
DAYS = {
    "tuesday": "exported again",
    "wednesday": "other graph",
    "thursday": "retrained",
    "friday": "copy",
}


def days_of(seed: int | None) -> dict[str, str]:
    """Return {day: what was done}, as on the page or drawn for a seed. A kind may occur twice."""
    if seed is None:
        return dict(DAYS)
    chance = generator(seed)
    while True:
        drawn = dict(zip(DAYS, map(str, chance.choice(KINDS, len(DAYS))), strict=True))
        if len({*drawn.values()}) == 3 and not drawn.items() & DAYS.items():
            return drawn


def a_week(folder: Path, seed: int | None = None) -> Path:
    """Make an export named monday, and one of it for each of DAYS.

    Parameters
    ----------
    folder : Path
        Where the exports are made.
    seed : int, optional
        Another seed draws what was done on each day, the weights and the numbers in the graphs.

    Returns
    -------
    Path
        The folder.
    """
    import tensorflow as tf

    spec = [tf.TensorSpec((None, 3), tf.float32, name="x")]
    chance = generator(seed)
    first = [1.0, 2.0, 3.0] if seed is None else (np.round(chance.uniform(1, 5, 3), 1).tolist())
    usual = 0.0 if seed is None else float(chance.integers(1, 4))

    def save(day, limit=usual, change=0.0):
        module = tf.Module()
        kernel = tf.reshape(tf.constant(first), (3, 1))
        module.kernel = kernel = tf.Variable(kernel + change)
        module.bias = bias = tf.Variable([0.5])

        def classify(x):
            score = x @ kernel + bias
            # The limit is a Python number, so tracing writes it into the graph.
            return {"score": score, "label": tf.cast(score > limit, tf.int32)}

        module.classify = tf.function(classify, input_signature=spec)
        tf.saved_model.save(module, str(Path(folder) / day), signatures=module.classify)

    save("monday")
    for day, kind in days_of(seed).items():
        if kind == "copy":
            shutil.copytree(Path(folder) / "monday", Path(folder) / day)
        elif kind == "other graph":
            save(day, limit=usual + (2.0 if seed is None else float(chance.integers(1, 4))))
        elif kind == "retrained":
            save(day, change=0.25 if seed is None else float(chance.uniform(0.1, 0.4)))
        else:
            save(day)
    for file in Path(folder).rglob("*"):
        os.utime(file, (0, 0))  # the time of a file would tell the copy from the others
    return Path(folder)


@functools.cache
def kind_of(folder: Path, day: str) -> str:
    """Measure what was done on a day: compare its export with monday's."""
    found = differences(Path(folder) / "monday", Path(folder) / day)
    if found["bytes"].state == SAME:
        return "copy"
    if found["graph"].state == DIFFERENT:
        return "other graph"
    return "retrained" if found["weights"].state == DIFFERENT else "exported again"


def why_not(folder: Path, day: str, said: str) -> str:
    """Say what was measured that a wrong diagnosis of a day does not agree with."""
    monday, other = Path(folder) / "monday", Path(folder) / day
    kind = kind_of(folder, day)
    if kind == "copy":
        return f"None of the bytes in its {len(explore(other).files)} files differ from monday's."
    if said == "copy":
        names = _different_files(monday, other)
        return f"{len(names)} of its files differ from monday's, such as {names[0]}."
    if kind == "other graph" and said == "exported again":
        here, before = _constants(other), _constants(monday)
        new, old = _listed(sorted(here - before)), _listed(sorted(before - here))
        return f"One number in its graph differs from monday's: {new} in place of {old}."
    if said == "retrained":
        return (
            f"Its weights equal monday's, {_weights(other)}: compare their values, not the bytes "
            "of the files."
        )
    if kind == "retrained":
        return (
            f"Its graph computes what monday's does. Its weights are {_weights(other)}, and "
            f"monday's are {_weights(monday)}."
        )
    return (
        "Its graph computes what monday's does, with the same constants: "
        f"{_listed(sorted(_constants(other)))}."
    )


def _different_files(one, other):
    files = sorted(file.relative_to(one) for file in one.rglob("*") if file.is_file())
    return [str(f) for f in files if (one / f).read_bytes() != (other / f).read_bytes()]


def _weights(directory):
    checkpoint = checkpoint_of(directory)
    weights = [checkpoint.get_tensor(v.key).ravel().tolist() for v in explore(directory).variables]
    return _listed([number for weight in sorted(weights, key=len) for number in weight])


def _constants(directory):
    """Return the float constants in the functions of an export."""
    import tensorflow as tf

    found: set[float] = set()
    for graph in saved_model(directory).meta_graphs:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                if node.op == "Const" and node.attr["dtype"].type == tf.float32.as_datatype_enum:
                    found |= set(tf.make_ndarray(node.attr["value"].tensor).ravel().tolist())
    return found


def _listed(numbers):
    return ", ".join(f"{number:g}" for number in numbers) or "none"
