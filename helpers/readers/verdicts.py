"""What each reader does with the rows of a caller, compared with the answers of the model."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from helpers import artifact, readers
from helpers.readers.compare import same
from helpers.readers.explanations import explained
from helpers.readers.outcomes import FAILS, NOT_TRIED, OTHER, SAME

STATUSES = SAME, OTHER, FAILS  # the outcomes of a comparison that shows something


@dataclass(frozen=True)
class Verdict:
    """What one reader does.

    Parameters
    ----------
    reader : str
        One of helpers.readers.READERS.
    status : str
        In comparison with the model: one of `helpers.readers.outcomes.OUTCOMES`.
    outputs : dict of str to ndarray
        What the reader answers. Empty if it fails.
    error : str
        Why it fails or was not tried properly, on one line. Otherwise empty.
    """

    reader: str
    status: str
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    error: str = ""


def verdicts(
    directory: str | os.PathLike,
    inputs: object,
    expected: object,
    signature: str = "serving_default",
    which: Iterable[str] = tuple(readers.READERS),
) -> tuple[Verdict, ...]:
    """Call one signature of an export in each reader, and compare with the model's answers.

    Parameters
    ----------
    directory : str or path
        The export.
    inputs : array, or mapping of str to array
        The rows. An array is given to the only input of the signature, whatever its name is.
    expected : array, or mapping of str to array
        The model's answers. An array is compared with the only output of the signature.
    signature : str
        The key.
    which : iterable of str
        The readers, keys of `helpers.readers.READERS`.

    Returns
    -------
    tuple of Verdict
        One for each reader.

    Raises
    ------
    NotAnArtifact
        If `directory` is not an export.
    KeyError
        If the export has no such signature.
    TypeError
        If an array is given for a signature with several inputs or outputs.
    """
    found = artifact.read(directory)
    if signature not in found.signatures:
        keys = ", ".join(found.signatures) or "none"
        raise KeyError(f"no signature {signature!r} in this export: it has {keys}")
    promised = found.signatures[signature]
    feed = _by_name(inputs, promised.inputs, "input", signature)
    right = _by_name(expected, promised.outputs, "output", signature)
    return tuple(_verdict(found.directory, signature, feed, right, who) for who in which)


def _by_name(values, tensors, what, key):
    if isinstance(values, Mapping):
        return {name: np.asarray(value) for name, value in values.items()}
    names = [tensor.name for tensor in tensors]
    if len(names) != 1:
        raise TypeError(
            f"{key} has {len(names)} {what}s, {', '.join(names)}: give a dict with an array for "
            "each name"
        )
    return {names[0]: np.asarray(values)}


def _verdict(directory, key, feed, right, reader):
    try:
        got = readers.run(directory, key, feed, reader)
    except readers.ReaderError as error:
        # A machine that is too slow is no fault of the export.
        status = NOT_TRIED if error.error.startswith("TimeoutError: ") else FAILS
        return Verdict(reader, status, error=explained(error.error)[0])
    if not same(got, right):
        return Verdict(reader, OTHER, got)
    if not any(value.size for value in right.values()):
        return Verdict(reader, NOT_TRIED, got, "the answers are empty, so nothing was compared")
    return Verdict(reader, SAME, got)
