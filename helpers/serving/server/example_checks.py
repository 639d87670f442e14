"""Check the signatures, inputs and outputs of classify and regress requests."""

from typing import TYPE_CHECKING

import numpy as np

from helpers.serving.protocol.dtypes import FLOAT, NAMES, NUMBERS, STRING
from helpers.serving.protocol.errors import invalid

if TYPE_CHECKING:  # importing TensorFlow takes seconds
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef


def example_tensor(examples: list[bytes]) -> np.ndarray:
    """Return serialized tf.train.Example messages as an (examples,) array of bytes.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; there are no examples
    """
    if not examples:
        raise invalid("Input is empty.")
    array = np.empty(len(examples), object)
    array[:] = examples
    return array


def check_classify(definition: "SignatureDef") -> None:
    """Refuse a signature that cannot answer classify requests.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the text of TensorFlow Serving
    """
    if len(definition.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if len(definition.outputs) not in (1, 2):
        raise invalid("Expected one or two output Tensors, found ", len(definition.outputs))
    if "inputs" not in definition.inputs:
        raise invalid("No classification inputs found in SignatureDef: ", definition)
    if not {"classes", "scores"} & set(definition.outputs):
        raise invalid(
            "Expected classification signature outputs to contain at least one of "
            '"classes" or "scores". Signature was: ',
            definition,
        )


def check_regress(definition: "SignatureDef") -> None:
    """Refuse a signature that cannot answer regress requests.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT, with the text of TensorFlow Serving
    """
    if len(definition.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if len(definition.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if "inputs" not in definition.inputs:
        raise invalid("No regression inputs found in SignatureDef: ", definition)
    if "outputs" not in definition.outputs:
        raise invalid("No regression outputs found in SignatureDef: ", definition)


def _shape(array):
    return f"[{','.join(map(str, array.shape))}]"


def _enum(array):
    return "DT_" + NAMES[NUMBERS[array.dtype]].upper()


def check_classes(
    labels: np.ndarray | None, scores: np.ndarray | None, examples: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Check the outputs of a classify signature and return them.

    Parameters
    ----------
    labels : (examples, classes) array of bytes, or None
    scores : (examples, classes) array of float32, or None
    examples : int
        number of examples in the request

    Returns
    -------
    labels, scores
        unchanged

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; a dtype or a shape is wrong
    """
    for word, array, dtype in (("classes", labels, STRING), ("scores", scores, FLOAT)):
        if array is None:
            continue
        if array.ndim != 2:
            raise invalid("Expected Tensor shape: [batch_size num_classes] but got ", _shape(array))
        if NUMBERS[array.dtype] != dtype:
            raise invalid(
                f"Expected {word} Tensor of DT_{NAMES[dtype].upper()}. Got: {_enum(array)}"
            )
        if len(array) != examples:
            raise invalid(f"Expected {word} output batch size of {examples}. Got: {len(array)}")
    if labels is not None and scores is not None and labels.shape[1] != scores.shape[1]:
        raise invalid(
            "Tensors class and score should match in dim_size(1). Got "
            f"{labels.shape[1]} vs. {scores.shape[1]}"
        )
    return labels, scores


def check_values(values: np.ndarray, examples: int) -> np.ndarray:
    """Check the output of a regress signature and return it as a vector.

    Parameters
    ----------
    values : (examples,) or (examples, 1) array of float32
    examples : int
        number of examples in the request

    Returns
    -------
    (examples,) array of float32

    Raises
    ------
    ServingError
        INVALID_ARGUMENT; the dtype or the shape is wrong
    """
    if not (values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)):
        raise invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got ",
            _shape(values),
        )
    if len(values) != examples:
        raise invalid(
            f"Input batch size did not match output batch size: {examples} vs. {len(values)}"
        )
    if NUMBERS[values.dtype] != FLOAT:
        raise invalid("Expected output Tensor of DT_FLOAT.  Got: ", _enum(values))
    return values.ravel()
