"""Calling a live model with the inputs of a signature, which have names and no structure."""

import contextlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from helpers import artifact
from helpers.readers.input_files import WrongOption
from helpers.text import printable

HOW = (
    "Give a function for each signature: model={SIGNATURE: function}. A function gets the input of "
    "a signature, or several inputs by name: as keywords if its parameters have these names, else "
    "as one dict."
)
KERAS_KEYS = ("serve", "serving_default")  # what model.export writes for a call of the model
LIBRARIES = ("keras.", "tensorflow.", "tf_keras.")


def functions(model: Any, keys: Sequence[str]) -> dict[str, Callable]:
    """Find the function of a live model that each signature of an export promises.

    Parameters
    ----------
    model : Keras model, tf.Module, function, or dict of str to function
        A signature has the function of its own name. For "serve" and "serving_default", or if
        there is no other signature, it is the model itself, or the only tf.function of a module.
    keys : sequence of str
        The signatures that are compared.

    Returns
    -------
    dict of str to function
        By key. A signature without a function is left out.

    Raises
    ------
    WrongOption
        If there is no function for any of the signatures, or one for an unknown signature.
    """
    told = ", ".join(map(printable, keys)) or "none"
    if isinstance(model, Mapping):
        for key, function in model.items():
            if key not in keys:
                raise WrongOption(f"the model has a function for {key!r}, but compared are: {told}")
            if not callable(function):
                kind = type(function).__name__
                raise WrongOption(f"the model for {key!r} is no function, but of type {kind}")
        found = dict(model)
    else:
        own = {key: getattr(model, key, None) for key in keys if key.isidentifier()}
        found = {key: one for key, one in own.items() if callable(one) and not _of_library(one)}
        main = model if callable(model) else _only_function(model)
        if main is not None:
            others = [key for key in keys if key in KERAS_KEYS or len(keys) == 1]
            found = dict.fromkeys(others, main) | found
    if not found:
        kind = type(model).__name__
        raise WrongOption(f"the model of type {kind} has no function for: {told}. {HOW}")
    return {key: found[key] for key in keys if key in found}


def _of_library(function):
    """Say whether a method comes with every model, as `predict` of a Keras model does."""
    return (getattr(function, "__module__", None) or "").startswith(LIBRARIES) and not hasattr(
        function, "get_concrete_function"
    )


def _only_function(model):
    values = vars(model).values() if hasattr(model, "__dict__") else ()
    traced = [value for value in values if hasattr(value, "get_concrete_function")]
    methods = {
        name
        for name in dir(type(model))
        if hasattr(getattr(type(model), name, None), "get_concrete_function")
    }
    traced += [getattr(model, name) for name in sorted(methods)]
    return traced[0] if len(traced) == 1 else None


def takes_any_dtype(function: Callable) -> bool:
    """Say whether a function declares no dtypes, so that its export had to guess them."""
    if _is_keras(function):
        return not getattr(function, "inputs", None)
    return _declared(function) is None


