"""Checks that an export takes what a client sends, and prices it."""

from collections.abc import Iterable, Mapping

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact, Signature
from helpers.exercises.export_checks import (
    ALL,
    SAME_ANSWER,
    answers_to_batches,
    require_any_batch,
    require_output,
    signature_of,
)
from helpers.exercises.outcomes import require

KEY = "serving_default"
BATCHES = slice(None), slice(1)


def require_inputs(signature: Signature, expected: Mapping[str, str]) -> None:
    """Require that a signature has the inputs of {name: dtype}, with any number of rows."""
    found = {tensor.name: tensor.dtype for tensor in signature.inputs}
    for name, dtype in expected.items():
        require(
            name in found,
            f"{signature.key} should have an input named {name!r}, but takes "
            f"{', '.join(found) or 'nothing'}.",
        )
        require(found[name] == dtype, f"{name} should be {dtype}, but is {found[name]}.")
    more = ", ".join(sorted(found.keys() - expected.keys()))
    require(
        not more,
        f"{signature.key} should take only what clients send, but takes {more} as well.",
    )
    require_any_batch(signature)


def require_prices(
    found: Artifact,
    inputs: Mapping[str, np.ndarray],
    expected: np.ndarray,
    which: Iterable[str] = ALL,
) -> None:
    """Require that the output `price` has the expected numbers in each reader.

    Parameters
    ----------
    found : Artifact
    inputs : mapping of str to ndarray, shape (n, 1)
        What the signature gets, by the names of its inputs.
    expected : ndarray, shape (n, 1)
        The prices.
    which : iterable of str
        Keys of `readers.READERS`.

    Raises
    ------
    NotYet
        For the first reader that answers differently. The message names the row.
    """
    require_output([tensor.name for tensor in signature_of(found, KEY).outputs], "price", KEY)
    for reader in which:
        batches = [{name: value[batch] for name, value in inputs.items()} for batch in BATCHES]
        answered = answers_to_batches(found, KEY, batches, reader)
        for batch, sent, got in zip(BATCHES, batches, answered, strict=True):
            value = got["price"]
            where = f"{KEY} in {readers.READERS[reader]}"
            require(
                value.shape == expected[batch].shape and value.dtype.kind in "fiu",
                f"{where} should give one number for each of {len(expected[batch])} rows, of shape "
                f"{expected[batch].shape}, but gives a price of type {value.dtype} and shape "
                f"{value.shape}.",
            )
            for row, (said, right) in enumerate(zip(value, expected[batch], strict=True)):
                given = ", ".join(f"{name}={v[row].item()}" for name, v in sent.items())
                require(
                    abs(said.item() - right.item()) <= SAME_ANSWER,
                    f"{where} should answer {right.item():.6g} for {given}, but answers "
                    f"{said.item():.6g}.",
                )
