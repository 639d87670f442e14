"""The exercises of lesson 03, many signatures."""

from pathlib import Path

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import read
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import (
    ALL,
    answers,
    export_at,
    require_any_batch,
    require_numbers,
    signature_of,
    the_input,
)
from helpers.exercises.learner_code import call
from helpers.exercises.lesson_03.function_pairs import HONEST, counterfeits, pair
from helpers.exercises.outcomes import NotYet, Raised, require
from helpers.text import safe_repr

# By y = 2·(x0 + x1) + 1 they score 2.5, -2, 0.4 and -0.4.
ROWS = np.array([[0.5, 0.25], [-0.9, -0.6], [0.1, -0.4], [-0.2, -0.5]], np.float32)
THREE = np.column_stack([ROWS, np.array([7.0, -300.0, 0.01, 0.0], np.float32)])
BATCHES = slice(None), slice(1, 2)  # all of them, and one alone whose score is below 0
TOLERANCE = 0.15  # a plane fitted to 200 points with noise 0.1 lies well within
SAME = 1e-4  # between two endpoints of one export
DOORS = {"predict_two": ROWS, "predict_three": THREE}


def plane(rows, slope=2, intercept=1):
    """slope·(x0 + x1) + intercept, an (n, 1) array for the (n, 2) array `rows`."""
    return slope * rows[:, :2].sum(axis=1, keepdims=True) + intercept


def _require_doors(found, wanted):
    """predict_two and predict_three must answer `wanted` (n, 1) for ROWS, in every reader."""
    for key, rows in DOORS.items():
        _require_columns(signature_of(found, key), rows.shape[1])
    for key, rows in DOORS.items():
        for batch in BATCHES:
            require_numbers(found, key, rows[batch], wanted[batch], TOLERANCE)


def _require_columns(signature, columns):
    require_any_batch(signature)
    name, shape = the_input(signature), signature.inputs[0].shape
    require(
        len(shape) == 2 and shape[1] in (columns, None),
        f"{signature.key} takes {name} of shape {shape}; (None, {columns}) is wanted.",
    )


def _require_classify(found):
    """classify must give predict_two's answer as `score`, and as `label` whether it is above 0."""
    signature = signature_of(found, "classify")
    _require_columns(signature, 2)
    names = [tensor.name for tensor in signature.outputs]
    require(
        {"score", "label"} <= set(names),
        f"classify gives {', '.join(names)}; outputs named 'score' and 'label' are wanted.",
    )
    two = the_input(found.signatures["predict_two"])
    for reader in ALL:
        for rows in (ROWS[batch] for batch in BATCHES):
            got = answers(found, "classify", {the_input(signature): rows}, reader)
            base = next(iter(answers(found, "predict_two", {two: rows}, reader).values())).ravel()
            where = f"classify in {readers.READERS[reader]}"
            score = _numbers(got, "score", len(rows), where)
            _require_equal(score, base, rows, where, "score", "predict_two answers")
            label = _numbers(got, "label", len(rows), where)
            _require_equal(label, base > 0, rows, where, "label", "by its score it is to be")


def _numbers(got, name, count, where):
    value = got[name]
    require(
        value.dtype.kind in "fiub",
        f"{where} gives a {name} that is no number ({safe_repr(value.ravel()[:1].tolist())}); "
        "LiteRT carries numbers only.",
    )
    require(
        value.size == count,
        f"{where} gives a {name} of shape {value.shape} for {count} rows; one each is wanted.",
    )
    return value.ravel().astype(float)


def _require_equal(got, wanted, rows, where, name, source):
    gap = np.nan_to_num(np.abs(got - wanted), nan=np.inf)
    worst = int(np.argmax(gap))
    require(
        gap[worst] <= SAME,
        f"{where} answers {name} {got[worst]:.3g} for the row {_row(rows[worst])}; "
        f"{source} {float(wanted[worst]):.3g}.",
    )


def _row(values):
    return "[" + ", ".join(f"{value:.3g}" for value in values) + "]"


