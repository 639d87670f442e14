"""The clinic's silent cases: saving says nothing, and the answer is wrong or missing elsewhere."""

import numpy as np

from helpers import readers
from helpers.clinic.case import ALL, Case, Works, Wrong
from helpers.clinic.line_model import ANSWERS, ROWS, line_model


def save_a_keras_model(folder):
    import tensorflow as tf

    tf.saved_model.save(line_model(), folder / "line")
    readers.run(folder / "line", "serving_default", {"inputs": ROWS}, "session")


def export_a_keras_model(folder):
    line_model().export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, wanted=ANSWERS)


def convert_a_saved_keras_model(folder):
    import tensorflow as tf

    tf.saved_model.save(line_model(), folder / "line")
    answer = readers.run(folder / "line", "serving_default", {"inputs": ROWS}, "litert")
    return Wrong(wanted=ANSWERS, got=answer["output_0"])


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
    return Wrong(wanted=ANSWERS, got=model(ROWS).numpy())


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
    return Works(folder / "line", inputs={"args_0": ROWS}, wanted=ANSWERS)


def declare_four_rows(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((4, 1), tf.float32, name="x")
    module.count = tf.function(lambda x: tf.shape(x)[0], input_signature=[rows])
    tf.saved_model.save(module, folder / "count", signatures=module.count)
    loaded = tf.saved_model.load(folder / "count")
    answer = loaded.signatures["serving_default"](x=tf.constant(ROWS))
    return Wrong(wanted=len(ROWS), got=answer["output_0"].numpy())


def declare_any_rows(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.count = tf.function(lambda x: tf.shape(x)[0], input_signature=[rows])
    tf.saved_model.save(module, folder / "count", signatures=module.count)
    return Works(folder / "count", inputs={"x": ROWS}, wanted=len(ROWS))


def take_python_along(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(
        lambda x: tf.numpy_function(np.add, [x, x], tf.float32), input_signature=[rows]
    )
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    tf.saved_model.load(folder / "double").double(ROWS)  # works here
    readers.run(folder / "double", "serving_default", {"x": ROWS}, "python")  # and not elsewhere


def take_operations_along(folder):
    import tensorflow as tf

    module = tf.Module()
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.double = tf.function(lambda x: 2 * x, input_signature=[rows])
    tf.saved_model.save(module, folder / "double", signatures=module.double)
    return Works(folder / "double", inputs={"x": ROWS}, wanted=2 * ROWS)


def change_a_python_number(folder):
    import tensorflow as tf

    module = tf.Module()
    module.factor = 2.0
    rows = tf.TensorSpec((None, 1), tf.float32, name="x")
    module.scale = tf.function(lambda x: module.factor * x, input_signature=[rows])
    module.scale(ROWS)
    module.factor = 3.0
    return Wrong(wanted=3 * ROWS, got=module.scale(ROWS).numpy())


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
    return Works(folder / "scale", inputs={"x": ROWS}, wanted=3 * ROWS, got=got)


CASES = (
    Case(
        key="only-python-can-read",
        title="Right in Python, no variable in any other program",
        group="silent",
        exception="FailedPreconditionError",
        met_in="session",
        text="Could not find variable",
        marks=(
            # Not what a function in Python says, nor a session in which no variable was filled.
            r"Could not find variable (?!_AnonymousVar|.*(\[Op:|Container localhost does not))",
        ),
        cause="tf.saved_model.save of a Keras 3 model writes two places for each weight: restoring "
        "fills one, the signatures read the other. Only tf.saved_model.load joins the two. So it "
        "is with model.export where call is a tf.function and builds its layers.",
        experiment="Ask all three readers: python -m helpers.readers DIRECTORY.",
        cure="Export with model.export(directory) or an ExportArchive, with call left plain or a "
        "build() of its own. If only the directory is left: python -m helpers.readers DIRECTORY "
        "--rescue OUT.",
        reported=(
            "keras-team/keras#19274",
            "keras-team/keras#20095",
            "keras-team/keras#20096",
            "tensorflow/tensorflow#72963",
        ),
        broken=save_a_keras_model,
        cured=export_a_keras_model,
        promised=ALL,
    ),
    Case(
        key="litert-garbage",
        title="LiteRT converts, and answers something else",
        group="silent",
        exception="",
        met_in="litert",
        text="tiny numbers, zeros or nan instead of the model's answers",
        marks=(),
        cause="The same save as in the case before: the converter takes the weights from the "
        "places that nobody filled, and says nothing.",
        experiment="Compare the model and the converted file on the same rows. Then ask the "
        "session loader, which does say something.",
        cure="Convert what model.export wrote, and compare numbers after every conversion.",
        reported=(),
        broken=convert_a_saved_keras_model,
        cured=export_a_keras_model,
        promised=ALL,
    ),
    Case(
        key="cut-from-weights",
        title="New weights change nothing",
        group="silent",
        exception="",
        met_in="keras",
        text="the answers of the first, random weights, whatever is trained or loaded",
        marks=(r"No gradients provided for any variable",),
        cause="The layers were first built inside the trace of a tf.function with an "
        "input_signature. The graph holds the initialiser's numbers in place of the variables.",
        experiment="Set all weights to zero: the answers stay. Train it, and Keras says: No "
        "gradients provided for any variable.",
        cure="Give the class its own build(), which makes the layers' weights before any trace; or "
        "leave call plain and put the tf.function beside it.",
        reported=(),
        broken=build_inside_the_trace,
        cured=build_before_the_trace,
        promised=ALL,
    ),
    Case(
        key="frozen-batch",
        title="Answers for a number of rows that you did not send",
        group="silent",
        exception="",
        met_in="python",
        text="an answer computed with the declared number of rows, not with yours",
        marks=(),
        cause="The number of rows was fixed when the function was traced, so tf.shape(x)[0] became "
        "a constant. A signature in Python does not compare the shapes.",
        experiment="Print the signature: its shape begins with a number, not with None. Call it "
        "with more and with fewer rows.",
        cure="Declare None for the number of rows and export again.",
        reported=(),
        broken=declare_four_rows,
        cured=declare_any_rows,
        promised=ALL,
    ),
    Case(
        key="py-function",
        title="Works here, fails in every other program",
        group="silent",
        exception="InvalidArgumentError",
        met_in="python",
        text="Could not find callback with key=pyfunc",
        marks=(
            r"Could not find callback with key=pyfunc",
            r"callback pyfunc_\d+ is not found",
            r"Op type not registered '(Eager)?PyFunc",
        ),
        cause="tf.py_function and tf.numpy_function leave a key in the graph that stands for a "
        "Python function of this process. The function itself is not saved.",
        experiment="Load the export in a clean process and call it there.",
        cure="Write the step with TensorFlow operations, or do it before the export's endpoint.",
        reported=(
            "tensorflow/tensorflow#51623",
            "tensorflow/tensorflow#30966",
            "tensorflow/serving#1167",
        ),
        broken=take_python_along,
        cured=take_operations_along,
        promised=ALL,
    ),
    Case(
        key="python-state",
        title="A changed attribute has no effect",
        group="silent",
        exception="",
        met_in="python",
        text="answers with the value that the attribute had at the first call",
        marks=(),
        cause="A Python number is read once, while the function is traced, and is a constant in "
        "the graph from then on. Saving traces once more, so an export may even answer differently "
        "from the function that made it.",
        experiment="Print inside the function: it prints at the first call, and not after.",
        cure="Keep what may change in a tf.Variable and assign to it, or make it an input.",
        reported=("tensorflow/tensorflow#44980",),
        broken=change_a_python_number,
        cured=change_a_variable,
        promised=ALL,
    ),
)
