"""What is true of an export, found without the readers of the course.

The export is loaded in this process by TensorFlow's own loaders, and compared with the answers of
the live model by NumPy.
"""

from pathlib import Path

import numpy as np

from tests.corpus.judge import write
from tests.corpus.record import Export

PART, SCALE = 2e-3, 2e-3  # of a value, and of the largest value of an output


def found(one: Export, directory: Path) -> dict[str, dict[str, str]]:
    """Write an export and call it in each loader, with the inputs that the live model got.

    Parameters
    ----------
    one : Export
    directory : Path
        Does not exist yet.

    Returns
    -------
    dict of str to dict of str to str
        By signature and reader: a word of `tests.corpus.record.STATUSES`, with the error after it.
        Empty if the function of the export returns no answers.
    """
    golden = write(one, directory) or {}
    loaders = {"python": _python, "session": _session, "litert": _litert}
    return {
        key: {
            reader: _word(call, directory, key, inputs, outputs) for reader, call in loaders.items()
        }
        for key, (inputs, outputs) in golden.items()
    }


def _word(call, directory, key, inputs, outputs):
    try:
        got = call(str(directory), key, inputs)
    except Exception as error:
        return f"fails: {type(error).__name__}: {' '.join(str(error).split())[:150]}"
    if got.keys() != outputs.keys():
        return f"other: outputs {sorted(got)}, not {sorted(outputs)}"
    apart = [name for name in outputs if not _close(np.asarray(outputs[name]), got[name])]
    return f"other: {', '.join(apart)}" if apart else "same"


def _close(right, got):
    got = np.asarray(got)
    if right.shape != got.shape:
        return False
    if right.dtype == np.uint8 and right.size > 1000:  # levels of an image, which are rounded
        gaps = np.abs(right.astype(int) - got)
        return gaps.max() <= 1 and gaps.mean() <= 1e-3
    if right.dtype.kind in "OSUbiu":
        return right.astype(got.dtype).tolist() == got.tolist()
    right, got = (side.astype(complex) for side in (right, got))
    finite = np.isfinite(right)
    largest = np.abs(right[finite]).max(initial=1e-30)
    return np.allclose(got, right, rtol=PART, atol=SCALE * largest, equal_nan=True)


def _python(directory, key, inputs):
    import tensorflow as tf

    function = tf.saved_model.load(directory, tags=_tags(directory)).signatures[key]
    answer = function(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: tensor.numpy() for name, tensor in answer.items()}


def _session(directory, key, inputs):
    import tensorflow as tf

    v1 = tf.compat.v1
    with v1.Session(graph=tf.Graph()) as session:
        loaded = v1.saved_model.load(session, _tags(directory), directory)
        signature = loaded.signature_def[key]
        feed = {signature.inputs[name].name: value for name, value in inputs.items()}
        return session.run({n: info.name for n, info in signature.outputs.items()}, feed)


def _litert(directory, key, inputs):
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    converter = tf.lite.TFLiteConverter.from_saved_model(directory, [key], set(_tags(directory)))
    return Interpreter(model_content=converter.convert()).get_signature_runner(key)(**inputs)


def _tags(directory):
    """Return the tags of the graph to serve: of TensorFlow 1, an export may hold several graphs."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    model = SavedModel.FromString(Path(directory, "saved_model.pb").read_bytes())
    found = [list(graph.meta_info_def.tags) for graph in model.meta_graphs]
    return min((tags for tags in found if "serve" in tags), key=len)
