"""The code of the clinic's errors of loading with Keras, from an export or a Keras file."""

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


# key -> the broken and the cured function
FORMS = {
    "load-model-of-export": (load_model_of_an_export, layer_of_an_export),
    "class-not-known": (load_a_class_of_another_program, load_with_the_class),
    "python-lambda": (save_a_lambda, save_a_layer),
    "legacy-h5-metric": (load_an_h5_with_its_training, load_an_h5_for_its_answers),
}
