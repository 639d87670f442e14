"""Six changes to a conversion and their outcomes in LiteRT, for exercise 2 of lesson 08."""

import tempfile
from functools import cache
from typing import Any

import numpy as np

from helpers.exercises.export_checks import SAME
from helpers.readers import ReaderError
from helpers.runtimes import litert_file

OUTCOMES = ("same", "other", "error")
ROWS = np.array([[1.0, 2.0], [-3.0, 0.5], [0.25, 4.0]], np.float32)
KERNEL, BIAS = np.array([[2.0], [-1.0]], np.float32), np.array([0.5], np.float32)


def archived(directory):
    """Export predict_two, which is also the serving_default, and return the weights."""
    import tensorflow as tf

    model = _model()
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict_two", model.predict_first_two_features)
    archive.write_out(directory, verbose=False)
    return model.weights


def saved_the_old_way(directory):
    import tensorflow as tf

    model = _model()
    signatures = {"predict_two": model.predict_first_two_features}
    tf.saved_model.save(model, directory, signatures=signatures)
    return model.weights


def _model():
    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([KERNEL, BIAS])
    return model


# The changes, by the words of the exercise.
CHANGES = {
    "ask for 7 rows instead of 3": {"rows": np.tile(ROWS, (3, 1))[:7]},
    "delete the export's variables/ afterwards": {},  # all exports are deleted before the call
    "train the model in the notebook afterwards": {"change": [[1.0], [1.0]]},
    "ask with rows of float64": {"rows": ROWS.astype(np.float64)},
    "ask for serving_default, which was not named": {"key": "serving_default"},
    "save with tf.saved_model.save, the same signature": {"export": saved_the_old_way},
}


@cache  # a conversion takes most of a second, and several changes use the same one
def converted(export):
    """Return the bytes of a LiteRT file with predict_two, and the weights of the model."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        weights = export(folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["predict_two"])
        return converter.convert(), weights


def outcome(change: str) -> str:
    """Try a change, and return "same", "other" or "error".

    Parameters
    ----------
    change : str
        A key of CHANGES.

    Returns
    -------
    str
        "same" or "other" for numbers that equal the model's or differ from them.
    """
    how: dict[str, Any] = {"rows": ROWS, "key": "predict_two", "export": archived, "change": 0.0}
    how |= CHANGES[change]
    content, weights = converted(how["export"])
    weights[0].assign(KERNEL + how["change"])
    try:
        (got,) = litert_file.run(content, how["key"], {"x": how["rows"]}).values()
    except ReaderError:
        return "error"
    return "same" if np.allclose(got, how["rows"] @ KERNEL + BIAS, atol=SAME) else "other"
