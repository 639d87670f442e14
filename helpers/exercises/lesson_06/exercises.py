"""The exercises of lesson 06, the error clinic, on the six exports of broken_exports."""

import numpy as np

from helpers.exercises import battery
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    in_words,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06.lone_export import alone
from helpers.exercises.lesson_06.price_checks import KEY, require_inputs, require_prices
from helpers.exercises.lesson_06.score_checks import require_scores
from helpers.exercises.lesson_06.variants import ASSIGNED, ROWS
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers
from helpers.text import safe_repr


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
    houses = made.drawn_for(repair_the_names.original())
    with alone("repaired_dir_1", repaired_dir_1, repair_the_names.handed) as found:
        require_inputs(signature_of(found, KEY), {"area": "float32", "rooms": "float32"})
        first = np.array([[0.0, 0.0], [100.0, 3.0], [80.0, 0.0], [0.0, 2.0]], np.float32)
        inputs = {"area": first[:, :1], "rooms": first[:, 1:]}
        require_prices(found, inputs, houses.price(**inputs)["price"])
        more = battery.numbers(2, 0, 100, reach=battery.OUTSIDE)
        more[:200] = abs(more[:200])
        rows = {"area": more[:, :1], "rooms": more[:, 1:]}
        require_same_answers(found, KEY, rows, houses.price, who="found_dir_1")
    return (
        "every reader answers the shop's request, for 300 houses, with fractions and with large "
        "and negative numbers. " + _nearest_price(houses, rows)
    )


def _nearest_price(houses, rows):
    return nearest_wrong(
        rows,
        houses.price,
        {
            "area and rooms swapped": lambda area, rooms: houses.price(rooms, area),
            "the parts of a square metre left out": lambda area, rooms: houses.price(
                np.floor(area), rooms
            ),
            f"a price without the {houses.ground:g}": lambda area, rooms: {
                "price": houses.price(area, rooms)["price"] - np.float32(houses.ground)
            },
        },
    )


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
    prices = made.drawn_for(repair_the_path.original())
    colours = list(prices)
    first = np.array([colours[1:2], ["pink"], *([colour] for colour in colours), [""]], object)
    words = {"colour": battery.words(prices)[:, np.newaxis]}

    def price(colour):
        return _looked_up(prices, colour)

    with alone("repaired_dir_2", repaired_dir_2, repair_the_path.handed, copy=True) as found:
        require_inputs(signature_of(found, KEY), {"colour": "string"})
        require_prices(found, {"colour": first}, price(first)["price"], SERVER)
        require_same_answers(found, KEY, words, price, SERVER, who="the price list")
    return (
        "a copy in a different directory answers in Python and the session (Python) for 300 words, "
        "while the folder of found_dir_2 is moved away. " + _nearest_colour(prices, words)
    )


SERVER = ("python", "session")


def _looked_up(prices, colour, change=str):
    found = [prices.get(change(word), 0.0) for word in colour.ravel()]
    return {"price": np.array(found, np.float32).reshape(colour.shape)}


def _nearest_colour(prices, words):
    return nearest_wrong(
        words,
        lambda colour: _looked_up(prices, colour),
        {
            "a colour in capitals has its price as well": lambda colour: _looked_up(
                prices, colour, str.lower
            ),
            "blanks around a colour are removed": lambda colour: _looked_up(
                prices, colour, str.strip
            ),
        },
    )


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
        "session (Python) gives an error about a variable. Compare all three: "
        "compare(found_dir_3).",
    )
    require(
        not isinstance(repaired_dir_3, Rescue),
        "repaired_dir_3 should be a directory, but is the report that rescue returns. Give the "
        "directory that rescue wrote.",
    )
    scorer = made.drawn_for(repair_for_the_phone.original())
    try:
        with alone("repaired_dir_3", repaired_dir_3, repair_for_the_phone.handed) as found:
            require_scores(found, {None: scorer.score}, scorer.many_rows())
    except NotYet as error:
        if "model.export" not in str(error):
            raise
        raise NotYet(
            f"{error} Without the model, use rescue, which saves again what Python loads."
        ) from None
    return (
        "the export gives the right scores in all three readers, in requests of 1 to "
        f"{len(scorer.many_rows())} rows. {_nearest_score(scorer)}"
    )


