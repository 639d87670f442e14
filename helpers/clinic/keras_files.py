"""The clinic's cases of loading with Keras: an export that is no Keras file, and Keras files."""

from helpers.clinic.case import ALL, Case, Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model, quiet


def load_model_of_an_export(folder):
    import tensorflow as tf

    tf.keras.models.load_model(exported_line(folder))


def layer_of_an_export(folder):
    import tensorflow as tf

    directory = exported_line(folder)
    layer = tf.keras.layers.TFSMLayer(directory, call_endpoint="serve")
    return Works(directory, inputs={"x": ROWS}, wanted=ANSWERS, got=layer(ROWS).numpy())


def load_a_class_of_another_program(folder):
    import tensorflow as tf

    class Twice(tf.keras.layers.Layer):
        def call(self, x):
            return 2 * x

    tf.keras.Sequential([tf.keras.Input((1,), name="x"), Twice()]).save(folder / "twice.keras")
    tf.keras.models.load_model(folder / "twice.keras")  # the class is a local name, not known here


def load_with_the_class(folder):
    import tensorflow as tf

    class Twice(tf.keras.layers.Layer):
        def call(self, x):
            return 2 * x

    tf.keras.Sequential([tf.keras.Input((1,), name="x"), Twice()]).save(folder / "twice.keras")
    known = {"Twice": Twice}
    model = tf.keras.models.load_model(folder / "twice.keras", custom_objects=known)
    model.export(folder / "twice", verbose=False)
    return Works(folder / "twice", inputs={"x": ROWS}, wanted=2 * ROWS)


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
    return Works(folder / "twice", inputs={"x": ROWS}, wanted=2 * ROWS)


def save_with_its_training(folder):
    """A file of the old format, with loss and metric."""
    model = line_model()
    model.compile(loss="mse", metrics=["mse"])
    model.evaluate(ROWS, ANSWERS, verbose=0)
    with quiet():  # Keras warns that the format is old
        model.save(folder / "line.h5")
    return folder / "line.h5"


def load_an_h5_with_its_training(folder):
    import tensorflow as tf

    tf.keras.models.load_model(save_with_its_training(folder))


def load_an_h5_for_its_answers(folder):
    import tensorflow as tf

    model = tf.keras.models.load_model(save_with_its_training(folder), compile=False)
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, wanted=ANSWERS)


SHORT = "mse|mae|mape|msle|kld|mean_squared_error|mean_absolute_error"

CASES = (
    Case(
        key="load-model-of-export",
        title="load_model refuses an export",
        group="loading",
        exception="ValueError",
        met_in="keras",
        text="File format not supported",
        marks=(
            r"File format not supported: filepath=",
            r"Unable to create a Keras model from SavedModel at",
        ),
        cause="An export is a graph with signatures, not a Keras model: Keras 3 opens only .keras "
        "and .h5 files.",
        experiment="Open the directory with tf.saved_model.load: it is whole.",
        cure="Use tf.saved_model.load(directory).serve(x), or, inside a new Keras model, "
        'TFSMLayer(directory, call_endpoint="serve"). To go on training, load the .keras file.',
        reported=("keras-team/keras#18709",),
        broken=load_model_of_an_export,
        cured=layer_of_an_export,
        promised=ALL,
    ),
    Case(
        key="class-not-known",
        title="Keras does not know a class of the file",
        group="loading",
        exception="TypeError",
        met_in="keras",
        text="Could not locate class 'Twice'",
        marks=(
            r"Could not locate class '",
            r"Cannot deserialize object of type `\w+`\. If `\w+` is a custom class",
            rf"Could not locate function '(?!({SHORT})')",
            r"Unknown (layer|object|loss function|metric function|optimizer): ",
        ),
        cause="A .keras file holds the names of the model's classes and not their code. The "
        "program that loads it has no class of this name.",
        experiment="Export the model as well and open that in the same program: no class is asked "
        "for.",
        cure="Import the class, register it with @keras.saving.register_keras_serializable or "
        "pass custom_objects. For others, export.",
        reported=("keras-team/keras#21046", "keras-team/keras#20806"),
        broken=load_a_class_of_another_program,
        cured=load_with_the_class,
        promised=ALL,
    ),
    Case(
        key="python-lambda",
        title="Keras refuses a lambda of the file",
        group="loading",
        exception="ValueError",
        met_in="keras",
        text="whose `function` is a Python lambda",
        marks=(
            r"deserialization of a (Python lambda|`?Lambda`? layer)",
            r"`?Lambda`? layer is a Python lambda\. Deserializing it is unsafe",
        ),
        cause="A Lambda layer is stored as Python bytecode, and running a stranger's bytecode is "
        "unsafe. Keras does it only when told to.",
        experiment="Look for the Lambda in model.summary().",
        cure="Replace it by a layer: one of Keras, or a class of your own. safe_mode=False is for "
        "files that you wrote yourself.",
        reported=("keras-team/keras#18284", "keras-team/tf-keras#44"),
        broken=save_a_lambda,
        cured=save_a_layer,
        promised=ALL,
    ),
    Case(
        key="legacy-h5-metric",
        title="An .h5 file whose loss or metric is not found",
        group="loading",
        exception="ValueError",
        met_in="keras",
        text="Could not deserialize 'keras.metrics.mse'",
        marks=(
            r"Could not deserialize 'keras\.(metrics|losses)\.\w+'",
            rf"Could not locate function '({SHORT})'",
        ),
        cause="The .h5 file holds losses and metrics by short names such as mse, and Keras 3 does "
        "not take what it finds under them.",
        experiment="Load it with compile=False: the model and its weights are whole.",
        cure="Use compile=False, which is all that an export needs; compile again for training. "
        "Save new files as .keras.",
        reported=("keras-team/keras#19330", "tensorflow/tensorflow#70263"),
        broken=load_an_h5_with_its_training,
        cured=load_an_h5_for_its_answers,
        promised=ALL,
    ),
)
