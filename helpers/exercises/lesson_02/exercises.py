"""The exercises of lesson 02, one signature."""

import tempfile
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.errors.messages import describe
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    answers,
    export_at,
    require_any_batch,
    require_numbers,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_02.weight_checks import answer_of, require_weights_that_count
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

KEY = "serving_default"
READINGS = np.arange(12, dtype=np.float32).reshape(3, 4)


@exercise(
    "spec_1",
    hints=[
        "A size that may be anything is None: here that is the number of rows, and nothing else.",
        'tf.TensorSpec(shape, dtype, name="...") takes the three things that a signature promises.',
        "Rows first, then columns: the shape is (None, 4).",
    ],
)
def q1(spec_1):
    """Write the TensorSpec of a client"""
    import tensorflow as tf

    require(
        isinstance(spec_1, tf.TensorSpec),
        f"spec_1: one tf.TensorSpec is wanted, not {safe_repr(spec_1)}.",
    )
    with tempfile.TemporaryDirectory() as folder:
        found = export_at(_echo(spec_1, Path(folder) / "spec"))
        signature = found.signatures[KEY]
        name = the_input(signature)
        require(
            name == "readings",
            f"the station sends 'readings'; your signature calls its input {name!r}, and the name "
            f"of your spec is {spec_1.name!r}.",
        )
        promised = signature.inputs[0]
        require(
            promised.dtype == "float32",
            f"the station sends float32; your spec promises {promised.dtype}.",
        )
        for rows in (READINGS, READINGS[:1]):
            require(
                _takes(found, rows),
                f"the station sends rows of 4, here an array of shape {rows.shape}; your "
                f"spec promises {promised.shape}, and the session loader turns it down.",
            )
        require(
            not _takes(found, np.ones((3, 5))),
            f"your spec promises more than the station needs: its shape {_shape(promised)} takes "
            "rows of 5 numbers as well, and the model has no weights for these.",
        )
    return (
        "the session reader takes the station's 1 row and its 3 rows under 'readings', and turns "
        "rows of 5 numbers down."
    )


def _echo(spec, folder):
    """An export that gives back what it gets, with the learner's promise."""
    import tensorflow as tf

    module = tf.Module()
    try:
        module.echo = tf.function(lambda x: tf.identity(x), input_signature=[spec])
        tf.saved_model.save(module, str(folder), signatures=module.echo)
    except Exception as error:
        raise NotYet(
            f"no export can be made with {safe_repr(spec)}: {describe(error, 160)}"
        ) from None
    return folder


def _takes(found, rows):
    try:
        readers.run(found.directory, KEY, {"readings": rows}, "session")
        return True
    except readers.ReaderError:
        return False


def _shape(tensor):
    return "(unknown)" if tensor.shape is None else tensor.shape


# Rows of ten numbers between -1 and 1, as in the training data, with sums well away from 0.
FEATURES = np.random.default_rng(2).uniform(-1, 1, (60, 10)).astype(np.float32)
FEATURES = FEATURES[np.abs(FEATURES.sum(axis=1)) > 1.5][:6]
SUMS = FEATURES.sum(axis=1, keepdims=True)
TOLERANCE = 0.6  # 300 steps come within a third of it; an untrained model is several away


@exercise(
    "export_dir_2",
    hints=[
        "Outputs get their names from a dict that the exported function returns.",
        "Write a tf.function with an input_signature that calls model(features) once and returns "
        '{"row_sum": ..., "above_zero": ...}. A comparison, total > 0, gives bools.',
        "archive.track(model), archive.add_endpoint('serving_default', your_function), "
        "archive.write_out(directory, verbose=False).",
    ],
)
def q2(export_dir_2):
    """Export the model so that its outputs have names"""
    found = export_at(export_dir_2, "export_dir_2")
    signature = signature_of(found, KEY)
    outputs = {tensor.name: tensor.dtype for tensor in signature.outputs}
    for name, kinds in (("row_sum", ("float32", "float64")), ("above_zero", ("bool",))):
        require(
            name in outputs,
            f"{KEY} answers with {', '.join(outputs)}; an output named {name!r} is wanted.",
        )
        require(outputs[name] in kinds, f"{name} is {outputs[name]}; {kinds[0]} is wanted.")
    require_any_batch(signature)
    for rows in (slice(None), slice(1)):
        x, sums = FEATURES[rows], SUMS[rows]
        require_numbers(found, KEY, x, sums, TOLERANCE, output="row_sum")
        _require_signs(found, x, sums > 0)
    name = the_input(signature)
    learnt = answers(found, KEY, {name: FEATURES}, "python")["row_sum"]
    require(
        not np.allclose(learnt, SUMS, rtol=0, atol=1e-4),
        "row_sum is the exact sum of each row; what the model says, learnt and not quite exact, "
        "is wanted.",
    )
    return (
        "row_sum and above_zero arrive under their names in Python, the session loader and "
        "LiteRT, for one row and for six."
    )


