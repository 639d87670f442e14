"""Ways from rows to the answers of one export: TensorFlow's, LiteRT's, and plain arithmetic.

Each takes an array and gives an array, so that they can be compared.
"""

import numpy as np


def by_hand(weights, rows):
    """The arithmetic of helpers.models.ComplexModel in NumPy: (n, 10) float32 -> (n, 1)."""
    kernel1, bias1, kernel2, bias2, kernel3, bias3 = weights
    hidden = np.maximum(rows @ kernel1 + bias1, 0)
    hidden = np.maximum(hidden @ kernel2 + bias2, 0)
    return hidden @ kernel3 + bias3


def litert(file):
    """The model in a LiteRT file, as a function of rows; another number of rows makes room anew."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file))
    (put,), (got,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape = None

    def answer(rows):
        nonlocal shape
        if rows.shape != shape:
            interpreter.resize_tensor_input(put["index"], rows.shape)
            interpreter.allocate_tensors()
            shape = rows.shape
        interpreter.set_tensor(put["index"], rows)
        interpreter.invoke()
        return interpreter.get_tensor(got["index"])

    return answer


def routes(export_dir, litert_file):
    """{name: function}; each function takes (n, 10) float32 rows and gives their answers.

    export_dir, litert_file : of a ComplexModel, its signature `serving_default`
    """
    import tensorflow as tf

    from helpers.models import ComplexModel

    loaded = tf.saved_model.load(str(export_dir))
    signature = loaded.signatures["serving_default"]
    weights = [weight.numpy() for weight in loaded.trainable_variables]
    model = ComplexModel()
    model.build((None, 10))
    model.set_weights(weights)
    graph = tf.function(lambda x: model(x))
    xla = tf.function(lambda x: model(x), jit_compile=True)
    return {
        "NumPy": lambda rows: by_hand(weights, rows),
        "model.predict": lambda rows: model.predict(rows, batch_size=len(rows), verbose=0),
        "model(x)": lambda rows: model(rows).numpy(),
        "tf.function": lambda rows: graph(rows).numpy(),
        "restored function": lambda rows: loaded.serving_default(rows).numpy(),
        "signature": lambda rows: signature(features=rows)["output_0"].numpy(),
        "XLA": lambda rows: xla(rows).numpy(),
        "LiteRT": litert(litert_file),
    }
