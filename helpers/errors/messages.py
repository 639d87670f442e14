"""Errors as text: short, safe to make from any exception, and what usually cures them."""

import contextlib
import re
import textwrap

from helpers.scratch import without_scratch
from helpers.text import shorten

WIDTH = 96

# (pattern in "Type: text", what usually causes it and what cures it). First match wins.
CURES = (
    (
        r"Could not find variable|Resource .* does not exist",
        "The variables were restored to places the signatures do not read: the mark of "
        "tf.saved_model.save(keras_model), and of a call that is a tf.function and builds its "
        "layers. Export with model.export(directory) or an ExportArchive, with call left plain or "
        "a build() of its own.",
    ),
    (
        r"Could not find callback with key=pyfunc|PyFunc",
        "A py_function or numpy_function lives in the process that made it and is not in the "
        "artifact. Write that step with TensorFlow operations.",
    ),
    (
        r"Can not cast TensorSpec\(shape=[^=]*, dtype=(\w+\.\w+)\b"
        r".*? to TensorSpec\(shape=[^=]*, dtype=(?!\1\b)",
        "A tf.Tensor is never cast for you. Give the declared dtype, or a NumPy array.",
    ),
    (
        r"Cannot set tensor",
        "LiteRT's interpreter holds one row until you resize it, and casts nothing. Use "
        "get_signature_runner(key), and give the declared dtype.",
    ),
    (
        r"Cannot feed value of shape|Can not cast TensorSpec\(shape",
        "The promised shape and the shape that was given differ. Compare the two: None stands "
        "for any number, and one row is still a list: [46.5] for (None,), [[...]] for (None, n).",
    ),
    (
        r"must be built before export|has never called|has not yet been built",
        "Keras knows the input shape only after the model has seen data: call it once, or train "
        "it, before exporting.",
    ),
    (
        r"'_UserObject' object is not callable|has no attribute '(predict|summary|fit|evaluate)'",
        "tf.saved_model.load does not give back a Keras model. Use loaded.serve(x) or "
        'loaded.signatures["serving_default"](name=x).',
    ),
    (
        r"too many positional arguments|missing a required .*argument|unexpected keyword argument",
        "A signature takes its inputs by name: signature(name=x). "
        "signature.structured_input_signature lists the names.",
    ),
    (
        r"was expected to be a \w+ tensor but is a",
        "A tf.Tensor is never cast for you. Give the declared dtype, or a NumPy array.",
    ),
    (
        r"Matrix size-incompatible|incompatible shapes",
        "The number of columns is not the one the model was built for.",
    ),
    (
        r"Invalid filepath extension for saving",
        'model.save(...) writes training files ("name.keras"). For an artifact that others load, '
        "use model.export(directory).",
    ),
    (
        r"File format not supported",
        "An exported directory is not a Keras file: open it with tf.saved_model.load.",
    ),
    (
        r"SavedModel file does not exist at",
        "There is no saved_model.pb in that directory. With numbered versions, give the "
        'version folder ("linear/1"), not the one above it.',
    ),
    (
        r"No gradients provided for any variable",
        "The function does not read the model's variables: the layers were first built inside a "
        "trace. Give the model its own build().",
    ),
    (
        r"untracked.? resource",
        "A variable or table used by a function must be an attribute of the object that is saved.",
    ),
    (
        r"hashtable need to be initialized",
        "LiteRT never loads a vocabulary that lies in a file of assets/. Give the words as a list: "
        "then they are in the graph.",
    ),
    (
        r"num_oov_indices=0",
        "A lookup with num_oov_indices=0 refuses every word that it does not know. Without this "
        "option, an unknown word gets the index 0, or a column of its own.",
    ),
    (
        r"^ConverterError|neither a custom op nor a flex op|Select TensorFlow op",
        "LiteRT cannot express an operation of this graph; texts and recurrent layers are the "
        "usual ones. Compare texts and go on with numbers, or keep the step in an endpoint of its "
        "own, outside the part that is converted.",
    ),
    (
        r"Key optimizer/\S+ not found in checkpoint",
        "tf.saved_model.save wrote the optimizer of a training that failed. "
        "model.export(directory) leaves the optimizer out.",
    ),
    (
        r"assets?/.*(No such file|not found)",
        "A file of assets/ is missing: an export moves as a whole directory.",
    ),
    (
        r"Error parsing message|Cannot parse file|DataLoss|saved_model\.pb.*(truncat|pars)",
        "saved_model.pb is damaged or incomplete: copy the export again.",
    ),
    (
        r"variables.*(No such file|not found)|Failed to find any matching files",
        "A file of variables/ is missing: an export moves as a whole directory.",
    ),
    (
        r"; No such file or directory(?!.*\[Op:(?!_*inference))",
        "The path of a file of another machine is in the graph. Give it to tf.saved_model.Asset: "
        "the file then travels in assets/.",
    ),
    (
        r"incompatible argument to `tags`|MetaGraphDef associated with tags",
        "The one graph of an export is tagged serve: leave tags out.",
    ),
    (
        r"nor an entry in the `signatures` field",
        'Name one of the endpoints that are listed: TFSMLayer(directory, call_endpoint="...").',
    ),
    (
        r"Only `tf\.functions` with an input signature",
        "A signature is one graph: give tf.function its input_signature=[tf.TensorSpec(...)].",
    ),
    (
        r"Got a non-Tensor value",
        "A signature returns one flat dict of tensors: wrap what is Python in tf.constant.",
    ),
    (
        r"A KerasTensor (cannot be used|is symbolic)",
        "Between Keras layers, only layers and keras.ops work. Put the TensorFlow function into "
        "the call of a layer of your own.",
    ),
    (
        r"input_signature missing type constraint",
        "Every argument wants a TensorSpec, except the first one of a method, which must be "
        "called self.",
    ),
    (
        r"Could not deserialize 'keras\.(metrics|losses)|Could not locate function '(ms|ma|mean_)",
        "An .h5 file's losses and metrics no longer load. Use compile=False, which keeps the "
        "weights.",
    ),
    (
        r"Could not locate (class|function)",
        "A .keras file does not hold the code of its classes: import the class and pass "
        "custom_objects.",
    ),
    (
        r"is a Python lambda|deserialization of a .*Lambda",
        "Keras does not run a stranger's bytecode. Replace the Lambda by a layer.",
    ),
    (
        r"referencing variables which have been deleted",
        "Keep the loaded object in a name as long as you use its functions.",
    ),
    (
        r"Table not initialized",
        "The operation that fills the table was not run: load through a SavedModel loader.",
    ),
    (
        r"Invalid signature_key|signature_key is None",
        "Name one of the signatures that interpreter.get_signature_list() gives.",
    ),
    (r"^NameError", "The name is spelt differently where it was defined, or its cell was not run."),
    (
        r"^AttributeError",
        "An object of this kind has no such method or attribute: look at its spelling, and at "
        "what the name before the dot holds.",
    ),
    (r"^SystemExit", "exit() ends a program. In a notebook, leave it out."),
)


