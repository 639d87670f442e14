"""What many checks ask of an export. All of them look at what the artifact does, in readers."""

import numpy as np

from helpers import artifact, readers
from helpers.errors.cure import cure
from helpers.exercises.outcomes import NotAttempted, NotYet, require
from helpers.text import safe_repr, shorten

ALL = tuple(readers.READERS)


def export_at(answer, name="export_dir"):
    """The Artifact at the learner's answer; NotYet when there is none."""
    try:
        return artifact.read(answer)
    except artifact.NotAnArtifact as error:
        raise NotYet(f"{name}: {error}.") from None


def signature_of(found, key):
    """The Signature `key` of an Artifact; NotYet names the keys there are."""
    keys = ", ".join(found.signatures) or "none"
    require(
        key in found.signatures, f"there is no signature {key!r} in this artifact: it has {keys}."
    )
    return found.signatures[key]


def the_input(signature):
    """The name of the only input of a Signature."""
    names = [tensor.name for tensor in signature.inputs]
    require(
        len(names) == 1, f"{signature.key} takes {len(names)} inputs ({', '.join(names)}), not one."
    )
    return names[0]


def require_any_batch(signature):
    """Every input must leave its number of rows open."""
    for tensor in signature.inputs:
        require(
            tensor.shape and tensor.shape[0] is None,
            f"{signature.key} takes {tensor.name} of shape {tensor.shape}; a caller with another "
            "number of rows is not promised anything. Did a TensorSpec say so, or did "
            "tf.saved_model.save take the shape that the model saw first?",
        )


def answers(found, key, inputs, reader):
    """What `reader` answers to {name: array}; NotYet with the reader's error and its cure."""
    try:
        return readers.run(found.directory, key, inputs, reader)
    except readers.ReaderError as error:
        words = f"{key} fails in {readers.READERS[reader]}: {shorten(str(error))}"
        raise NotYet("\n".join(filter(None, (words, cure(str(error)))))) from None


def require_numbers(found, key, x, wanted, tolerance, which=ALL, output=None):
    """The one input `x` must give `wanted` (n, 1), within `tolerance`, in each of the readers."""
    name = the_input(signature_of(found, key))
    for reader in which:
        got = answers(found, key, {name: x}, reader)
        value = _only(got, key) if output is None else _named(got, output, key)
        where = f"{key} in {readers.READERS[reader]}"
        require(
            value.shape == wanted.shape,
            f"{where} answers with shape {value.shape} to {len(x)} rows; {wanted.shape} is wanted.",
        )
        worst = int(np.argmax(np.nan_to_num(np.abs(value - wanted), nan=np.inf)))
        require(
            np.all(np.abs(value - wanted) <= tolerance),
            f"{where} answers {value.flat[worst]:.3g} for the row {_row(x, worst)}; "
            f"{wanted.flat[worst]:.3g} is wanted.",
        )


def require_prediction(prediction, calls, outcomes, outcome):
    """Each call must turn out as the learner said.

    prediction : the learner's answer, a dict from each key of `calls` to one of `outcomes`
    calls : dict of str to function; outcome(function) runs one and names what happened
    """
    require(
        isinstance(prediction, dict) and prediction.keys() == calls.keys(),
        f"prediction is to be a dict with the keys {', '.join(map(repr, calls))}.",
    )
    if any(said is ... for said in prediction.values()):
        raise NotAttempted
    for name, made in calls.items():
        said = prediction[name]
        require(
            any(said is choice or said == choice for choice in outcomes),
            f"{name}: {safe_repr(said)} is not one of {', '.join(map(repr, outcomes))}.",
        )
        require(
            said == outcome(made),
            f"{name}: you say {said!r}, and something else happens. Try it in a cell of your own.",
        )


def _row(x, index):
    row = np.atleast_1d(x[min(index, len(x) - 1)])
    return "[" + ", ".join(f"{value:.3g}" for value in row) + "]"


def _only(got, key):
    require(len(got) == 1, f"{key} gives {len(got)} outputs ({', '.join(got)}); one is wanted.")
    return next(iter(got.values()))


def _named(got, output, key):
    require(output in got, f"{key} gives {', '.join(got)}; an output named {output!r} is wanted.")
    return got[output]
