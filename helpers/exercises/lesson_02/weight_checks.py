"""Checks that the answers of a learner's model come from its weights."""

from typing import Any

import numpy as np

from helpers.errors.cure import cure
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, Raised, require


def require_fitting_layers(model: Any, rows: np.ndarray) -> None:
    """Require that each layer of a repaired Forecast is built for what it gets.

    Parameters
    ----------
    model : tf.keras.Model
        A model that was never called. If it has no layers `wide`, `hidden` and `deep`, the function
        does nothing more than call it.
    rows : (n, 4) ndarray, float32

    Raises
    ------
    NotYet
        If the call fails and a layer has weights for the wrong number of columns. The message names
        the layer and the right shape.
    Raised
        If the call fails for any other reason.
    """
    try:
        call(lambda: model(rows))
    except Raised:
        columns = rows.shape[1]
        units = getattr(getattr(model, "hidden", None), "units", None)
        given = {
            "wide": (columns, "readings"),
            "hidden": (columns, "readings"),
            "deep": (units, "numbers that self.hidden returns"),
        }
        for name, (size, words) in given.items():
            kernel = getattr(getattr(model, name, None), "kernel", None)
            found = None if kernel is None else kernel.shape[0]
            require(
                None in (found, size) or found == size,
                f"self.{name} should be built for the {size} {words}, but is built for {found} "
                f"numbers. Write self.{name}.build((None, {size})).",
            )
        raise


def require_weights_that_count(model: Any, first: np.ndarray, others: np.ndarray) -> int:
    """Require that gradients reach every weight and that answers change with the weights.

    Parameters
    ----------
    model : tf.keras.Model
        A model that was never called. The check changes its weights.
    first, others : ndarray, float32
        Batches of different sizes. Keras makes the weights at the call with `first`.

    Returns
    -------
    int
        The number of weights.

    Raises
    ------
    NotYet
        If some weights have no gradient, or if the answers do not depend on the weights.
    """
    answer_of(model, first)
    weights = call(lambda: list(model.trainable_variables))
    require(
        weights,
        "your model should have trainable weights, but has no trainable weights, so it cannot "
        "learn.",
    )
    frozen = [layer.name for layer in model.layers if layer.weights and not layer.trainable]
    require(
        not frozen,
        f"all weights should learn, but {', '.join(frozen)} is set to trainable = False.",
    )
    _require_gradients(model, weights, first, others)
    require(
        _answer_moves(model, weights, first),
        "your model should read its weights, but gives the same answers after every weight was "
        "changed.",
    )
    return len(weights)


SHAPES = [(4, 1), (1,), (4, 8), (8,), (8, 1), (1,)]  # of the weights of Forecast


def require_forecast(model: Any, rows: np.ndarray) -> None:
    """Require that a model computes the formula of Forecast from its six weights.

    The two weights of shape (1,) are added, so it does not matter which layer has which.

    Parameters
    ----------
    model : tf.keras.Model
        A model that was called.
    rows : (n, 4) ndarray, float32

    Raises
    ------
    NotYet
        If the model has other weights, or if its answers are not those of the formula.
    """
    weights = [np.asarray(weight) for weight in model.trainable_variables]
    shapes = [weight.shape for weight in weights]
    require(
        sorted(shapes) == sorted(SHAPES),
        "your model should have the layers of Forecast, with weights of the shapes "
        f"{', '.join(map(str, SHAPES))}, but its weights have the shapes "
        f"{', '.join(map(str, shapes))}.",
    )
    for name, shape in (("wide", (4, 1)), ("deep", (8, 1))):
        kernel = getattr(getattr(model, name, None), "kernel", None)
        require(
            kernel is None or tuple(kernel.shape) == shape,
            f"self.{name} should have a kernel of shape {shape}, as in Forecast, but has "
            f"{None if kernel is None else tuple(kernel.shape)}. Each layer should keep its place "
            "in the formula.",
        )
    of = {weight.shape: weight for weight in weights}
    bias = sum(weight for weight in weights if weight.shape == (1,))
    hidden = np.maximum(rows @ of[4, 8] + of[8,], 0.0)
    right = rows @ of[4, 1] + hidden @ of[8, 1] + bias
    got = answer_of(model, rows)
    wrong = np.flatnonzero(~np.isclose(got, right, rtol=1e-4, atol=1e-4).ravel())
    if len(wrong):
        row = rows[wrong[0]]
        raise NotYet(
            "your model should compute self.wide(readings) + self.deep(self.hidden(readings)), as "
            f"Forecast does. For the row {row.round(2).tolist()}, its weights give "
            f"{right[wrong[0], 0]:.4g}, but it answers {got[wrong[0], 0]:.4g}."
        )


def answer_of(model: Any, rows: np.ndarray) -> np.ndarray:
    """Return the model's answer to `rows` as an (n, 1) array of floats.

    Raises
    ------
    NotYet
        If the answer has a different shape or is not made of floats.
    """
    import tensorflow as tf

    value = call(lambda: np.asarray(model(tf.constant(rows))))
    require(
        value.shape == (len(rows), 1) and value.dtype.kind == "f",
        f"your model should answer {len(rows)} rows with floats of shape ({len(rows)}, 1), but "
        f"answers with {value.dtype} of shape {value.shape}.",
    )
    return value


def _answer_moves(model, weights, rows):
    def change():
        for weight in weights:
            weight.assign(0.5 * weight + 0.1)

    before = answer_of(model, rows)
    call(change)
    return not np.allclose(before, answer_of(model, rows))


def _require_gradients(model, weights, first, others):
    of_first, of_others = (_missing_gradients(model, weights, rows) for rows in (first, others))
    if not of_first and not of_others:
        return
    words = (
        f"your {len(weights)} weights should all have gradients, but {of_first} gradients are None "
        f"for the {len(first)} rows that the model saw first and {of_others} for {len(others)} rows"
    )
    if of_first < len(weights):
        raise NotYet(f"{words}: the answer does not depend on these weights.")
    if _answer_moves(model, weights, first):
        raise NotYet(
            f"{words}. The answer does depend on the weights, so some step between them is not a "
            "TensorFlow operation."
        )
    if of_others < of_first:
        words += ", because without an input_signature each shape has its own trace"
    raise NotYet(f"{words}.\n{cure('No gradients provided for any variable')}")


def _missing_gradients(model, weights, rows):
    """Count the `weights` for which a loss over the `rows` has no gradient."""
    import tensorflow as tf

    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(tf.constant(rows)) ** 2)
        return tape.gradient(loss, weights)

    return sum(gradient is None for gradient in call(gradients))
