"""Wrong answers that are near to the right ones, for the messages of a pass."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from helpers.exercises.export_checks import SAME_ANSWER
from helpers.exercises.lesson_05.q5_left_out import filled, means, other_rows
from helpers.exercises.lesson_05.raw_row_checks import (
    WORDS,
    Columns,
    of_changed_rows,
    of_the_notebook,
)
from helpers.exercises.same_answers import nearest_wrong
from helpers.penguins.data import ISLANDS, MEASUREMENTS, RAW, SEXES, penguins

CODES = {"female": 0, "F": 0, "male": 1, "M": 1}
Answer = Callable[..., Mapping[str, np.ndarray]]  # a function of the raw columns, by name
ZEROS = dict.fromkeys(MEASUREMENTS, 0.0)


def columns_of(sex: Sequence[str] | np.ndarray) -> dict[str, np.ndarray]:
    """Compute the columns of exercise 4, shape (n, 2)."""
    codes = np.array([CODES.get(word, -1) for word in sex])
    return {"columns": (codes[:, np.newaxis] == [0, 1]).astype(np.float32)}


def _nearest(rows, answer, others):
    def right(**raw):
        found = answer(**raw)
        return {name: found[name] for name in ("species", "probability")}

    # Rounded float64 numbers are shown with one digit, and not as 44.099998474121094.
    shown = {name: np.round(rows[name].astype(float), 1) for name in MEASUREMENTS}
    raw = {name: shown.get(name, rows[name]) for name in RAW}
    return nearest_wrong(raw, right, others, SAME_ANSWER)


def to_q1(rows: Columns, model: Callable, by_hand: Callable, known: Columns) -> str:
    """Name the wrong answer that is nearest to the notebook's model, on rows without gaps."""
    answer = of_the_notebook(model, by_hand, known)

    def softmax_again(**raw):
        each = np.exp(np.asarray(model(by_hand(raw, known)), float))
        return answer(**raw) | {"probability": each.max(axis=1) / each.sum(axis=1)}

    def of_the_batch(**raw):
        found = answer(**raw)
        largest = np.full(len(found["species"]), found["probability"].max())
        return found | {"probability": largest}

    def scaled_by_all(raw):
        moved: dict[str, Any] = {}
        for name in MEASUREMENTS:
            here, there = np.asarray(known[name]), penguins()[name]
            scale = np.nanstd(here) / np.nanstd(there)
            moved[name] = (raw[name] - np.nanmean(there)) * scale + np.nanmean(here)
        return moved

    def exchanged(raw):
        one, other, _ = ISLANDS
        island = raw["island"]
        return {
            "island": np.where(island == one, other, np.where(island == other, one, island)),
        }

    others: dict[str, Answer] = {
        "mean and deviation of all 344 rows": of_changed_rows(answer, scaled_by_all),
        "softmax once more": softmax_again,
        "Biscoe and Dream exchanged": of_changed_rows(answer, exchanged),
        "`tf.reduce_max` without `axis=1`": of_the_batch,
    }
    return _nearest(rows, answer, others)


def to_q2(rows: Columns, answer: Answer) -> str:
    """Name the wrong way to treat gaps and unknown words that is nearest to the right one."""

    def unknown_as(name, word):
        return lambda raw: {name: np.where(np.isin(raw[name], WORDS[name]), raw[name], word)}

    changes = {
        "0 mm and 0 g in place of the means": lambda raw: filled(raw, ZEROS),
        "the means of all 344 rows": lambda raw: filled(raw, means(penguins())),
        "an unknown island as Biscoe": unknown_as("island", ISLANDS[0]),
        "an unknown sex as female": unknown_as("sex", SEXES[0]),
    }
    others = {words: of_changed_rows(answer, change) for words, change in changes.items()}
    return _nearest(rows, answer, others)


def to_q4(words: np.ndarray) -> str:
    """Name the wrong way to read words that is nearest to the right one."""
    letters = {"f": "F", "m": "M"}
    changes = {
        "capitals count as small letters": lambda w: letters.get(w.lower(), w.lower()),
        "blanks removed first": str.strip,
        "the first letter alone decides": lambda w: letters.get(w[:1].lower(), ""),
        "`female` and `male` only": lambda w: w if len(w) > 1 else "",
        "every word that is not male counts as female": lambda w: w if CODES.get(w) == 1 else "F",
    }
    others = {
        name: lambda sex, change=change: columns_of([change(word) for word in sex])
        for name, change in changes.items()
    }
    return nearest_wrong({"sex": words}, columns_of, others)


def to_q5(answer: Answer, missing: str) -> str:
    """Name the wrong way to put the step `missing` inside that is nearest to the right one."""

    def as_in_the_file(name):
        return lambda raw: {name: np.where(np.isin(raw[name], WORDS[name]), raw[name], "")}

    changes: dict[str, Callable[[Columns], Mapping[str, Any]]] = {
        "0 in place of a missing measurement": lambda raw: filled(raw, ZEROS)
    }
    if missing == "gaps":
        changes["the means of the batch"] = lambda raw: filled(raw, means(raw))
    if missing == "kilograms":
        changes["1024 g in a kilogram"] = lambda raw: {"body_mass_g": raw["body_mass_g"] / 1.024}
    if missing == "capitals":
        for name in WORDS:
            changes[f"only the file's spelling of {name}"] = as_in_the_file(name)
    others = {words: of_changed_rows(answer, change) for words, change in changes.items()}
    return _nearest(other_rows(), answer, others)
