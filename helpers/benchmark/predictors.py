"""Ways from rows to the answers of one export: TensorFlow's, LiteRT's, and plain arithmetic.

Each way takes an array and returns an array, so that you can compare them.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

PART = 4096  # rows for one call of an interpreter

Way = Callable[[np.ndarray], np.ndarray]


def by_hand(weights: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Compute the answers of helpers.models.ComplexModel in NumPy.

    Parameters
    ----------
    weights : sequence of 6 arrays
        Kernel and bias of each layer.
    rows : (n, 10) float32 array

    Returns
    -------
    (n, 1) float32 array
    """
    kernel1, bias1, kernel2, bias2, kernel3, bias3 = weights
    hidden = np.maximum(rows @ kernel1 + bias1, 0)
    hidden = np.maximum(hidden @ kernel2 + bias2, 0)
    return hidden @ kernel3 + bias3


def litert(file: str | Path) -> Way:
    """Open a LiteRT file as a function of rows. Many rows are split among all cores."""
    cores = os.cpu_count() or 1
    interpreters = [interpreter(file) for _ in range(cores)]
    threads = ThreadPoolExecutor(cores)

    def in_parts(interpreter, rows):
        # The values between the layers of a small part fit into the cache of a processor.
        parts = (rows[begin : begin + PART] for begin in range(0, len(rows), PART))
        return np.concatenate([interpreter(part) for part in parts])

    def answer(rows):
        if len(rows) <= PART:
            return interpreters[0](rows)
        shares = np.array_split(rows, cores)
        return np.concatenate(list(threads.map(in_parts, interpreters, shares)))

    return answer


def interpreter(file: str | Path) -> Way:
    """Open a LiteRT file as a function of rows. A new number of rows allocates memory again."""
    from helpers.readers.litert_interpreter import open_litert

    opened = open_litert(file)
    (put,), (got,) = opened.get_input_details(), opened.get_output_details()
    shape = None

    def answer(rows):
        nonlocal shape
        if rows.shape != shape:
            opened.resize_tensor_input(put["index"], rows.shape)
            opened.allocate_tensors()
            shape = rows.shape
        opened.set_tensor(put["index"], rows)
        opened.invoke()
        return opened.get_tensor(got["index"])

    return answer


def onnx(graph: "tf.types.experimental.PolymorphicFunction") -> Way:
    """Convert a tf.function with an input_signature to a function of rows in ONNX Runtime."""
    import onnxruntime
    import tf2onnx

    (spec,) = graph.input_signature
    model, _ = tf2onnx.convert.from_function(graph, [spec], opset=18)
    content, providers = model.SerializeToString(), ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(content, providers=providers)
    return lambda rows: session.run(None, {spec.name: rows})[0]


def routes(export_dir: str | Path, litert_file: str | Path) -> dict[str, Way]:
    """Make every way from rows to the answers of one model.

    Parameters
    ----------
    export_dir : path
        Export of a ComplexModel with the signature `serving_default`.
    litert_file : path
        The same model as a LiteRT file.

    Returns
    -------
    dict of str to function
        Each function takes (n, 10) float32 rows and returns (n, 1) float32 answers. ONNX Runtime
        is one of the ways if it is installed.
    """
    import tensorflow as tf

    from helpers.models import ComplexModel

    loaded = tf.saved_model.load(str(export_dir))
    signature = loaded.signatures["serving_default"]
    weights = [weight.numpy() for weight in loaded.trainable_variables]
    model = ComplexModel()
    model.build((None, 10))
    model.set_weights(weights)
    spec = [tf.TensorSpec((None, 10), tf.float32, name="features")]
    graph = tf.function(lambda x: model(x), input_signature=spec)
    xla = tf.function(lambda x: model(x), input_signature=spec, jit_compile=True)
    ways = {
        "NumPy": lambda rows: by_hand(weights, rows),
        "model.predict": lambda rows: model.predict(rows, batch_size=len(rows), verbose=0),
        "model(x)": lambda rows: model(rows).numpy(),
        "tf.function": lambda rows: graph(rows).numpy(),
        "signature": lambda rows: signature(features=rows)["output_0"].numpy(),
        "XLA": lambda rows: xla(rows).numpy(),
        "LiteRT": litert(litert_file),
    }
    if find_spec("onnxruntime"):
        ways["ONNX Runtime"] = onnx(graph)
    return ways