def _nearest_score(scorer):
    def score(rows):
        return {"score": scorer.score(rows)}

    return nearest_wrong(
        {"rows": scorer.many_rows()},
        score,
        {
            "a score without the bias": lambda rows: {"score": scorer.score(rows) - scorer.bias},
            "the two numbers of a row swapped": lambda rows: score(rows[:, ::-1]),
            "0 in place of each negative score": lambda rows: {
                "score": np.maximum(scorer.score(rows), 0)
            },
        },
    )


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
    scorer = made.drawn_for(repair_the_weights.original())
    with alone("repaired_dir_4", repaired_dir_4, repair_the_weights.handed) as found:
        require_scores(found, {None: scorer.score}, scorer.many_rows())
    return (
        "every reader gives the scores of the restored weights, in requests of 1 to "
        f"{len(scorer.many_rows())} rows. {_nearest_score(scorer)}"
    )


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
    scorer = made.drawn_for(repair_the_number_of_rows.original())
    count = in_words(scorer.rows)
    _require_diagnosis(
        "diagnosis_5",
        diagnosis_5,
        ["frozen-batch"],
        f"the export answers requests of {count} articles rightly, and divides the sum of a "
        f"shorter request by {count} as well.",
    )
    with alone("repaired_dir_5", repaired_dir_5, repair_the_number_of_rows.handed) as found:
        name = the_input(signature_of(found, KEY))
        require(name == "rows", f"{KEY} should have an input named 'rows', but takes {name}.")
        rows = scorer.many_rows()
        require_scores(found, {"above": scorer.above}, rows, of_a_list=True)
    return (
        f"in requests of 1, 2, 5, 7 and {len(rows)} articles, each article is compared with the "
        f"average of its own request. {_nearest_average(scorer, rows)}"
    )


def _nearest_average(scorer, rows):
    def minus(middle):
        scores = scorer.score(rows)
        return {"above": scores - middle(scores)}

    return nearest_wrong(
        {"rows": rows},
        lambda rows: {"above": scorer.above(rows)},
        {
            "the median in place of the average": lambda rows: minus(np.median),
            "a sum divided by one article less": lambda rows: minus(
                lambda scores: scores.sum() / (len(scores) - 1)
            ),
            "the score itself": lambda rows: minus(np.zeros_like),
        },
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
    scorer = made.drawn_for(repair_the_threshold.original())
    _require_diagnosis(
        "diagnosis_6",
        diagnosis_6,
        ["python-state"],
        f"the scores are right in every reader, and the signature labels by {scorer.before}.",
    )
    calls = _labels(repair_the_threshold.original())
    require_prediction(prediction_6, calls, (0, 1), _label, _reasons(scorer, calls))
    rows = scorer.many_rows()
    with alone("repaired_dir_6", repaired_dir_6, repair_the_threshold.handed) as found:
        require_scores(found, {"score": scorer.score, "label": scorer.label}, rows)
    return (
        f"every reader labels {len(rows)} rows by {scorer.after}, and gives their scores. "
        + _nearest_label(scorer, rows)
    )


def _labels(directory):
    """Return {the call as the notebook writes it: function that gives the label of the row}."""
    import tensorflow as tf

    loaded, row = tf.saved_model.load(str(directory)), tf.constant(ROWS[:1])

    def signature():
        return loaded.signatures[KEY](rows=row)["label"]

    def changed():
        loaded.threshold = ASSIGNED
        return loaded.serving_default(row)["label"]

    return {
        "the signature": signature,
        "the restored function": lambda: loaded.serving_default(row)["label"],
        f"the restored function, after labels.threshold = {ASSIGNED}": changed,
    }


def _label(call):
    return int(call().numpy().item())


def _reasons(scorer, calls):
    """Return the reason for each call and each wrong label, with what the call answered."""
    score = f"The score of the row is {scorer.score(ROWS[:1]).item():.1f}."
    sources = (
        f"The signature answers {{label}}. It has the first trace, with the threshold "
        f"{scorer.before}, and the old number is a constant of its graph.",
        f"The restored function answers {{label}}. Saving traced it again, when model.threshold "
        f"was {scorer.after} already.",
        f"It answers {{label}} as before. The threshold {scorer.after} is a constant of its graph. "
        "The loaded object has no Python code that would read an attribute.",
    )
    reasons = {}
    for (name, call), source in zip(calls.items(), sources, strict=True):
        label = _label(call)
        reasons[name, 1 - label] = f"{score} {source.format(label=label)}"
    return reasons


def _nearest_label(scorer, rows):
    def by(judge):
        return {"label": judge(scorer.score(rows)).astype(np.int32)}

    before, after = np.float32(scorer.before), np.float32(scorer.after)
    return nearest_wrong(
        {"rows": rows},
        lambda rows: {"label": scorer.label(rows)},
        {
            "`>=` in place of `>`": lambda rows: by(lambda score: score >= after),
            f"{scorer.after + 0.005:g} in place of {scorer.after:g}": lambda rows: by(
                lambda score: score > after + np.float32(0.005)
            ),
            f"the old threshold {before:g}": lambda rows: by(lambda score: score > before),
        },
    )
