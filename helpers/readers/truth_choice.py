"""Which truth a comparison has, from the arguments of `compare`."""

import os
from collections.abc import Mapping
from typing import Any

from helpers import artifact
from helpers.readers.golden_answers import golden_answers, kept_answers
from helpers.readers.input_files import WrongOption
from helpers.readers.live_model import live_model
from helpers.readers.truth import Truth, original_export


def choose(
    found: artifact.Artifact,
    asked: Mapping[str, artifact.Signature],
    inputs: Mapping | None,
    *,
    original: str | os.PathLike | None,
    original_reader: str,
    model: Any,
    golden: Any,
    truth: Truth | None,
    signature: str | None,
) -> tuple[Truth | None, list[str]]:
    """Return what the readers are compared with, and notes about it.

    Parameters
    ----------
    found : helpers.artifact.Artifact
        The export.
    asked : dict of str to helpers.artifact.Signature
        The signatures that are compared.
    inputs, original, original_reader, model, golden, truth, signature
        As `helpers.readers.compare.compare` takes them.

    Returns
    -------
    Truth or None
        None: the readers are compared with each other.
    list of str

    Raises
    ------
    WrongOption
        If more than one is given, or one that is for none of the signatures.
    """
    kept = None if golden is False else golden
    given = {"original": original, "model": model, "golden": kept, "truth": truth}
    if len(names := [name for name, value in given.items() if value is not None]) > 1:
        words = " and ".join(names)
        raise WrongOption(f"the readers are compared with one thing, not with {words}")
    if truth is not None:
        return truth, []
    if original is not None:
        return original_export(original, original_reader), []
    if model is not None:
        return live_model(model, list(asked)), []
    if kept is not None:
        if inputs:
            raise WrongOption("golden answers have inputs of their own: give no other inputs")
        return golden_answers(kept, asked, signature), []
    if inputs or golden is False:
        return None, []
    return kept_answers(found.directory, asked, signature)
