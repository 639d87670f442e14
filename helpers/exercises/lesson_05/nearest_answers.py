"""Wrong answers that are near to the right ones, for the messages of a pass."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from helpers.exercises.export_checks import SAME_ANSWER
from helpers.exercises.lesson_05.q4_left_out import filled, means, other_rows
from helpers.exercises.lesson_05.raw_row_checks import (
    WORDS,
    Columns,
    of_changed_rows,
)
from helpers.exercises.same_answers import nearest_wrong
from helpers.penguins.data import ISLANDS, MEASUREMENTS, RAW, SEXES, penguins

Answer = Callable[..., Mapping[str, np.ndarray]]  # a function of the raw columns, by name
ZEROS = dict.fromkeys(MEASUREMENTS, 0.0)


def _nearest(rows, answer, others):
    def right(**raw):
        found = answer(**raw)
        return {name: found[name] for name in ("species", "probability")}

    # Rounded float64 numbers are shown with one digit, and not as 44.099998474121094.
    shown = {name: np.round(rows[name].astype(float), 1) for name in MEASUREMENTS}
    raw = {name: shown.get(name, rows[name]) for name in RAW}
    return nearest_wrong(raw, right, others, SAME_ANSWER)


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


def to_q4(answer: Answer, missing: str) -> str:
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
