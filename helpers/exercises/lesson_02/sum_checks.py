"""Checks of the two outputs of exercise 2: the row sum, and whether it is above 0."""

import numpy as np

from helpers.exercises.export_checks import LEARNT_SUM
from helpers.exercises.notebook import changed
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong

# Rows of ten numbers between -1 and 1, as in the training data, with sums that are not near 0.
FEATURES = np.random.default_rng(2).uniform(-1, 1, (60, 10)).astype(np.float32)
FEATURES = FEATURES[np.abs(FEATURES.sum(axis=1)) > 1.5][:6]
OUTPUTS = {"row_sum": "float32", "above_zero": "bool"}
SUMS = FEATURES.sum(axis=1, keepdims=True)


def nearest(rows, total):
    """Say which other limit of above_zero is nearest to 0, on rows with sums near 0 among them."""
    rows = {"features": rows}

    def above(limit):
        return lambda features: {"above_zero": total(features) > limit}

    others = {f"`> {limit:g}` in place of `> 0`": above(limit) for limit in (0.5, 0.01, -0.01)}
    # The row that differs depends on the training, and so on the computer.
    return nearest_wrong(rows, above(0), others).split(" It differs")[0]


def row_sums(model):
    """Return the function of the notebook's model, which must have learnt to sum rows."""
    try:
        learnt = np.asarray(model(FEATURES))
        right = learnt.shape == SUMS.shape and np.abs(learnt - SUMS).max() <= LEARNT_SUM
    except Exception:
        right = False
    if not right:
        raise changed("model", "should compute the sums of rows, but does not")
    return lambda rows: np.asarray(model(rows))


def edges(total, rows):
    """Make rows whose sum is very near 0: between a row with a positive and one with a negative."""
    sums = total(rows).ravel()
    high, low = rows[sums > 0], rows[sums < 0]
    count = min(len(high), len(low), 50)
    high, low = high[:count], low[:count]
    for _ in range(30):
        middle = (high + low) / 2
        above = total(middle) > 0
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    return np.concatenate([high, low])


def require_signs(got, rows, where):
    """Require that above_zero is True exactly where this answer's own row_sum is above 0."""
    said, total = got["above_zero"], got["row_sum"]
    require(
        said.shape == total.shape,
        f"above_zero in {where} should have the shape of row_sum, {total.shape}, but has shape "
        f"{said.shape}.",
    )
    wrong = np.flatnonzero(said != (total > 0))
    if len(wrong):
        row = wrong[0]
        raise NotYet(
            f"above_zero in {where} should be {total.flat[row] > 0} where row_sum is "
            f"{total.flat[row]:.4g}, but is {said.flat[row]}."
        )
