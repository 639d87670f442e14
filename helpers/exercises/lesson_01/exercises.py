"""The exercises of lesson 01, basic export."""

import re
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact, directory_of, read
from helpers.exercises import answer_types, battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    FITTED,
    answers,
    export_at,
    measured,
    require_any_batch,
    require_numbers,
    require_prediction,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers

KEY = "serving_default"
X = np.linspace(-1, 1, 7, dtype=np.float32)[:, None]


def _require_line(found, slope, intercept, name):
    """Require that an export computes about this line, and a straight line for every number."""
    require_any_batch(signature_of(found, KEY))
    try:
        for rows in (X, X[:1]):
            require_numbers(found, KEY, rows, slope * rows + intercept, FITTED)
        x = the_input(found.signatures[KEY])
        ends = np.array([[0.0], [1.0]], np.float32)
        (output, (zero, one)), *_ = answers(found, KEY, {x: ends}, "python").items()

        def line(**inputs):
            return {output: (inputs[x] * (one - zero) + zero).astype(one.dtype)}

        rows = {x: battery.numbers(1)}
        who = "the line through its answers for 0 and 1"
        require_same_answers(found, KEY, rows, line, who=who)
    except NotYet as error:
        raise NotYet(f"{name}: {error}") from None


@exercise(
    "q1",
    "export_dir_1",
    needs="export_dir",
    hints=[
        "The model has a method for this. lesson.scratch / 'mine' is a good directory.",
        "model.export(directory, verbose=False) writes an export that every reader can load.",
    ],
)
def export_the_model(export_dir_1, export_dir):
    """Export a trained LinearModel so that another process can use it"""
    found = export_at(export_dir_1, "export_dir_1")
    require(
        found.directory.resolve() != Path(export_dir).resolve(),
        "export_dir_1 should be the export of the model that you trained, but is export_dir, the "
        "export of the page.",
    )
    _require_line(found, 2, 1, "export_dir_1")
    require_weights(found, KEY, {the_input(found.signatures[KEY]): X})
    return (
        "Python, the session loader and LiteRT compute a straight line near y = 2x + 1 from your "
        "export, for 300 numbers, in a process that does not have your class. A line that is 0.2 "
        "higher or steeper would have been refused."
    )


OUTCOMES = ("tensor", "dict", "error")


def _three_loads(folder):
    import tensorflow as tf

    from helpers.models import LinearModel

    model = LinearModel()
    model(X)
    model.export(folder, verbose=False)
    loaded = tf.saved_model.load(folder)
    return {
        "loaded(questions)": lambda: loaded(tf.constant(X)),
        "loaded.serve(questions)": lambda: loaded.serve(tf.constant(X)),
        'loaded.signatures["serving_default"](questions)': lambda: loaded.signatures[KEY](
            tf.constant(X)
        ),
    }


@exercise(
    "q2",
    "prediction",
    hints=[
        "reloaded(questions) was called above, and loaded.serve(questions) too. `loaded` and "
        "`reloaded` come from the same function, tf.saved_model.load.",
        "A signature is made for programs that know outputs by name. Which Python type holds "
        "values by name?",
    ],
    given=_three_loads,
)
def predict_three_calls(prediction):
    """Predict what three calls of a loaded export return"""
    calls = predict_three_calls.original()
    require_prediction(prediction, calls, OUTCOMES, _outcome, _reasons(calls))
    return (
        "all three predictions are right. A restored function returns a tensor, as your function "
        "does. A signature names its outputs, so it returns a dict. The loaded object itself "
        "cannot be called."
    )


WHY = (
    "The loaded object has no call: only its functions and signatures can be called.",
    "`serve` is a restored function, and returns what the exported function returned.",
    "A signature is for programs that know outputs by name, so it returns a dict.",
)


def _reasons(calls):
    return {
        (call, said): f"{measured(made)} {why}"
        for (call, made), why in zip(calls.items(), WHY, strict=True)
        for said in OUTCOMES
    }


def _outcome(made):
    try:
        return "dict" if isinstance(made(), dict) else "tensor"
    except Exception:
        return "error"


