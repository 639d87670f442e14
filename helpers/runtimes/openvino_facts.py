"""What OpenVINO does differently from TensorFlow, without an error, and what its errors mean.

Each fact is tested on the version in openvino.lock, with a processor (CPU) as the device.
"""

import re
from collections.abc import Collection

from helpers.artifact.saved_model import Signature

PRECISIONS = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}
WRITES = re.compile(r"(Assign|Resource(Scatter|Apply)|Scatter|Lookup\w*Import|Lookup\w*Insert)\w*")
# What is wrong by the words of an error: the first that is found counts.
CURES = {
    r"HashTable|LookupTable|MutableHashTable|AnonymousHash": (
        "OpenVINO cannot fill the lookup tables of an export. Look the words up in the program "
        "that calls the model, and export a signature that takes whole numbers."
    ),
    r"unknown element type bf16|DT_BFLOAT16": (
        "OpenVINO does not read bfloat16 from an export. Copy the weights to a model of float32, "
        "export that one, and let OpenVINO choose the precision."
    ),
    r"XlaCallModule": (
        "The signature is one program that JAX compiled, and OpenVINO does not read it. Export the "
        "model with the TensorFlow backend of Keras: KERAS_BACKEND=tensorflow."
    ),
    r"No conversion rule found|Conversion is failed for": (
        "OpenVINO has no operation for this step. Compute it before or after the model, and export "
        "a signature without it."
    ),
    r"made a model without": (
        "Leave a constant output out of the signature, for example in a file of assets.extra, and "
        "compute texts after the model."
    ),
    r"cannot call": (
        "Write an export of its own for each signature that OpenVINO must call, with the name "
        "serving_default."
    ),
}


def facts(
    signature: Signature, operations: Collection[str], inner: Collection[str] = ()
) -> list[str]:
    """List what OpenVINO does differently with a signature, without an error.

    Parameters
    ----------
    signature : helpers.artifact.Signature
    operations : collection of str
        The types of the operations that it runs.
    inner : collection of str
        The names of the dtypes of these operations.

    Returns
    -------
    list of str
        Sentences.
    """
    dtypes = {tensor.dtype for tensor in (*signature.inputs, *signature.outputs)}
    found = []
    if large := sorted(dtypes & {"int64", "uint64"}):
        found.append(
            f"OpenVINO computes {' and '.join(large)} as int32: it answers wrongly to numbers "
            "beyond 2,147,483,647, without an error."
        )
    if dtypes & {"float64", "complex128"}:
        found.append(
            "OpenVINO computes float64 as float32: 7 digits are right, and no number is larger "
            "than 3.4e38."
        )
    if small := sorted(dtypes & {"int8", "uint8"}):
        found.append(
            f"OpenVINO stops at the largest and the smallest {' and '.join(small)}, where "
            "TensorFlow goes round: 255 + 1 is 255 instead of 0 in uint8."
        )
    if written := sorted(filter(WRITES.fullmatch, operations)):
        found.append(
            f"OpenVINO leaves out what a call writes to variables ({', '.join(written)}): each "
            "call starts from the exported values."
        )
    if short := sorted({"bfloat16", "float16"} & set(inner) - dtypes):
        found.append(
            f"The export computes in {' and '.join(short)} inside, and OpenVINO in a precision of "
            "its own: differences of this size are the rounding of the export."
        )
    if "Assert" in operations:
        found.append(
            "OpenVINO leaves out assertions: it answers to inputs that TensorFlow refuses."
        )
    return found


def cure_of(error: str) -> str:
    """Return what to do about an error of OpenVINO; "" for an unknown one."""
    return next((cure for words, cure in CURES.items() if re.search(words, error)), "")


def about_precision(used: str, float32_is_same: bool) -> str:
    """Say in which precision OpenVINO computes, and how to choose float32.

    Parameters
    ----------
    used : str
        The name of the dtype that OpenVINO tells, such as "bf16".
    float32_is_same : bool
        Whether OpenVINO gives the right numbers in float32.

    Returns
    -------
    str
        "" if it computes in float32 already.
    """
    if used == "f32":
        return ""
    name = PRECISIONS.get(used, used)
    then = "Its numbers are then the same." if float32_is_same else "Its numbers differ then, too."
    return (
        f"OpenVINO computes in {name} here, which it chose for this processor. To compute in "
        'float32: core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}). '
        f"{then}"
    )
