"""Checks of a signature for raw rows of penguins. All of them look at its answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from helpers import readers
from helpers.artifact.saved_model import Artifact
from helpers.exercises import battery
from helpers.exercises.export_checks import (
    ALL,
    CONSTANT,
    SAME,
    SAME_ANSWER,
    answers_to_batches,
    require_any_batch,
    require_output,
    signature_of,
)
from helpers.exercises.notebook import changed
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import ISLANDS, RAW, SEXES, SPECIES, complete, folds, penguins, take
from helpers.penguins.hand_preparation import by_hand
from helpers.text import safe_repr

KEY = "classify"
RANGES = {"bill_length_mm": (32, 60), "body_mass_g": (2700, 6300)}  # of the training
WORDS = {"island": ISLANDS, "sex": SEXES}
SHARE = 0.3  # of the measurements that are missing, and of the words that may be unknown
Columns = Mapping[str, np.ndarray]  # {column of the file: array of shape (n,)}


@cache
def held_out() -> dict[str, np.ndarray]:
    """Return the penguins that the lesson's model has not seen, with the columns of the file."""
    rows = penguins()
    return take(rows, folds(rows["species"]) == 0)


@cache
def without_gaps() -> dict[str, np.ndarray]:
    """Return the penguins of `held_out` that have all four raw columns."""
    raw = {name: held_out()[name] for name in RAW}
    return take(held_out(), complete(raw))


def require_raw(found: Artifact, key: str) -> None:
    """Require that the signature `key` takes the four columns of the file, with any batch size."""
    signature = signature_of(found, key)
    taken = {tensor.name: tensor for tensor in signature.inputs}
    require(
        taken.keys() == set(RAW),
        f"{key} should take the columns {', '.join(RAW)}, but takes "
        f"{', '.join(taken) or 'nothing'}.",
    )
    for name, tensor in taken.items():
        dtype = "string" if name in ("island", "sex") else "float32"
        require(
            tensor.dtype == dtype,
            f"{key} should take {name} as {dtype}, but takes {name} as {tensor.dtype}.",
        )
    require_any_batch(signature)
    for tensor in signature.inputs:
        require(
            tensor.shape is None or len(tensor.shape) == 1,
            f"{key} should take {tensor.name} as a column of shape (None,), but takes "
            f"{tensor.name} of shape {tensor.shape}.",
        )


def classify(
    found: Artifact, key: str, rows: Columns, reader: str
) -> tuple[np.ndarray, np.ndarray]:
    """Call the signature `key` with raw rows in a reader.

    Parameters
    ----------
    found : Artifact
    key : str
    rows : mapping of str to ndarray, shape (n,)
        At least the four raw columns.
    reader : str
        A key of `readers.READERS`.

    Returns
    -------
    species : ndarray of str, shape (n,)
    probability : ndarray of float, shape (n,)

    Raises
    ------
    NotYet
        If the reader fails, or if an output is missing or has the wrong type or shape.
    """
    return next(classify_batches(found, key, [rows], reader))


