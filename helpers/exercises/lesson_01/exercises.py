"""The exercises of lesson 01, basic export."""

import re
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.restored_variables import restored_and_read
from helpers.artifact.saved_model import NotAnArtifact, directory_of, read
from helpers.exercises import answer_types, battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    FITTED,
    SAME,
    answers,
    export_at,
    require_any_batch,
    require_numbers,
    require_prediction,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_01 import two_inputs_check
from helpers.exercises.lesson_01.exports import NAMES, fixed_rows, three_exports
from helpers.exercises.lesson_01.restored_check import require_restored
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.readers.verdicts import OTHER, STATUSES, verdicts

KEY = "serving_default"
X = np.linspace(-1, 1, 7, dtype=np.float32)[:, None]
THREE = np.array([[0.0], [1.0], [2.0]], np.float32)
UNTRAINED = (
    " If you trained on the right points, train longer before the export: the function train of "
    "the page takes 1,000 steps, and model.fit needs many epochs."
)


def _require_line(found, slope, intercept, name, advice=UNTRAINED):
    """Require that an export computes about this line, and a straight line for every number."""
    require_restored(found, name)
    require_any_batch(signature_of(found, KEY))
    try:
        # The other readers must answer as Python does, more closely: see below.
        require_numbers(found, KEY, X, slope * X + intercept, FITTED, ["python"])
        x = the_input(found.signatures[KEY])
        ends = np.array([[0.0], [1.0]], np.float32)
        (output, (zero, one)), *_ = answers(found, KEY, {x: ends}, "python").items()

        def line(**inputs):
            return {output: (inputs[x] * (one - zero) + zero).astype(one.dtype)}

        rows = {x: battery.numbers(1)}
        who = "the line through its answers for 0 and 1"
        require_same_answers(found, KEY, rows, line, who=who)
    except NotYet as error:
        told = advice if " should answer " in str(error) else ""
        raise NotYet(f"{name}: {error}{told}") from None


def _require_learned(found, right, name, formula):
    """Require that an export differs from a formula as a model does that learned from noisy points.

    Parameters
    ----------
    found : Artifact
    right : (n, 1) float32 array
        What the formula gives for X.
    name, formula : str
        Of the answer, and in words.
    """
    (value,) = answers(found, KEY, {the_input(found.signatures[KEY]): X}, "python").values()
    require(
        np.abs(value - right).max() > 1e-5,
        f"{name} should be the export of a model that has learned from the points, but it "
        f"computes {formula} exactly. The points are noisy, so a trained model is a little off.",
    )


@exercise(
    "q1",
    "export_dir_1",
    hints=[
        "train(mine, my_x, my_y) trains the model. The model has a method that exports it.",
        "export_dir_1 = lesson.scratch / 'mine', then mine.export(export_dir_1, verbose=False).",
    ],
)
def export_the_model(export_dir_1):
    """Export a trained LinearModel so that another process can use it"""
    found = export_at(export_dir_1, "export_dir_1")
    _require_line(found, -1, 4, "export_dir_1")
    _require_learned(found, 4 - X, "export_dir_1", "y = -x + 4")
    x = the_input(found.signatures[KEY])
    require_weights(found, KEY, {x: X})
    return (
        "Python, the session (Python) and LiteRT compute a straight line near y = -x + 4 from your "
        "export, for 300 numbers, in a process that does not have your class. The check "
        "refuses a line that is 0.2 higher or steeper, and weights that were not trained."
    )


def _cells(outcomes):
    """Return {"a in python": what the learner says} of a table of three exports."""
    table = answer_types.mapping(outcomes, NAMES, "outcomes")
    rows = {
        name: answer_types.mapping(row, readers.READERS, f"outcomes[{name!r}]")
        for name, row in table.items()
    }
    return {f"{name} in {who}": said for name, row in rows.items() for who, said in row.items()}


def _reasons(found, exports):
    """Return what was measured and why, for each cell of the table and each status."""
    reasons = {}
    for cell, verdict in found.items():
        restored, variables = restored_and_read(exports[cell[0]])
        filled = len(set(restored) & set(variables))
        why = "Its signature reads no variables."
        if variables:
            why = f"Its signature reads {len(variables)} variables, of which {filled} are restored."
        reasons |= {(cell, said): f"{_measured(verdict)} {why}" for said in STATUSES}
    return reasons


def _measured(verdict):
    if verdict.error:
        return f"It raises {verdict.error}."
    values = [value for output in verdict.outputs.values() for value in output.flat]
    numbers = ", ".join(f"{value:.3g}" for value in values)
    return f"For x = 0, 1 and 2 it answers {numbers}."


