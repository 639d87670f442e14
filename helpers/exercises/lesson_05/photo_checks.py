"""Checks of the export of photos, exercise 5 of lesson 05. All of them look at its answers."""

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact
from helpers.exercises.export_checks import (
    SAME_ANSWER,
    answers_to_batches,
    require_any_batch,
    require_weights,
    signature_of,
    the_input,
)
from helpers.exercises.lesson_05.q5_photos import PhotoModel
from helpers.exercises.lesson_05.raw_row_checks import read_species
from helpers.exercises.outcomes import NotYet, require

KEY = "classify"
SERVER = ("python", "session")  # LiteRT has no operation that decodes a photo
BATCHES = (slice(0, 1), slice(1, 3), slice(3, 10), slice(None))
RANDOM = 1e-6  # the same photo gets the same probability at each call
TRAINING = (
    "Is a random step of the training inside? The layer RandomFlip is random unless the endpoint "
    "calls photo_model(images, training=False)."
)


def require_species(found: Artifact, made: PhotoModel) -> None:
    """Require the answers of the model to prepared photos, for each batch, in the readers.

    Parameters
    ----------
    found : Artifact
        The learner's export.
    made : PhotoModel
        What the exercise started from.

    Raises
    ------
    NotYet
        For the first difference. It names the reader and the photo.
    """
    signature = signature_of(found, KEY)
    name = the_input(signature)
    require(name == "photos", f"{KEY} should take photos, but takes {name}.")
    (tensor,) = signature.inputs
    require(
        tensor.dtype == "string",
        f"{KEY} should take encoded photos as strings, but takes {tensor.dtype}.",
    )
    require_any_batch(signature)
    require(
        tensor.shape is not None and len(tensor.shape) == 1,
        f"{KEY} should take photos of shape (None,), but takes shape {tensor.shape}.",
    )
    photos = np.array(made.photos, object)
    sent = [{"photos": photos[part]} for part in (*BATCHES, slice(None))]
    for reader in SERVER:
        where = f"{KEY} in {readers.READERS[reader]}"
        got = [
            read_species(answer, KEY, where, len(batch["photos"]), "photos")
            for answer, batch in zip(
                answers_to_batches(found, KEY, sent, reader), sent, strict=True
            )
        ]
        *parts, (_, again) = got
        (_, first) = parts[-1]
        changing = np.abs(again - first) > RANDOM
        require(
            not changing.any(),
            f"{where} should answer the same photo in the same way each time, but gives "
            f"probability {first[changing][:1].sum():.3g} and then "
            f"{again[changing][:1].sum():.3g}. {TRAINING}",
        )
        for part, answer in zip(BATCHES, parts, strict=True):
            _require_golden(answer, part, made, where)
    require_weights(found, KEY, {"photos": photos[:3]})


def _require_golden(answer, part, made, where):
    species, probability = answer
    right, sure = made.answers.species[part], made.answers.probability[part]
    wrong = np.nan_to_num(np.abs(probability - sure), nan=np.inf) > SAME_ANSWER
    if wrong.any():
        first = int(np.argmax(wrong))
        raise NotYet(
            f"{where}, {_count(sure)}, should answer as photo_model does for the prepared "
            f"photo {_number(part, first)}: {right[first]}, {sure[first]:.4g}, but answers "
            f"{species[first]}, {probability[first]:.4g}. Are the size and the scale those of the "
            "training, and does the endpoint call photo_model with training=False?"
        )
    wrong = species != right
    if wrong.any():
        first = int(np.argmax(wrong))
        raise NotYet(
            f"{where}, {_count(sure)}, should name photo {_number(part, first)} "
            f"{right[first]}, but names it {species[first]}. The probability is right. In which "
            "order does photo_model give the species?"
        )


def _count(photos):
    return f"{len(photos)} photo{'s' * (len(photos) != 1)}"


def _number(part, first):
    return (part.start or 0) + first + 1


def nearest(made: PhotoModel) -> str:
    """Name the wrong preparation that is nearest to the right one, for the message of a pass."""
    counts = {
        words: int((np.abs(wrong.probability - made.answers.probability) > SAME_ANSWER).sum())
        for words, wrong in made.wrong.items()
    }
    words = min(counts, key=counts.__getitem__)
    return (
        f"The check refuses a similar wrong answer, too: {words}. It gives a different "
        f"probability to {counts[words]} of {len(made.photos)} photos."
    )
