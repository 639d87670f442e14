"""Writing exports with Keras and with tf.Module, and what the live model answers."""

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.corpus.record import Golden

SAME_IN_ALL = {"python": "same", "session": "same", "litert": "same"}
NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}


def numbers(*shape: int, seed: int = 1) -> np.ndarray:
    """Return normal numbers of float32."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def whole(limit: int, *shape: int, seed: int = 1, dtype: str = "int32") -> np.ndarray:
    """Return whole numbers from 0 to `limit` - 1."""
    return np.random.default_rng(seed).integers(0, limit, shape).astype(dtype)


def keras_export(
    model: keras.Model, directory: Path, inputs: Mapping[str, np.ndarray], **options: object
) -> Golden:
    """Export a functional Keras model, and return what it answers.

    Parameters
    ----------
    model : keras.Model
    directory : Path
    inputs : dict of str to array
        By the names of the inputs.
    **options
        Of `model.export`.
    """
    model.export(directory, verbose=False, **options)
    given = [inputs[tensor.name] for tensor in model.inputs]
    answer = model(given if len(given) > 1 else given[0])
    named = answer if isinstance(answer, dict) else dict(enumerate(tf.nest.flatten(answer)))
    outputs = {
        name if isinstance(name, str) else f"output_{name}": value.numpy()
        for name, value in named.items()
    }
    return {"serving_default": (dict(inputs), outputs)}


def module_export(
    function: Callable,
    directory: Path,
    spec: list[tf.TensorSpec],
    *inputs: np.ndarray,
    module: tf.Module | None = None,
    **options: object,
) -> Golden:
    """Save a function as the only signature of an export, and return what it answers.

    Parameters
    ----------
    function : function of tensors
        Returns a dict of tensors by name.
    directory : Path
    spec : list of TensorSpec
        With names.
    *inputs : array
        One for each spec. The answer is computed after the export is saved.
    module : tf.Module, optional
        Has the variables that the function reads.
    **options
        Of tf.function.
    """
    module = module or tf.Module()
    module.compute = tf.function(function, input_signature=spec, **options)
    signatures = {"serving_default": module.compute.get_concrete_function()}
    tf.saved_model.save(module, str(directory), signatures=signatures)
    answer = module.compute(*map(tf.constant, inputs))
    given = {one.name: value for one, value in zip(spec, inputs, strict=True)}
    outputs = {name: tensor.numpy() for name, tensor in answer.items()}
    return {"serving_default": (given, outputs)}
