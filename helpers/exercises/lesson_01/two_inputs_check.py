"""The check of exercise 5 of lesson 01: a model with two inputs, and its export."""

from typing import Any

import numpy as np

from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import (
    SAME_ANSWER,
    answers,
    export_at,
    only_output,
    require_any_batch,
    require_weights,
    signature_of,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_01.restored_check import require_restored
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.text import safe_repr

KEY, NAMES = "serving_default", ("age", "size")


def require_two_inputs(model: Any, directory: Any) -> str:
    """Require a Keras model of the columns "size" and "age", and an export of it.

    Parameters
    ----------
    model : object
        The learner's model. If it is right: size and age, (n, 1) float32 each -> n rows.
    directory : object
        The path of its export.

    Returns
    -------
    str
        The message of a pass.

    Raises
    ------
    NotYet
        If the model does not use both inputs, or if a reader of the export does not answer with
        the numbers of the model by the names of the inputs.
    """
    numbers = battery.numbers(2)
    rows = {name: numbers[:, [column]] for column, name in enumerate(NAMES)}
    right = _answers_of(model, rows)
    require(
        call(lambda: model.weights),
        "two_inputs should have weights, but has none. Add a layer that has some, such as Dense.",
    )
    for name in NAMES:
        moved = _answers_of(model, rows | {name: rows[name] + 1})
        require(
            np.abs(moved - right).max() > SAME_ANSWER,
            f"two_inputs should use both inputs, but answers the same for another {name}.",
        )
    found = export_at(directory, "export_dir_5")
    _require_names(found)
    signature = found.signatures[KEY]
    require_any_batch(signature)
    few = {name: column[:7] for name, column in rows.items()}
    only_output(answers(found, KEY, few, "python"), KEY)
    output = signature.outputs[0].name

    def expected(**inputs):
        return {output: _answers_of(model, inputs)}

    require_same_answers(
        found, KEY, rows, expected, tolerance=SAME_ANSWER, who="two_inputs", empty=False
    )
    require_weights(found, KEY, few)
    return (
        "Python, the session (Python) and LiteRT take size and age by their names, and answer with "
        "the numbers of two_inputs, for 1 to 300 rows. A change of either input changes them."
    )


def _require_names(found: Artifact) -> None:
    names = [tensor.name for tensor in signature_of(found, KEY).inputs]
    if set(names) != set(NAMES):
        raise NotYet(
            "the signature of export_dir_5 should have the inputs size and age, but its inputs "
            f"are: {', '.join(names)}. {_why(names)}"
        )
    require_restored(found, "export_dir_5")


def _why(names):
    if any(name.startswith("keras_tensor") for name in names):
        return "Give each Input layer its name: tf.keras.Input((1,), name='size')."
    if any(name.startswith("inputs") for name in names):
        return (
            "tf.saved_model.save does not keep the names of the Input layers. Export with "
            "model.export(directory)."
        )
    if any(name.startswith("args_0") for name in names):
        return "A model of your own class has no names. Build it of tf.keras.Input layers."
    return "The name of an Input layer becomes the name of the input."


def _answers_of(model, inputs):
    """Return the model's answers as an array. The model gets its inputs by name."""
    import tensorflow as tf

    require(
        isinstance(model, tf.keras.Model),
        f"two_inputs should be a Keras model, but is {safe_repr(model)}.",
    )
    names = [tensor.name for tensor in getattr(model, "inputs", None) or ()]
    require(
        not names or sorted(names) == list(NAMES),
        f"two_inputs should have the inputs size and age, but its inputs are: {', '.join(names)}. "
        "Give each Input layer its name.",
    )
    for tensor in getattr(model, "inputs", None) or ():
        require(
            tuple(tensor.shape) == (None, 1),
            f"{tensor.name} should have the shape (None, 1), one number for each row, but has "
            f"{tuple(tensor.shape)}. Write tf.keras.Input((1,), name={tensor.name!r}).",
        )
    given = {name: tf.constant(column, tf.float32) for name, column in inputs.items()}
    answer = call(model, given)
    require(
        tf.is_tensor(answer) and answer.shape.rank and answer.shape[0] == len(given[NAMES[0]]),
        "two_inputs should return one tensor with an answer for each row.",
    )
    return np.asarray(answer)
