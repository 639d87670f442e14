"""The exercises of lesson 02, one signature."""

import tempfile
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.errors.messages import describe
from helpers.exercises import battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    LEARNT_SUM,
    SAME_ANSWER,
    answers,
    export_at,
    measured,
    require_any_batch,
    require_numbers,
    require_output,
    require_prediction,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_02.weight_checks import answer_of, require_weights_that_count
from helpers.exercises.notebook import changed
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers
from helpers.text import safe_repr

KEY = "serving_default"
READINGS = np.arange(12, dtype=np.float32).reshape(3, 4)


@exercise(
    "q1",
    "spec_1",
    hints=[
        "None stands for any size. Here only the number of rows may have any size.",
        'tf.TensorSpec(shape, dtype, name="...") takes the three things that a signature promises.',
        "A shape names the rows first and then the columns: (None, 4).",
    ],
)
def write_the_spec(spec_1):
    """Write a TensorSpec for the requests of a client"""
    import tensorflow as tf

    require(
        isinstance(spec_1, tf.TensorSpec),
        f"spec_1 should be one tf.TensorSpec, but is {safe_repr(spec_1)}.",
    )
    require(
        type(spec_1) is tf.TensorSpec,
        f"spec_1 should be a plain tf.TensorSpec, but is of type {type(spec_1).__name__}, which "
        "may promise more than a name, a dtype and a shape.",
    )
    with tempfile.TemporaryDirectory() as folder:
        found = export_at(_echo(spec_1, Path(folder) / "spec"))
        signature = found.signatures[KEY]
        name = the_input(signature)
        require(
            name == "readings",
            "spec_1 should have the name 'readings', which the station sends, but the name of "
            f"your spec is {spec_1.name!r} and your signature calls its input {name!r}.",
        )
        promised = signature.inputs[0]
        require(
            promised.dtype == "float32",
            f"spec_1 should promise float32, which the station sends, but promises "
            f"{promised.dtype}.",
        )
        for rows in (READINGS, READINGS[:1]):
            require(
                _takes(found, rows),
                f"spec_1 should accept rows of 4 numbers, but promises {promised.shape}, and the "
                f"session loader refuses an array of shape {rows.shape}.",
            )
        require(
            not _takes(found, np.ones((3, 5))),
            f"spec_1 should accept rows of 4 numbers only, but its shape {_shape(promised)} takes "
            "rows of 5 numbers as well, and the model has no weights for these.",
        )
    return (
        "the session loader accepts the station's 1 row and its 3 rows under 'readings', and "
        "refuses rows of 5 numbers. The nearest wrong answer that the check tells from yours, the "
        "shape (None, None), takes rows of any width."
    )