def _require_signs(found, x, wanted):
    for reader in readers.READERS:
        got = answers(found, KEY, {the_input(found.signatures[KEY]): x}, reader)["above_zero"]
        where = f"above_zero in {readers.READERS[reader]}"
        require(
            got.shape == wanted.shape,
            f"{where} has shape {got.shape} for {len(x)} rows; {wanted.shape} is wanted.",
        )
        for row, (said, right) in enumerate(zip(got.ravel(), wanted.ravel(), strict=True)):
            require(
                said == right,
                f"{where} is {said} for a row whose sum is {x[row].sum():.2g}; {right} is wanted.",
            )


OUTCOMES = ("answers", "TypeError", "InvalidArgumentError")


def sensors(folder):
    """A loaded export: the signature takes `readings`, float32 (None, 4); its method is `score`."""
    import tensorflow as tf

    class Sensors(tf.Module):
        def __init__(self):
            self.weights = tf.Variable([[0.1], [0.2], [0.3], [0.4]])

        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32, name="readings")])
        def score(self, readings):
            return readings @ self.weights

    module = Sensors()
    tf.saved_model.save(module, str(folder), signatures=module.score)
    return tf.saved_model.load(str(folder))


def six_calls(loaded):
    """{the call as the notebook writes it: function that makes it}."""
    import tensorflow as tf

    door, two = loaded.signatures[KEY], np.ones((2, 4))
    return {
        "door(readings=two)": lambda: door(readings=two),
        "door(readings=[1, 2, 3, 4])": lambda: door(readings=[1, 2, 3, 4]),
        "door(readings=tf.constant(two))": lambda: door(readings=tf.constant(two)),
        "door(tf.ones((2, 3)))": lambda: door(tf.ones((2, 3))),
        "sensors.score(two)": lambda: loaded.score(two),
        "sensors.score(tf.constant(two))": lambda: loaded.score(tf.constant(two)),
    }


@exercise(
    "prediction",
    hints=[
        "Ask of each call: is it a tf.Tensor or something else? Is it a signature or a restored "
        "function? np.ones makes float64.",
        "A tf.Tensor is never cast, and a signature does not look at its shape. Who complains, "
        "then: Python, when it matches names and specs (TypeError), or the graph, as it runs "
        "(InvalidArgumentError)?",
        "A restored function compares every argument with its spec before the graph runs.",
    ],
    given=sensors,
)
def q3(prediction):
    """Predict which of six calls fail, and how"""
    if isinstance(prediction, dict):  # TypeError itself says as much as its name
        prediction = {
            key: said.__name__ if isinstance(said, type) else said
            for key, said in prediction.items()
        }
    require_prediction(prediction, six_calls(q3.given()), OUTCOMES, _outcome)
    return "right, all six: you know who checks what before you send it."


def _outcome(made):
    try:
        made()
        return "answers"
    except Exception as error:
        return type(error).__name__


FIRST, OTHERS = FEATURES[:2], FEATURES[:5]


@exercise(
    "Repaired",
    hints=[
        "Keras ran `call` on trial because the class does not say how its weights are made. What "
        "method of ComplexModel says it?",
        "Write class Repaired(Cut) with a method build(self, input_shape) that builds self.hidden "
        "for input_shape and self.out for what hidden gives, and then sets self.built = True.",
    ],
)
def q4(Repaired):
    """Repair the model that is cut off from its weights"""
    import tensorflow as tf

    require(
        not isinstance(Repaired, tf.keras.Model),
        "Repaired: give the class itself, Repaired and not Repaired(); the check makes its own.",
    )
    require(
        callable(Repaired),
        "Repaired: a class is wanted, or a function that gives a model, not "
        f"{safe_repr(Repaired)}.",
    )
    model = call(Repaired)
    require(
        isinstance(model, tf.keras.Model),
        f"Repaired() is to give a Keras model; it gives {safe_repr(model)}.",
    )
    count = require_weights_that_count(model, FIRST, OTHERS)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "repaired"
        call(lambda: model.export(directory, verbose=False))
        found = export_at(directory)
        require_any_batch(signature_of(found, KEY))
        for rows in (OTHERS, OTHERS[:1]):
            require_numbers(found, KEY, rows, answer_of(model, rows), 1e-3)
    return (
        f"all {count} weights have gradients, and after they changed the export answers "
        "with the numbers in memory, in every reader."
    )
