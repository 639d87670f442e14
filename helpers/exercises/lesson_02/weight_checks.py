"""Whether the answers of a learner's model come from its weights."""

import numpy as np

from helpers.errors.cure import cure
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require


def require_weights_that_count(model, first, others):
    """Gradients must reach every weight, and answers change with them; how many weights there are.

    model : a Keras model that was never called; its weights are other ones afterwards
    first, others : batches of different sizes; on `first` Keras makes the weights
    """
    answer_of(model, first)
    weights = call(lambda: list(model.trainable_variables))
    require(weights, "your model has no trainable weights, so it can never learn anything.")
    _require_gradients(model, weights, first, others)
    require(
        _answer_moves(model, weights, first),
        "when every weight is changed, the model answers as before: it does not read them.",
    )
    return len(weights)


def answer_of(model, rows):
    """The model's answer to `rows` as an array, one number for each row."""
    import tensorflow as tf

    value = call(lambda: np.asarray(model(tf.constant(rows))))
    require(
        value.shape == (len(rows), 1) and value.dtype.kind == "f",
        f"your model answers {len(rows)} rows with {value.dtype} of shape {value.shape}; floats "
        f"of shape ({len(rows)}, 1) are wanted.",
    )
    return value


def _answer_moves(model, weights, rows):
    before = answer_of(model, rows)
    call(lambda: [weight.assign(0.5 * weight + 0.1) for weight in weights])
    return not np.allclose(before, answer_of(model, rows))


def _require_gradients(model, weights, first, others):
    of_first, of_others = (_missing_gradients(model, weights, rows) for rows in (first, others))
    if not of_first and not of_others:
        return
    words = (
        f"of the gradients of your {len(weights)} weights, {of_first} are None for the "
        f"{len(first)} rows that the model saw first and {of_others} for {len(others)} rows"
    )
    if of_first < len(weights):
        raise NotYet(f"{words}: these weights take no part in the answer.")
    if _answer_moves(model, weights, first):
        raise NotYet(
            f"{words}, though the answer does depend on them: some step on the way is not a "
            "TensorFlow operation."
        )
    if of_others < of_first:
        words += ", because without an input_signature each shape has a trace of its own"
    raise NotYet(f"{words}.\n{cure('No gradients provided for any variable')}")


def _missing_gradients(model, weights, rows):
    """For how many of the `weights` a loss over the `rows` has no gradient."""
    import tensorflow as tf

    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(tf.constant(rows)) ** 2)
        return tape.gradient(loss, weights)

    return sum(gradient is None for gradient in call(gradients))
