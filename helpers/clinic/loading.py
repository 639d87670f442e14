"""The code of the clinic's loading errors: the directory exists, but a loader refuses it."""

import contextlib
import shutil

from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model


def load_the_parent(folder):
    import tensorflow as tf

    line_model().export(folder / "line" / "1", verbose=False)
    tf.saved_model.load(folder / "line")


def load_the_version(folder):
    import tensorflow as tf

    line_model().export(folder / "line" / "1", verbose=False)
    newest = max((folder / "line").iterdir(), key=lambda version: int(version.name))
    loaded = tf.saved_model.load(newest)
    return Works(newest, inputs={"x": ROWS}, expected=ANSWERS, got=loaded.serve(ROWS).numpy())


def load_for_training(folder):
    import tensorflow as tf

    tf.saved_model.load(exported_line(folder), tags=["train"])


def load_for_serving(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    loaded = tf.saved_model.load(directory, tags=["serve"])
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=loaded.serve(ROWS).numpy())


def layer_of_no_endpoint(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    tf.keras.layers.TFSMLayer(folder / "double")  # This looks for the endpoint "serve".


def layer_of_an_endpoint(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    layer = tf.keras.layers.TFSMLayer(folder / "double", call_endpoint="serving_default")
    got = layer(ROWS)["y"].numpy()
    return Works(folder / "double", inputs={"x": ROWS}, expected=2 * ROWS, got=got)


def read_a_file_by_its_path(folder):
    import tensorflow as tf

    path = folder / "factor.txt"
    path.write_text("2.0")
    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(
        lambda x: x * tf.strings.to_number(tf.io.read_file(str(path))), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    path.unlink()  # Another machine does not have the file either.
    tf.saved_model.load(folder / "scale").scale(ROWS)


def read_a_file_of_the_export(folder):
    import tensorflow as tf

    path = folder / "factor.txt"
    path.write_text("2.0")
    module = tf.Module()
    module.file = tf.saved_model.Asset(str(path))
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(
        lambda x: x * tf.strings.to_number(tf.io.read_file(module.file)), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    path.unlink()
    return Works(folder / "scale", inputs={"x": ROWS}, expected=2 * ROWS)


def export_with_a_vocabulary(folder):
    """Export a model that maps "cat" to 1 and "dog" to 2, with the file assets/words.txt."""
    import tensorflow as tf

    (folder / "words.txt").write_text("cat\ndog\n")
    lookup = tf.keras.layers.StringLookup(vocabulary=str(folder / "words.txt"))
    model = tf.keras.Sequential([tf.keras.Input((1,), name="word", dtype="string"), lookup])
    model.export(folder / "words", verbose=False)
    return folder / "words"


def move_without_assets(folder):
    import tensorflow as tf

    directory = export_with_a_vocabulary(folder)
    shutil.rmtree(directory / "assets")
    tf.saved_model.load(directory)


def move_all_of_it(folder):
    directory = export_with_a_vocabulary(folder)
    moved = shutil.move(directory, folder / "moved")
    return Works(moved, inputs={"word": [["dog"], ["cow"]]}, expected=[[2], [0]])


def load_half_a_file(folder):
    import tensorflow as tf

    graph = exported_line(folder) / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:2000])
    tf.saved_model.load(graph.parent)


def send_one_archive(folder):
    archive = shutil.make_archive(folder / "line", "zip", exported_line(folder))
    shutil.unpack_archive(archive, folder / "copy")
    return Works(folder / "copy", inputs={"x": ROWS}, expected=ANSWERS)


def train_without_gradients():
    """Return a model whose layers were built during tracing, after a failed training step."""
    import tensorflow as tf

    class Line(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def call(self, x):
            return self.dense(x)

    model = Line()
    model.compile("adam", "mse")
    with contextlib.suppress(ValueError):  # No gradients provided for any variable
        model.fit(ROWS, ANSWERS, verbose=0)
    return model


def save_after_a_failed_fit(folder):
    import tensorflow as tf

    tf.saved_model.save(train_without_gradients(), folder / "line")
    tf.saved_model.load(folder / "line")


def export_after_a_fit(folder):
    model = line_model()  # Its layers are built before any tracing.
    model.compile("adam", "mse")
    model.fit(ROWS, ANSWERS, verbose=0)
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=model(ROWS).numpy())


def change_objects(directory, change):
    """Call `change` with the saved objects of an export, and write them back."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = directory / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0].object_graph_def.nodes)
    path.write_bytes(model.SerializeToString())


def add_an_optimizer(nodes):
    """Add an optimizer with one slot for one weight, as Keras 2 saved it."""
    weights = [i for i, node in enumerate(nodes) if node.WhichOneof("kind") == "variable"]
    optimizer = nodes.add()
    optimizer.user_object.identifier = "optimizer"
    optimizer.user_object.version.producer = optimizer.user_object.version.min_consumer = 1
    optimizer.slot_variables.add(
        original_variable_node_id=weights[0], slot_name="m", slot_variable_node_id=weights[1]
    )
    nodes[0].children.add(node_id=len(nodes) - 1, local_name="optimizer")


def remove_the_optimizer(nodes):
    """Remove the slots of every optimizer, and make it an ordinary object."""
    for node in nodes:
        del node.slot_variables[:]
        if node.user_object.identifier == "optimizer":
            node.user_object.identifier = "_generic_user_object"


def load_with_an_optimizer(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    change_objects(directory, add_an_optimizer)
    tf.saved_model.load(directory)


def load_without_an_optimizer(folder):
    directory = exported_line(folder)
    change_objects(directory, add_an_optimizer)
    change_objects(directory, remove_the_optimizer)
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS)


# key -> the broken and the cured function
FORMS = {
    "no-saved-model-there": (load_the_parent, load_the_version),
    "wrong-tags": (load_for_training, load_for_serving),
    "endpoint-not-found": (layer_of_no_endpoint, layer_of_an_endpoint),
    "path-in-graph": (read_a_file_by_its_path, read_a_file_of_the_export),
    "missing-asset": (move_without_assets, move_all_of_it),
    "damaged-export": (load_half_a_file, send_one_archive),
    "optimizer-left-in": (save_after_a_failed_fit, export_after_a_fit),
    "keras-2-optimizer": (load_with_an_optimizer, load_without_an_optimizer),
}