def _require_shared(found, keys):
    """When the weights that predict_two reads are changed, the others of `keys` must follow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))

    def ask(key, output=None):
        tensor = found.signatures[key].inputs[0]
        rows = tf.cast(DOORS.get(key, ROWS), tensor.dtype)
        answer = loaded.signatures[key](**{tensor.name: rows})
        value = answer[output] if output else next(iter(answer.values()))
        return value.numpy().ravel().astype(float)

    weights = [w for w in loaded.signatures["predict_two"].variables if w.dtype.is_floating]
    require(
        weights,
        "predict_two reads no variable: its weights were written into the graph as constants, so "
        "there is nothing to share. Let the function use the model itself.",
    )
    for weight in weights:
        weight.assign_add(tf.ones_like(weight))
    wanted = ask("predict_two")
    for key in keys:
        got = ask(key, "score" if key == "classify" else None)
        require(
            np.allclose(got, wanted, atol=SAME),
            f"{key} does not share predict_two's weights. After adding 1 to each of those in the "
            f"loaded export, predict_two answers {wanted[0]:.3g} for the row {_row(ROWS[0])}, and "
            f"{key} {got[0]:.3g}.",
        )


@exercise(
    "export_dir_1",
    hints=[
        "What did the first export do to get predict_two as its default? Look at the order.",
        "An endpoint may also be called 'serving_default' itself.",
    ],
)
def q1(export_dir_1):
    """Make predict_three the endpoint that answers when a caller names none"""
    found = export_at(export_dir_1, "export_dir_1")
    default = signature_of(found, "serving_default")
    _require_columns(default, 3)
    _require_doors(found, plane(ROWS))
    name = the_input(found.signatures["predict_three"])
    for rows in (THREE[batch] for batch in BATCHES):
        three = next(iter(answers(found, "predict_three", {name: rows}, "python").values()))
        require_numbers(found, "serving_default", rows, three, SAME)
    return "a caller who names no signature now gets predict_three, and both names still work."


@exercise(
    "export_dir_2",
    hints=[
        "Write a function of x that returns a dict: its keys become the names of the outputs.",
        "The score is model(x). A comparison gives booleans; tf.cast makes numbers of them.",
        "A function that is no tf.function needs a third argument in add_endpoint: "
        "[tf.TensorSpec((None, 2), tf.float32, name='x')].",
    ],
)
def q2(export_dir_2):
    """Add an endpoint classify, with a score and a label, beside the other two"""
    found = export_at(export_dir_2, "export_dir_2")
    _require_doors(found, plane(ROWS))
    _require_classify(found)
    _require_shared(found, ("predict_three", "classify"))
    return (
        "three doors, one set of weights, and every reader gets a score and a label. When the "
        "weights change, all three doors follow."
    )


@exercise(
    "proof",
    hints=[
        "np.column_stack([a, third]) puts a third column beside a; np.allclose compares.",
        "Where could a liar hide? In the size of the third column, its sign, in one row, in one "
        "batch size, in the first two columns.",
        "Loop over 1 row and several, and over third columns: large, negative, zero, np.nan, "
        "random. Return False at the first difference.",
    ],
)
def q3(proof):
    """Prove that two endpoints agree, whatever the third column holds"""
    for words, (kernel, bias, change) in HONEST.items():
        require(
            _verdict(proof, *pair(kernel, bias, change)),
            f"your proof says False to a pair that agrees: {words}.",
        )
    lies = counterfeits()
    for caught, (words, change) in enumerate(lies.items()):
        require(
            not _verdict(proof, *pair([2.0, 2.0], 1.0, change)),
            f"your proof says True to a counterfeit ({caught} of {len(lies)} caught before it): "
            f"`three` {words}.",
        )
    return f"True to {len(HONEST)} pairs that agree, False to all {len(lies)} counterfeits."


def _verdict(proof, two, three):
    import tensorflow as tf

    try:
        said = call(proof, two, three)
    except Raised as raised:
        require(
            not isinstance(raised.error, AssertionError),
            "your proof raises AssertionError; it is to return False where the two differ.",
        )
        raise
    if isinstance(said, tf.Tensor) and said.dtype.is_bool and said.shape.rank == 0:
        said = bool(said)
    require(
        isinstance(said, bool | np.bool_),
        f"your proof is to return True or False; it returned {safe_repr(said)}.",
    )
    return bool(said)


STALE = "classify"


def with_a_stale_endpoint(folder):
    """An export of y = 3·(x0 + x1) - 1 in which `classify` kept the weights of y = half of that:
    its labels are right, its scores are not. Returns its directory, a Path."""
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
    "stale repaired_dir",
    hints=[
        "Ask every endpoint about the same row, and look at all that it gives.",
        "found = tf.saved_model.load(found_dir) holds the current weights: in found.variables, "
        "and behind found.predict_two.",
        "An endpoint of a new archive may call a function of the old one, such as "
        "found.predict_two(x). That reads the weights; a copy made by .numpy() does not.",
    ],
    given=with_a_stale_endpoint,
)
def q4(stale, repaired_dir):
    """Diagnose an endpoint that did not learn with the others, and repair the export"""
    found = read(q4.given())
    keys = ", ".join(found.signatures)
    require(
        isinstance(stale, str) and stale in found.signatures,
        f"stale: {safe_repr(stale)} is no signature of found_dir: it has {keys}.",
    )
    if stale != STALE:
        rows = DOORS.get(stale, ROWS)[:1]
        got = answers(found, stale, {"x": rows}, "python")["output_0"].item()
        raise NotYet(
            f"stale: {stale} answers {got:.3g} for the row {_row(rows[0])}, which is "
            f"3·(x0 + x1) - 1. Look for an endpoint that answers something else."
        )
    repaired = export_at(repaired_dir, "repaired_dir")
    try:
        _require_doors(repaired, plane(ROWS, 3, -1))
        _require_classify(repaired)
        _require_shared(repaired, ("predict_three", "classify"))
    except NotYet as error:
        raise NotYet(f"repaired_dir: {error}") from None
    return "right labels hid stale scores; now classify reads the weights that the others read."
