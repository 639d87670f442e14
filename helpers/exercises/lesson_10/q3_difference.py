"""The check of exercise 3 of lesson 10: where a runtime differs from Python, and by how much."""

from typing import Any

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.lesson_10.q3_laboratory import ASKED, LAYERS, Laboratory
from helpers.exercises.outcomes import require

CLOSE = 1e-3  # relative: an answer may be rounded to four digits
SEEN = "crossing(lab_dir, {'x': measured}) shows where a runtime differs."


def require_found(made: Laboratory, runtime: Any, signature: Any, layer: Any, largest: Any) -> str:
    """Require the place and the size of the difference, and return the words of a pass.

    Parameters
    ----------
    made : Laboratory
    runtime, signature, layer, largest
        The learner's answers.

    Raises
    ------
    NotYet
        For the first of them that is wrong.
    """
    _require_place(made, runtime, signature, layer)
    gaps = made.gaps()
    there = gaps[made.layer]
    expected = float(there.max())
    said = answer_types.number(largest, "largest")
    for words, value in mistakes(made).items():
        require(
            not _close(said, value),
            f"largest: {said:.6g} is {words}. The answer should be the largest absolute difference "
            f"in {made.layer} over all {len(made.rows)} rows.",
        )
    require(
        _close(said, expected),
        f"largest should be the largest absolute difference from Python in {made.layer}, but "
        f"{said:.6g} is not. Call both with all {len(made.rows)} rows, subtract, and take the "
        "absolute values before max().",
    )
    rows = int((there > 0.001).any(axis=1).sum())
    mean = float(there.mean())
    return (
        f"{made.differs} differs in {made.runtime}, first in {made.layer}, and in {rows} of "
        f"{len(made.rows)} rows. {_reason(made)} The check refuses a similar wrong answer, too: "
        f"the mean of the differences, {mean:.4g}."
    )


def _require_place(made, runtime, signature, layer):
    names = dict.fromkeys((*made.signatures, "serving_default"))
    said = answer_types.text(runtime, "runtime", (*ASKED, "browser"))
    require(
        said == made.runtime,
        f"runtime should be the one that answers otherwise than Python, but {said!r} gives "
        f"Python's numbers in every signature that it can call. {SEEN}",
    )
    key = answer_types.text(signature, "signature", names)
    callable_there = made.runtime != "openvino-f32" or key in made.same_graph
    require(
        callable_there,
        f"signature should be one that {made.runtime} answers otherwise, but it cannot call "
        f"{key!r}, and says so with an error. {SEEN}",
    )
    require(
        key in made.same_graph,
        f"signature should be one that {made.runtime} answers otherwise, but for {key!r} it gives "
        f"Python's numbers in all layers. {SEEN}",
    )
    place = LAYERS.index(answer_types.text(layer, "layer", LAYERS))
    require(
        place <= made.place,
        f"layer: {LAYERS[place]} differs, but an earlier layer does, too. {LAYERS[place]} only "
        "computes with its numbers. Find the first layer that differs.",
    )
    require(
        place == made.place,
        f"layer: {LAYERS[place]} gives the same numbers in {made.runtime} as in Python. Find the "
        "first layer with a difference above 0.001.",
    )


def mistakes(made: Laboratory) -> dict[str, float]:
    """Return the numbers of usual mistakes for `largest`, by the words that follow the number."""
    gaps = made.gaps()
    there = gaps[made.layer]
    wrong = {
        "the mean of the differences": float(there.mean()),
        "the sum of the differences": float(there.sum()),
        "a difference with its sign": -float(there.max()),
        "the largest difference of the mean of each row": float(there.mean(axis=1).max()),
        "the difference in the first row": float(there[0].max()),
        "the smallest difference": float(there.min()),
    }
    for layer in LAYERS[made.place + 1 :]:
        wrong[f"the largest difference in {layer}"] = float(gaps[layer].max())
    expected = float(there.max())
    return {words: value for words, value in wrong.items() if not _close(value, expected)}


def _close(value, other):
    return bool(np.isclose(value, other, rtol=CLOSE, atol=1e-6))


def _reason(made):
    if made.runtime == "litert":
        return (
            "The layer is softplus. LiteRT computes it as log(1 + exp(x)), and exp(x) is infinite "
            "in float32 for x above 88."
        )
    return "The layer computes with int64, and OpenVINO keeps only 32 bits of it."
