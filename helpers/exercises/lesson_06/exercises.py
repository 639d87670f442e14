"""The exercises of lesson 06, the error clinic, on the six exports of broken_exports."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import numpy as np

from helpers.exercises import battery
from helpers.exercises.elsewhere import moved_away
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    SAME_ANSWER,
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
    files_of_the_graph,
    require_inputs,
    require_prices,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers
from helpers.text import safe_repr

BATCHES = slice(None), slice(2), slice(1)


def _require_diagnosis(name, said, right, fact):
    """Require that `said` is one of the keys `right`; `fact` is the evidence against the others."""
    from helpers.clinic import CASES

    require(
        isinstance(said, str) and said in CASES,
        f"{name} should be the name of a case of the clinic, as a text, but is {safe_repr(said)}. "
        "list(CASES) gives the names.",
    )
    require(
        said in right,
        f'{name} should be the case of this export, but {said!r} is "{CASES[said].title}". '
        f"Here {fact}",
    )


@contextlib.contextmanager
def _about(name):
    """Begin every message of the checks in this context with the answer `name`."""
    try:
        yield
    except NotYet as error:
        raise NotYet(f"{name}: {error}") from None


@exercise(
    "q1",
    "diagnosis_1 repaired_dir_1",
    hints=[
        "artifact.read(found_dir_1) lists the names that the export promises.",
        "Which input is the area? Call the signature with 1 for one input and 0 for the other.",
        "The numbers are right. An ExportArchive accepts as an endpoint a function with arguments "
        "area and rooms that calls the loaded signature and returns {'price': ...}.",
    ],
    given=made.unnamed,
)
def repair_the_names(diagnosis_1, repaired_dir_1):
    """Diagnose and repair an export that refuses the shop's requests"""
    _require_diagnosis(
        "diagnosis_1",
        diagnosis_1,
        ["signature-by-name"],
        "the export gives right numbers in all three readers, if the caller uses the names of its "
        "inputs.",
    )
    houses = np.array([[0.0, 0.0], [100.0, 3.0], [80.0, 0.0], [0.0, 2.0]], np.float32)
    with _about("repaired_dir_1"):
        found = export_at(repaired_dir_1, "directory")
        require_inputs(signature_of(found, KEY), dict.fromkeys(made.HOUSE, "float32"))
        inputs = {"area": houses[:, :1], "rooms": houses[:, 1:]}
        require_prices(found, inputs, _price(**inputs)["price"])
        more = battery.numbers(2, 0, 100)
        rows = {"area": more[:, :1], "rooms": more[:, 1:]}
        require_same_answers(found, KEY, rows, _price, who="found_dir_1")
    return (
        "every reader answers the shop's request, for 300 houses with fractions and large numbers "
        "among them, and area and rooms are not swapped."
    )


def _price(area, rooms):
    price = made.GROUND + made.HOUSE["area"] * area + made.HOUSE["rooms"] * rooms
    return {"price": price.astype(np.float32)}


@exercise(
    "q2",
    "diagnosis_2 repaired_dir_2",
    hints=[
        "A clean process on this machine answers, so the export needs nothing from this notebook. "
        "What else does this machine have that the server does not have?",
        "Rename the files of found_dir_2.parent and call a new copy of the export (a reader that "
        "has read a file once does not read it again). What does the error say?",
        "Read colours.txt with Python and give the words to a StringLookup or a tf.constant, or "
        "make the file an asset with tf.saved_model.Asset. The prices are in "
        "tf.saved_model.load(found_dir_2).prices: first the price of an unknown colour, then the "
        "price of each colour.",
    ],
    given=made.with_a_path,
)
def repair_the_path(diagnosis_2, repaired_dir_2):
    """Diagnose and repair an export that answers here but not on the server"""
    _require_diagnosis(
        "diagnosis_2",
        diagnosis_2,
        ["path-in-graph"],
        "a clean process on this machine answers, and the copy on the server is complete. What "
        "else does the graph need?",
    )
    colours = np.array([["green"], ["pink"], ["red"], ["blue"], [""]], object)
    prices = np.array([[made.COLOURS.get(colour, 0.0)] for (colour,) in colours])
    with _about("repaired_dir_2"), tempfile.TemporaryDirectory() as folder:
        found = export_at(repaired_dir_2, "directory")
        require_inputs(signature_of(found, KEY), {"colour": "string"})
        outside = files_of_the_graph(found.directory)
        require(
            not outside,
            "the graph should need no file outside the export, but holds the path of "
            f"{', '.join(outside)}, a file of this machine. No other machine has it.",
        )
        elsewhere = export_at(shutil.copytree(found.directory, Path(folder) / "elsewhere"))
        away = [given for given in repair_the_path.handed if given.is_dir()]
        with moved_away(away):
            require_prices(elsewhere, {"colour": colours}, prices, SERVER)
            words = {"colour": battery.words(made.COLOURS)[:, np.newaxis]}
            require_same_answers(elsewhere, KEY, words, _price_of, SERVER, who="the price list")
    return (
        "a copy in a different directory answers in Python and the session loader for 300 words, "
        "while the folder of found_dir_2 is moved away."
    )


SERVER = ("python", "session")


def _price_of(colour):
    prices = [made.COLOURS.get(word, 0.0) for word in colour.ravel()]
    return {"price": np.array(prices, np.float32).reshape(colour.shape)}


