"""The check of lesson 01 that an export restores the variables which its signature reads."""

from helpers.artifact.restored_variables import restored_and_read
from helpers.artifact.saved_model import Artifact
from helpers.exercises.export_checks import signature_of
from helpers.exercises.outcomes import require


def require_restored(found: Artifact, name: str, key: str = "serving_default") -> None:
    """Require that the restore operation of an export fills what a signature reads.

    Parameters
    ----------
    found : Artifact
    name : str
        Of the learner's answer, for the message.
    key : str
        The signature.

    Raises
    ------
    NotYet
        Before a reader reports an error about variables that lesson 01 has not explained.
    """
    signature_of(found, key)
    restored, variables = restored_and_read(found.directory, key)
    lost = len(set(variables) - set(restored))
    require(
        not lost,
        f"{name} should be right in every reader, but only Python fills all its weights: a server "
        f"leaves {lost} of {len(variables)} empty. tf.saved_model.save writes such exports of "
        "Keras models. Export with model.export(directory).",
    )
