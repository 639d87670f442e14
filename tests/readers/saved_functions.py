"""Exports of plain functions, for tests of what readers answer."""

from pathlib import Path

import tensorflow as tf


def save(folder, weight=2.0, **functions) -> Path:
    """Save functions of a weight and of inputs as an export.

    Parameters
    ----------
    folder : path
    weight : float
        The variable that each function gets first.
    functions : (function, TensorSpec, ...)
        By the key of the signature.
    """
    module = tf.Module()
    module.weight = tf.Variable(weight)
    signatures = {
        key: _traced(function, module.weight, specs)
        for key, (function, *specs) in functions.items()
    }
    module.functions = list(signatures.values())
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return Path(folder)


def _traced(function, weight, specs):
    return tf.function(lambda *x: function(weight, *x), input_signature=specs, autograph=False)