def classify_batches(
    found: Artifact, key: str, batches: Iterable[Columns], reader: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Call the signature `key` with several batches of raw rows, in one question.

    Yields
    ------
    tuple of (species, probability)
        For each batch, as `classify` returns them.

    Raises
    ------
    NotYet
        As `classify` does, in place of the answer to a batch.
    """
    batches = list(batches)
    sent = [{name: rows[name] for name in RAW} for rows in batches]
    answered = answers_to_batches(found, key, sent, reader)
    for rows, got in zip(batches, answered, strict=True):
        where = f"{key} in {readers.READERS[reader]}"
        yield read_species(got, key, where, len(rows["island"]))


def read_species(
    got: dict[str, np.ndarray], key: str, where: str, count: int, what: str = "rows"
) -> tuple[np.ndarray, np.ndarray]:
    """Read the species and the probabilities in an answer to `count` rows or photos.

    Parameters
    ----------
    got : dict of str to ndarray
        The outputs of the signature `key`.
    key, where : str
        The signature, and the signature with its reader, for the messages.
    count : int
    what : str
        What was sent: "rows" or "photos".

    Returns
    -------
    species : ndarray of str, shape (count,)
    probability : ndarray of float64, shape (count,)

    Raises
    ------
    NotYet
        If an output is missing or has the wrong type or shape.
    """
    for name in ("species", "probability"):
        require_output(got, name, key)
        require(
            got[name].shape in ((count,), (count, 1)),
            f"{where} should give one {name} for each of {count} {what}, but gives a {name} of "
            f"shape {got[name].shape}.",
        )
    species, probability = got["species"].ravel(), got["probability"].ravel()
    require(
        species.dtype.kind in "OSU",
        f"{where} should give the species as a name, such as {SPECIES[0]!r}, but gives "
        f"{safe_repr(species[:1].tolist())}.",
    )
    require(
        probability.dtype.kind == "f",
        f"{where} should give a probability of type float, but gives {probability.dtype}.",
    )
    names = [
        name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        for name in species.tolist()
    ]
    return np.array(names, str), probability.astype(float)


def _row(rows, index):
    return ", ".join(
        f"{rows[name][index]:.4g}" if rows[name].dtype.kind == "f" else repr(str(rows[name][index]))
        for name in RAW
    )


def require_good(
    found: Artifact,
    key: str,
    rows: Columns,
    enough: float,
    words: str,
    which: Iterable[str] = ALL,
) -> None:
    """Require that the signature `key` names enough species rightly, in each reader.

    Parameters
    ----------
    found : Artifact
    key : str
    rows : mapping of str to ndarray, shape (n,)
        The raw columns and the species.
    enough : float
        Least share of rows with the right species, from 0 to 1.
    words : str
        What these rows are, for the message.
    which : iterable of str
        Keys of `readers.READERS`.

    Raises
    ------
    NotYet
        If a reader fails, if it names too few species, or if a probability cannot be right.
    """
    for reader in which:
        answered = classify_batches(found, key, [rows, take(rows, slice(1))], reader)
        species, probability = next(answered)
        where = f"{key} in {readers.READERS[reader]}"
        low, high = 1 / len(SPECIES) - SAME_ANSWER, 1 + SAME_ANSWER
        bad = ~((probability > low) & (probability < high))
        if bad.any():
            first = int(np.argmax(bad))
            raise NotYet(
                f"{where} should give probabilities between 1/3 and 1, because each is the largest "
                f"of three, but gives the probability {probability[first]:.3g} to one of the "
                f"penguins {words} ({_row(rows, first)})."
            )
        right = species == rows["species"]
        if right.mean() < enough:
            first = int(np.argmin(right))
            raise NotYet(
                f"{where} should name the species of at least {int(np.ceil(enough * len(right)))} "
                f"of {len(right)} penguins {words}, but names {right.sum()}. For example, "
                f"({_row(rows, first)}) should be {str(rows['species'][first])!r}, but is "
                f"{str(species[first])!r}."
            )
        alone = next(answered)
        require(
            alone[0][0] == species[0] and abs(alone[1][0] - probability[0]) < SAME_ANSWER,
            f"{where} should answer the same for a row alone and for the row among others, but "
            f"answers {alone[0][0]}, {alone[1][0]:.3g} for the row alone and {species[0]}, "
            f"{probability[0]:.3g} for the row among others.",
        )
        require(
            len(probability) == 1 or np.ptp(probability) > CONSTANT,
            f"{where} should give different probabilities, because the model is less sure of some "
            f"penguins, but gives every penguin the probability {probability[0]:.3g}.",
        )


@cache
def many_rows(gaps: bool) -> dict[str, np.ndarray]:
    """Make 300 raw rows, many of them outside the range of the training.

    Parameters
    ----------
    gaps : bool
        Whether measurements are missing in some rows, and whether some words are unknown: variants
        of the known ones, and "".

    Returns
    -------
    dict of str to ndarray, shape (300,)
    """
    chance, count = np.random.default_rng(5), battery.ROWS
    made = {}
    for seed, (name, (low, high)) in enumerate(RANGES.items()):
        # A measurement is not negative, and has one digit after the point.
        column = abs(battery.numbers(1, low, high, reach=battery.OUTSIDE, seed=seed)[:, 0])
        column = np.round(column, 1)
        lost = chance.random(count) < (SHARE if gaps else 0)
        made[name] = np.where(lost, np.float32(np.nan), column)
    for name, known in WORDS.items():
        words, others = chance.choice(known, count), battery.words(known)[:count]
        unknown = chance.random(count) < (SHARE if gaps else 0)
        made[name] = np.where(unknown, others.astype(str), words)
    return made


def of_the_notebook(
    model: Callable[..., Any], known: Columns
) -> Callable[..., dict[str, np.ndarray]]:
    """Return the function of raw columns that the notebook's model computes.

    Parameters
    ----------
    model, known
        The objects of the notebook. The rows are prepared as for its training.

    Returns
    -------
    callable
        Function of the four columns, by name. It returns "species", "probability" and "clear":
        whether the two largest probabilities differ by more than the tolerance.
    """

    def answer(**rows):
        try:
            each = np.asarray(model(by_hand(rows, known)), float)
        except Exception:
            each = np.zeros(0)
        if each.shape != (len(rows["island"]), len(SPECIES)):
            raise changed("model", "should take the seven numbers of a row, but does not")
        return {
            "species": np.array(SPECIES)[each.argmax(axis=1)],
            "probability": each.max(axis=1),
            "clear": np.ptp(np.sort(each)[:, 1:], axis=1) > 2 * SAME_ANSWER,
        }

    return answer


def of_changed_rows(
    answer: Callable[..., Mapping[str, np.ndarray]],
    change: Callable[[Columns], Mapping[str, np.ndarray]],
) -> Callable[..., Mapping[str, np.ndarray]]:
    """Return the function of raw columns that changes some of them and then calls `answer`."""
    return lambda **rows: answer(**(rows | dict(change(rows))))


def require_rows(
    found: Artifact,
    key: str,
    rows: Columns,
    reference: Callable[..., Mapping[str, np.ndarray]],
    who: str,
    words: str,
    which: Iterable[str] = ALL,
) -> None:
    """Require that the signature `key` answers as a function does, for each batch, in each reader.

    Parameters
    ----------
    found : Artifact
    key : str
    rows : mapping of str to ndarray, shape (n,)
        The raw columns. They are sent as batches of 0, 1, 2, 7 and all rows.
    reference : callable
        Function of the raw columns, by name. It returns "species", "probability", and "clear":
        in which rows the species must be the same.
    who : str
        What gives the expected answers, for the message.
    words : str
        What these rows are, for the message.
    which : iterable of str
        Keys of `readers.READERS`. LiteRT gets no empty batch, because it takes none.

    Raises
    ------
    NotYet
        For the first row with another probability or species.
    """
    raw = {name: rows[name] for name in RAW}
    parts = battery.batches(raw | dict(reference(**raw)))
    for reader in which:
        sent = {
            size: part for size, part in parts.items() if reader != "litert" or len(part["island"])
        }
        answered = classify_batches(found, key, sent.values(), reader)
        for (size, part), (species, probability) in zip(sent.items(), answered, strict=True):
            apart = np.abs(probability - part["probability"])
            wrong = np.nan_to_num(apart, nan=np.inf) > SAME_ANSWER
            wrong |= (species != part["species"]) & part["clear"]
            if wrong.any():
                first = int(np.argmax(wrong))
                raise NotYet(
                    f"{key} in {readers.READERS[reader]}, {size}, should answer as {who} does: "
                    f"{part['species'][first]}, {part['probability'][first]:.4g} for the row "
                    f"({_row(part, first)}), {words}, but answers {species[first]}, "
                    f"{probability[first]:.4g}."
                )


def require_mean(found: Artifact, key: str, rows: Columns, name: str, known: Columns) -> None:
    """Require that a missing value in the column `name` counts as the mean of the rows `known`.

    The answer to a missing value must be closer to the answer for the mean than to the answers
    for a value 0.2 % smaller or larger. This holds for every model.
    """
    try:
        mean = float(np.nanmean(known[name]))
    except Exception:
        raise changed("known", f"should hold a column of numbers {name!r}, but does not") from None
    values = [np.full(len(rows[name]), mean * by, np.float32) for by in (np.nan, 0.998, 1, 1.002)]
    sent = [rows | {name: value} for value in values]
    gap, less, same, more = (said for _, said in classify_batches(found, key, sent, "python"))
    distance = [np.abs(gap - filled).mean() for filled in (less, same, more)]
    first = int(np.argmax(np.abs(gap - same)))
    row = take(rows, [first]) | {name: np.array([mean])}
    require(
        distance[1] <= min(distance),
        f"{key} should treat a missing {name} as the mean of the rows known, {mean:.6g}, and "
        f"answer {same[first]:.3g} as for the row ({_row(row, 0)}), but answers "
        f"{gap[first]:.3g} when {name} is missing in it.",
    )


def require_new_words(
    found: Artifact, key: str, rows: Columns, name: str, words: Iterable[str]
) -> None:
    """Require that an unknown word in the column `name` does not count as one of `words`."""
    asked = ["Paulet", *words]
    sent = [rows | {name: np.full(len(rows[name]), word)} for word in asked]
    unknown, *others = (said for _, said in classify_batches(found, key, sent, "python"))
    for word, known in zip(asked[1:], others, strict=True):
        require(
            not np.allclose(unknown, known, atol=SAME),
            f"{key} should treat the unknown {name} 'Paulet' as none of the known words, but "
            f"answers the same as for {word!r}.",
        )
