"""Checks of an export with the endpoints predict_two, predict_three and classify."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact, Signature
from helpers.exercises import battery
from helpers.exercises.export_checks import (
    SAME,
    answers_to_batches,
    in_words,
    require_any_batch,
    row_text,
    signature_of,
    the_input,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import require_same_answers

COLUMNS = {"predict_two": 2, "predict_three": 3}
REACH = 20  # times the width of the range of the training; float32 sums stay within SAME
# TensorFlow's words where the condition of an `if` has several values. It may become a reshape.
OF_AN_IF = (
    ("Input to reshape", "requested shape has 1"),
    ("must be a scalar, but it has shape", "node cond"),
)
EDGES = 30  # pairs of rows with a score above and below 0, each pair nearer to 0 than the last

Score = Callable[[np.ndarray], np.ndarray]  # of (n, 2) rows, the (n, 1) scores


def rows_around(score: Score, exactly: np.ndarray | None = None) -> np.ndarray:
    """Make rows of three numbers whose labels, by `score`, depend on the exact limit.

    Parameters
    ----------
    score : callable
        Function of (n, 2) rows. It returns their (n, 1) scores.
    exactly : ndarray, shape (n, 2), optional
        Rows with a score of exactly 0.

    Returns
    -------
    (300, 3) float32 array
        60 rows have scores just above and just below 0. The third column holds anything.
    """
    rows = battery.numbers(3, reach=REACH, ignored=[2])
    scores = score(rows[:, :2]).ravel()
    high, low = rows[scores > 0][:EDGES, :2], rows[scores < 0][:EDGES, :2]
    for step in range(EDGES):
        middle = (high[step:] + low[step:]) / 2
        above = score(middle) > 0
        high[step:] = np.where(above, middle, high[step:])
        low[step:] = np.where(above, low[step:], middle)
    rows[1::10, :2], rows[6::10, :2] = high, low
    if exactly is not None:
        rows[:: len(rows) // len(exactly), :2][: len(exactly)] = exactly
    return rows


def require_columns(signature: Signature, columns: int) -> None:
    """Require that a signature has one input, with this many columns and any number of rows."""
    require_any_batch(signature)
    name, shape = the_input(signature), signature.inputs[0].shape
    require(
        shape is not None and len(shape) == 2 and shape[1] in (columns, None),
        f"{signature.key} should take {name} of shape (None, {columns}), but takes {name} of "
        f"shape {shape}.",
    )


def require_scores(
    found: Artifact, key: str, score: Score, rows: np.ndarray, who: str, output: str = ""
) -> None:
    """Require that a signature gives the scores of its first two columns, in every reader.

    Parameters
    ----------
    found : Artifact
    key : str
        The signature.
    score : callable
        Function of (n, 2) rows. It returns the expected (n, 1) scores.
    rows : ndarray, shape (300, 2) or (300, 3)
        What the signature gets.
    who : str
        What gives the expected scores, for the message.
    output : str
        The output with the scores, of shape (n, 1) or (n,). Without it the signature must have
        only one output, of shape (n, 1).
    """
    signature = signature_of(found, key)
    name, outputs = the_input(signature), {tensor.name: tensor for tensor in signature.outputs}
    require(
        output or len(outputs) == 1,
        f"{key} should have one output, but has {in_words(len(outputs))}: {', '.join(outputs)}.",
    )
    shape = outputs[output].shape if output else None
    flat = shape is not None and len(shape) == 1
    output = output or next(iter(outputs))

    def expected(**inputs):
        right = score(inputs[name][:, :2])
        return {output: right.ravel() if flat else right}

    require_same_answers(found, key, {name: rows}, expected, who=who)


def require_endpoints(found: Artifact, score: Score, rows: np.ndarray, who: str) -> None:
    """Require that predict_two and predict_three give the scores; see `require_scores`."""
    for key, columns in COLUMNS.items():
        require_columns(signature_of(found, key), columns)
    for key, columns in COLUMNS.items():
        require_scores(found, key, score, rows[:, :columns], who)


def require_classify(found: Artifact, score: Score, rows: np.ndarray, who: str) -> None:
    """Require that classify gives the scores, and a label by each score, in every reader."""
    signature = signature_of(found, "classify")
    require_columns(signature, 2)
    outputs = {tensor.name: tensor.dtype for tensor in signature.outputs}
    require(
        set(outputs) == {"score", "label"},
        "classify should have outputs named 'score' and 'label', but its outputs are: "
        f"{', '.join(outputs)}.",
    )
    require(
        outputs["label"].startswith(("int", "uint", "float", "bfloat")),
        f"classify should give a label that is a number, 1 or 0, but gives a {outputs['label']}. "
        "tf.cast makes numbers of booleans.",
    )
    try:
        require_scores(found, "classify", score, rows[:, :2], who, "score")
    except NotYet as error:
        if any(all(word in str(error) for word in words) for words in OF_AN_IF):
            raise NotYet(
                "classify should answer any number of rows, but answers single rows only. Does it "
                "have a Python `if` on a tensor? An `if` makes one choice for the whole batch. "
                f"Compare instead, and use tf.cast. The error is:\n{error}"
            ) from None
        raise
    name = the_input(signature)
    batches = [rows[:, :2], rows[:1, :2]]
    for reader in readers.READERS:
        sent = [{name: batch} for batch in batches]
        got_batches = answers_to_batches(found, "classify", sent, reader)
        for batch, got in zip(batches, got_batches, strict=True):
            _require_labels(got, batch, f"classify in {readers.READERS[reader]}")


def _require_labels(got, rows, where):
    """Require label 1 where the score of the same answer is above 0, and label 0 elsewhere."""
    label, score = got["label"], got["score"].ravel()
    count = len(rows)
    require(
        label.shape in ((count,), (count, 1)),
        f"{where} should give one label for each of {count} rows, but gives a label of shape "
        f"{label.shape}.",
    )
    label = label.ravel().astype(float)
    wrong = np.flatnonzero(label != (score > 0))
    if len(wrong):
        # The row whose score is the farthest from 0 shows the mistake best.
        worst = wrong[np.argmax(np.abs(score[wrong]))]
        require(
            False,
            f"{where} should answer label {int(score[worst] > 0)} for the score "
            f"{score[worst]:.3g} of the row {row_text(rows[worst])}, but answers label "
            f"{label[worst]:.3g}. The label is 1 where the score is above 0, and 0 elsewhere.",
        )


def require_read_weights(found: Artifact, keys: Iterable[str], rows: np.ndarray) -> None:
    """Require that signatures answer 0 when all of their variables are 0.

    Parameters
    ----------
    found : Artifact
    keys : iterable of str
        Signatures with one output, whose answers are not 0.
    rows : ndarray, shape (n, 3)
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))
    for key in keys:
        weights = [w for w in loaded.signatures[key].variables if w.dtype.is_floating]
        _require_variables(key, weights)
        for weight in weights:
            weight.assign(tf.zeros_like(weight))
        (tensor,) = found.signatures[key].inputs
        batch = tf.cast(rows[:, : COLUMNS.get(key, 3)], tensor.dtype)
        (score,) = loaded.signatures[key](**{tensor.name: batch}).values()
        _require_zero(key, score.numpy().ravel(), rows)