def cure(text):
    """What usually causes the error `text` ("Type: message") and cures it; "" if not known."""
    return next((advice for pattern, advice in CURES if re.search(pattern, text, re.I)), "")


def describe(error, limit=300):
    """`error` as "Type: message" on one line of at most `limit` characters. Never raises."""
    try:
        message = str(error)
    except BaseException:  # a learner's __str__ may do anything
        message = "(its message cannot be printed)"
    return shorten(
        f"{type(error).__name__}: {_without_noise(message[: 20 * limit]).lstrip()}", limit
    )


def _without_noise(message):
    """`message` without what hides the cause: TensorFlow's preamble, its echo of the arguments,
    the number that it gives a function and addresses (others in each run), the listing of traced
    code, the traceback of a graph's Python function, colour codes, a word that Python says from
    3.12 on."""
    preamble = r"Graph execution error:\s+(Detected at node .*\n<stack traces unavailable>\n)?"
    message = re.sub(preamble + r"|\x1b\[\d*m|(?<= object) at 0x[0-9a-fA-F]+", "", message)
    ends = r"\. Received args:|\n\nArguments received by |\nTraceback \(most recent call last\):"
    message = re.split(ends, message)[0]
    message = message.replace("missing a required keyword-only", "missing a required")
    traced = r"(Exception encountered when calling .*\n\s+)?in user code:\n[\s\S]*?\n\n +\w+: "
    return re.sub(r"(?<=__inference_)(\w+?)_\d+\b", r"\1", re.sub(traced, "", message))


@contextlib.contextmanager
def show_error(lines=1):
    """Run the block; print the error it raises in `lines` lines and go on.

    An error cell would stop Run All. When nothing is raised it says so.
    """
    try:
        yield
    except Exception as error:
        text = without_scratch(f"{type(error).__name__}: {_without_noise(str(error))}")
        kept = [line.rstrip() for line in text.splitlines() if line.strip()][:lines]
        print("\n".join(textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in kept))
    else:
        print("No error.")
