"""The model of lesson 03's notebook, to which the exports of its exercises are compared."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.exercises.export_checks import FITTED, row_text
from helpers.exercises.lesson_03.endpoint_checks import Score
from helpers.exercises.notebook import changed

# Their scores by y = 2·(x0 + x1) + 1 are 2.5, -2, 0.4 and -0.4.
ROWS = np.array([[0.5, 0.25], [-0.9, -0.6], [0.1, -0.4], [-0.2, -0.5]], np.float32)
MODEL = "the notebook's model"


def plane(rows: np.ndarray, slope: float = 2, intercept: float = 1) -> np.ndarray:
    """Compute slope·(x0 + x1) + intercept, an (n, 1) array, for the (n, 2) array `rows`."""
    return slope * rows[:, :2].sum(axis=1, keepdims=True) + intercept


def scores_of(model: Any) -> Score:
    """Return the function of the notebook's model, which must have learnt the plane.

    Parameters
    ----------
    model : object
        What the notebook calls `model`.

    Returns
    -------
    callable
        Function of (n, 2) float32 rows. It returns their (n, 1) float32 scores.

    Raises
    ------
    NotYet
        If the notebook's model is a different one.
    """
    words = "should compute about 2·(x0 + x1) + 1"
    try:
        learnt = np.asarray(model(ROWS))
        right = learnt.shape == (len(ROWS), 1)
    except Exception:
        right = False
    if not right:
        raise changed("model", f"{words} for rows of two numbers, but does not")
    gap = np.abs(learnt - plane(ROWS))
    if not np.max(gap) <= FITTED:
        worst = int(np.argmax(gap))
        raise changed(
            "model",
            f"{words}, but answers {learnt.flat[worst]:.3g} for the row {row_text(ROWS[worst])}",
        )
    known = {}

    def score(rows):
        key = rows.shape, rows.tobytes()  # each reader gets the same batches
        if key not in known:
            known[key] = np.asarray(model(rows))
        return known[key]

    return score


def labelled(score: Score, limit: float = 0.0) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return the function of rows x that gives their score, and label 1 above the limit."""

    def outputs(x):
        value = score(x[:, :2])
        return {"score": value, "label": (value > limit).astype(int)}

    return outputs