def _echo(spec, folder):
    """Make an export that returns its input and has the learner's input signature."""
    import tensorflow as tf

    module = tf.Module()
    try:
        module.echo = tf.function(lambda x: tf.identity(x), input_signature=[spec])
        tf.saved_model.save(module, str(folder), signatures=module.echo)
    except Exception as error:
        raise NotYet(
            f"spec_1 should make an export possible, but {safe_repr(spec)} does not: "
            f"{describe(error, 160)}"
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


# Rows of ten numbers between -1 and 1, as in the training data, with sums that are not near 0.
FEATURES = np.random.default_rng(2).uniform(-1, 1, (60, 10)).astype(np.float32)
FEATURES = FEATURES[np.abs(FEATURES.sum(axis=1)) > 1.5][:6]
OUTPUTS = {"row_sum": "float32", "above_zero": "bool"}
SUMS = FEATURES.sum(axis=1, keepdims=True)


@exercise(
    "q2",
    "export_dir_2",
    hints=[
        "Outputs get their names from a dict that the exported function returns.",
        "Write a tf.function with an input_signature that calls model(features) once and returns "
        '{"row_sum": ..., "above_zero": ...}. A comparison, total > 0, gives bools.',
        "archive.track(model), archive.add_endpoint('serving_default', your_function), "
        "archive.write_out(directory, verbose=False).",
    ],
    needs="model",
)
def name_the_outputs(export_dir_2, model):
    """Export the model so that its outputs have names"""
    found = export_at(export_dir_2, "export_dir_2")
    signature = signature_of(found, KEY)
    outputs = {tensor.name: tensor.dtype for tensor in signature.outputs}
    for name, dtype in OUTPUTS.items():
        require_output(outputs, name, KEY)
        require(outputs[name] == dtype, f"{name} should be {dtype}, but is {outputs[name]}.")
    more = ", ".join(outputs.keys() - OUTPUTS.keys())
    require(not more, f"{KEY} should have the two outputs only, but has {more} as well.")
    require_any_batch(signature)
    name = the_input(signature)
    total = _row_sums(model)
    rows = {name: battery.numbers(10, reach=battery.OUTSIDE)}

    def row_sum(**inputs):
        return {"row_sum": total(inputs[name])}

    require_same_answers(found, KEY, rows, row_sum, who="the notebook's model")
    for reader in readers.READERS:
        for batch in (rows[name], _edges(total, rows[name]), rows[name][:1]):
            got = answers(found, KEY, {name: batch}, reader)
            _require_signs(got, batch, readers.READERS[reader])
    got = require_weights(found, KEY, {name: FEATURES})
    _require_signs(got, FEATURES, "Python, after all weights of the loaded export were set to 0,")
    return (
        "Python, the session loader and LiteRT return what your model computes under row_sum, and "
        "above_zero is True exactly where row_sum is above 0, for batches of 1 to 300 rows. The "
        "two also agree in a loaded copy whose weights the check has set to 0. "
        + _nearest(rows[name], total)
    )


def _nearest(rows, total):
    """Say which other limit of above_zero is nearest to 0, on the rows whose sum is near 0 too."""
    rows = {"features": np.concatenate([rows, _edges(total, rows)])}

    def above(limit):
        return lambda features: {"above_zero": total(features) > limit}

    others = {f"`> {limit:g}` in place of `> 0`": above(limit) for limit in (0.5, 0.01, -0.01)}
    return nearest_wrong(rows, above(0), others)


def _row_sums(model):
    """Return the function of the notebook's model, which must have learnt to sum rows."""
    try:
        learnt = np.asarray(model(FEATURES))
        right = learnt.shape == SUMS.shape and np.abs(learnt - SUMS).max() <= LEARNT_SUM
    except Exception:
        right = False
    if not right:
        raise changed("model", "should compute the sums of rows, but does not")
    return lambda rows: np.asarray(model(rows))


def _edges(total, rows):
    """Make rows whose sum is very near 0: between a row with a positive and one with a negative."""
    sums = total(rows).ravel()
    high, low = rows[sums > 0], rows[sums < 0]
    count = min(len(high), len(low), 50)
    high, low = high[:count], low[:count]
    for _ in range(30):
        middle = (high + low) / 2
        above = total(middle) > 0
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    return np.concatenate([high, low])


def _require_signs(got, rows, where):
    """Require that above_zero is True exactly where this answer's own row_sum is above 0."""
    said, total = got["above_zero"], got["row_sum"]
    require(
        said.shape == total.shape,
        f"above_zero in {where} should have the shape of row_sum, {total.shape}, but has shape "
        f"{said.shape}.",
    )
    wrong = np.flatnonzero(said != (total > 0))
    if len(wrong):
        row = wrong[0]
        raise NotYet(
            f"above_zero in {where} should be {total.flat[row] > 0} where row_sum is "
            f"{total.flat[row]:.4g}, but is {said.flat[row]}."
        )


OUTCOMES = ("answers", "TypeError", "InvalidArgumentError")


def sensors(folder):
    """Return a loaded export with the method `score`.

    Its signature takes `readings`, float32 of shape (None, 4).
    """
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
    """Return {the call as the notebook writes it: function that makes it}."""
    import tensorflow as tf

    signature, two = loaded.signatures[KEY], np.ones((2, 4))
    return {
        "signature(readings=two)": lambda: signature(readings=two),
        "signature(readings=[1, 2, 3, 4])": lambda: signature(readings=[1, 2, 3, 4]),
        "signature(readings=tf.constant(two))": lambda: signature(readings=tf.constant(two)),
        "signature(tf.ones((2, 3)))": lambda: signature(tf.ones((2, 3))),
        "sensors.score(two)": lambda: loaded.score(two),
        "sensors.score(tf.constant(two))": lambda: loaded.score(tf.constant(two)),
    }


@exercise(
    "q3",
    "prediction",
    hints=[
        "Ask of each call: is it a tf.Tensor or something else? Is it a signature or a restored "
        "function? np.ones makes float64.",
        "A tf.Tensor is never cast, and a signature does not check its shape. Which part raises "
        "the error: Python, when it matches names and specs (TypeError), or the graph, when it "
        "runs (InvalidArgumentError)?",
        "A restored function compares every argument with its spec before the graph runs.",
    ],
    given=sensors,
)
def predict_six_calls(prediction):
    """Predict which of six calls fail, and with which error"""
    if isinstance(prediction, dict):  # the class TypeError is as good an answer as its name
        prediction = {
            key: said.__name__ if isinstance(said, type) else said
            for key, said in prediction.items()
        }
    calls = six_calls(predict_six_calls.original())
    why = {
        (call, said): f"{measured(made)} {words}"
        for (call, made), words in zip(calls.items(), WHY, strict=True)
        for said in OUTCOMES
    }
    require_prediction(prediction, calls, OUTCOMES, _outcome, why)
    return "all six predictions are right: you know which part checks the names, dtypes and shapes."


WHY = (
    "A signature casts an array to the promised dtype.",
    "A list is compared with the promised shape (None, 4), and one row has the shape (4,).",
    "A tf.Tensor is never cast, so the graph gets float64 and refuses it.",
    "The shape of a tf.Tensor is not compared with the promise. The multiplication in the graph "
    "fails.",
    "A restored function takes an array by position and casts it.",
    "A restored function compares the dtype of a tf.Tensor with its spec before the graph runs.",
)


def _outcome(made):
    try:
        made()
        return "answers"
    except Exception as error:
        return type(error).__name__


FIRST, OTHERS = FEATURES[:2], FEATURES[:5]


@exercise(
    "q4",
    "Repaired",
    hints=[
        "Keras ran `call` once to find out the weights, because the class does not say how to make "
        "them. Which method of ComplexModel makes its weights?",
        "Write class Repaired(Cut) with a method build(self, input_shape) that builds self.hidden "
        "for input_shape and self.out for the output of hidden, and then sets self.built = True.",
    ],
)
def repair_the_cut_model(Repaired):
    """Repair the model that is cut off from its weights"""
    import tensorflow as tf

    require(
        not isinstance(Repaired, tf.keras.Model),
        "Repaired should be the class, but is a model. Give Repaired and not Repaired(): the check "
        "makes its own model.",
    )
    require(
        callable(Repaired),
        "Repaired should be a class, or a function that returns a model, but is "
        f"{safe_repr(Repaired)}.",
    )
    model = call(Repaired)
    require(
        isinstance(model, tf.keras.Model),
        f"Repaired() should return a Keras model, but returns {safe_repr(model)}.",
    )
    require(
        call(Repaired) is not model,
        "Repaired() should make a new model at each call, but returns the same one again.",
    )
    count = require_weights_that_count(model, FIRST, OTHERS)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "repaired"
        call(lambda: model.export(directory, verbose=False))
        found = export_at(directory)
        require_any_batch(signature_of(found, KEY))
        for rows in (OTHERS, OTHERS[:1]):
            require_numbers(found, KEY, rows, answer_of(model, rows), SAME_ANSWER)
    return (
        f"all {count} weights have gradients. After the check changed them, the export gives the "
        "same numbers as the model in memory, in every reader."
    )