@exercise(
    "q2",
    "outcomes repaired_dir_2",
    hints=[
        "artifact.restored_and_read(exports['a']) shows which variables restore fills, and which "
        "of them the signature reads.",
        "A signature that reads no variable has only constants, so every reader is right. A "
        "signature that reads an empty variable fails in the session (Python). Python itself "
        "fills its variables.",
        "Step 3: find the row of your table with 'other numbers'. models[name].export(directory) "
        "exports that model again.",
    ],
    given=three_exports,
)
def predict_the_readers(outcomes, repaired_dir_2):
    """Predict what each of three readers does with each of three exports, and repair one"""
    exports, models = predict_the_readers.original()
    found = {
        f"{name} in {verdict.reader}": verdict
        for name in NAMES
        for verdict in verdicts(exports[name], THREE, np.asarray(models[name](THREE)))
    }
    statuses = {cell: verdict.status for cell, verdict in found.items()}
    reasons = _reasons(found, exports)
    require_prediction(_cells(outcomes), statuses, STATUSES, lambda status: status, reasons)
    worst = next(cell[0] for cell, status in statuses.items() if status == OTHER)
    _require_model(repaired_dir_2, models[worst])
    return (
        "all nine predictions are right, as measured with 3 rows. Your export gives the numbers of "
        f"models[{worst!r}] in all three readers, for 300 rows."
    )


def _require_model(answer, model):
    """Require that an export computes what the model of an export of exercise 2 does."""
    found = export_at(answer, "repaired_dir_2")
    require_restored(found, "repaired_dir_2")
    require_any_batch(signature_of(found, KEY))
    x = the_input(found.signatures[KEY])
    ((output, value),) = answers(found, KEY, {x: X}, "python").items()

    def expected(**inputs):
        return {output: np.asarray(model(inputs[x]))}

    require(
        np.shape(value) == np.shape(model(X)) and np.allclose(value, model(X), atol=SAME),
        "repaired_dir_2 should compute what the model of step 3 does, but computes something else. "
        "Which row of your table has other numbers? Export the model with that name.",
    )
    require_same_answers(found, KEY, {x: battery.numbers(1)}, expected, who="this model")
    require_weights(found, KEY, {x: X})


@exercise(
    "q3",
    "rows phone repaired_dir",
    hints=[
        "artifact.read(found_dir) shows what the signature declares. The first size in a shape is "
        "the number of rows.",
        "readers.run(found_dir, 'serving_default', {'x': [[0.0], [1.0], [2.0]]}, 'litert') gives "
        "3 rows to LiteRT. The line gives 1, 3 and 5.",
        "Your own trained model computes the same line. Export it so that it accepts any number "
        "of rows.",
    ],
    given=fixed_rows,
)
def replace_the_fixed_rows(rows, phone, repaired_dir):
    """Diagnose an export that was made for one number of rows, and replace it"""
    found = read(replace_the_fixed_rows.original())
    declared = found.signatures[KEY].inputs[0].shape[0]
    rows = answer_types.whole_number(rows, "rows")
    require(
        rows == declared,
        f"rows should be what the signature declares, but it does not declare {rows} rows. "
        "Read its input shape.",
    )
    phone = answer_types.text(phone, "phone", STATUSES)
    (litert,) = verdicts(found.directory, THREE, 2 * THREE + 1, which=["litert"])
    require(
        phone == litert.status,
        f"phone should be what LiteRT does with 3 rows, but it is not {phone!r}. "
        f"{_measured(litert)} The line y = 2x + 1 gives 1, 3, 5.",
    )
    repaired = export_at(repaired_dir, "repaired_dir")
    _require_line(repaired, 2, 1, "repaired_dir", " Did you export another model than `model`?")
    _require_learned(repaired, 2 * X + 1, "repaired_dir", "y = 2x + 1")
    return (
        f"the signature declares {declared} rows. {_measured(litert)} LiteRT gives no error, so "
        "only a comparison of numbers tells whether they are right. Your own export computes the "
        "line for 1 to 300 rows in all three readers."
    )


@exercise(
    "q4",
    "base_dir_4",
    hints=[
        "A server looks for folders whose names are whole numbers: base_dir / '1', base_dir / '2'.",
        "train(newer, new_x, new_y) trains the new model. Export it after that.",
        "newer.export(base_dir / '2', verbose=False), then base_dir_4 = base_dir.",
    ],
)
def export_a_new_version(base_dir_4):
    """Retrain, and export the new version beside the old one"""
    try:
        directory_of(base_dir_4)
    except NotAnArtifact as error:
        require("parent of exports" in str(error), f"base_dir_4: {error}.")
    else:
        raise NotYet(
            "base_dir_4 should hold the folders 1 and 2, but is itself an export. If it is one "
            "version, give the folder that it is in. If you exported to base_dir itself, set "
            "base_dir to a new folder, such as lesson.scratch / 'line_again', and export `model` "
            "to base_dir / '1' and `newer` to base_dir / '2'."
        )
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
        "can go back. The check refuses lines that are 0.2 higher or steeper."
    )


@exercise(
    "q5",
    "two_inputs export_dir_5",
    hints=[
        "size = tf.keras.Input((1,), name='size'). The second input has its own Input layer with "
        "its own name.",
        "tf.keras.layers.Concatenate()([size, age]) makes one tensor of both. A Dense(1) layer "
        "computes the price from it.",
        "two_inputs = tf.keras.Model([size, age], price), then two_inputs.export(directory).",
    ],
)
def export_two_inputs(two_inputs, export_dir_5):
    """Export a model with two inputs, which other programs call by name"""
    return two_inputs_check.require_two_inputs(two_inputs, export_dir_5)