def fixed_rows(folder, seed=None):
    """Make an export of y = 2x + 1 that accepts only so many rows. Return its directory, a Path."""
    import tensorflow as tf

    rows = 64 if seed is None else 20 + 37 * seed % 180

    class Line(tf.Module):
        def __init__(self):
            self.weights = tf.Variable([[2.0]]), tf.Variable([1.0])

        @tf.function(input_signature=[tf.TensorSpec((rows, 1), tf.float32, name="x")])
        def predict(self, x):
            kernel, bias = self.weights
            return x @ kernel + bias

    line = Line()
    tf.saved_model.save(line, str(folder), signatures=line.predict)
    return Path(folder)


@exercise(
    "q3",
    "rows refuses repaired_dir",
    hints=[
        "artifact.read(found_dir) shows what the signature promises. The first size in a shape is "
        "the number of rows.",
        "Give 3 rows to each reader with readers.run(found_dir, 'serving_default', "
        "{'x': x[:3]}, reader).",
        "Your own trained model computes the same line. Export it so that it accepts any number "
        "of rows.",
    ],
    given=fixed_rows,
)
def replace_the_fixed_rows(rows, refuses, repaired_dir):
    """Diagnose an export that works only in some readers, and replace it"""
    found = read(replace_the_fixed_rows.original())
    promised = found.signatures[KEY].inputs[0].shape[0]
    rows = answer_types.whole_number(rows, "rows")
    require(
        rows == promised,
        f"rows should be what the signature promises, but it does not promise {rows} rows. Read "
        "its input shape.",
    )
    refuses = answer_types.text(refuses, "refuses", readers.READERS)
    refusing = [reader for reader in readers.READERS if not _takes(found, reader, 3)]
    require(
        refuses in refusing,
        f"refuses should be the reader that refuses 3 rows, but {refuses!r} takes them. Try each "
        "of the three readers.",
    )
    _require_line(export_at(repaired_dir, "repaired_dir"), 2, 1, "repaired_dir")
    return (
        "Python and LiteRT accept 3 rows without an error. The session loader refuses what the "
        "signature does not promise. Your own export computes the line for 1 to 300 rows in all "
        "three."
    )


def _takes(found, reader, rows):
    try:
        readers.run(found.directory, KEY, {"x": np.ones((rows, 1))}, reader)
        return True
    except readers.ReaderError:
        return False


@exercise(
    "q4",
    "base_dir_4",
    hints=[
        "A server looks for folders whose names are whole numbers: base_dir / '1', base_dir / '2'.",
        "Export before you train again. An export keeps the weights that the model has when it is "
        "exported.",
        "newer = LinearModel(), then train(newer, *line(slope=3.0, intercept=-1.0)).",
    ],
)
def export_a_new_version(base_dir_4):
    """Retrain, and export the new version beside the old one"""
    try:
        directory_of(base_dir_4)
    except NotAnArtifact as error:
        require("parent of exports" in str(error), f"base_dir_4: {error}.")
    else:
        raise NotYet("base_dir_4 should hold the folders 1 and 2, but is itself an export.")
    names = sorted(path.name for path in Path(base_dir_4).iterdir() if path.is_dir())
    numbers = [name for name in names if re.fullmatch(r"0*[12]", name)]
    require(
        sorted(map(int, numbers)) == [1, 2],
        f"base_dir_4 should hold the folders 1 and 2, which a server looks for, but holds "
        f"{', '.join(names)}.",
    )
    old, new = (export_at(Path(base_dir_4) / name, name) for name in sorted(numbers, key=int))
    _require_line(
        old,
        2,
        1,
        "version 1 should keep y = 2x + 1 (if you overwrote it, export `model` there again)",
    )
    _require_line(new, 3, -1, "version 2 should compute y = 3x - 1")
    for found in (old, new):
        require_weights(found, KEY, {the_input(found.signatures[KEY]): X})
    return (
        "version 1 still computes y = 2x + 1, and version 2 computes y = 3x - 1 beside it, so you "
        "can go back. Lines that are 0.2 higher or steeper would have been refused."
    )
