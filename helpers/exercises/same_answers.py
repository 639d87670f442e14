"""Compare the answers of an export with those of a function, on a battery of rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import (
    ALL,
    SAME,
    answers_to_batches,
    require_output,
    signature_of,
)
from helpers.exercises.outcomes import NotYet, require
from helpers.text import safe_repr

TEXTS = set("USO")  # kinds of dtypes
NUMBERS = {"f": "f", "b": "b", "i": "iu", "u": "iu"}  # the kinds that are right for each kind


def require_same_answers(
    found: Artifact,
    key: str,
    inputs: Mapping[str, np.ndarray],
    reference: Callable[..., Mapping[str, Any]],
    which: Iterable[str] = ALL,
    tolerance: float = SAME,
    who: str = "",
    empty: bool = True,
) -> None:
    """Require that a signature gives the answers of a function, for every batch, in each reader.

    Parameters
    ----------
    found : Artifact
    key : str
        The signature.
    inputs : mapping of str to ndarray
        Many rows, by the names of the inputs. They are sent as batches of 0, 1, 2, 7 and all rows.
    reference : callable
        Function of these inputs, by name. It returns the expected outputs by name. Floats must be
        equal within the tolerance, and everything else must be equal exactly.
    which : iterable of str
        Keys of `readers.READERS`. LiteRT gets no empty batch, because it takes none.
    tolerance : float
        Largest difference, absolute for numbers below 1 and relative for larger ones.
    who : str
        What gives the expected answers, for the message: "your model".
    empty : bool
        Whether to send the empty batch. Some layers of Keras fail with it, such as Add.

    Raises
    ------
    NotYet
        For the first difference. It names the reader, the batch, the output and the row.
    """
    signature_of(found, key)
    batches = battery.batches(inputs)
    expected: dict[str, dict[str, np.ndarray]] = {}
    for reader in which:
        sent = {
            size: batch
            for size, batch in batches.items()
            if len(next(iter(batch.values()))) or (reader != "litert" and empty)
        }
        got_batches = answers_to_batches(found, key, sent.values(), reader)
        for (size, batch), got in zip(sent.items(), got_batches, strict=True):
            if size not in expected:
                expected[size] = {k: np.asarray(v) for k, v in reference(**batch).items()}
            for name, right in expected[size].items():
                require_output(got, name, key)
                where = f"{key} in {readers.READERS[reader]}, {size}"
                _require_equal(got[name], right, tolerance, f"{where}: {name}", batch, who)


def _require_equal(value, right, tolerance, where, batch, who):
    require(
        value.shape == right.shape,
        f"{where} should have shape {right.shape}, but has shape {value.shape}.",
    )
    if right.dtype.kind not in TEXTS:
        require(
            value.dtype.kind in NUMBERS[right.dtype.kind],
            f"{where} should be of type {right.dtype}, but is {value.dtype}.",
        )
    wrong = _differs(value, right, tolerance)
    if not np.any(wrong):
        return
    first = tuple(np.argwhere(wrong)[0])
    source = f", as {who} does," if who else ""
    raise NotYet(
        f"{where} should be {_shown(right[first])}{source} for the row {_row(batch, first[0])}, "
        f"but is {_shown(value[first])}."
    )


def nearest_wrong(
    inputs: Mapping[str, np.ndarray],
    reference: Callable[..., Mapping[str, Any]],
    others: Mapping[str, Callable[..., Mapping[str, Any]]],
    tolerance: float = SAME,
) -> str:
    """Name the wrong answer that is nearest to the right one, and where they differ.

    Parameters
    ----------
    inputs : mapping of str to ndarray
        The rows of the check, by the names of the inputs.
    reference : callable
        Function of these inputs, by name. It returns the right outputs by name.
    others : mapping of str to callable
        For the words that name a wrong answer ("`>=` in place of `>`"): what it computes, with
        outputs of the same names and shapes.
    tolerance : float
        Of the check.

    Returns
    -------
    str
        A sentence for the message of a pass.

    Raises
    ------
    ValueError
        If the rows do not tell a wrong answer from the right one.
    """
    right, found = reference(**inputs), []
    for words, other in others.items():
        given = other(**inputs)
        wrong = np.stack(
            [
                _differs(np.asarray(given[name]), np.asarray(value), tolerance)
                .reshape(len(value), -1)
                .any(axis=1)
                for name, value in right.items()
            ]
        ).any(axis=0)
        if not wrong.any():
            raise ValueError(f"no row of the check tells {words} from the right answer")
        found.append((np.count_nonzero(wrong), words, int(np.argmax(wrong))))
    count, words, row = min(found)
    rows = len(next(iter(inputs.values())))
    return (
        f"The check refuses a similar wrong answer, too: {words}. It differs from yours in "
        f"{count} of {rows} rows, for example for {_row(inputs, row)}."
    )


def _differs(value, right, tolerance):
    """Return an array of bool: where floats differ by more than the tolerance, or others at all."""
    if {value.dtype.kind, right.dtype.kind} & TEXTS:
        return _texts(value) != _texts(right)
    if right.dtype.kind == "f":
        return ~np.isclose(value, right, rtol=tolerance, atol=tolerance, equal_nan=True)
    return value != right


def _row(inputs, row):
    return ", ".join(f"{name}={safe_repr(_plain(x[row]), 60)}" for name, x in inputs.items())


def _texts(values):
    plain = [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values.flat]
    return np.array(plain, object).reshape(values.shape)


def _plain(value):
    """Return a value of NumPy as one of Python, with the few digits that float32 needs."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype == np.float32:
        return _nested(value, lambda number: float(str(number)))
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _nested(array, read):
    return [_nested(part, read) for part in array] if array.ndim else read(array[()])


def _shown(value):
    value = _plain(value)
    return f"{value:.6g}" if isinstance(value, float) else safe_repr(value)
