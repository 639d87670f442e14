"""The code of the clinic's saving errors: TensorFlow or Keras writes no export."""

import numpy as np

from helpers.clinic.case import Works
from helpers.clinic.line_model import ANSWERS, ROWS, exported_line, line_model


def save_a_directory(folder):
    line_model().save(folder / "line")


def export_a_directory(folder):
    line_model().export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


def export_a_model_without_data(folder):
    import tensorflow as tf

    class Scale(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    Scale().export(folder / "scale", verbose=False)


def export_a_model_after_a_call(folder):
    import tensorflow as tf

    class Scale(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1, kernel_initializer="ones")

        def call(self, x):
            return self.dense(x)

    model = Scale()
    model(ROWS)
    model.export(folder / "scale", verbose=False)
    return Works(folder / "scale", inputs={"args_0": ROWS}, expected=ROWS)


def save_a_function_of_anything(folder):
    import tensorflow as tf

    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x)
    tf.saved_model.save(module, folder / "double", signatures=module.double)


def save_a_function_of_floats(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: 2 * x, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    return Works(folder / "double", inputs={"x": ROWS}, expected=2 * ROWS)


def return_a_nested_dict(folder):
    import tensorflow as tf

    class Scorer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def score(self, x):
            return {"score": {"value": 2 * x, "unit": "kg"}}

    scorer = Scorer()
    tf.saved_model.save(scorer, folder / "scorer", signatures=scorer.score)


def return_a_flat_dict(folder):
    import tensorflow as tf

    class Scorer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def score(self, x):
            return {"value": 2 * x, "unit": tf.constant("kg")}

    scorer = Scorer()
    tf.saved_model.save(scorer, folder / "scorer", signatures=scorer.score)
    return Works(folder / "scorer", inputs={"x": ROWS}, expected=2 * ROWS, output="value")


def save_without_its_variable(folder):
    import tensorflow as tf

    weight = tf.Variable(2.0)
    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: weight * x, input_signature=[rows])
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)


def save_with_its_variable(folder):
    import tensorflow as tf

    module = tf.Module()
    module.weight = tf.Variable(2.0)
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: module.weight * x, input_signature=[rows])
    tf.saved_model.save(module, folder / "scale", signatures=module.scale)
    return Works(folder / "scale", inputs={"x": ROWS}, expected=2 * ROWS)


def build_with_a_tensorflow_function(folder):
    import tensorflow as tf

    x = tf.keras.Input((1,), name="x")
    model = tf.keras.Model(x, tf.math.square(x))
    model.export(folder / "square", verbose=False)


def build_with_a_layer(folder):
    import tensorflow as tf

    class Square(tf.keras.layers.Layer):
        def call(self, x):
            return tf.math.square(x)

    x = tf.keras.Input((1,), name="x")
    model = tf.keras.Model(x, Square()(x))
    model.export(folder / "square", verbose=False)
    return Works(folder / "square", inputs={"x": ROWS}, expected=ROWS**2)


def define_a_method_without_self(folder):
    import tensorflow as tf

    class Double(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def serve(this, x):
            return 2 * x


def define_a_method_with_self(folder):
    import tensorflow as tf

    class Double(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def serve(self, x):
            return 2 * x

    double = Double()
    tf.saved_model.save(double, folder / "double", signatures=double.serve)
    return Works(folder / "double", inputs={"x": ROWS}, expected=2 * ROWS)


def stateful_model():
    """Return a model with a stateful layer. It answers for one row of 5 steps with 2 numbers."""
    import tensorflow as tf

    steps = tf.keras.Input(batch_shape=(1, 5, 2), name="x")
    layer = tf.keras.layers.SimpleRNN(
        1, stateful=True, kernel_initializer="ones", recurrent_initializer="zeros"
    )
    return tf.keras.Sequential([steps, layer])


def export_a_stateful_model(folder):
    stateful_model().export(folder / "state", verbose=False)


def export_one_row(folder):
    import tensorflow as tf

    rows = tf.keras.InputSpec(shape=(1, 5, 2), dtype="float32", name="x")
    stateful_model().export(folder / "state", input_signature=[rows], verbose=False)
    steps = np.full((1, 5, 2), 0.1, np.float32)
    # Without a recurrent weight, the answer is that of the last step alone.
    return Works(folder / "state", inputs={"x": steps}, expected=np.tanh([[0.2]]))


def add_a_loaded_export(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(exported_line(folder))
    tf.keras.Sequential([tf.keras.Input((1,), name="x"), loaded])


def add_a_layer_of_an_export(folder):
    import tensorflow as tf

    layer = tf.keras.layers.TFSMLayer(str(exported_line(folder)), call_endpoint="serve")
    model = tf.keras.Sequential([tf.keras.Input((1,), name="x"), layer])
    got = model(ROWS).numpy()
    model.export(folder / "model", verbose=False)
    return Works(folder / "model", inputs={"x": ROWS}, expected=ANSWERS, got=got)


def save_weights_as_h5(folder):
    line_model().save_weights(folder / "line.h5")


def save_weights_as_weights_h5(folder):
    line_model().save_weights(folder / "line.weights.h5")
    model = line_model()
    model.set_weights([np.zeros((1, 1)), np.zeros(1)])
    model.load_weights(folder / "line.weights.h5")
    model.export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, expected=ANSWERS)


# key -> the broken and the cured function
FORMS = {
    "save-writes-no-export": (save_a_directory, export_a_directory),
    "never-built": (export_a_model_without_data, export_a_model_after_a_call),
    "no-input-signature": (save_a_function_of_anything, save_a_function_of_floats),
    "signature-output": (return_a_nested_dict, return_a_flat_dict),
    "untracked-resource": (save_without_its_variable, save_with_its_variable),
    "keras-tensor": (build_with_a_tensorflow_function, build_with_a_layer),
    "first-argument-not-self": (define_a_method_without_self, define_a_method_with_self),
    "stateful-layer": (export_a_stateful_model, export_one_row),
    "not-a-keras-layer": (add_a_loaded_export, add_a_layer_of_an_export),
    "weights-file-ending": (save_weights_as_h5, save_weights_as_weights_h5),
}
