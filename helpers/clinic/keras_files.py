"""The code of the clinic's errors of loading with Keras, from an export or a Keras file."""

import zipfile

import numpy as np

from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model, quiet


def load_model_of_an_export(folder):
    import tensorflow as tf

    tf.keras.models.load_model(exported_line(folder))


def layer_of_an_export(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    layer = tf.keras.layers.TFSMLayer(directory, call_endpoint="serve")
    return Works(directory, inputs={"x": ROWS}, expected=ANSWERS, got=layer(ROWS).numpy())


def load_a_class_of_another_program(folder):
    import tensorflow as tf

    class Twice(tf.keras.layers.Layer):
        def call(self, x):
            return 2 * x

    tf.keras.Sequential([tf.keras.Input((1,), name="x"), Twice()]).save(folder / "twice.keras")
    tf.keras.models.load_model(folder / "twice.keras")  # Keras does not know a local class.


def load_with_the_class(folder):
    import tensorflow as tf

    class Twice(tf.keras.layers.Layer):
        def call(self, x):
            return 2 * x

    tf.keras.Sequential([tf.keras.Input((1,), name="x"), Twice()]).save(folder / "twice.keras")
    known = {"Twice": Twice}
    model = tf.keras.models.load_model(folder / "twice.keras", custom_objects=known)
    model.export(folder / "twice", verbose=False)
    return Works(folder / "twice", inputs={"x": ROWS}, expected=2 * ROWS)


def save_a_lambda(folder):
    import tensorflow as tf

    twice = tf.keras.layers.Lambda(lambda x: 2 * x)
    tf.keras.Sequential([tf.keras.Input((1,), name="x"), twice]).save(folder / "twice.keras")
    tf.keras.models.load_model(folder / "twice.keras")


def save_a_layer(folder):
    import tensorflow as tf

    twice = tf.keras.layers.Rescaling(2.0)
    tf.keras.Sequential([tf.keras.Input((1,), name="x"), twice]).save(folder / "twice.keras")
    model = tf.keras.models.load_model(folder / "twice.keras")
    model.export(folder / "twice", verbose=False)
    return Works(folder / "twice", inputs={"x": ROWS}, expected=2 * ROWS)


def save_with_its_training(folder):
    """Write a file in the old format, with a loss and a metric."""
    model = line_model()
    model.compile(loss="mse", metrics=["mse"])
    model.evaluate(ROWS, ANSWERS, verbose=0)
    with quiet():  # Keras warns that the format is old.
        model.save(folder / "line.h5")
    return folder / "line.h5"


def load_an_h5_with_its_training(folder):
    import tensorflow as tf

    tf.keras.models.load_model(save_with_its_training(folder))


def load_an_h5_for_its_answers(folder):
    import tensorflow as tf

    model = tf.keras.models.load_model(save_with_its_training(folder), compile=False)
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def change_config(path, old, new):
    """Replace a part of a .keras file's configuration, as another program would have written it."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["config.json"] = contents["config.json"].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def load_without_its_package(folder):
    import tensorflow as tf

    path = folder / "line.keras"
    line_model().save(path)
    dense = '"module": "keras.layers", "class_name": "Dense"'
    change_config(path, dense, dense.replace("keras.layers", "keras_hub.layers"))
    tf.keras.models.load_model(path)


def export_where_the_package_is(folder):
    model = line_model()  # This program has the package of every layer.
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def save_with_groups(folder):
    """Write an .h5 file of a depthwise layer with the argument groups, as Keras 2 did."""
    import h5py
    import tensorflow as tf

    layer = tf.keras.layers.DepthwiseConv2D(1, depthwise_initializer="ones")
    with quiet():  # Keras warns that the format is old.
        tf.keras.Sequential([tf.keras.Input((1, 2, 1), name="x"), layer]).save(folder / "x.h5")
    with h5py.File(folder / "x.h5", "r+") as file:
        config = file.attrs["model_config"]
        file.attrs["model_config"] = config.replace('"strides"', '"groups": 1, "strides"')
    return folder / "x.h5"


def load_with_groups(folder):
    import tensorflow as tf

    tf.keras.models.load_model(save_with_groups(folder))


def load_without_groups(folder):
    import tensorflow as tf

    class WithoutGroups(tf.keras.layers.DepthwiseConv2D):
        def __init__(self, *arguments, groups=1, **options):
            super().__init__(*arguments, **options)

    known = {"DepthwiseConv2D": WithoutGroups}
    model = tf.keras.models.load_model(save_with_groups(folder), custom_objects=known)
    model.export(folder / "depthwise", verbose=False)
    pixels = np.array([[[[1.0], [3.0]]]], np.float32)
    return Works(folder / "depthwise", inputs={"x": pixels}, expected=pixels)


def load_weights_of_another_model(folder):
    import tensorflow as tf

    other = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Rescaling(2.0)])
    other.save_weights(folder / "other.weights.h5")
    line_model().load_weights(folder / "other.weights.h5")


def load_weights_of_the_same_model(folder):
    line_model().save_weights(folder / "line.weights.h5")
    model = line_model()
    model.set_weights([np.zeros((1, 1)), np.zeros(1)])
    model.load_weights(folder / "line.weights.h5")
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def load_weights_of_a_checkpoint(folder):
    import tensorflow as tf

    path = tf.train.Checkpoint(model=line_model()).write(str(folder / "line.ckpt"))
    line_model().load_weights(path)


def restore_a_checkpoint(folder):
    import tensorflow as tf

    path = tf.train.Checkpoint(model=line_model()).write(str(folder / "line.ckpt"))
    model = line_model()
    model.set_weights([np.zeros((1, 1)), np.zeros(1)])
    tf.train.Checkpoint(model=model).read(path).assert_consumed()
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def frozen_line(folder):
    """Write the line y = 2x + 1 as a frozen graph and return the path."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 1), name="x")
        tf.add(2 * x, 1.0, name="y")
    (folder / "line.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return folder / "line.pb"


def load_a_frozen_graph_with_keras(folder):
    import tensorflow as tf

    tf.keras.models.load_model(frozen_line(folder))


def save_a_frozen_graph(folder):
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef.FromString(frozen_line(folder).read_bytes())
    whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    module = tf.Module()
    module.line = whole.prune({"x": "x:0"}, {"y": "y:0"})
    tf.saved_model.save(module, folder / "line", signatures=module.line)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def save_with_a_layer_of_an_export(folder):
    """Write a .keras file that contains a TFSMLayer."""
    import tensorflow as tf

    layer = tf.keras.layers.TFSMLayer(str(exported_line(folder)), call_endpoint="serve")
    tf.keras.Sequential([tf.keras.Input((1,), name="x"), layer]).save(folder / "model.keras")
    return folder / "model.keras"


def load_an_untrusted_export(folder):
    import tensorflow as tf

    tf.keras.models.load_model(save_with_a_layer_of_an_export(folder))


def load_my_own_export(folder):
    import tensorflow as tf

    model = tf.keras.models.load_model(save_with_a_layer_of_an_export(folder), safe_mode=False)
    model.export(folder / "model", verbose=False)
    return Works(folder / "model", inputs={"x": ROWS}, expected=ANSWERS)


def load_a_pointer(folder):
    import tensorflow as tf

    path = folder / "line.h5"
    path.write_text("version https://git-lfs.github.com/spec/v1\nsize 12840\n")
    tf.keras.models.load_model(path)


def load_the_file_itself(folder):
    import tensorflow as tf

    with quiet():  # Keras warns that the format is old.
        line_model().save(folder / "line.h5")
    model = tf.keras.models.load_model(folder / "line.h5", compile=False)
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


# key -> the broken and the cured function
FORMS = {
    "load-model-of-export": (load_model_of_an_export, layer_of_an_export),
    "class-not-known": (load_a_class_of_another_program, load_with_the_class),
    "python-lambda": (save_a_lambda, save_a_layer),
    "legacy-h5-metric": (load_an_h5_with_its_training, load_an_h5_for_its_answers),
    "package-not-installed": (load_without_its_package, export_where_the_package_is),
    "keras-2-argument": (load_with_groups, load_without_groups),
    "weights-do-not-fit": (load_weights_of_another_model, load_weights_of_the_same_model),
    "load-weights-format": (load_weights_of_a_checkpoint, restore_a_checkpoint),
    "not-a-keras-file": (load_a_frozen_graph_with_keras, save_a_frozen_graph),
    "export-layer-in-a-file": (load_an_untrusted_export, load_my_own_export),
    "not-an-h5-file": (load_a_pointer, load_the_file_itself),
}
