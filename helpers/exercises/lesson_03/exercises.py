"""The exercises of lesson 03, many signatures."""

import functools
import time

import numpy as np

from helpers.artifact.saved_model import read
from helpers.exercises import answer_types
from helpers.exercises.exercise import NOTEBOOK, exercise
from helpers.exercises.export_checks import (
    SAME,
    answers,
    export_at,
    require_prediction,
    row_text,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_03 import default_signatures, parcel_checks, parcel_exports
from helpers.exercises.lesson_03.endpoint_checks import (
    COLUMNS,
    require_classify,
    require_columns,
    require_endpoints,
    require_read_weights,
    require_scores,
    require_shared,
    rows_around,
)
from helpers.exercises.lesson_03.function_pairs import (
    CHANGED,
    HONEST,
    NO_ANSWER,
    counterfeits,
    pair,
)
from helpers.exercises.lesson_03.notebook_model import MODEL, ROWS, labelled, scores_of
from helpers.exercises.lesson_03.stale_exports import (
    ENDPOINTS,
    exact_zeros,
    with_a_stale_endpoint,
)
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.exercises.same_answers import nearest_wrong
from helpers.exercises.side_effects import unchanged


@exercise(
    "q1",
    "export_dir_1",
    hints=[
        "Write a function of x that returns a dict: its keys become the names of the outputs.",
        "The score is model(x). A comparison gives booleans; tf.cast makes numbers of them.",
        "A function that is no tf.function needs a third argument in add_endpoint: "
        "[tf.TensorSpec((None, 2), tf.float32, name='x')].",
    ],
    needs="model",
)
def add_classify(export_dir_1, model):
    """Add an endpoint classify, with a score and a label, beside the other two"""
    found = export_at(export_dir_1, "export_dir_1")
    score = scores_of(model)
    rows = rows_around(score)
    require_endpoints(found, score, rows, MODEL)
    name = the_input(signature_of(found, "classify"))
    require(
        name == "x",
        f"classify should take x, but takes {name}. The TensorSpec gives the input its name.",
    )
    require_classify(found, score, rows, MODEL)
    require_shared(found, rows)
    nearest = nearest_wrong(
        {"x": rows[:, :2]},
        labelled(score),
        {
            "label 1 where the score is above 0.01": labelled(score, 0.01),
            "label 1 where the score is above 0.5": labelled(score, 0.5),
        },
    )
    return (
        "three endpoints share one set of weights, and every reader gets a score and a label. When "
        "the weights change, the answers of all three endpoints change. With all weights set to 0 "
        f"each score is exactly 0, and the label is 0. {nearest}"
    )


@exercise(
    "q2",
    "prediction export_dir_2",
    hints=[
        "Why is predict_two the default of the first export? Look at the order of its endpoints.",
        "A and B: an endpoint named 'serving_default' is the default, otherwise the first one is. "
        "C: only the names that you write become signatures.",
        "Add predict_three first, or add it a second time under the name 'serving_default'.",
    ],
    needs="model",
)
def change_the_default(prediction, export_dir_2, model):
    """Predict three defaults, and make predict_three the default of an export"""
    exports = default_signatures.ENDPOINTS
    require_prediction(
        prediction,
        {name: name for name in exports},
        default_signatures.OUTCOMES,
        default_signatures.columns_of_default,
        {
            (name, said): default_signatures.reason(name)
            for name in exports
            for said in default_signatures.OUTCOMES
        },
    )
    found = export_at(export_dir_2, "export_dir_2")
    require_columns(signature_of(found, "serving_default"), 3)
    score = scores_of(model)
    rows = rows_around(score)
    require_endpoints(found, score, rows, MODEL)
    require_scores(found, "serving_default", score, rows, MODEL)
    require_read_weights(found, (*COLUMNS, "serving_default"), rows)
    nearest = nearest_wrong(
        {"x": rows},
        lambda x: {"score": score(x[:, :2])},
        {
            "it adds 0 times the third column, which gives nan for nan and inf": lambda x: {
                "score": score(x[:, :2]) + np.where(np.isfinite(x[:, 2:]), 0.0, np.nan)
            },
            "it reads the last two columns": lambda x: {"score": score(x[:, 1:])},
        },
    )
    return (
        "your prediction is right. A caller that names no signature now gets the answers of "
        "predict_three, and both names still work: all three give what your model computes, in "
        f"three readers. {nearest}"
    )


PAIRS_BETWEEN = 4  # counterfeits, before the pairs that agree come again
MOST_SECONDS = 55  # of CPU time, for all pairs


@exercise(
    "q3",
    "proof",
    hints=[
        "np.column_stack([a, third]) puts a third column beside a; np.allclose compares.",
        "A wrong function may differ only for some inputs: for large or negative numbers in the "
        "third column, in one row, for one batch size, for some numbers in the first two columns.",
        "Loop over 1 row and several rows, and over third columns: large, negative, zero, np.nan, "
        "random. Return False at the first difference.",
    ],
    needs=NOTEBOOK,
)
def prove_that_two_agree(proof, notebook):
    """Prove that two endpoints agree, whatever the third column holds"""
    lies = counterfeits()
    pairs = _pairs(lies)
    caught, began = 0, time.process_time()
    for answered, (words, agrees, functions) in enumerate(pairs):
        progress = f"It has answered {answered} of {len(pairs)} pairs."
        require(
            time.process_time() - began < MOST_SECONDS,
            f"your proof should answer all pairs within {MOST_SECONDS} seconds of computing, but "
            f"needs more. {progress} Compare fewer rows.",
        )
        with unchanged("your proof", {"model": notebook.get("model")}):
            said = _verdict(proof, *functions, progress)
        again = " Your proof has returned True for this pair before." if caught else ""
        require(
            said or not agrees,
            "your proof should return True for a pair that agrees, but returns False: "
            f"{words}.{again}",
        )
        require(
            not said or agrees,
            "your proof should return False for a counterfeit, but returns True (it found "
            f"{caught} of {len(lies)} before this one): `three` {words}.",
        )
        caught += not agrees
    return (
        f"your proof returns True for {len(HONEST)} pairs that agree and for none of the "
        f"{len(lies)} counterfeits. The last two of these differ only where the third column holds "
        "inf or nan."
    )


def _pairs(lies):
    """List (words, whether they agree, the pair): counterfeits, and between them honest pairs."""
    honest = [(words, True, pair(*made)) for words, made in HONEST.items()]
    pairs = list(honest)
    for number, (words, change) in enumerate(lies.items()):
        pairs.append((words, False, pair(*CHANGED, change)))
        if number % PAIRS_BETWEEN == 0:
            pairs.append(honest[number // PAIRS_BETWEEN % len(honest)])
    return pairs


def _verdict(proof, two, three, progress):
    try:
        said = call(proof, two, three, progress=progress)
    except Raised as raised:
        if NO_ANSWER in str(getattr(raised.error, "message", "")):
            return False  # a proof may let the error of `three` through
        require(
            not isinstance(raised.error, AssertionError),
            "your proof should return False where the two differ, but raises AssertionError.",
        )
        raise
    return answer_types.boolean(said, "what your proof returns")


@exercise(
    "q4",
    "stale repaired_dir",
    hints=[
        "Call every endpoint with the same row, and look at all of its outputs.",
        "found = tf.saved_model.load(found_dir) holds the current weights: found.variables lists "
        "them, and two of the three endpoints read them.",
        "An endpoint of a new archive may call a function of the old one that reads the weights: "
        "found.predict_two(x), unless it is the stale one. A copy made by .numpy() does not read "
        "them.",
    ],
    given=with_a_stale_endpoint,
)
def repair_the_stale_endpoint(stale, repaired_dir):
    """Diagnose which endpoint has old weights, and repair the export"""
    found = read(repair_the_stale_endpoint.original())
    score = _current_scores(found.directory)
    older = _require_diagnosis(found, stale, score)
    repaired = export_at(repaired_dir, "repaired_dir")
    kernel, bias = _weights(found.directory)
    rows = rows_around(score, exact_zeros(kernel, bias))
    who = f"{next(key for key in ENDPOINTS if key != stale)} of found_dir"
    try:
        require_endpoints(repaired, score, rows, who)
        require_classify(repaired, score, rows, who)
        require_shared(repaired, rows)
    except NotYet as error:
        cause = _changed_weights(repaired, kernel, bias)
        raise NotYet(f"repaired_dir: {error}{cause}") from None
    right = labelled(score)
    nearest = nearest_wrong(
        {"x": rows[:, :2]},
        right,
        {
            "`>=` in place of `>`": lambda x: right(x) | {"label": (score(x) >= 0).astype(int)},
            "labels of the older scores": lambda x: (
                right(x) | {"label": labelled(older)(x)["label"]}
            ),
            "the older scores": labelled(older),
            "the two columns swapped": lambda x: right(x[:, ::-1]),
        },
    )
    return (
        f"{stale} had older weights. Now all three endpoints read the same weights, and follow "
        f"them when they change. {nearest}"
    )


def _require_diagnosis(found, stale, score):
    """Require the name of the endpoint with other scores, and return the function of its scores."""
    if isinstance(stale, str) and stale == "serving_default":
        raise NotYet(
            "stale should be the name of one of the three endpoints, but is 'serving_default', "
            "which is a second name of the endpoint that was added first. Write its own name."
        )
    said = answer_types.text(stale, "stale", ENDPOINTS)
    right = score(ROWS)
    older = _scores_in(found, said)
    if not np.allclose(older(ROWS), right, atol=SAME):
        return older
    (agrees,) = [
        key
        for key in ENDPOINTS
        if key != said and np.allclose(_scores_in(found, key)(ROWS), right, atol=SAME)
    ]
    raise NotYet(
        "stale should be the endpoint whose scores differ from those of the two others, but "
        f"{said} gives {right.flat[0]:.3g} for the row {row_text(ROWS[0])}, and so does {agrees}."
    )


def _scores_in(found, key):
    """Return the function of (n, 2) rows that asks an endpoint of an export for their scores."""

    def score(rows):
        columns = np.zeros((len(rows), COLUMNS.get(key, 2)), np.float32)
        columns[:, :2] = rows[:, :2]
        got = answers(found, key, {"x": columns}, "python")
        return got["score" if key == "classify" else "output_0"]

    return score


def _current_scores(directory):
    kernel, bias = _weights(directory)
    return lambda rows: rows[:, :2] @ kernel + bias


@functools.cache
def _weights(directory):
    """Return kernel and bias of an export made by `with_a_stale_endpoint`."""
    import tensorflow as tf

    kernel, bias = (weight.numpy() for weight in tf.saved_model.load(str(directory)).variables)
    return kernel, bias


def _changed_weights(repaired, kernel, bias):
    """Return a sentence for the message if predict_two reads other weights than these, else ""."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(repaired.directory))  # its variables live as long as it
    signature = loaded.signatures.get("predict_two")
    for right in (kernel, bias):
        for weight in signature.variables if signature else ():
            if tuple(weight.shape) == right.shape and not np.allclose(weight, right, atol=SAME):
                return (
                    " The weights in repaired_dir are not the current weights of found_dir. Did "
                    "you change the weights of the loaded export? Then load found_dir again, and "
                    "export from the newly loaded object."
                )
    return ""


@exercise(
    "q5",
    "export_dir_5",
    hints=[
        "artifact.read(parcels_dir) lists the signatures with their shapes. TFSMLayer needs the "
        "directory, call_endpoint='features' and trainable=False.",
        "Put three things into a Sequential model: tf.keras.Input((4,)), the TFSMLayer, and a "
        "Dense layer with one unit and the activation 'sigmoid'. Compile it with the loss "
        "'binary_crossentropy', fit and export it.",
        "Is the model right for too few parcels? Use Adam(0.05), and 50 epochs.",
    ],
    given=parcel_exports.with_features,
)
def build_on_an_endpoint(export_dir_5):
    """Build a model on the endpoint of another team, train it and export it"""
    directory, *_ = build_on_an_endpoint.original()
    made = parcel_exports.made_in(directory)
    parcel_checks.require_late_model(export_at(export_dir_5, "export_dir_5"), made)
    counts = parcel_checks.simpler_models(directory, made)
    nearest = max(counts, key=counts.__getitem__)
    return (
        f"your model is right for at least {parcel_checks.ENOUGH} of {parcel_checks.NEW} new "
        "parcels, and three readers give the same chances. It reads the weights of features "
        "unchanged, and its answers change when these become 0. "
        f"{nearest[0].upper()}{nearest[1:]} would be right for {counts[nearest]} of "
        f"{parcel_checks.NEW} parcels."
    )
