"""The exercises of lesson 06, the error clinic: six broken exports, made in broken_exports."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import numpy as np

from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    export_at,
    require_any_batch,
    require_numbers,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06.price_checks import (
    KEY,
    TOLERANCE,
    files_of_the_graph,
    require_inputs,
    require_prices,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

BATCHES = slice(None), slice(2), slice(1)


def _require_diagnosis(name, said, right, fact):
    """`said` must be one of the keys `right`; `fact` is what speaks against any other case."""
    from helpers.clinic import CASES

    require(
        isinstance(said, str) and said in CASES,
        f"{name}: {safe_repr(said)} is no case of the clinic. list(CASES) gives their names, each "
        "to be written as a text.",
    )
    require(said in right, f'{name}: {said!r} is met as "{CASES[said].title}". Here {fact}')


@contextlib.contextmanager
def _about(name):
    """Whatever is not yet right in here is said of the answer `name`."""
    try:
        yield
    except NotYet as error:
        raise NotYet(f"{name}: {error}") from None


@exercise(
    "diagnosis_1 repaired_dir_1",
    hints=[
        "artifact.read(found_dir_1) lists the names that the export promises.",
        "Which input is which? Call the signature with 1 for one of them and 0 for the other.",
        "Nothing is wrong with the numbers. A function with arguments area and rooms that calls "
        "the loaded signature and returns {'price': ...} is an endpoint for an ExportArchive.",
    ],
    given=made.unnamed,
)
def q1(diagnosis_1, repaired_dir_1):
    """Diagnose and repair: the shop's requests are refused"""
    _require_diagnosis(
        "diagnosis_1",
        diagnosis_1,
        ["signature-by-name"],
        "the export answers all three readers, with right numbers, to whoever calls it as it "
        "wants to be called.",
    )
    houses = np.array([[0.0, 0.0], [100.0, 3.0], [80.0, 0.0], [0.0, 2.0]], np.float32)
    inputs = {"area": houses[:, :1], "rooms": houses[:, 1:]}
    wanted = made.GROUND + sum(made.HOUSE[name] * value for name, value in inputs.items())
    with _about("repaired_dir_1"):
        found = export_at(repaired_dir_1, "directory")
        require_inputs(signature_of(found, KEY), dict.fromkeys(inputs, "float32"))
        require_prices(found, inputs, wanted)
    return "the shop's request is understood in every reader, and area and rooms are not swapped."


@exercise(
    "diagnosis_2 repaired_dir_2",
    hints=[
        "A clean process here answers, so the directory lacks nothing that this notebook would "
        "add. What else does this machine have that the server has not?",
        "Rename the files of found_dir_2.parent and ask a fresh copy of the export (a reader that "
        "has read a file once does not read it again). What does the error say?",
        "Read colours.txt with Python and give the words to a StringLookup or a tf.constant, or "
        "make the file an asset with tf.saved_model.Asset. The prices are in "
        "tf.saved_model.load(found_dir_2).prices: first that of an unknown colour, then of each.",
    ],
    given=made.with_a_path,
)
def q2(diagnosis_2, repaired_dir_2):
    """Diagnose and repair: it answers here and not on the server"""
    _require_diagnosis(
        "diagnosis_2",
        diagnosis_2,
        ["path-in-graph"],
        "a clean process on this machine answers, and the copy on the server is complete. What "
        "else does the graph need?",
    )
    colours = np.array([["green"], ["pink"], ["red"], ["blue"], [""]], object)
    wanted = np.array([[made.COLOURS.get(colour, 0.0)] for (colour,) in colours])
    with _about("repaired_dir_2"), tempfile.TemporaryDirectory() as folder:
        found = export_at(repaired_dir_2, "directory")
        require_inputs(signature_of(found, KEY), {"colour": "string"})
        outside = files_of_the_graph(found.directory)
        require(
            not outside,
            f"the graph holds the path of {', '.join(outside)}, a file of this machine. No "
            "other machine has it.",
        )
        elsewhere = export_at(shutil.copytree(found.directory, Path(folder) / "elsewhere"))
        require_prices(elsewhere, {"colour": colours}, wanted, ("python", "session"))
    return "a copy of it answers elsewhere, in Python and the session loader, without her file."


@exercise(
    "diagnosis_3 repaired_dir_3",
    hints=[
        "The phone is the reader litert. Put the export to all of them: compare(found_dir_3).",
        "Right in Python, another error or other numbers elsewhere: which function writes such "
        "exports? Two cases of the clinic tell of it, and either is right here.",
        "The clinic's rescue needs the directory only: from helpers.readers.rescue import rescue, "
        "then rescue(found_dir_3, a_new_directory).",
    ],
    given=made.for_python_only,
)
def q3(diagnosis_3, repaired_dir_3):
    """Diagnose and repair: nonsense on the phone"""
    from helpers.readers.rescue import Rescue

    _require_diagnosis(
        "diagnosis_3",
        diagnosis_3,
        ["litert-garbage", "only-python-can-read"],
        "Python gives right numbers, LiteRT gives others without an error, and the session "
        "loader an error about a variable. Put the export to all three: compare(found_dir_3).",
    )
    require(
        not isinstance(repaired_dir_3, Rescue),
        "repaired_dir_3: rescue returns a report; give the directory that it wrote.",
    )
    try:
        _require_scores("repaired_dir_3", repaired_dir_3, lambda rows: made.score("phone", rows))
    except NotYet as error:
        if "model.export" not in str(error):
            raise
        raise NotYet(f"{error} Without the model, save again what Python loads: rescue.") from None
    return "one artifact, the same right numbers in all three readers."


