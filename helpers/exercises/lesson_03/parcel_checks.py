"""Checks of a model that a learner of lesson 03 built on the endpoint of another team."""

from pathlib import Path

import numpy as np

from helpers.artifact.saved_model import Artifact
from helpers.exercises.export_checks import SAME, answers, only_output, signature_of, the_input
from helpers.exercises.lesson_03 import parcel_exports
from helpers.exercises.lesson_03.endpoint_checks import require_columns
from helpers.exercises.lesson_03.parcel_exports import COLUMNS, FEATURES, NEW, Variant
from helpers.exercises.outcomes import require
from helpers.exercises.same_answers import require_same_answers

KEY = "serving_default"
LIMIT = 0.5  # of the chance, for the label
ENOUGH = 285  # of NEW parcels
# A label has two values, a chance has one for nearly every parcel.
VALUES = 10


def require_late_model(found: Artifact, made: Variant) -> tuple[np.ndarray, np.ndarray]:
    """Require that an export gives the chance that a parcel is late, from the team's features.

    Parameters
    ----------
    found : Artifact
        The learner's export.
    made : Variant
        The numbers in the export of the team.

    Returns
    -------
    x : (300, 4) float32 array
        The new parcels of the check.
    late : (300, 1) float32 array
        1 or 0.

    Raises
    ------
    NotYet
        For the first condition that does not hold.
    """
    signature = signature_of(found, KEY)
    name = the_input(signature)
    require_columns(signature, COLUMNS)
    x, late = parcel_exports.parcels(made, NEW, seed=2)
    got = only_output(answers(found, KEY, {name: x}, "python"), KEY)
    _require_chances(got)
    (alone,) = only_output(answers(found, KEY, {name: x[:1]}, "python"), KEY)
    require(
        np.allclose(alone, got[0], rtol=0, atol=SAME),
        f"the chance of a parcel should not depend on the other parcels of a request, but the "
        f"first parcel gets {got[0, 0]:.4g} among {NEW} parcels and {np.ravel(alone)[0]:.4g} "
        "alone. A mean over the rows of a request causes this.",
    )
    _require_weights(found, made, x)
    said = got > LIMIT
    count = int(np.count_nonzero(said == late))
    cure = "Train longer, or with a larger learning rate."
    if count < ENOUGH and _reads_hours(found, made):
        cure = (
            "But it calls the endpoint hours, which makes one number of the six, and no training "
            "makes up for that. Choose the endpoint features for the TFSMLayer."
        )
    require(
        count >= ENOUGH,
        f"export_dir_5 should be right for {ENOUGH} of {NEW} new parcels, but is right for "
        f"{count}. It should use all {FEATURES} numbers of features. {cure}",
    )

    def of_python(**inputs):
        return answers(found, KEY, inputs, "python")

    others = ("session", "litert")
    require_same_answers(found, KEY, {name: x}, of_python, which=others, who="Python")
    return x, late


def _require_chances(got):
    require(
        got.shape == (NEW, 1),
        f"export_dir_5 should give one chance for each of {NEW} parcels, of shape ({NEW}, 1), but "
        f"gives an output of shape {got.shape}.",
    )
    require(
        got.dtype.kind == "f" and np.all((got >= 0) & (got <= 1)),
        "export_dir_5 should give chances between 0 and 1, but gives numbers from "
        f"{got.min():.3g} to {got.max():.3g}. The activation 'sigmoid' makes chances of numbers.",
    )
    values = len(np.unique(got))
    require(
        values >= VALUES,
        f"export_dir_5 should give a chance for each parcel, but its answers for {NEW} parcels "
        f"have only {values} different values.",
    )


def _require_weights(found, made, x):
    """Require that the signature reads the weights of `features` as they are, from variables."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))
    signature = loaded.signatures[KEY]
    read = {}
    for words, right in (("kernel", made.kernel), ("bias", made.bias)):
        alike = [v for v in signature.variables if tuple(v.shape) == right.shape]
        require(
            alike,
            f"export_dir_5 should read the {words} of features, a variable of shape {right.shape}, "
            "but reads no variable of this shape. Let your model call the endpoint features.",
        )
        same = [v for v in alike if np.allclose(v, right, rtol=0, atol=1e-6)]
        require(
            same,
            f"export_dir_5 should read the {words} of features as it is in parcels_dir, but its "
            f"variable of shape {right.shape} has different numbers. Did a training change them? "
            "trainable=False prevents it.",
        )
        read[words] = same
    inputs = {the_input(found.signatures[KEY]): tf.constant(x)}
    before = next(iter(signature(**inputs).values())).numpy()
    for variable in (v for same in read.values() for v in same):
        variable.assign(tf.zeros_like(variable))
    after = next(iter(signature(**inputs).values())).numpy()
    require(
        np.abs(after - before).max() > SAME,
        "export_dir_5 should compute its chance from features, but answers the same after the "
        "check set the weights of features to 0 in the loaded export.",
    )


def _reads_hours(found, made):
    """Return whether the signature reads the weights of the team's endpoint `hours`."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(found.directory))  # its variables live as long as it
    weights = loaded.signatures[KEY].variables
    alike = (weight for weight in weights if tuple(weight.shape) == made.hours.shape)
    return any(np.allclose(weight, made.hours, rtol=0, atol=1e-6) for weight in alike)


def simpler_models(directory: Path, made: Variant) -> dict[str, int]:
    """Count for how many new parcels simpler models are right.

    Parameters
    ----------
    directory : Path
        The export of the team.
    made : Variant

    Returns
    -------
    dict of str to int
        By the words for the pass. None of them is right for ENOUGH parcels.
    """
    from helpers.artifact.saved_model import read

    found = read(directory)
    x, late = parcel_exports.parcels(made, parcel_exports.GIVEN, seed=0)
    new, new_late = parcel_exports.parcels(made, NEW, seed=2)

    def hours(rows):
        return only_output(answers(found, "hours", {"parcel": rows}, "python"), "hours")

    columns = {"the four numbers": lambda rows: rows, "the endpoint hours": hours}
    counts = {}
    for words, of in columns.items():
        said = parcel_exports.separate(of(x), late)(of(new))
        counts[f"one Dense layer on {words}"] = int(np.count_nonzero(said == new_late))
    return counts
