"""The exports of lesson 03 whose default signature the learner predicts."""

import functools
import tempfile
from pathlib import Path

from helpers import artifact

DEFAULT, NO_DEFAULT = "serving_default", "no default"
OUTCOMES = ("two", "three", NO_DEFAULT)  # columns of the default signature
# What each export gets, in this order: (name, the function with so many columns).
ENDPOINTS = {
    "A": (("predict_three", "three"), ("predict_two", "two")),
    "B": (("predict_three", "three"), (DEFAULT, "two")),
    "C": (("predict_two", "two"), ("predict_three", "three")),
}
SAVED_BY_TENSORFLOW = ("C",)  # with tf.saved_model.save, the others with an ExportArchive
RULES = {
    "A": "An ExportArchive makes the endpoint that is added first the default.",
    "B": f"An endpoint named {DEFAULT} is the default, also if it is added last.",
    "C": "tf.saved_model.save writes only the signatures that you name.",
}


@functools.cache
def found_in(export: str) -> artifact.Artifact:
    """Write one of the exports, and read it.

    Parameters
    ----------
    export : {"A", "B", "C"}

    Returns
    -------
    Artifact
        Its directory is gone.
    """
    import tensorflow as tf

    from helpers.models import MultiSignatureModel

    model = MultiSignatureModel()
    model.build((None, 2))
    functions = {
        "two": model.predict_first_two_features,
        "three": model.predict_first_three_features,
    }
    endpoints = {name: functions[columns] for name, columns in ENDPOINTS[export]}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / export
        if export in SAVED_BY_TENSORFLOW:
            tf.saved_model.save(model, str(directory), signatures=endpoints)
        else:
            archive = tf.keras.export.ExportArchive()
            for name, function in endpoints.items():
                archive.add_endpoint(name, function)
            archive.write_out(str(directory), verbose=False)
        return artifact.read(directory)


def columns_of_default(export: str) -> str:
    """Return how many columns the default signature of an export takes, one of OUTCOMES."""
    signature = found_in(export).signatures.get(DEFAULT)
    if signature is None:
        return NO_DEFAULT
    return "two" if signature.inputs[0].shape == (None, 2) else "three"


def reason(export: str) -> str:
    """Say which signatures were measured in an export, and the rule behind them."""
    found = found_in(export)
    signature = found.signatures.get(DEFAULT)
    keys = ", ".join(found.signatures)
    measured = f"The signatures of this export are: {keys}."
    if signature is not None:
        (x,) = signature.inputs
        measured = f"{DEFAULT} of this export takes x of shape {x.shape}."
    return f"{measured} {RULES[export]}"