def call(
    function: Callable, signature: artifact.Signature, feed: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Call a live function with the inputs of a signature.

    Parameters
    ----------
    function : function
    signature : helpers.artifact.Signature
        Names the inputs and the outputs.
    feed : dict of str to array
        The inputs by name.

    Returns
    -------
    dict of str to array
        The outputs by the names of the signature, of its dtypes where only precision is lost.

    Raises
    ------
    WrongOption
        If the function takes something else than the inputs of the signature.
    Exception
        What the function raises.
    """
    values = {name: _tensor(feed[name]) for name in sorted(feed, key=_in_order)}
    if _is_keras(function):
        arguments, keywords = _of_keras(function, values)
    elif (declared := _declared(function)) is not None:
        arguments, keywords = _of_declared(function, declared, values)
    else:
        arguments, keywords = _of_python(function, values)
    return _named(function(*arguments, **keywords), signature.outputs)


def _in_order(name):
    """Sort x_2 before x_10: TensorFlow numbers the parts of one argument."""
    stem, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name, re.S).groups()
    return stem, int(number or 0)


def _tensor(array):
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "constant"):
        return array
    return tensorflow.constant(array)


def _is_keras(function):
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(function, keras.Layer)


def _of_keras(layer, values):
    import keras

    def packed(structure, leaves):
        if len(leaves) == len(values) and all(name in values for name in leaves):
            return keras.tree.pack_sequence_as(structure, [values[name] for name in leaves])
        if len(leaves) != len(values):
            raise WrongOption(
                f"the model has {len(leaves)} inputs, the signature has {len(values)}: "
                f"{', '.join(map(printable, values))}. {HOW}"
            )
        return keras.tree.pack_sequence_as(structure, list(values.values()))

    if inputs := getattr(layer, "inputs", None):  # a functional or a Sequential model
        structure = inputs[0] if len(inputs) == 1 else inputs
        with contextlib.suppress(AttributeError):  # a Sequential model that was not called yet
            structure = layer.input
        return [packed(structure, [tensor.name for tensor in keras.tree.flatten(structure)])], {}
    shapes = _shapes(layer)
    if shapes is None:
        return _of_python(layer.call, values)
    one = {name.removesuffix("_shape"): _leaves(shape) for name, shape in shapes.items()}
    arguments = packed(one, [str(name) for name in keras.tree.flatten(one)])
    if len(arguments) == 1:
        return list(arguments.values()), {}
    return [], arguments


def _shapes(layer):
    """Return the shapes with which a layer was built, by the name of the argument, or None."""
    config = layer.get_build_config() or {}
    if "shapes_dict" in config:
        return config["shapes_dict"] or None
    return {"inputs_shape": config["input_shape"]} if config.get("input_shape") else None


def _leaves(structure):
    """Replace each shape in a structure of shapes by a leaf: its key, if it stands in a dict."""
    if isinstance(structure, Mapping):
        return {
            key: key if _is_shape(value) else _leaves(value) for key, value in structure.items()
        }
    if _is_shape(structure):
        return ""
    return [_leaves(value) for value in structure]


def _is_shape(value):
    return isinstance(value, list | tuple) and all(
        size is None or isinstance(size, int) for size in value
    )


def _declared(function):
    """Return the (arguments, keywords) that a traced function declares, or None."""
    if getattr(function, "structured_input_signature", None) is not None:
        return function.structured_input_signature
    if getattr(function, "input_signature", None) is None:
        return None
    return function.get_concrete_function().structured_input_signature


def _of_declared(function, declared, values):
    import tensorflow as tf

    arguments, keywords = declared
    flat = tf.nest.flatten(declared, expand_composites=True)
    names = [getattr(spec, "name", None) for spec in flat]
    if not all(name in values for name in names):
        python = getattr(function, "python_function", None)
        given = list(inspect.signature(python).parameters) if python else []
        pairs = [*zip(given, arguments, strict=False), *keywords.items()]
        # A ragged argument x is x and x_1 in a signature.
        names = [
            name if part == 0 else f"{name}_{part}"
            for name, spec in pairs
            for part in range(len(tf.nest.flatten(spec, expand_composites=True)))
        ]
    if sorted(names, key=str) != sorted(values):
        if len(flat) != len(values):
            raise WrongOption(
                f"the function has {len(flat)} inputs, the signature has {len(values)}: "
                f"{', '.join(map(printable, values))}. {HOW}"
            )
        names = list(values)
    # The dtype of the function decides, as for a caller of the function.
    given = [
        tf.constant(values[name].numpy(), spec.dtype)
        for name, spec in zip(names, flat, strict=True)
    ]
    return tf.nest.pack_sequence_as(declared, given, expand_composites=True)


def _of_python(function, values):
    function = getattr(function, "python_function", function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if set(values) <= {parameter.name for parameter in named}:
        return [], values
    required = [p for p in named if p.default is p.empty]
    if len(required) > 1:
        raise WrongOption(
            f"the function takes {', '.join(p.name for p in required)}, the inputs of the "
            f"signature are {', '.join(map(printable, values))}. {HOW}"
        )
    return [*values.values()] if len(values) == 1 else [values], {}


def _named(result, declared):
    """Return what a function returns as arrays by the names of the outputs of a signature."""
    names = [tensor.name for tensor in declared]
    if isinstance(result, Mapping) and set(result) == set(names):
        found = {name: _array(value) for name, value in result.items()}
    else:
        flat = _flat(result)
        if len(flat) == len(names):
            # Outputs without names get the names output_0, output_1 in an export.
            found = dict(zip(sorted(names, key=_in_order), map(_array, flat), strict=True))
        elif isinstance(result, Mapping):
            found = {str(name): _array(value) for name, value in result.items()}
        else:
            found = {f"output_{n}": _array(value) for n, value in enumerate(flat)}
    dtypes = {tensor.name: tensor.dtype for tensor in declared}
    return {name: as_declared(value, dtypes.get(name, "")) for name, value in found.items()}


def _flat(result):
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "nest"):
        return tensorflow.nest.flatten(result, expand_composites=True)
    if isinstance(result, Mapping):
        return [result[name] for name in sorted(result)]
    return list(result) if isinstance(result, list | tuple) else [result]


def _array(value):
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "SU" else array


def as_declared(array: np.ndarray, dtype: str) -> np.ndarray:
    """Return right answers in the dtype of an output, where only precision is lost.

    Parameters
    ----------
    array : array
    dtype : str
        The name of the dtype that the signature declares.

    Returns
    -------
    array
        Whole numbers in place of floats become float64, which holds them. Texts become bytes.
    """
    if array.dtype.kind in "SUO":
        texts = [text.encode() if isinstance(text, str) else text for text in array.flat]
        return np.array(texts, object).reshape(array.shape)
    if "float" in array.dtype.name and "float" in dtype and array.dtype.name != dtype:
        with np.errstate(over="ignore"):
            return array.astype(np.float32 if dtype == "bfloat16" else dtype)
    if array.dtype.kind in "iu" and "float" in dtype:
        return array.astype(np.float64)  # float32 does not hold all whole numbers
    if array.dtype.kind in "iu" and re.fullmatch(r"u?int\d+", dtype):
        whole = array.astype(dtype if dtype not in ("int4", "uint4") else "int8")
        return whole if np.array_equal(whole, array) else array
    return array
