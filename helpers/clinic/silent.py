"""The code of the clinic's silent errors: saving raises nothing, and the answers are wrong."""

import numpy as np

from helpers import readers
from helpers.clinic.case import Works, Wrong
from helpers.clinic.line_model import ANSWERS, ROWS, line_model


def save_a_keras_model(folder):
    import tensorflow as tf

    tf.saved_model.save(line_model(), folder / "line")
    readers.run(folder / "line", "serving_default", {"inputs": ROWS}, "session")


def export_a_keras_model(folder):
    line_model().export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def convert_a_saved_keras_model(folder):
    import tensorflow as tf

    tf.saved_model.save(line_model(), folder / "line")
    answer = readers.run(folder / "line", "serving_default", {"inputs": ROWS}, "litert")
    return Wrong(expected=ANSWERS, got=answer["output_0"])


def build_inside_the_trace(folder):
    import tensorflow as tf

    class Line(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def call(self, x):
            return self.dense(x)

    model = Line()
    model(ROWS)
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    return Wrong(expected=ANSWERS, got=model(ROWS).numpy())


def build_before_the_trace(folder):
    import tensorflow as tf

    class Line(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        def build(self, input_shape):
            self.dense.build(input_shape)
            self.built = True

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def call(self, x):
            return self.dense(x)

    model = Line()
    model(ROWS)
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"args_0": ROWS}, expected=ANSWERS)


def declare_four_rows(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((4, 1), tf.float32, name="x")
    module.count = tf.function(lambda x: tf.shape(x)[0], input_signature=[rows])
    tf.saved_model.save(module, folder / "count", signatures=module.count)
    loaded = tf.saved_model.load(folder / "count")
    answer = loaded.signatures["serving_default"](x=tf.constant(ROWS))
    return Wrong(expected=len(ROWS), got=answer["output_0"].numpy())


def declare_any_rows(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.count = tf.function(lambda x: tf.shape(x)[0], input_signature=[rows])
    tf.saved_model.save(module, folder / "count", signatures=module.count)
    return Works(folder / "count", inputs={"x": ROWS}, expected=len(ROWS))


def save_python_code(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(
        lambda x: tf.numpy_function(np.add, [x, x], tf.float32), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    tf.saved_model.load(folder / "double").double(ROWS)  # This works here.
    readers.run(
        folder / "double", "serving_default", {"x": ROWS}, "python"
    )  # This fails elsewhere.


def save_operations(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: 2 * x, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    return Works(folder / "double", inputs={"x": ROWS}, expected=2 * ROWS)


def change_a_python_number(folder):
    import tensorflow as tf

    module = tf.Module()
    module.factor = 2.0
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: module.factor * x, input_signature=[rows])
    module.scale(ROWS)
    module.factor = 3.0
    return Wrong(expected=3 * ROWS, got=module.scale(ROWS).numpy())


def change_a_variable(folder):
    import tensorflow as tf

    module = tf.Module()
    module.factor = tf.Variable(2.0)
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: module.factor * x, input_signature=[rows])
    module.scale(ROWS)
    module.factor.assign(3.0)
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    got = module.scale(ROWS).numpy()
    return Works(folder / "scale", inputs={"x": ROWS}, expected=3 * ROWS, got=got)


# key -> the broken and the cured function
FORMS = {
    "only-python-can-read": (save_a_keras_model, export_a_keras_model),
    "litert-garbage": (convert_a_saved_keras_model, export_a_keras_model),
    "cut-from-weights": (build_inside_the_trace, build_before_the_trace),
    "frozen-batch": (declare_four_rows, declare_any_rows),
    "py-function": (save_python_code, save_operations),
    "python-state": (change_a_python_number, change_a_variable),
}
