"""The exercises of lesson 03, many signatures."""

from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import read
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    ALL,
    FITTED,
    SAME,
    answers,
    export_at,
    require_any_batch,
    require_numbers,
    row_text,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_03.function_pairs import HONEST, counterfeits, pair
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.text import safe_repr

# Their scores by y = 2·(x0 + x1) + 1 are 2.5, -2, 0.4 and -0.4.
ROWS = np.array([[0.5, 0.25], [-0.9, -0.6], [0.1, -0.4], [-0.2, -0.5]], np.float32)
THREE = np.column_stack([ROWS, np.array([7.0, -300.0, 0.01, 0.0], np.float32)])
BATCHES = slice(None), slice(1, 2)  # all rows, and one row alone whose score is below 0
ENDPOINTS = {"predict_two": ROWS, "predict_three": THREE}


def plane(rows: np.ndarray, slope: float = 2, intercept: float = 1) -> np.ndarray:
    """Compute slope·(x0 + x1) + intercept, an (n, 1) array, for the (n, 2) array `rows`."""
    return slope * rows[:, :2].sum(axis=1, keepdims=True) + intercept


def _require_endpoints(found, expected):
    """Require that predict_two and predict_three answer `expected` (n, 1) in every reader."""
    for key, rows in ENDPOINTS.items():
        _require_columns(signature_of(found, key), rows.shape[1])
    for key, rows in ENDPOINTS.items():
        for batch in BATCHES:
            require_numbers(found, key, rows[batch], expected[batch], FITTED)


def _require_columns(signature, columns):
    require_any_batch(signature)
    name, shape = the_input(signature), signature.inputs[0].shape
    require(
        len(shape) == 2 and shape[1] in (columns, None),
        f"{signature.key} should take {name} of shape (None, {columns}), but takes {name} of "
        f"shape {shape}.",
    )


def _require_classify(found):
    """Require that classify gives predict_two's answer as `score` and its sign as `label`."""
    signature = signature_of(found, "classify")
    _require_columns(signature, 2)
    names = [tensor.name for tensor in signature.outputs]
    require(
        {"score", "label"} <= set(names),
        "classify should have outputs named 'score' and 'label', but its outputs are: "
        f"{', '.join(names)}.",
    )
    two = the_input(found.signatures["predict_two"])
    for reader in ALL:
        for rows in (ROWS[batch] for batch in BATCHES):
            got = answers(found, "classify", {the_input(signature): rows}, reader)
            base = next(iter(answers(found, "predict_two", {two: rows}, reader).values())).ravel()
            where = f"classify in {readers.READERS[reader]}"
            score = _numbers(got, "score", len(rows), where)
            _require_equal(score, base, rows, where, "score", "the answer of predict_two")
            label = _numbers(got, "label", len(rows), where)
            _require_equal(label, base > 0, rows, where, "label", "the label of this score")


def _numbers(got, name, count, where):
    value = got[name]
    require(
        value.dtype.kind in "fiub",
        f"{where} should give a {name} that is a number, because LiteRT carries numbers only, but "
        f"gives {safe_repr(value.ravel()[:1].tolist())}.",
    )
    require(
        value.size == count,
        f"{where} should give one {name} for each of {count} rows, but gives a {name} of shape "
        f"{value.shape}.",
    )
    return value.ravel().astype(float)


def _require_equal(got, expected, rows, where, name, source):
    gap = np.nan_to_num(np.abs(got - expected), nan=np.inf)
    worst = int(np.argmax(gap))
    require(
        gap[worst] <= SAME,
        f"{where} should answer {name} {float(expected[worst]):.3g}, {source}, for the row "
        f"{row_text(rows[worst])}, but answers {name} {got[worst]:.3g}.",
    )


