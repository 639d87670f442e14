"""The code of the clinic's calling errors: the export loads, but a call fails."""

import numpy as np

from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line


def predict_with_a_loaded_export(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.predict(ROWS)


def serve_with_a_loaded_export(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=loaded.serve(ROWS).numpy())


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
    return Works(directory, inputs={name: ROWS}, expected=ANSWERS, got=got)


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
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=answer["output_0"].numpy())


def call_with_one_flat_row(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.serve(tf.constant([0.0, 1.0, 5.0]))


def call_with_rows(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    got = loaded.serve(tf.constant([[0.0], [1.0], [5.0]])).numpy()
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=got)


def save_a_weight(folder):
    """Export a function that doubles its input and reads one variable."""
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
    return Works(directory, inputs={"x": ROWS}, expected=2 * ROWS, got=scale(ROWS)["y"].numpy())


def call_with_too_many_columns(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    return loaded.signatures["serving_default"](x=tf.constant([[0.0, 1.0, 5.0]]))


def call_with_one_column(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory)
    rows = tf.transpose(tf.constant([[0.0, 1.0, 5.0]]))
    got = loaded.signatures["serving_default"](x=rows)["output_0"].numpy()
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=got)


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
    """Return the output of the export's graph for ["dog"], after its operation `first`."""
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
    return Works(directory, inputs={"word": ["dog"]}, expected=[2], got=got)


def export_for_ragged_rows(folder):
    """Export a function that adds the numbers of each row of a ragged tensor."""
    import tensorflow as tf

    module = tf.Module()
    rows = tf.RaggedTensorSpec((None, None), tf.float32)
    module.add = tf.function(lambda r: {"sum": tf.reduce_sum(r, 1)}, input_signature=[rows])
    tf.saved_model.save(module, folder / "add", signatures=module.add)
    return folder / "add"


def pass_a_ragged_tensor(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(export_for_ragged_rows(folder))
    return loaded.signatures["serving_default"](r=tf.ragged.constant([[1.0, 2.0], [3.0]]))


def pass_the_parts(folder):
    import tensorflow as tf

    directory = export_for_ragged_rows(folder)
    rows = tf.ragged.constant([[1.0, 2.0], [3.0]], row_splits_dtype=tf.int64)
    loaded = tf.saved_model.load(directory)
    parts = {"r": rows.flat_values.numpy(), "r_1": rows.row_splits.numpy()}
    got = loaded.add(rows)["sum"].numpy()
    return Works(directory, inputs=parts, expected=[3.0, 3.0], got=got)


def export_for_encoded_numbers(folder):
    """Export a function that decodes two bytes of each text into two numbers."""
    import tensorflow as tf

    module = tf.Module()
    texts = tf.TensorSpec((None,), tf.string, name="image")
    module.decode = tf.function(
        lambda image: tf.cast(tf.io.decode_raw(image, tf.uint8), tf.float32),
        input_signature=[texts],
    )
    tf.saved_model.save(module, folder / "decode", signatures=module.decode)
    return folder / "decode"


def pass_decoded_numbers(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(export_for_encoded_numbers(folder))
    return loaded.signatures["serving_default"](image=tf.constant([[7.0, 9.0]]))


def pass_encoded_numbers(folder):
    directory = export_for_encoded_numbers(folder)
    return Works(directory, inputs={"image": [b"\x07\x09"]}, expected=[[7.0, 9.0]])


def call_a_layer_of_a_gpu(folder):
    import tensorflow as tf

    module = tf.Module()
    module.weights = tf.Variable(tf.zeros((3,)))
    steps = tf.TensorSpec((5, 1, 1), tf.float32, name="x")
    module.rnn = tf.function(
        lambda x: tf.raw_ops.CudnnRNNV3(
            input=x, input_h=x[:1], input_c=x[:1], params=module.weights,
            sequence_lengths=[5], rnn_mode="rnn_tanh", is_training=False,
        )[0],
        input_signature=[steps],
    )  # fmt: skip
    tf.saved_model.save(module, folder / "rnn", signatures=module.rnn)
    tf.saved_model.load(folder / "rnn").signatures["serving_default"](x=tf.zeros((5, 1, 1)))


def build_the_layer_without_cudnn(folder):
    import tensorflow as tf

    layer = tf.keras.layers.GRU(1, use_cudnn=False)
    model = tf.keras.Sequential([tf.keras.Input((5, 1), name="x"), layer])
    model.set_weights([np.ones((1, 3)), np.ones((1, 3)), np.zeros((2, 3))])
    model.export(folder / "gru", verbose=False)
    steps = np.full((2, 5, 1), 0.5, np.float32)
    return Works(folder / "gru", inputs={"x": steps}, expected=model(steps).numpy())


def export_for_sparse_rows(folder):
    """Export a function that adds the numbers of a sparse tensor."""
    import tensorflow as tf

    module = tf.Module()
    rows = tf.SparseTensorSpec((None, None), tf.float32)
    module.add = tf.function(lambda q: {"sum": tf.sparse.reduce_sum(q)}, input_signature=[rows])
    tf.saved_model.save(module, folder / "add", signatures=module.add)
    return folder / "add"


def pass_a_sparse_tensor(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(export_for_sparse_rows(folder))
    return loaded.signatures["serving_default"](q=tf.sparse.from_dense([[1.0, 0.0], [0.0, 3.0]]))


def pass_the_parts_of_a_sparse_tensor(folder):
    import tensorflow as tf

    directory = export_for_sparse_rows(folder)
    rows = tf.sparse.from_dense([[1.0, 0.0], [0.0, 3.0]])
    loaded = tf.saved_model.load(directory)
    parts = {
        "q": rows.indices.numpy(),
        "q_1": rows.values.numpy(),
        "q_2": rows.dense_shape.numpy(),
    }
    got = loaded.add(rows)["sum"].numpy()
    return Works(directory, inputs=parts, expected=4.0, got=got)


# key -> the broken and the cured function
FORMS = {
    "not-a-keras-model": (predict_with_a_loaded_export, serve_with_a_loaded_export),
    "signature-by-name": (call_by_position, call_by_name),
    "tensor-dtype": (call_with_doubles, call_with_floats),
    "shape-refused": (call_with_one_flat_row, call_with_rows),
    "columns": (call_with_too_many_columns, call_with_one_column),
    "variables-deleted": (keep_only_the_function, keep_the_loaded_object),
    "table-not-initialized": (run_only_the_graph, fill_the_table_first),
    "ragged-input": (pass_a_ragged_tensor, pass_the_parts),
    "sparse-input": (pass_a_sparse_tensor, pass_the_parts_of_a_sparse_tensor),
    "string-input": (pass_decoded_numbers, pass_encoded_numbers),
    "gpu-only-operation": (call_a_layer_of_a_gpu, build_the_layer_without_cudnn),
}
