"""What the exercises of lesson 05 ask of a door for raw rows. All of it looks at answers."""

from functools import cache

import numpy as np

from helpers import readers
from helpers.exercises.export_checks import ALL, answers, require_any_batch, signature_of
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import RAW, SPECIES, complete, folds, penguins, take
from helpers.text import safe_repr

KEY = "classify"


@cache
def held_out():
    """The penguins that the lesson's model has not seen, and no others: columns as in the file."""
    rows = penguins()
    return take(rows, folds(rows["species"]) == 0)


@cache
def without_gaps():
    """Those of them that have all four raw columns."""
    raw = {name: held_out()[name] for name in RAW}
    return take(held_out(), complete(raw))


def require_raw(found, key):
    """The door `key` must take the four columns of the file, for any number of rows."""
    signature = signature_of(found, key)
    taken = {tensor.name: tensor for tensor in signature.inputs}
    require(
        taken.keys() == set(RAW),
        f"{key} takes {', '.join(taken) or 'nothing'}; the columns {', '.join(RAW)} are wanted.",
    )
    for name, tensor in taken.items():
        wanted = "string" if name in ("island", "sex") else "float32"
        require(
            tensor.dtype == wanted, f"{key} takes {name} as {tensor.dtype}; {wanted} is wanted."
        )
    require_any_batch(signature)
    for tensor in signature.inputs:
        require(
            tensor.shape is None or len(tensor.shape) == 1,
            f"{key} takes {tensor.name} of shape {tensor.shape}; a column is (None,).",
        )


def classify(found, key, rows, reader):
    """The species, (n,) texts, and the probabilities, (n,) floats, that `key` answers."""
    got = answers(found, key, {name: rows[name] for name in RAW}, reader)
    where, count = f"{key} in {readers.READERS[reader]}", len(rows["island"])
    for name in ("species", "probability"):
        require(name in got, f"{key} gives {', '.join(got)}; an output named {name!r} is wanted.")
        require(
            got[name].size == count,
            f"{where} gives a {name} of shape {got[name].shape} for {count} rows; one each is "
            "wanted.",
        )
    species, probability = got["species"].ravel(), got["probability"].ravel()
    require(
        species.dtype.kind in "OSU",
        f"{where} gives the species {safe_repr(species[:1].tolist())}; a name is wanted, such as "
        f"{SPECIES[0]!r}.",
    )
    require(
        probability.dtype.kind == "f",
        f"{where} gives a probability of type {probability.dtype}; a float is wanted.",
    )
    names = [
        name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        for name in species.tolist()
    ]
    return np.array(names), probability.astype(float)


def _row(rows, index):
    return ", ".join(
        f"{rows[name][index]:.4g}" if rows[name].dtype.kind == "f" else repr(str(rows[name][index]))
        for name in RAW
    )


def require_good(found, key, rows, enough, words, which=ALL):
    """In each reader, `key` must give at least the share `enough` of `rows` their species, with a
    probability for it. words : str, what these rows are"""
    for reader in which:
        species, probability = classify(found, key, rows, reader)
        where = f"{key} in {readers.READERS[reader]}"
        bad = ~((probability > 1 / len(SPECIES) - 1e-3) & (probability < 1 + 1e-3))
        if bad.any():
            first = int(np.argmax(bad))
            raise NotYet(
                f"{where} gives the probability {probability[first]:.3g} to one of the penguins "
                f"{words} ({_row(rows, first)}); the largest of three lies between 1/3 and 1."
            )
        right = species == rows["species"]
        if right.mean() < enough:
            first = int(np.argmin(right))
            raise NotYet(
                f"{where} names the species of {right.sum()} of {len(right)} penguins {words}; "
                f"at least {int(np.ceil(enough * len(right)))} are wanted. One of the others, "
                f"({_row(rows, first)}): {str(species[first])!r}, where "
                f"{str(rows['species'][first])!r} is wanted."
            )
        alone = classify(found, key, take(rows, slice(1)), reader)
        require(
            alone[0][0] == species[0] and abs(alone[1][0] - probability[0]) < 1e-3,
            f"{where} answers {alone[0][0]}, {alone[1][0]:.3g} to a row alone, and {species[0]}, "
            f"{probability[0]:.3g} when others come with it.",
        )
        require(
            len(probability) == 1 or np.ptp(probability) > 1e-6,
            f"{where} gives every penguin the probability {probability[0]:.3g}; the model is less "
            "sure of some.",
        )


def require_mean(found, key, rows, name):
    """A gap in the column `name` must count as the mean of the rows that the model has seen: it is
    answered like this mean rather than like 2 % less or more, whichever model answers."""
    table = penguins()
    mean = np.nanmean(table[name][folds(table["species"]) != 0])
    values = [np.full(len(rows[name]), mean * by, np.float32) for by in (np.nan, 0.98, 1, 1.02)]
    gap, less, same, more = (
        classify(found, key, rows | {name: value}, "python")[1] for value in values
    )
    distance = [np.abs(gap - filled).mean() for filled in (less, same, more)]
    first = int(np.argmax(np.abs(gap - same)))
    row = take(rows, [first]) | {name: np.array([mean])}
    require(
        distance[1] <= min(distance),
        f"{key} answers {gap[first]:.3g} when {name} is missing in the row ({_row(row, 0)}), and "
        f"{same[first]:.3g} to this row; a gap counts as the mean, {mean:.4g}.",
    )


def require_new_words(found, key, rows, name, words):
    """An unknown word in the column `name` must not count as one of the known `words`."""

    def ask(word):
        changed = rows | {name: np.full(len(rows[name]), word)}
        return classify(found, key, changed, "python")[1]

    unknown = ask("Paulet")
    for word in words:
        require(
            not np.allclose(unknown, ask(word), atol=1e-4),
            f"{key} answers to the unknown {name} 'Paulet' just as to {word!r}; it is to be none "
            "of the known ones.",
        )
