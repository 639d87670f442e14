"""The cure under a failing check: the entry of the table for the text of an error."""

import re

import pytest

from helpers.errors.cure import cure, entry
from helpers.errors.known_error import GENERAL, known_errors
from helpers.errors.shapes import shape_advice

ERRORS = known_errors()
CAST = "Can not cast TensorSpec(shape=(3,), dtype=tf.{}, name=None) to TensorSpec(shape=(None, 1)"
AT = "Could not find variable dense/kernel. This could mean that the variable has been deleted."

# Texts as `describe` gives them, at most 300 characters long, and the entry that they belong to.
TEXTS = {
    "never-built": [
        "ValueError: The model must be built before export",
        "ValueError: The layer provided has never called",
        "ValueError: The model has not yet been built",
    ],
    "signature-output": ["ValueError: Got a non-Tensor value 5 for key 'x' in the output of …"],
    "untracked-resource": ["AssertionError: Tried to export a function with an untracked resource"],
    "keras-tensor": ["ValueError: A KerasTensor is symbolic", "A KerasTensor cannot be used here"],
    "wrong-tags": ["RuntimeError: MetaGraphDef associated with tags {'train'} could not …"],
    "endpoint-not-found": ["ValueError: x is neither one, nor an entry in the `signatures` field"],
    "path-in-graph": [
        "NotFoundError: /data/factor.txt; No such file or directory",
        "{{function_node __inference_scale}} specified. ; No such file or directory [[ReadFile]]",
    ],
    "missing-asset": ["FileNotFoundError: line/assets/words.txt: No such file or directory"],
    "damaged-export": [
        "DecodeError: Error parsing message",
        "OSError: Cannot parse file b'line/graph.pb'",
        "DataLossError: truncated record",
        "OSError: line/saved_model.pb is truncated",
        "NotFoundError: line/variables/variables.index not found",
        "NotFoundError: Failed to find any matching files for line",
    ],
    "optimizer-left-in": ["NotFoundError: Key optimizer/iterations not found in checkpoint"],
    "load-model-of-export": [
        "ValueError: File format not supported: line",
        "Note that the legacy SavedModel format is not supported by `load_model()` in Keras 3.",
    ],
    "class-not-known": ["TypeError: Could not locate class 'Gate'", "Unknown layer: Gate"],
    "python-lambda": [
        "ValueError: The function of the layer is a Python lambda",
        "ValueError: Requested the deserialization of a Keras Lambda",
    ],
    "legacy-h5-metric": [
        "ValueError: Could not locate function 'mean_absolute_percentage_error'",
        "ValueError: Could not locate function 'mse'",
    ],
    "not-a-keras-model": ["AttributeError: 'Loaded' object has no attribute 'predict'"],
    "signature-by-name": [
        "TypeError: too many positional arguments",
        "TypeError: missing a required argument: 'x'",
        "TypeError: signature() got an unexpected keyword argument 'y'",
    ],
    "tensor-dtype": [
        "InvalidArgumentError: was expected to be a float tensor but is a double tensor",
        f"TypeError: {CAST.format('float64')}, dtype=tf.float32, name='x')",
    ],
    "shape-refused": [
        f"TypeError: {CAST.format('float32')}, dtype=tf.float32, name='x')",
        "TypeError: Can not cast TensorSpec(shape=(3,), …",
        "ValueError: Cannot feed value of shape (3,) for Tensor x:0",
    ],
    "columns": ["InvalidArgumentError: Incompatible shapes: [3,2] vs. [3,1]"],
    "litert-no-such-operation": ["ConverterError: <unknown>:0: error: loc: no"],
    "stateful-layer": [
        "ValueError: Input tensor x:0 enters the loop with shape (1, 4), but has shape (None, 4)",
    ],
    "package-not-installed": [
        "TypeError: class X, because its parent module vision.blocks cannot be imported",
    ],
    "load-weights-format": ["Keras 3 only supports V3 `.keras` files, `.weights.h5` files …"],
    "not-a-keras-file": ["ValueError: frozen.pb. Keras 3 only supports V3 `.keras` files, …"],
    "string-input": ["was expected to be a string tensor but is a float tensor"],
    "litert-select-ops": ["RuntimeError: Select TensorFlow op(s) …"],
    "litert-open-recurrent": [
        "ConverterError: <unknown>:0: error: loc(x): 'tf.TensorListReserve' op requires "
        "element_shape to be static during TF Lite transformation pass",
    ],
    "litert-signature-key": ["ValueError: signature_key is None and there are two signatures"],
    "only-python-can-read": [
        f"FailedPreconditionError: {AT}",
        f"FailedPreconditionError: {AT} [Op:ReadVariableOp]",
        "NotFoundError: Resource localhost/dense/kernel does not exist",
    ],
    "variables-deleted": [
        "AssertionError: Called a function referencing variables which have been deleted.",
    ],
    "py-function": ["InvalidArgumentError: Unknown op PyFunc"],
    "litert-vocabulary-file": [
        "RuntimeError: hashtable need to be initialized before using",
        "ConverterError: hashtable need to be initialized before using",
    ],
    "lookup-refuses-unknown-words": [
        "InvalidArgumentError: When num_oov_indices=0 all inputs should be in vocabulary",
    ],
    "name-not-defined": ["NameError: name 'model' is not defined"],
    "attribute-not-found": ["AttributeError: 'int' object has no attribute 'double'"],
    "exit-in-a-notebook": ["SystemExit: 0", "SystemExit"],
    "python-value-of-a-tensor": [
        "OperatorNotAllowedInGraphError: Using a symbolic `tf.Tensor` as a Python `bool` is not …",
        "OperatorNotAllowedInGraphError: Iterating over a symbolic `tf.Tensor` is not allowed.",
        "AttributeError: 'SymbolicTensor' object has no attribute 'numpy'",
        "TypeError: float() argument must be a string or a real number, not 'SymbolicTensor'",
    ],
    "one-decision-for-all-rows": [
        "ValueError: condition of if statement expected to be `tf.bool` scalar, got Tensor(…)",
        "InvalidArgumentError: Input to reshape is a tensor with 0 values, but the requested shape "
        "has 1 [[{{node cond/Reshape}}]]",
    ],
    "endpoint-without-signature": [
        "ValueError: If the `fn` argument provided is not a `tf.function`, you must provide an "
        "`input_signature` argument to specify the shape and dtype of the function arguments.",
        "ValueError: The provided tf.function 'f' has never been called. To specify the …",
    ],
    "signature-not-a-list": [
        "TypeError: input_signature must be either a tuple or a list, got <class 'TensorSpec'>.",
        "TypeError: input_signature contains 1 extra type constraints.",
        "TypeError: Unsupported x=None of the type (<class 'NoneType'>). Supported types are: "
        "`keras.InputSpec`, `keras.KerasTensor` and backend tensor.",
    ],
    "open-axis": ["TypeError: len is not well defined for a symbolic Tensor (x:0)."],
    "layer-name": ["ValueError: 'my layer' is not a valid root scope name. A root scope name has"],
    "export-layer-with-adam": ["ValueError: 'dense_kernel:0_velocity' is not a valid scope name."],
    "lookup-without-vocabulary": [
        "FailedPreconditionError: Exception encountered when calling IntegerLookup.call(). "
        "{{function_node __wrapped__LookupTableFindV2}} Table not initialized. "
        "[Op:LookupTableFindV2] name:",
    ],
    "numpy-in-a-graph": [
        "NotImplementedError: Cannot convert a symbolic tf.Tensor (rows:0) to a numpy array.",
    ],
    "two-dtypes": [
        "TypeError: Input 'y' of 'AddV2' Op has type float64 that does not match type float32 of "
        "argument 'x'.",
    ],
    "no-method-of-a-tensor": ["AttributeError: 'SymbolicTensor' object has no attribute 'max'"],
    "tensor-as-an-index": [
        "TypeError: list indices must be integers or slices, not SymbolicTensor"
    ],
    "signature-as-an-attribute": [
        "AttributeError: '_UserObject' object has no attribute 'serving_default'",
    ],
    "export-layer-is-no-model": ["AttributeError: 'TFSMLayer' object has no attribute 'summary'"],
    "checkpoint-of-an-export": [
        "ValueError: Couldn't find 'checkpoint' file or checkpoints in given directory /tmp/e",
    ],
    "litert-runner-by-name": ["ValueError: Invalid Input name (x) for SignatureDef"],
    "path-object": ["TypeError: Expected binary or unicode string, got PosixPath('/tmp/e')"],
    "rows-of-unequal-length": [
        "ValueError: Can't convert non-rectangular Python sequence to Tensor.",
    ],
    "operation-of-another-dtype": [
        "TypeError: Value passed to parameter 'x' has DataType string not in list of allowed "
        "values: bfloat16, half, float, double",
    ],
    "module-not-found": ["ModuleNotFoundError: No module named 'keras_hub'"],
    "layer-columns": [
        "ValueError: Exception encountered when calling Gate.call(). Input 0 with name 'None' of "
        "layer 'dense' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 4, but received input with shape (3, 8)",
    ],
}
PAIRS = [(key, text) for key, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("key", "text"), PAIRS, ids=[text[:60] for _, text in PAIRS])
def test_text_gets_the_cause_and_the_cure_of_its_entry(key, text):
    assert entry(text) is ERRORS[key]
    assert cure(text) == (shape_advice(text) or f"{ERRORS[key].cause} {ERRORS[key].cure}")


