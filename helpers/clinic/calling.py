"""The clinic's cases of calling an export: it opens, and the call is refused."""

from helpers.clinic.case import ALL, Case, Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line


def predict_with_a_loaded_export(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.predict(ROWS)


def serve_with_a_loaded_export(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=loaded.serve(ROWS).numpy())


def call_by_position(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.signatures["serving_default"](ROWS)


def call_by_name(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    signature = tf.saved_model.load(directory).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    got = signature(**{name: ROWS})["output_0"].numpy()
    return Works(directory, inputs={name: ROWS}, wanted=ANSWERS, got=got)


def call_with_doubles(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.signatures["serving_default"](x=tf.constant(ROWS, tf.float64))


def call_with_floats(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    doubles = tf.constant(ROWS, tf.float64)
    answer = loaded.signatures["serving_default"](x=tf.cast(doubles, tf.float32))
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=answer["output_0"].numpy())


def call_with_one_flat_row(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.serve(tf.constant([0.0, 1.0, 5.0]))


def call_with_rows(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    got = loaded.serve(tf.constant([[0.0], [1.0], [5.0]])).numpy()
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=got)


def save_a_weight(folder):
    """An export that doubles, from one variable."""
    import tensorflow as tf

    module = tf.Module()
    module.weight = tf.Variable(2.0)
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: {"y": module.weight * x}, input_signature=[rows])
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    return folder / "scale"


def keep_only_the_function(folder):
    import tensorflow as tf

    scale = tf.saved_model.load(save_a_weight(folder)).scale
    return scale(ROWS)


def keep_the_loaded_object(folder):
    import tensorflow as tf

    directory = save_a_weight(folder)
    loaded = tf.saved_model.load(directory)
    scale = loaded.scale
    return Works(directory, inputs={"x": ROWS}, wanted=2 * ROWS, got=scale(ROWS)["y"].numpy())


def call_with_too_many_columns(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.signatures["serving_default"](x=tf.constant([[0.0, 1.0, 5.0]]))


def call_with_the_columns_of_the_model(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    rows = tf.transpose(tf.constant([[0.0, 1.0, 5.0]]))
    got = loaded.signatures["serving_default"](x=rows)["output_0"].numpy()
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=got)


def export_with_a_table(folder):
    import tensorflow as tf

    module = tf.Module()
    numbers = tf.lookup.KeyValueTensorInitializer(["cat", "dog"], [1, 2])
    module.table = tf.lookup.StaticHashTable(numbers, 0)
    words = tf.TensorSpec((None,), tf.string, name="word")
    module.look_up = tf.function(lambda word: module.table.lookup(word), input_signature=[words])
    tf.saved_model.save(module, folder / "words", signatures=module.look_up)
    return folder / "words"


def answer_of_the_graph(directory, first=None):
    """What the graph of the export answers to ["dog"], after its operation `first`."""
    import tensorflow as tf
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    (graph,) = SavedModel.FromString((directory / "saved_model.pb").read_bytes()).meta_graphs
    signature = graph.signature_def["serving_default"]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph.graph_def, name="")
        if first:
            session.run(graph.signature_def[first].outputs[first].name)
        outputs, inputs = signature.outputs["output_0"].name, signature.inputs["word"].name
        return session.run(outputs, {inputs: ["dog"]})


def run_only_the_graph(folder):
    return answer_of_the_graph(export_with_a_table(folder))


def fill_the_table_first(folder):
    directory = export_with_a_table(folder)
    got = answer_of_the_graph(directory, first="__saved_model_init_op")
    return Works(directory, inputs={"word": ["dog"]}, wanted=[2], got=got)


# Ends where the promised dtype follows; the group is the dtype that was given.
CAST = (
    r"Can not cast TensorSpec\(shape=[^=]*, dtype=(\w+\.\w+)\b"
    r".*? to TensorSpec\(shape=[^=]*, dtype="
)

CASES = (
    Case(
        key="not-a-keras-model",
        title="The loaded object has no predict and no call",
        group="calling",
        exception="AttributeError",
        met_in="python",
        text="'_UserObject' object has no attribute 'predict'",
        marks=(
            r"'(_UserObject|AutoTrackable)' object is not callable",
            r"'(_UserObject|AutoTrackable)' object has no attribute '"
            r"(predict|summary|fit|evaluate|compile|layers|inputs?|outputs?|weights|save)\w*'",
        ),
        cause="tf.saved_model.load gives back a plain object with the exported functions. The "
        "Keras model and its methods stayed behind.",
        experiment="Print list(loaded.signatures), and type(loaded).",
        cure='Call loaded.serve(x), or loaded.signatures["serving_default"](name=x). To go on '
        "training, load the .keras file.",
        reported=(
            "tensorflow/tensorflow#55438",
            "tensorflow/tensorflow#40392",
            "tensorflow/models#8990",
            "tensorflow/decision-forests#25",
        ),
        broken=predict_with_a_loaded_export,
        cured=serve_with_a_loaded_export,
        promised=ALL,
    ),
    Case(
        key="signature-by-name",
        title="A signature called by position or by another name",
        group="calling",
        exception="TypeError",
        met_in="python",
        text="too many positional arguments",
        marks=(
            r"Binding inputs to tf\.function (`\w+` )?failed due to `?"
            r"(too many positional|missing a required|got an unexpected keyword)",
            r"signature_wrapper\w*\(.*\) (missing required|takes \d+ positional|got unexpected)",
            r"\btakes the inputs .*; given were ",  # the readers of this course
        ),
        cause="A signature takes its inputs by the names that were saved, and only by these. Its "
        "outputs have saved names as well.",
        experiment="Print signature.structured_input_signature and signature.structured_outputs.",
        cure="Call signature(name=x) with the name you see there. To choose the names yourself, "
        "name the Input or the TensorSpec before you export.",
        reported=(
            "tensorflow/tfx#4505",
            "tensorflow/ranking#257",
            "keras-team/keras#19771",
            "tensorflow/tensorflow#34070",
        ),
        broken=call_by_position,
        cured=call_by_name,
        promised=ALL,
    ),
    Case(
        key="tensor-dtype",
        title="A tensor of another dtype",
        group="calling",
        exception="InvalidArgumentError",
        met_in="python",
        text="was expected to be a float tensor but is a double tensor",
        marks=(
            r"cannot compute __inference\w* .* was expected to be a \w+ tensor but is a \w+ tensor",
            rf"{CAST}(?!\1\b)",
        ),
        cause="A tf.Tensor is never cast on its way into a graph. NumPy makes float64 where "
        "nothing else is said, and tf.constant keeps that.",
        experiment="Print x.dtype beside signature.structured_input_signature.",
        cure="Give tf.cast(x, tf.float32), or the NumPy array itself, which is cast for you.",
        reported=("tensorflow/tensorflow#41288",),
        broken=call_with_doubles,
        cured=call_with_floats,
        promised=ALL,
    ),
    Case(
        key="shape-refused",
        title="A shape that was not promised",
        group="calling",
        exception="TypeError",
        met_in="python",
        text="Can not cast TensorSpec(shape=(3,)",
        marks=(
            rf"{CAST}\1\b",
            r"Could not find matching (concrete )?function to call",
            r"Python inputs incompatible with input_signature",
            r"Cannot feed value of shape .* for Tensor",
        ),
        cause="A restored function compares what it gets with the shapes it was saved with. A list "
        "of numbers is not a list of rows, and a fixed number of rows refuses all others.",
        experiment="Print x.shape beside function.pretty_printed_concrete_signatures().",
        cure="Give rows, [[0.0], [1.0]]. If the saved shape is too narrow, export again with None "
        "for the number of rows.",
        reported=(
            "tensorflow/tensorflow#37339",
            "tensorflow/tensorflow#45385",
            "tensorflow/tensorflow#39808",
            "tensorflow/tensorflow#34053",
        ),
        broken=call_with_one_flat_row,
        cured=call_with_rows,
        promised=ALL,
    ),
    Case(
        key="columns",
        title="More or fewer columns than the model has weights for",
        group="calling",
        exception="InvalidArgumentError",
        met_in="python",
        text="Matrix size-incompatible",
        marks=(r"Matrix size-incompatible",),
        cause="The rows have more or fewer numbers than those the model was trained on. In Python, "
        "a signature does not compare shapes, so the first matrix product finds out.",
        experiment="Print x.shape: its last number must be that of the signature.",
        cure="Prepare the rows as for training: same columns, same order.",
        reported=("serizba/cppflow#223", "hill-a/stable-baselines#478"),
        broken=call_with_too_many_columns,
        cured=call_with_the_columns_of_the_model,
        promised=ALL,
    ),
    Case(
        key="variables-deleted",
        title="The loaded object was not kept",
        group="calling",
        exception="AssertionError",
        met_in="python",
        text="Called a function referencing variables which have been deleted",
        marks=(
            r"Called a function referencing variables which have been deleted",
            # Older texts, which the session has as well, but without the operation at the end.
            r"(Could not find|Error while reading resource) variable .*\[Op:__inference_signature_",
            r"Could not find variable _AnonymousVar\d+\. (?!.*keras_scratch_graph)",
        ),
        cause="A restored function does not own the variables that it reads; the loaded object "
        "does. When no name holds that object, Python throws it away.",
        experiment="Write loaded = tf.saved_model.load(...) on a line of its own, and call again.",
        cure="Keep the loaded object as long as you use its functions.",
        reported=(
            "tensorflow/tensorflow#37615",
            "tensorflow/tensorflow#46708",
            "mlflow/mlflow#4782",
        ),
        broken=keep_only_the_function,
        cured=keep_the_loaded_object,
        promised=ALL,
    ),
    Case(
        key="table-not-initialized",
        title="Table not initialized",
        group="calling",
        exception="FailedPreconditionError",
        met_in="session",
        text="Table not initialized",
        marks=(r"Table not initialized",),
        cause="A lookup table is filled by an operation of its own, which a loader runs. Whoever "
        "takes only the graph, or freezes it, leaves it out.",
        experiment="Load with tf.saved_model.load, which runs it: the same export answers.",
        cure="Load through a SavedModel loader, or run the operation of __saved_model_init_op "
        "first.",
        reported=("tensorflow/tensorflow#57694", "tensorflow/hub#320"),
        broken=run_only_the_graph,
        cured=fill_the_table_first,
        promised=("python", "session"),
    ),
)
