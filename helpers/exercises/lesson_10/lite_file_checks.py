"""Checks of a LiteRT file that the learner converted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from helpers.artifact.saved_model import Signature, TensorInfo
from helpers.exercises import battery
from helpers.exercises.export_checks import COMPUTING, SAME, only_output, row_text, the_input
from helpers.exercises.outcomes import NotYet, require
from helpers.readers import ReaderError
from helpers.runtimes import litert_file
from helpers.text import shorten


def lite_file(answer: Any, name: str) -> tuple[bytes, dict[str, Signature]]:
    """Return the bytes of the learner's LiteRT file, and its signatures.

    Raises
    ------
    NotYet
        If the answer is neither the content of such a file nor its path.
    """
    try:
        content = litert_file.content_of(answer)
        return content, litert_file.signatures(content)
    except (ValueError, ReaderError) as error:
        raise NotYet(f"{name}: {shorten(str(error))}.") from None


def require_input(signature: Signature, columns: int, name: str) -> TensorInfo:
    """Return the only input of a signature; raise NotYet unless it is float32 (None, columns)."""
    key = signature.key
    the_input(signature)
    (tensor,) = signature.inputs
    require(
        tensor.shape == (None, columns),
        f"{name}: {key} should take {tensor.name} of shape (None, {columns}), so that a caller may "
        f"send any number of rows, but takes {tensor.name} of shape {tensor.shape}.",
    )
    require(
        tensor.dtype == "float32",
        f"{name}: {key} should take {tensor.name} as float32, but takes {tensor.name} as "
        f"{tensor.dtype}.",
    )
    return tensor


def lite_answers(
    content: bytes, signature: Signature, rows: np.ndarray, name: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (words, numbers of the rows, answers) for batches of 1, 2, 7 and all rows.

    Raises
    ------
    NotYet
        If the interpreter fails, or if the answer is no column of float32.
    """
    (tensor,) = signature.inputs
    for size, batch in battery.batches({"places": np.arange(len(rows))}).items():
        places = batch["places"]
        if not len(places):  # the interpreter takes no empty batch
            continue
        try:
            inputs = {tensor.name: rows[places]}
            got = litert_file.run(content, signature.key, inputs, computing=COMPUTING)
        except ReaderError as error:
            raise NotYet(
                f"{name}: {signature.key} fails in LiteRT, {size}: {shorten(str(error))}"
            ) from None
        value = only_output(got, f"{name}: {signature.key}")
        shape = len(places), 1
        require(
            value.shape == shape,
            f"{name}: {signature.key} should answer {size} with shape {shape}, but answers with "
            f"shape {value.shape}.",
        )
        require(
            value.dtype == np.float32,
            f"{name}: {signature.key} should answer with float32, but answers with {value.dtype}.",
        )
        yield size, places, value


def require_scores(
    content: bytes,
    signature: Signature,
    rows: np.ndarray,
    scores: Callable[[np.ndarray], np.ndarray],
    name: str,
    others: Mapping[str, Callable[[np.ndarray], np.ndarray]],
) -> None:
    """Require that a signature gives scores(rows), (n, 1), for batches of 1 to all rows.

    Parameters
    ----------
    content : bytes
    signature : Signature
    rows : (n, columns) float32 array
    scores : callable
        The right scores of rows.
    name : str
        Of the answer.
    others : mapping of str to callable
        By the words that name a mistake: the scores that it gives.

    Raises
    ------
    NotYet
        For the first row that is wrong. It names the mistake that explains all of the answers.
    """
    answered = list(lite_answers(content, signature, rows, name))
    for size, places, value in answered:
        expected = scores(rows[places])
        if _same(value, expected).all():
            continue
        row = int(np.argmax(np.nan_to_num(np.abs(value - expected), nan=np.inf)))
        why = [
            f" These are the scores {words}."
            for words, other in others.items()
            if all(_same(found, other(rows[asked])).all() for _, asked, found in answered)
        ]
        raise NotYet(
            f"{name}: {signature.key} should answer {expected[row, 0]:.6g} for the row "
            f"{row_text(rows[places[row]])} ({size}), but answers {value[row, 0]:.6g}."
            f"{''.join(why[:1])}"
        )


def _same(value, expected):
    return np.isclose(value, expected, rtol=SAME, atol=SAME)


def largest_error(
    content: bytes, signature: Signature, rows: np.ndarray, reference: np.ndarray, name: str
) -> tuple[float, str]:
    """Return the largest difference from `reference`, (n, 1), and the batch that has it."""
    found = []
    for size, places, value in lite_answers(content, signature, rows, name):
        apart = np.nan_to_num(abs(value - reference[places]), nan=np.inf)
        found.append((float(apart.max()), size))
    return max(found)
