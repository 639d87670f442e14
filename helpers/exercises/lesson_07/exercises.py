"""The exercises of lesson 07, silent failures, on the four exports of broken_exports."""

import numpy as np

from helpers.exercises.diagnosis import require_diagnosis
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    in_words,
    require_prediction,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_07 import broken_exports as made
from helpers.exercises.lesson_07.score_checks import KEY, require_scores
from helpers.exercises.lesson_07.variants import ASSIGNED, ROWS
from helpers.exercises.lone_export import alone
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong


@exercise(
    "q1",
    "diagnosis_1 repaired_dir_1",
    hints=[
        "The phone is the reader litert. Call the export in all readers: compare(found_dir_1).",
        "The numbers are right in Python, and other readers give an error or different numbers. "
        "Which function writes such exports? Two cases of the clinic describe it, and both are "
        "right here.",
        "The clinic's rescue needs only the directory: from helpers.readers.rescue import rescue, "
        "then rescue(found_dir_1, a_new_directory).",
    ],
    given=made.for_python_only,
)
def repair_for_the_phone(diagnosis_1, repaired_dir_1):
    """Diagnose and repair an export that gives wrong numbers on the phone"""
    from helpers.readers.rescue import Rescue

    require_diagnosis(
        "diagnosis_1",
        diagnosis_1,
        ["litert-garbage", "only-python-can-read"],
        "Python gives right numbers, LiteRT gives different numbers without an error, and the "
        "session (Python) gives an error about a variable. Compare all three: "
        "compare(found_dir_1).",
    )
    require(
        not isinstance(repaired_dir_1, Rescue),
        "repaired_dir_1 should be a directory, but is the report that rescue returns. Give the "
        "directory that rescue wrote.",
    )
    scorer = made.drawn_for(repair_for_the_phone.original())
    try:
        with alone("repaired_dir_1", repaired_dir_1, repair_for_the_phone.handed) as found:
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
    "q2",
    "diagnosis_2 repaired_dir_2",
    hints=[
        "loaded = tf.saved_model.load(found_dir_2) has loaded.variables. Do the answers change "
        "when you change the variables?",
        "artifact.restored_and_read(found_dir_2) says which variables are filled and which the "
        "signature reads.",
        "The export has the weights, (2, 1) and (1,), of a Dense(1). Give them to a new model with "
        "set_weights(loaded.variables), and export that model.",
    ],
    given=made.cut_off,
)
def repair_the_weights(diagnosis_2, repaired_dir_2):
    """Diagnose and repair an export with right weights and wrong scores"""
    require_diagnosis(
        "diagnosis_2",
        diagnosis_2,
        ["cut-from-weights"],
        "the answers stay the same when every variable of the loaded export is set to zero.",
    )
    scorer = made.drawn_for(repair_the_weights.original())
    with alone("repaired_dir_2", repaired_dir_2, repair_the_weights.handed) as found:
        require_scores(found, {None: scorer.score}, scorer.many_rows())
    return (
        "every reader gives the scores of the restored weights, in requests of 1 to "
        f"{len(scorer.many_rows())} rows. {_nearest_score(scorer)}"
    )


@exercise(
    "q3",
    "diagnosis_3 repaired_dir_3",
    hints=[
        "Compute one request of two articles by hand, with loaded.kernel and loaded.bias. Which "
        "number divides the sum of the scores?",
        "What does artifact.read(found_dir_3) say about the number of rows?",
        "A TensorSpec for any number of rows is not enough, because the number is in the graph. "
        "Write the function again with the loaded kernel and bias, tf.reduce_mean, and None in its "
        "TensorSpec.",
    ],
    given=made.for_four_rows,
)
def repair_the_number_of_rows(diagnosis_3, repaired_dir_3):
    """Diagnose and repair an export that is right for four articles and wrong for two"""
    scorer = made.drawn_for(repair_the_number_of_rows.original())
    count = in_words(scorer.rows)
    require_diagnosis(
        "diagnosis_3",
        diagnosis_3,
        ["frozen-batch"],
        f"the export answers requests of {count} articles rightly, and divides the sum of a "
        f"shorter request by {count} as well.",
    )
    with alone("repaired_dir_3", repaired_dir_3, repair_the_number_of_rows.handed) as found:
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
    "q4",
    "diagnosis_4 prediction_4 repaired_dir_4",
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
def repair_the_threshold(diagnosis_4, prediction_4, repaired_dir_4):
    """Diagnose, predict and repair an export with an old threshold"""
    scorer = made.drawn_for(repair_the_threshold.original())
    require_diagnosis(
        "diagnosis_4",
        diagnosis_4,
        ["python-state"],
        f"the scores are right in every reader, and the signature labels by {scorer.before}.",
    )
    calls = _labels(repair_the_threshold.original())
    require_prediction(prediction_4, calls, (0, 1), _label, _reasons(scorer, calls))
    rows = scorer.many_rows()
    with alone("repaired_dir_4", repaired_dir_4, repair_the_threshold.handed) as found:
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
