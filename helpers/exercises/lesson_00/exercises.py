"""The exercise of lesson 00: the first export that every reader can use."""

from typing import Any

import numpy as np

from helpers.exercises import battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    SAME,
    answers,
    export_at,
    only_output,
    require_any_batch,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers

KEY = "serving_default"
X = np.array([[0.0], [1.0], [10.0]], np.float32)
UNFILLED = "Could not find variable"  # the session loader's error for the popular recipe
EXPORT = "model.export(export_dir, verbose=False)"


def line(x: np.ndarray) -> np.ndarray:
    """Compute y = 2x + 1, as the model of the page does."""
    return 2 * x + 1


def require_the_line(model: Any) -> None:
    """Require that `model` still is the model of the page, and say what may have replaced it.

    Raises
    ------
    NotYet
        If it does not compute y = 2x + 1.
    """
    try:
        got = np.asarray(model(X), np.float64).reshape(X.shape)
    except Exception:
        found = "is a different object"
    else:
        wrong = ~np.isclose(got, line(X), SAME, SAME)
        if not wrong.any():
            return
        row = int(np.argmax(wrong))
        found = f"computes {got[row, 0]:.4g} for x = {X[row, 0]:g}"
    raise NotYet(
        f"`model` should compute y = 2x + 1, but {found}. Did a cell, such as this one, make a "
        "new `model`? Give the new one a different name. Then run the cells above again (Run > Run "
        "All Above Selected Cell), and after them this cell."
    )


def require_the_numbers(x: np.ndarray, got: np.ndarray) -> None:
    """Require that an export computes y = 2x + 1 in Python.

    Parameters
    ----------
    x : (n, 1) float32 array
    got : array
        The answers of the export. The check of types and shapes is that of `require_same_answers`.

    Raises
    ------
    NotYet
        For the first row with a different number.
    """
    right = line(x)
    if got.shape != right.shape or got.dtype.kind != "f":
        return
    wrong = ~np.isclose(got, right, SAME, SAME)
    row = int(np.argmax(wrong))
    require(
        not wrong.any(),
        f"for x = {x[row, 0]:.4g}, your export computes {got[row, 0]:.4g}, but `model` computes "
        f"{right[row, 0]:.4g}. Did you export a different model, such as `my_model` of the recipe?",
    )


@exercise(
    "q1",
    "export_dir",
    needs="model",
    hints=[
        "A Keras model has a method that writes an export. The recipe at the top calls it.",
        f'Write export_dir = lesson.scratch / "good", and {EXPORT} below it.',
    ],
)
def export_the_model(export_dir, model):
    """Export `model` so that all three readers compute the same numbers as `model`"""
    require(
        export_dir is not None,
        "export_dir should be a folder, but is None. model.export returns nothing: write "
        f'export_dir = lesson.scratch / "good" first, and {EXPORT} below it.',
    )
    require_the_line(model)
    try:
        found = export_at(export_dir, "export_dir")
    except NotYet as error:
        raise NotYet(
            f'{error} Write export_dir = lesson.scratch / "good" for a new folder, and {EXPORT} '
            "below it."
        ) from None
    try:
        signature = signature_of(found, KEY)
        name = the_input(signature)
        require_any_batch(signature)
        rows = {name: battery.numbers(1)}
        for x in (X, rows[name]):  # a message about x = 0 or 1 says more
            got = answers(found, KEY, {name: x}, "python")
            require_the_numbers(x, only_output(got, KEY))
        (output,) = got

        def numbers(**inputs):
            return {output: model(inputs[name]).numpy()}

        require_same_answers(found, KEY, rows, numbers, who="model")
        require_weights(found, KEY, {name: X})
    except NotYet as error:
        # The cure of the clinic has terms that this first lesson does not explain.
        require(
            UNFILLED not in str(error),
            "export_dir should work in all three readers, but the session fails: it finds "
            "no values for the weights of the model. tf.saved_model.save causes this with "
            f"Keras models. Write the export with {EXPORT}.",
        )
        raise NotYet(f"{error} Write the export with {EXPORT}.") from None
    return (
        "From your export, Python, the session and LiteRT compute the same numbers as "
        "`model`. The check sent 300 rows to another process, which does not have `model`. It "
        "would refuse an export whose numbers are 0.01 larger. The map at the end of this page "
        "shows what you have passed."
    )