# Plain Python has the same words as these; only a traceback tells them apart.
FRAMED = {
    key
    for key, error in ERRORS.items()
    if error.group == GENERAL and error.framed_marks and not error.matches(error.text)
}


@pytest.mark.parametrize("key", sorted(FRAMED))
def test_without_a_traceback_an_entry_that_needs_one_is_not_taken(key):
    found = entry(f"{ERRORS[key].exception}: {ERRORS[key].text}")
    assert found is not ERRORS[key]


@pytest.mark.parametrize(
    "error", [error for key, error in ERRORS.items() if key not in FRAMED], ids=lambda e: e.key
)
def test_text_of_an_entry_is_not_taken_for_another(error):
    """`text` may be too short to be certain, or to differ from a more general entry."""
    found = entry(f"{error.exception}: {error.text}" if error.exception else error.text)
    assert found in (error, ERRORS.get(error.refines), None)
    assert found or not error.exception


@pytest.mark.parametrize(
    "text", ["", "KeyError: 'x'", "ValueError: no luck", "in a NameError", "TypeError: f() takes 0"]
)
def test_other_errors_have_no_cure(text):
    assert cure(text) == ""


def test_every_broad_mark_is_there_for_a_text():
    marks = [(error.key, mark) for error in ERRORS.values() for mark in error.broad_marks]
    unused = [
        mark for key, mark in marks if not any(re.search(mark, text) for text in TEXTS.get(key, ()))
    ]
    assert unused == []


def test_every_general_entry_is_found():
    general = {key: error for key, error in ERRORS.items() if error.group == GENERAL}
    # tests/errors/test_notebook_cells.py finds those that need a traceback.
    assert {key for key, error in general.items() if error.marks or error.broad_marks} <= set(TEXTS)


def test_words_of_a_broken_line_count():
    assert (
        entry("FailedPreconditionError: Table not\n  initialized.")
        is (ERRORS["table-not-initialized"])
    )