def _require_shared(found, keys):
    """Require that the endpoints `keys` change when the weights of predict_two change."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))

    def ask(key, output=None):
        tensor = found.signatures[key].inputs[0]
        rows = tf.cast(ENDPOINTS.get(key, ROWS), tensor.dtype)
        answer = loaded.signatures[key](**{tensor.name: rows})
        value = answer[output] if output else next(iter(answer.values()))
        return value.numpy().ravel().astype(float)

    weights = [w for w in loaded.signatures["predict_two"].variables if w.dtype.is_floating]
    require(
        weights,
        "predict_two should read its weights from variables, but reads no variable: its weights "
        "are constants in the graph. Let the function use the model itself.",
    )
    for weight in weights:
        weight.assign_add(tf.ones_like(weight))
    expected = ask("predict_two")
    for key in keys:
        got = ask(key, "score" if key == "classify" else None)
        require(
            np.allclose(got, expected, atol=SAME),
            f"{key} should share predict_two's weights, but does not. The check adds 1 to each of "
            "these weights in the loaded export. Then predict_two answers "
            f"{expected[0]:.3g} for the row {row_text(ROWS[0])}, and {key} answers {got[0]:.3g}.",
        )


@exercise(
    "q1",
    "export_dir_1",
    hints=[
        "Why was predict_two the default of the first export? Look at the order of its endpoints.",
        "You may also give an endpoint the name 'serving_default'.",
    ],
)
def change_the_default(export_dir_1):
    """Make predict_three the endpoint that answers callers who name none"""
    found = export_at(export_dir_1, "export_dir_1")
    default = signature_of(found, "serving_default")
    _require_columns(default, 3)
    _require_endpoints(found, plane(ROWS))
    name = the_input(found.signatures["predict_three"])
    for rows in (THREE[batch] for batch in BATCHES):
        three = next(iter(answers(found, "predict_three", {name: rows}, "python").values()))
        require_numbers(found, "serving_default", rows, three, SAME)
    return "a caller that names no signature now gets predict_three, and both names still work."


@exercise(
    "q2",
    "export_dir_2",
    hints=[
        "Write a function of x that returns a dict: its keys become the names of the outputs.",
        "The score is model(x). A comparison gives booleans; tf.cast makes numbers of them.",
        "A function that is no tf.function needs a third argument in add_endpoint: "
        "[tf.TensorSpec((None, 2), tf.float32, name='x')].",
    ],
)
def add_classify(export_dir_2):
    """Add an endpoint classify, with a score and a label, beside the other two"""
    found = export_at(export_dir_2, "export_dir_2")
    _require_endpoints(found, plane(ROWS))
    _require_classify(found)
    _require_shared(found, ("predict_three", "classify"))
    return (
        "three endpoints share one set of weights, and every reader gets a score and a label. When "
        "the weights change, the answers of all three endpoints change."
    )


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
)
def prove_that_two_agree(proof):
    """Prove that two endpoints agree, whatever the third column holds"""
    for words, (kernel, bias, change) in HONEST.items():
        require(
            _verdict(proof, *pair(kernel, bias, change)),
            f"your proof should return True for a pair that agrees, but returns False: {words}.",
        )
    lies = counterfeits()
    for caught, (words, change) in enumerate(lies.items()):
        require(
            not _verdict(proof, *pair([2.0, 2.0], 1.0, change)),
            "your proof should return False for a counterfeit, but returns True (it found "
            f"{caught} of {len(lies)} before this one): `three` {words}.",
        )
    return (
        f"your proof returns True for {len(HONEST)} pairs that agree and False for all {len(lies)} "
        "counterfeits."
    )


def _verdict(proof, two, three):
    import tensorflow as tf

    try:
        said = call(proof, two, three)
    except Raised as raised:
        require(
            not isinstance(raised.error, AssertionError),
            "your proof should return False where the two differ, but raises AssertionError.",
        )
        raise
    if isinstance(said, tf.Tensor) and said.dtype.is_bool and said.shape.rank == 0:
        said = bool(said)
    require(
        isinstance(said, bool | np.bool_),
        f"your proof should return True or False, but returned {safe_repr(said)}.",
    )
    return bool(said)


STALE = "classify"


def with_a_stale_endpoint(folder):
    """Make an export of y = 3·(x0 + x1) - 1 in which `classify` has weights of half the size.

    The labels of `classify` are right and its scores are wrong. Return the directory, a Path.
    """
    import tensorflow as tf

    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    kernel, bias = np.full((2, 1), 1.5, np.float32), np.full(1, -0.5, np.float32)

    def classify(x):
        score = x @ kernel + bias
        return {"score": score, "label": tf.cast(score > 0, tf.int32)}

    model.set_weights([2 * kernel, 2 * bias])
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint("predict_two", model.predict_first_two_features)
    export.add_endpoint("predict_three", model.predict_first_three_features)
    export.add_endpoint(STALE, classify, [tf.TensorSpec((None, 2), tf.float32, name="x")])
    export.write_out(folder, verbose=False)
    return Path(folder)


@exercise(
    "q4",
    "stale repaired_dir",
    hints=[
        "Call every endpoint with the same row, and look at all of its outputs.",
        "found = tf.saved_model.load(found_dir) holds the current weights: found.variables lists "
        "them, and found.predict_two reads them.",
        "An endpoint of a new archive may call a function of the old one, such as "
        "found.predict_two(x). This function reads the weights. A copy made by .numpy() does not.",
    ],
    given=with_a_stale_endpoint,
)
def repair_the_stale_endpoint(stale, repaired_dir):
    """Diagnose which endpoint has old weights, and repair the export"""
    found = read(repair_the_stale_endpoint.original())
    keys = ", ".join(found.signatures)
    require(
        isinstance(stale, str) and stale in found.signatures,
        f"stale should be a signature of found_dir, which has {keys}, but is {safe_repr(stale)}.",
    )
    if stale != STALE:
        rows = ENDPOINTS.get(stale, ROWS)[:1]
        got = answers(found, stale, {"x": rows}, "python")["output_0"].item()
        raise NotYet(
            "stale should be the endpoint with wrong answers, but "
            f"{stale} answers {got:.3g} for the row {row_text(rows[0])}, which is "
            "3·(x0 + x1) - 1. Look for an endpoint with a different answer."
        )
    repaired = export_at(repaired_dir, "repaired_dir")
    try:
        _require_endpoints(repaired, plane(ROWS, 3, -1))
        _require_classify(repaired)
        _require_shared(repaired, ("predict_three", "classify"))
    except NotYet as error:
        raise NotYet(f"repaired_dir: {error}") from None
    return "the labels were right and the scores were old. Now all endpoints read the same weights."
