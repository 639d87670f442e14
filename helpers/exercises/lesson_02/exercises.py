"""The exercises of lesson 02, one signature."""

import tempfile
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.errors.messages import describe
from helpers.exercises import battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    SAME_ANSWER,
    answers_to_batches,
    export_at,
    require_any_batch,
    require_numbers,
    require_output,
    require_prediction,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_02.guard_checks import require_means, require_no_numbers
from helpers.exercises.lesson_02.sorter import (
    NUMBERS,
    nearest_dtype,
    reasons,
    require_sorted,
    same_answer,
    sorter,
)
from helpers.exercises.lesson_02.sum_checks import (
    FEATURES,
    OUTPUTS,
    edges,
    nearest,
    require_signs,
    row_sums,
)
from helpers.exercises.lesson_02.weight_checks import (
    answer_of,
    require_fitting_layers,
    require_forecast,
    require_weights_that_count,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.exercises.side_effects import require_graphs
from helpers.text import safe_repr

KEY, JUDGE, MEAN = "serving_default", "judge", "mean"
READINGS = np.arange(12, dtype=np.float32).reshape(3, 4)


@exercise(
    "q1",
    "spec_1",
    hints=[
        "None stands for any size. Here only the number of rows may have any size.",
        'tf.TensorSpec(shape, dtype, name="...") takes the three things that a signature declares.',
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
        "may declare more than a name, a dtype and a shape.",
    )
    with tempfile.TemporaryDirectory() as folder:
        found = export_at(_echo(spec_1, Path(folder) / "spec"))
        signature = found.signatures[KEY]
        name = the_input(signature)
        require(
            name == "readings",
            "spec_1 should have the name 'readings', which the station sends, but has "
            f"{'no name' if spec_1.name is None else f'the name {spec_1.name!r}'}. Write "
            'name="readings".',
        )
        declared = signature.inputs[0]
        require(
            declared.dtype == "float32",
            f"spec_1 should declare float32, which the station sends, but declares "
            f"{declared.dtype}.",
        )
        for rows in (READINGS, READINGS[:1]):
            require(
                _takes(found, rows),
                f"spec_1 should accept rows of 4 numbers, but declares {declared.shape}, and the "
                f"session (Python) refuses an array of shape {rows.shape}.",
            )
        require(
            not _takes(found, np.ones((3, 5))),
            f"spec_1 should accept rows of 4 numbers only, but its shape {_shape(declared)} takes "
            "rows of 5 numbers as well, and the model has no weights for these.",
        )
    return (
        "the session (Python) accepts the station's 1 row and its 3 rows under 'readings', and "
        "refuses rows of 5 numbers. The check refuses a similar wrong answer, too: the shape "
        "(None, None). It accepts rows of any width."
    )


def _echo(spec, folder):
    """Make an export that returns its input and has the learner's input signature."""
    import tensorflow as tf

    module = tf.Module()
    try:
        module.echo = tf.function(lambda x: tf.identity(x), [spec], autograph=False)
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


def require_input(signature, name, dtype):
    """Require that a signature has one input, with this name and dtype."""
    found = the_input(signature)
    require(
        found == name,
        f"the input of {signature.key} should be called {name}, but is called {found}. Give the "
        "spec a name.",
    )
    declared = signature.inputs[0].dtype
    require(
        declared == dtype,
        f"the input of {signature.key} should be {dtype}, but is {declared}.",
    )


@exercise(
    "q2",
    "export_dir_2",
    hints=[
        "The outputs get their names from a dict that your function returns. The signature gets "
        "its name from add_endpoint.",
        "Write a function that calls model(features) once and returns "
        '{"row_sum": ..., "above_zero": ...}. The comparison row_sum > 0 gives booleans.',
        'archive.track(model), archive.add_endpoint("judge", your_function, input_signature=[spec])'
        ", archive.write_out(directory, verbose=False). The page has made a spec: ten_numbers.",
    ],
    needs="model",
)
def name_the_outputs(export_dir_2, model):
    """Export the model so that its signature and outputs have names"""
    found = export_at(export_dir_2, "export_dir_2")
    signature = signature_of(found, JUDGE)
    outputs = {tensor.name: tensor.dtype for tensor in signature.outputs}
    for name, dtype in OUTPUTS.items():
        require_output(outputs, name, JUDGE)
        require(outputs[name] == dtype, f"{name} should be {dtype}, but is {outputs[name]}.")
    more = ", ".join(outputs.keys() - OUTPUTS.keys())
    require(not more, f"{JUDGE} should have the two outputs only, but has {more} as well.")
    require_any_batch(signature)
    require_input(signature, "features", "float32")
    total = row_sums(model)
    rows = {"features": battery.numbers(10, reach=battery.OUTSIDE)}

    def row_sum(features):
        return {"row_sum": total(features)}

    require_same_answers(found, JUDGE, rows, row_sum, who="the notebook's model")
    near = edges(total, rows["features"])
    batches = [rows["features"], near, rows["features"][:1]]
    for reader in readers.READERS:
        sent = [{"features": batch} for batch in batches]
        got_batches = answers_to_batches(found, JUDGE, sent, reader)
        for batch, got in zip(batches, got_batches, strict=True):
            require_signs(got, batch, readers.READERS[reader])
    got = require_weights(found, JUDGE, {"features": FEATURES})
    require_signs(got, FEATURES, "Python, after all weights of the loaded export were set to 0,")
    return (
        "Python, the session (Python) and LiteRT return what your model computes under row_sum, "
        "and above_zero is True exactly where row_sum is above 0, for batches of 1 to 300 rows. "
        "Both outputs also agree in a loaded copy whose weights the check has set to 0. "
        + nearest(np.concatenate([rows["features"], near]), total)
    )


@exercise(
    "q3",
    "prediction export_dir_3",
    hints=[
        "float32 holds every whole number up to 16,777,216. Which of the numbers change when they "
        "become float32? np.float32(number) tells you.",
        "Above 16,777,216, float32 holds only even numbers, and above 33,554,432 only every "
        "fourth number.",
        "Give sorter.export an input_signature with the spec of the page: shape (None,), tf.int32, "
        'name="ids".',
    ],
    given=sorter,
)
def find_the_numbers_that_change(prediction, export_dir_3):
    """Find the numbers that an export changes, and export the model again"""
    model, directory = find_the_numbers_that_change.original()
    calls = {str(number): (model, directory, number) for number in NUMBERS}
    require_prediction(prediction, calls, (True, False), same_answer, reasons(calls))
    found = export_at(export_dir_3, "export_dir_3")
    signature = signature_of(found, KEY)
    name, dtype = the_input(signature), signature.inputs[0].dtype
    require(
        "int" in dtype,
        f"the input of {KEY} should have a dtype of whole numbers, but {name} is {dtype}. Give "
        "sorter.export an input_signature.",
    )
    require(name == "ids", f"the input of {KEY} should be called ids, but is called {name}.")
    require_any_batch(signature)
    require_sorted(found, signature, model)
    return (
        "your five predictions are right. In Python, the session (Python) and LiteRT, your export "
        "gives the answers of sorter for 300 whole numbers between -2,147,483,648 and "
        f"2,147,483,647. {nearest_dtype(model)}"
    )


@exercise(
    "q4",
    "export_dir_4",
    hints=[
        "LiteRT keeps only what belongs to the computation. So the guard must change the answer.",
        "tf.where(is_right, the_mean, np.nan) gives nan where is_right is False. The number of "
        "columns is tf.shape(readings)[1]. Join two comparisons with &, and not with `and`.",
        "Give the spec the shape (None, None), because rows of 2, 3 and 4 readings are right.",
    ],
)
def guard_the_mean(export_dir_4):
    """Export a mean with a guard that works in LiteRT, too"""
    found = export_at(export_dir_4, "export_dir_4")
    signature = signature_of(found, MEAN)
    outputs = [tensor.name for tensor in signature.outputs]
    require_output(outputs, MEAN, MEAN)
    require(len(outputs) == 1, f"{MEAN} should have one output, but has: {', '.join(outputs)}.")
    require_any_batch(signature)
    require_input(signature, "readings", "float32")
    require_means(found)
    require_no_numbers(found)
    return (
        "for rows of 2, 3 and 4 readings, every reader answers with their mean. For rows of 1, 5 "
        "and 8 readings, Python, the session (Python), the C++ code of a server and LiteRT give an "
        "error or nan. The check refuses a similar wrong answer, too: `< 4` in place of `<= 4`. It "
        "answers rows of 4 readings with nan."
    )


FIRST, OTHERS = np.split(battery.numbers(4)[:7], [2])


def forecast(_folder):
    """Return the class Forecast, whose models ignore their weights."""
    from helpers.exercises.lesson_02.forecast import Forecast  # only here: it needs TensorFlow

    return Forecast


@exercise(
    "q5",
    "Repaired",
    hints=[
        "Keras runs `call` once to find out the shapes of the weights, because the class has no "
        "build. What does CutWithBuild add to Cut?",
        "Write class Repaired(Forecast) with a method build(self, input_shape). It builds "
        "self.wide and self.hidden for input_shape.",
        "self.deep gets the 8 numbers that self.hidden returns: self.deep.build((None, 8)).",
    ],
    given=forecast,
)
def repair_the_forecast(Repaired):
    """Repair the model that ignores its weights"""
    import tensorflow as tf

    require_graphs()
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
    require_fitting_layers(model, FIRST)
    count = require_weights_that_count(model, FIRST, OTHERS)
    require_forecast(model, battery.numbers(4, reach=battery.OUTSIDE))
    require_forecast(model, OTHERS[:1])
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "repaired"
        call(lambda: model.export(directory, verbose=False))
        found = export_at(directory)
        require_any_batch(signature_of(found, KEY))
        for rows in (OTHERS, OTHERS[:1]):
            require_numbers(found, KEY, rows, answer_of(model, rows), SAME_ANSWER)
    return (
        f"all {count} weights have gradients. After the check changed them, the model computes the "
        "formula of Forecast for 300 rows and for one row, and the export gives the same numbers "
        "in every reader."
    )
