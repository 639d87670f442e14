"""What the errors of tf2onnx and of ONNX Runtime mean."""

import re

# The reason of an error stands behind a list of all ends of the operation.
UNKNOWN = re.compile(
    r'In Node, \("([^"]*)".*(No Op registered for \w+) with domain_version of (\d+)'
)
PREFIX = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : (/onnxruntime_src/\S+ .*?\) (?=[A-Z]))?")

COMPILED = (
    "The signature is one program that JAX compiled, and tf2onnx does not read it. Export the "
    "model with the TensorFlow backend of Keras: KERAS_BACKEND=tensorflow."
)
# What is wrong by the words of an error: the first that is found counts.
CURES = {
    r"\bErfc\b": (
        "tf2onnx writes the operation Erfc of the exact gelu into the file, and ONNX has no such "
        "operation. Use gelu with approximate=True, compare its numbers, and export again."
    ),
    r"No Op registered for LookupTable|Could not determine table shared name": (
        'The way from the Python model, model.export(file, format="onnx"), loses the content of '
        "lookup tables. Call model.export(directory), and convert the export: python -m "
        "tf2onnx.convert --saved-model DIRECTORY --signature_def serving_default --opset 18 "
        "--output FILE."
    ),
    r"External data path does not exist": (
        "The weights of the model are in a second file. Copy it beside this one, under the name "
        "that the error tells."
    ),
    r"Failed to construct locale": (
        "The operation StringNormalizer needs a locale that this machine lacks; the error names "
        "it. Install it (on Debian: the package locales, then locale-gen), and open the file again."
    ),
    r"Status Message: stoll": (
        "tf2onnx compares texts as if they were numbers. A StringLookup compares them with its "
        "mask_token: leave mask_token out, or look the words up in the program that calls the "
        "model."
    ),
    r"bfloat16\)": (
        "ONNX has few operations for bfloat16. Build the model with the dtype policy float32, copy "
        "the weights with set_weights, and convert that model."
    ),
    r"StringToHashBucket|StringSplit|RegexReplace|StringLower|lookup tables of type": (
        "ONNX has no operation for this step on texts. Do it in the program that calls the model, "
        "and export a signature that takes whole numbers."
    ),
    r"No Op registered for": (
        "The file has an operation that ONNX does not have: a converter leaves in the file what it "
        "cannot convert. Compute this step before or after the model, and convert the rest."
    ),
    r"is not a registered function/op": (
        "The file has an operation of another library. A program must load this library first, "
        "with SessionOptions.register_custom_ops_library."
    ),
    r"only \*guarantees\* support": (
        "The file asks for a newer version of ONNX. Convert the model again with an older "
        "operation set (tf2onnx: --opset 18), or install a newer ONNX Runtime."
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
