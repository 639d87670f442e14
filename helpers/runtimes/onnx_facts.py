"""What the errors of tf2onnx and of ONNX Runtime mean."""

import re

# The reason of an error stands behind a list of all ends of the operation.
UNKNOWN = re.compile(
    r'In Node, \("([^"]*)".*(No Op registered for \w+) with domain_version of (\d+)'
)
PREFIX = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")

# What is wrong by the words of an error: the first that is found counts.
CURES = {
    r"\bErfc\b": (
        "tf2onnx writes the operation Erfc of the exact gelu into the file, and ONNX has no such "
        "operation. Use gelu with approximate=True, compare its numbers, and export again."
    ),
    r"StringToHashBucket|StringSplit|RegexReplace|StringLower|stoll|lookup tables of type": (
        "ONNX has no operation for this step on texts. Do it in the program that calls the model, "
        "and export a signature that takes whole numbers."
    ),
    r"No Op registered for|is not a registered function/op": (
        "tf2onnx has written an operation of TensorFlow into the file that ONNX does not have. "
        "Compute this step before or after the model, and export a signature without it."
    ),
}


def cure_of(error: str) -> str:
    """Return what to do about an error of tf2onnx or ONNX Runtime; "" for an unknown one."""
    return next((cure for words, cure in CURES.items() if re.search(words, error)), "")


def reason_first(error: str) -> str:
    """Return an error of ONNX Runtime with its reason at the beginning."""
    if found := UNKNOWN.search(error):
        return f"{found[2]}, in operation set {found[3]}: the operation {found[1]}"
    return PREFIX.sub("", error)