def _require_scores(name, answer, right, output=None, of_a_list=False):
    """The export must answer right(rows) (n, 1) for rows of two, in every reader and batch.

    of_a_list : whether an answer depends on all the rows, which are then shown
    """
    with _about(name):
        found = export_at(answer, "directory")
        require_any_batch(signature_of(found, KEY))
        for batch in BATCHES:
            rows = made.ROWS[batch]
            try:
                require_numbers(found, KEY, rows, right(rows), TOLERANCE, output=output)
            except NotYet as error:
                sent = f" Sent was the list {rows.tolist()}." if of_a_list else ""
                raise NotYet(f"{error}{sent}") from None


@exercise(
    "diagnosis_4 repaired_dir_4",
    hints=[
        "loaded = tf.saved_model.load(found_dir_4) has loaded.variables. Do the answers follow "
        "when you change them?",
        "artifact.restored_and_read(found_dir_4) says which variables are filled and which the "
        "signature reads.",
        "The weights are there, (2, 1) and (1,), as for a Dense(1): give them to a new model with "
        "set_weights(loaded.variables), and export that.",
    ],
    given=made.cut_off,
)
def q4(diagnosis_4, repaired_dir_4):
    """Diagnose and repair: right weights, wrong scores"""
    _require_diagnosis(
        "diagnosis_4",
        diagnosis_4,
        ["cut-from-weights"],
        "the answers stay as they are when every variable of the loaded export is set to zero.",
    )
    _require_scores("repaired_dir_4", repaired_dir_4, lambda rows: made.score("restored", rows))
    return "the scores are those of the restored weights, in every reader."


@exercise(
    "diagnosis_5 repaired_dir_5",
    hints=[
        "Compute one request of two articles by hand: loaded.kernel and loaded.bias are there. By "
        "what was the sum of the scores divided?",
        "What does artifact.read(found_dir_5) say about the number of rows?",
        "Opening the shape is not enough, since the number is in the graph. Write the function "
        "again with the loaded kernel and bias, tf.reduce_mean, and None in its TensorSpec.",
    ],
    given=made.for_four_rows,
)
def q5(diagnosis_5, repaired_dir_5):
    """Diagnose and repair: right for four articles, wrong for two"""
    _require_diagnosis(
        "diagnosis_5",
        diagnosis_5,
        ["frozen-batch"],
        "requests of four articles are answered rightly, and shorter ones as if their sum were "
        "that of four.",
    )
    with _about("repaired_dir_5"):
        found = export_at(repaired_dir_5, "directory")
        name = the_input(signature_of(found, KEY))
        require(name == "rows", f"{KEY} takes {name}; an input named 'rows' is wanted.")
    _require_scores("repaired_dir_5", repaired_dir_5, made.above_average, "above", of_a_list=True)
    return "five articles, two or one: each is compared with the average of its own request."


@exercise(
    "diagnosis_6 prediction_6 repaired_dir_6",
    hints=[
        "The scores are right. At which score does the label change, in the signature and in the "
        "restored function?",
        "A number that Python holds is written into the graph when a function is traced. The "
        "signature has the first trace; saving made another one for the restored function. A "
        "loaded object has no Python left that would read an attribute.",
        "A function that takes the loaded signature's score and labels it again, by 0.8, can be "
        "the endpoint of an ExportArchive.",
    ],
    given=made.with_the_old_threshold,
)
def q6(diagnosis_6, prediction_6, repaired_dir_6):
    """Diagnose, predict and repair: the threshold that did not arrive"""
    _require_diagnosis(
        "diagnosis_6",
        diagnosis_6,
        ["python-state"],
        f"scores are right in every reader, and the signature labels by {made.BEFORE}.",
    )
    require_prediction(
        prediction_6, _labels(q6.given()), (0, 1), lambda label: int(label().numpy().item())
    )
    _require_scores(
        "repaired_dir_6", repaired_dir_6, lambda rows: made.score("labelled", rows), "score"
    )
    _require_scores(
        "repaired_dir_6",
        repaired_dir_6,
        lambda rows: (made.score("labelled", rows) > made.AFTER).astype(int),
        "label",
    )
    return f"every reader labels by {made.AFTER} now, and you know why that test was green."


def _labels(directory):
    """{the call as the notebook writes it: function that gives the label of the row}."""
    import tensorflow as tf

    loaded, row = tf.saved_model.load(str(directory)), tf.constant(made.ROWS[:1])

    def signature():
        return loaded.signatures[KEY](rows=row)["label"]

    def changed():
        loaded.threshold = made.BEFORE
        return loaded.serving_default(row)["label"]

    return {
        "the signature": signature,
        "the restored function": lambda: loaded.serving_default(row)["label"],
        "the restored function, after labels.threshold = 0.5": changed,
    }