@exercise(
    "q3",
    "diagnosis_3 repaired_dir_3",
    hints=[
        "The phone is the reader litert. Call the export in all readers: compare(found_dir_3).",
        "The numbers are right in Python, and other readers give an error or different numbers. "
        "Which function writes such exports? Two cases of the clinic describe it, and both are "
        "right here.",
        "The clinic's rescue needs only the directory: from helpers.readers.rescue import rescue, "
        "then rescue(found_dir_3, a_new_directory).",
    ],
    given=made.for_python_only,
)
def repair_for_the_phone(diagnosis_3, repaired_dir_3):
    """Diagnose and repair an export that gives wrong numbers on the phone"""
    from helpers.readers.rescue import Rescue

    _require_diagnosis(
        "diagnosis_3",
        diagnosis_3,
        ["litert-garbage", "only-python-can-read"],
        "Python gives right numbers, LiteRT gives different numbers without an error, and the "
        "session loader gives an error about a variable. Compare all three: compare(found_dir_3).",
    )
    require(
        not isinstance(repaired_dir_3, Rescue),
        "repaired_dir_3 should be a directory, but is the report that rescue returns. Give the "
        "directory that rescue wrote.",
    )
    try:
        _require_scores("repaired_dir_3", repaired_dir_3, lambda rows: made.score("phone", rows))
    except NotYet as error:
        if "model.export" not in str(error):
            raise
        raise NotYet(
            f"{error} Without the model, use rescue, which saves again what Python loads."
        ) from None
    return "the export gives the right numbers in all three readers."


def _require_scores(name, answer, right, output=None, of_a_list=False):
    """Require that the export answers right(rows), (n, 1), in every reader and batch.

    of_a_list : whether an answer depends on all rows, so that the message shows them
    """
    with _about(name):
        found = export_at(answer, "directory")
        require_any_batch(signature_of(found, KEY))
        for batch in BATCHES:
            rows = made.ROWS[batch]
            try:
                require_numbers(found, KEY, rows, right(rows), SAME_ANSWER, output=output)
            except NotYet as error:
                sent = f" The request was the list {rows.tolist()}." if of_a_list else ""
                raise NotYet(f"{error}{sent}") from None
        name, key = the_input(found.signatures[KEY]), output or _only_name(found)

        def expected(**inputs):
            return {key: right(inputs[name])}

        require_same_answers(found, KEY, {name: made.many_rows()}, expected)


def _only_name(found):
    return found.signatures[KEY].outputs[0].name


@exercise(
    "q4",
    "diagnosis_4 repaired_dir_4",
    hints=[
        "loaded = tf.saved_model.load(found_dir_4) has loaded.variables. Do the answers change "
        "when you change the variables?",
        "artifact.restored_and_read(found_dir_4) says which variables are filled and which the "
        "signature reads.",
        "The export has the weights, (2, 1) and (1,), of a Dense(1). Give them to a new model with "
        "set_weights(loaded.variables), and export that model.",
    ],
    given=made.cut_off,
)
def repair_the_weights(diagnosis_4, repaired_dir_4):
    """Diagnose and repair an export with right weights and wrong scores"""
    _require_diagnosis(
        "diagnosis_4",
        diagnosis_4,
        ["cut-from-weights"],
        "the answers stay the same when every variable of the loaded export is set to zero.",
    )
    _require_scores("repaired_dir_4", repaired_dir_4, lambda rows: made.score("restored", rows))
    return "the scores are those of the restored weights, in every reader."


@exercise(
    "q5",
    "diagnosis_5 repaired_dir_5",
    hints=[
        "Compute one request of two articles by hand, with loaded.kernel and loaded.bias. Which "
        "number divides the sum of the scores?",
        "What does artifact.read(found_dir_5) say about the number of rows?",
        "A TensorSpec for any number of rows is not enough, because the number is in the graph. "
        "Write the function again with the loaded kernel and bias, tf.reduce_mean, and None in its "
        "TensorSpec.",
    ],
    given=made.for_four_rows,
)
def repair_the_number_of_rows(diagnosis_5, repaired_dir_5):
    """Diagnose and repair an export that is right for four articles and wrong for two"""
    _require_diagnosis(
        "diagnosis_5",
        diagnosis_5,
        ["frozen-batch"],
        "the export answers requests of four articles rightly, and divides the sum of a shorter "
        "request by four as well.",
    )
    with _about("repaired_dir_5"):
        found = export_at(repaired_dir_5, "directory")
        name = the_input(signature_of(found, KEY))
        require(name == "rows", f"{KEY} should have an input named 'rows', but takes {name}.")
    _require_scores("repaired_dir_5", repaired_dir_5, made.above_average, "above", of_a_list=True)
    return (
        "in requests of five, two and one articles, each article is compared with the average of "
        "its own request."
    )


@exercise(
    "q6",
    "diagnosis_6 prediction_6 repaired_dir_6",
    hints=[
        "The scores are right. At which score does the label change, in the signature and in the "
        "restored function?",
        "Tracing writes a number that Python holds into the graph. The signature has the first "
        "trace, and saving made a second trace for the restored function. A loaded object has no "
        "Python code that would read an attribute.",
        "A function that takes the score of the loaded signature and labels it again, by 0.8, can "
        "be the endpoint of an ExportArchive.",
    ],
    given=made.with_the_old_threshold,
)
def repair_the_threshold(diagnosis_6, prediction_6, repaired_dir_6):
    """Diagnose, predict and repair an export with an old threshold"""
    _require_diagnosis(
        "diagnosis_6",
        diagnosis_6,
        ["python-state"],
        f"the scores are right in every reader, and the signature labels by {made.BEFORE}.",
    )
    require_prediction(
        prediction_6,
        _labels(repair_the_threshold.original()),
        (0, 1),
        lambda label: int(label().numpy().item()),
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
    return f"every reader labels by {made.AFTER} now, and you know why the old test passed."


def _labels(directory):
    """Return {the call as the notebook writes it: function that gives the label of the row}."""
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
