"""The clinic's cases of saving: nothing is written, and TensorFlow or Keras says why."""

from helpers.clinic.case import ALL, Case, Works
from helpers.clinic.line_model import ANSWERS, ROWS, line_model


def save_a_directory(folder):
    line_model().save(folder / "line")


def export_a_directory(folder):
    line_model().export(folder / "line", verbose=False)
    return Works(folder / "line", inputs={"x": ROWS}, wanted=ANSWERS)


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
    return Works(folder / "scale", inputs={"args_0": ROWS}, wanted=ROWS)


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
    return Works(folder / "double", inputs={"x": ROWS}, wanted=2 * ROWS)


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
    return Works(folder / "scorer", inputs={"x": ROWS}, wanted=2 * ROWS, output="value")


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
    return Works(folder / "scale", inputs={"x": ROWS}, wanted=2 * ROWS)


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
    return Works(folder / "square", inputs={"x": ROWS}, wanted=ROWS**2)


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
    return Works(folder / "double", inputs={"x": ROWS}, wanted=2 * ROWS)


CASES = (
    Case(
        key="save-writes-no-export",
        title="model.save refuses a directory",
        group="saving",
        exception="ValueError",
        met_in="keras",
        text="Invalid filepath extension for saving",
        marks=(
            r"Invalid filepath extension for saving",
            r"`?save_format`? argument is deprecated in Keras 3",
        ),
        cause="In Keras 3, model.save writes files for going on with training, .keras or .h5. In "
        "Keras 2 the same call, or save_format='tf', wrote a SavedModel directory; old recipes "
        "still say so.",
        experiment="Give the name the ending .keras: it is saved, and the result is one file that "
        "needs Keras and the model's classes to be opened.",
        cure="For others, call model.export(directory). For yourself, keep "
        'model.save("name.keras") beside it.',
        reported=("serizba/cppflow#265", "adriangb/scikeras#314", "tensorflow/tflite-micro#3623"),
        broken=save_a_directory,
        cured=export_a_directory,
        promised=ALL,
    ),
    Case(
        key="never-built",
        title="The model was never built or called",
        group="saving",
        exception="ValueError",
        met_in="keras",
        text="It must be built before export",
        marks=(
            r"(model|layer) provided has (not yet been built|never called)",
            r"cannot be saved (either )?because the input shapes? (is|have) not ",
        ),
        cause="A model that is a class of your own learns its input's shape from the first data it "
        "sees. Before that it has no weights, and there is no graph to write.",
        experiment="Print model.weights: the list is empty. Call the model on one row and print it "
        "again.",
        cure="Call the model once on rows of the right width, or train it, and export then.",
        reported=("keras-team/keras-core#445", "keras-team/keras#19720"),
        broken=export_a_model_without_data,
        cured=export_a_model_after_a_call,
        promised=ALL,
    ),
    Case(
        key="no-input-signature",
        title="A signature from a function that takes anything",
        group="saving",
        exception="ValueError",
        met_in="saving",
        text="Only `tf.functions` with an input signature or concrete functions can be used",
        marks=(
            r"Expected a TensorFlow function for which to generate a signature",
            r"Only `?tf\.functions?`? with an input signature or concrete functions",
        ),
        cause="A tf.function makes one graph for each kind of input that it meets. A signature is "
        "one graph, and nothing says of what shape and dtype.",
        experiment="Print the function's input_signature: it is None.",
        cure="Write input_signature=[tf.TensorSpec(...)] into tf.function, or save "
        "function.get_concrete_function(tf.TensorSpec(...)).",
        reported=("tensorflow/tensorflow#38474", "tensorflow/tensorflow#28165"),
        broken=save_a_function_of_anything,
        cured=save_a_function_of_floats,
        promised=ALL,
    ),
    Case(
        key="signature-output",
        title="A signature that returns more than tensors",
        group="saving",
        exception="ValueError",
        met_in="saving",
        text="Got a non-Tensor value",
        marks=(
            r"Got a (dictionary containing )?non-Tensor value .* to generate (the|a) SavedModel",
            r"Got non-flat outputs .* for SavedModel signature",
            r"Got a dictionary with a non-string key .* in the output of the function",
        ),
        cause="A signature's outputs are a flat list of names with one tensor each. Nested dicts, "
        "None, Python numbers and texts have no place in it.",
        experiment="Call the function yourself and look at the type of each value it returns.",
        cure="Return one flat dict of tensors; wrap what is Python in tf.constant.",
        reported=("huggingface/transformers#9003", "tensorforce/tensorforce#704"),
        broken=return_a_nested_dict,
        cured=return_a_flat_dict,
        promised=ALL,
    ),
    Case(
        key="untracked-resource",
        title="A variable or table that is not part of the model",
        group="saving",
        exception="AssertionError",
        met_in="saving",
        text="Tried to export a function which references an 'untracked' resource",
        marks=(
            r"function which references (an )?'?untracked'? (resource|object)",
            r"Failed to add concrete function .* as it captures tensor",
        ),
        cause="Saving follows the attributes of the object you give it. The function reads a "
        "variable or a table that no attribute leads to, such as a global or a local name.",
        experiment="Search the function for names that stand neither in its arguments nor after "
        "self. The line Trackable referencing this tensor shows the one that is missing.",
        cure="Make the variable or table an attribute of the object that is saved.",
        reported=(
            "tensorflow/tensorflow#57573",
            "tensorflow/tensorflow#42061",
            "tensorflow/tensorflow#40310",
            "tensorflow/serving#1719",
        ),
        broken=save_without_its_variable,
        cured=save_with_its_variable,
        promised=ALL,
    ),
    Case(
        key="keras-tensor",
        title="A tf function in a functional model",
        group="saving",
        exception="ValueError",
        met_in="keras",
        text="A KerasTensor cannot be used as input to a TensorFlow function",
        marks=(
            r"A KerasTensor cannot be used as input to a TensorFlow function",
            r"A KerasTensor is symbolic: it's a placeholder",
            r"Could not build a `?TypeSpec`? for .*KerasTensor",
            r"Cannot convert a symbolic Keras input/output to a numpy array",
            r"an intermediate Keras symbolic input/output, to a TF API",
        ),
        cause="What tf.keras.Input gives is a placeholder of Keras, not a tensor. Only layers and "
        "keras.ops know what to do with it; TensorFlow and NumPy functions do not.",
        experiment="Print type(x): it is a KerasTensor. Give the same tf function a tf.constant, "
        "and it works.",
        cure="Put the tf function into the call of a layer of your own, or use the same function "
        "of keras.ops.",
        reported=("tensorflow/tensorflow#63849", "tensorflow/tensorflow#65419"),
        broken=build_with_a_tensorflow_function,
        cured=build_with_a_layer,
        promised=ALL,
    ),
    Case(
        key="first-argument-not-self",
        title="A method whose first argument is not self",
        group="saving",
        exception="TypeError",
        met_in="saving",
        text="input_signature missing type constraint for x",
        marks=(r"input_signature missing type constraint for \w+",),
        cause="tf.function knows a method by the name self of its first argument. Under another "
        "name it counts as an input, and one TensorSpec is missing.",
        experiment="Count the specs and the arguments. If only the argument for the object is left "
        "over, look at its name.",
        cure="Call the first argument self. In a plain function, give one TensorSpec for each "
        "argument.",
        reported=(),
        broken=define_a_method_without_self,
        cured=define_a_method_with_self,
        promised=ALL,
    ),
)
