"""The calls of exercise 1: which label each gives, and why."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from helpers.exercises.lesson_07.score_checks import KEY
from helpers.exercises.lesson_07.variants import ASSIGNED, ROWS, Scorer


def calls(directory: Path) -> dict[str, Callable[[], Any]]:
    """Return {the call as the notebook writes it: function that gives the label of the row}."""
    import tensorflow as tf

    loaded, row = tf.saved_model.load(str(directory)), tf.constant(ROWS[:1])

    def signature():
        return loaded.signatures[KEY](rows=row)["label"]

    def changed():
        loaded.threshold = ASSIGNED
        return loaded.serving_default(row)["label"]

    return {
        "the signature": signature,
        "the restored function": lambda: loaded.serving_default(row)["label"],
        f"the restored function, after labels.threshold = {ASSIGNED}": changed,
    }


def label(call: Callable[[], Any]) -> int:
    """Make a call, and return its label as a number."""
    return int(call().numpy().item())


def reasons(scorer: Scorer, calls: Mapping[str, Callable[[], Any]]) -> dict[tuple[str, int], str]:
    """Return the reason for each call and each wrong label, with what the call answered."""
    score = f"The score of the row is {scorer.score(ROWS[:1]).item():.1f}."
    sources = (
        f"The signature answers {{label}}. It has the first trace, with the threshold "
        f"{scorer.before}, and the old number is a constant of its graph.",
        f"The restored function answers {{label}}. Saving traced it again, when model.threshold "
        f"was {scorer.after} already.",
        f"It answers {{label}} as before. The threshold {scorer.after} is a constant of its graph. "
        "The loaded object has no Python code that would read an attribute.",
    )
    found = {}
    for (name, call), source in zip(calls.items(), sources, strict=True):
        given = label(call)
        found[name, 1 - given] = f"{score} {source.format(label=given)}"
    return found
