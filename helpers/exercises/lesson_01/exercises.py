"""The exercises of lesson 01, basic export."""

import re
from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact, directory_of, read
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    export_at,
    require_any_batch,
    require_numbers,
    require_prediction,
    signature_of,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

KEY = "serving_default"
X = np.linspace(-1, 1, 7, dtype=np.float32)[:, None]
TOLERANCE = 0.15  # a line fitted to 100 points with noise 0.1 lies well within


def _require_line(found, slope, intercept, name):
    require_any_batch(signature_of(found, KEY))
    for rows in (X, X[:1]):
        try:
            require_numbers(found, KEY, rows, slope * rows + intercept, TOLERANCE)
        except NotYet as error:
            raise NotYet(f"{name}: {error}") from None


@exercise(
    "export_dir_1",
    hints=[
        "The model has a method for this; lesson.scratch / 'mine' is a good place.",
        "model.export(directory, verbose=False) writes an artifact that every reader can load.",
    ],
)
def q1(export_dir_1):
    """Export a trained LinearModel so that another process can use it"""
    _require_line(export_at(export_dir_1, "export_dir_1"), 2, 1, "export_dir_1")
    return (
        "Python, the session loader and LiteRT read y = 2x + 1 from your directory, in a process "
        "that has never seen your class."
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
    "prediction",
    hints=[
        "reloaded(questions) was called above, and loaded.serve(questions) too. `loaded` and "
        "`reloaded` come from the same function, tf.saved_model.load.",
        "A signature is made for programs that know outputs by name. What holds values by name?",
    ],
    given=_three_loads,
)
def q2(prediction):
    """Predict what three ways of calling a loaded export return"""
    require_prediction(prediction, q2.given(), OUTCOMES, _outcome)
    return (
        "all three. A restored function gives what yours gave, a tensor; a signature names its "
        "outputs, so it gives a dict; the loaded object itself is neither."
    )


def _outcome(made):
    try:
        return "dict" if isinstance(made(), dict) else "tensor"
    except Exception:
        return "error"


def hundred_rows(folder):
    """An export of y = 2x + 1 that was frozen to 100 rows. Returns its directory, a Path."""
    import tensorflow as tf

    class Line(tf.Module):
        def __init__(self):
            self.weights = tf.Variable([[2.0]]), tf.Variable([1.0])

        @tf.function(input_signature=[tf.TensorSpec((100, 1), tf.float32, name="x")])
        def predict(self, x):
            kernel, bias = self.weights
            return x @ kernel + bias

    line = Line()
    tf.saved_model.save(line, str(folder), signatures=line.predict)
    return Path(folder)


@exercise(
    "rows refuses repaired_dir",
    hints=[
        "artifact.read(found_dir) shows what the signature promises; the first size is the rows.",
        "Give 3 rows to each reader with readers.run(found_dir, 'serving_default', "
        "{'x': x[:3]}, reader).",
        "Your own trained model has the same line: export that one with an open batch size.",
    ],
    given=hundred_rows,
)
def q3(rows, refuses, repaired_dir):
    """Diagnose an artifact that works only in part, and replace it"""
    found = read(q3.given())
    promised = found.signatures[KEY].inputs[0].shape[0]
    require(
        not isinstance(rows, bool) and isinstance(rows, int),
        f"rows: a whole number is wanted, not {safe_repr(rows)}.",
    )
    require(
        rows == promised,
        f"rows: the signature does not promise {rows} rows. Read its input shape.",
    )
    require(
        isinstance(refuses, str) and refuses in readers.READERS,
        f"refuses: {safe_repr(refuses)} is not one of {', '.join(map(repr, readers.READERS))}.",
    )
    refusing = [reader for reader in readers.READERS if not _takes(found, reader, 3)]
    require(
        refuses in refusing,
        f"refuses: {refuses!r} takes 3 rows. Try each of the three readers.",
    )
    _require_line(export_at(repaired_dir, "repaired_dir"), 2, 1, "repaired_dir")
    return "Python and LiteRT took 3 rows and said nothing; the session reader kept the promise."


def _takes(found, reader, rows):
    try:
        readers.run(found.directory, KEY, {"x": np.ones((rows, 1))}, reader)
        return True
    except readers.ReaderError:
        return False


@exercise(
    "base_dir_4",
    hints=[
        "A server looks for folders whose names are whole numbers: base_dir / '1', base_dir / '2'.",
        "Export before you train again: an export keeps the weights of its moment.",
        "newer = LinearModel(), then train(newer, *line(slope=3.0, intercept=-1.0)).",
    ],
)
def q4(base_dir_4):
    """Retrain, and export the new version beside the old one"""
    try:
        directory_of(base_dir_4)
    except NotAnArtifact as error:
        require("parent of exports" in str(error), f"base_dir_4: {error}.")
    else:
        raise NotYet("base_dir_4 is itself an export; it is to hold the folders 1 and 2.")
    names = sorted(path.name for path in Path(base_dir_4).iterdir() if path.is_dir())
    numbers = [name for name in names if re.fullmatch(r"0*[12]", name)]
    require(
        sorted(map(int, numbers)) == [1, 2],
        f"base_dir_4 holds {', '.join(names)}; a server looks for the folders 1 and 2.",
    )
    old, new = (export_at(Path(base_dir_4) / name, name) for name in sorted(numbers, key=int))
    _require_line(
        old,
        2,
        1,
        "version 1 is to keep y = 2x + 1 (if it was overwritten, export `model` there again)",
    )
    _require_line(new, 3, -1, "version 2 is to have learnt y = 3x - 1")
    return "version 1 still answers as it did, and version 2 stands beside it: you can go back."