def require_shared(found: Artifact, rows: np.ndarray) -> None:
    """Require that all three endpoints follow the weights of predict_two when these change.

    Parameters
    ----------
    found : Artifact
    rows : ndarray, shape (n, 3)
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))
    weights = [w for w in loaded.signatures["predict_two"].variables if w.dtype.is_floating]
    _require_variables("predict_two", weights)

    def ask(key):
        (tensor,) = found.signatures[key].inputs
        batch = tf.cast(rows[:, : COLUMNS.get(key, 2)], tensor.dtype)
        answer = loaded.signatures[key](**{tensor.name: batch})
        return {name: value.numpy() for name, value in answer.items()}

    for moved, every_weight_is_0 in _moves(weights):
        expected = next(iter(ask("predict_two").values())).ravel()
        if every_weight_is_0:
            _require_zero("predict_two", expected, rows)
        got = ask("classify")
        for key, value in (("predict_three", ask("predict_three")), ("classify", got)):
            score = (value["score"] if key == "classify" else next(iter(value.values()))).ravel()
            wrong = np.abs(score - expected)
            worst = int(np.argmax(wrong))
            require(
                np.allclose(score, expected, rtol=SAME, atol=SAME),
                f"{key} should share predict_two's weights, but does not. In the loaded export "
                f"the check sets {moved}. Then predict_two answers {expected[worst]:.3g} for the "
                f"row {row_text(rows[worst, :2])}, and {key} answers {score[worst]:.3g}.",
            )
        where = f"classify, in the loaded export where the check sets {moved},"
        _require_labels(got, rows[:, :2], where)


def _moves(weights: list[Any]) -> Iterator[tuple[str, bool]]:
    """Set the weights, and yield what they are now and whether all of them are 0."""
    import tensorflow as tf

    def values(weight):
        return tf.reshape(1 - 1.5 * tf.range(float(tf.size(weight))), weight.shape)

    for weight in weights:
        weight.assign(tf.zeros_like(weight))
    yield "all weights of predict_two to 0", True
    for weight in weights:
        for other in weights:
            other.assign(tf.zeros_like(other))
        for sign in (1, -1):
            weight.assign(sign * tf.cast(values(weight), weight.dtype))
            said = " ".join(str(weight.numpy().ravel().tolist()).split())
            yield f"one weight to {said[:60]} and the others to 0", False


def _require_variables(key, weights):
    require(
        weights,
        f"{key} should read its weights from variables, but reads no variable: its weights are "
        "constants in the graph. Let the function use the model itself.",
    )


def _require_zero(key, score, rows):
    worst = int(np.argmax(np.abs(score)))
    require(
        np.abs(score[worst]) <= SAME,
        f"{key} should read all of its weights from variables, but with all of these set to 0 it "
        f"answers {score[worst]:.3g} for the row {row_text(rows[worst, :2])}: some of its "
        "weights are constants in the graph. Let the function use the model itself.",
    )
