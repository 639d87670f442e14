"""What exercise 1 of lesson 05 requires of a learner's mistake in the preprocessing."""

from collections.abc import Mapping

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import MEASUREMENTS, RAW, penguins
from helpers.penguins.hand_preparation import by_hand
from helpers.penguins.preparation_mistakes import slips
from helpers.text import safe_repr

LEAST_COST, NEAR = 0.05, 0.1  # shares of the penguins
SOME = 0.7  # a larger share of lost measurements is another mistake than the two of the chart


def estimated(estimate: object) -> float:
    """Read the learner's estimate: a share from 0 to 1."""
    said = answer_types.number(estimate, "estimate")
    require(
        0 <= said <= 1,
        f"estimate should be a share from 0 to 1, but is {said:g}. Write 0.42 for 42 %.",
    )
    return said


def rows_of(mistake: object) -> dict[str, np.ndarray]:
    """Call the learner's function with the penguins, and read the rows that it returns.

    Returns
    -------
    dict of str to (344,) array
        The four raw columns, and the true species.

    Raises
    ------
    NotYet
        If the rows cannot be asked about, if they are as in the file, if a second call returns
        others, or if this mistake is one of the page's chart.
    """
    function = answer_types.function(mistake, "mistake")
    rows, again = (_read(call(function, penguins())) for _ in range(2))
    require(
        _same(rows, again),
        "mistake should return the same rows at each call, but two calls return different rows. "
        "If it draws random numbers, make their generator inside the function, with a seed.",
    )
    table = penguins()
    require(
        not _same(rows, table),
        f"mistake should change one of the columns {', '.join(RAW)}, but returns them as they are.",
    )
    for words, features in _of_the_chart(table).items():
        require(
            not np.allclose(by_hand(rows, table), features, atol=1e-3),
            f"mistake should be one that the chart does not have, but prepares the rows as "
            f"{words!r} does. Change something else.",
        )
    require(
        not _loses_some(rows, table),
        "mistake should be one that the chart does not have, but writes the mean or 0 in place of "
        "some measurements, as two bars of the chart do. Change something else.",
    )
    return rows


def _loses_some(rows, table):
    """Return whether the rows differ only by lost measurements, as `a fifth lost` does."""
    lost = []
    for name in MEASUREMENTS:
        known = table[name][~np.isnan(table[name])]
        changed = ~np.isclose(rows[name], table[name], equal_nan=True)
        default = np.isin(rows[name].round(1), [0, known.mean().round(1)]) | np.isnan(rows[name])
        if (changed & ~default).any():
            return False
        lost.append(changed.mean())
    words = all(np.array_equal(rows[n], table[n]) for n in RAW if n not in MEASUREMENTS)
    return words and 0 < max(lost) < SOME


def _read(value):
    require(
        isinstance(value, Mapping),
        f"mistake should return rows, a dict of columns, but returns {safe_repr(value)}.",
    )
    table = penguins()
    missing = [name for name in RAW if name not in value]
    require(
        not missing,
        f"mistake should return all columns, but {', '.join(missing)} is missing. Write "
        "rows | {...}, which keeps the other columns.",
    )
    read = {name: _column(value[name], name, table[name]) for name in RAW}
    if "species" in value:
        require(
            np.array_equal(np.asarray(value["species"]), table["species"]),
            "mistake should leave the species as they are, because they are the right answers, but "
            "changes them.",
        )
    return read | {"species": table["species"]}


def _column(value, name, original):
    try:
        column = np.asarray(value)
    except Exception:
        column = np.zeros(0)
    require(
        column.shape == original.shape,
        f"mistake should return {len(original)} values of {name}, one for each row, but returns "
        f"an array of shape {column.shape}.",
    )
    if name in MEASUREMENTS:
        require(
            column.dtype.kind in "fiu",
            f"mistake should return numbers for {name}, because the model takes only numbers "
            f"there, but returns {column.dtype}.",
        )
        return column.astype(np.float32)
    words = column.tolist()
    require(
        all(isinstance(word, str) for word in words),
        f"mistake should return texts for {name}, because the model takes only texts there, but "
        f"returns {safe_repr(words[0])}.",
    )
    return np.array(words)


def _same(rows, others):
    return all(
        np.array_equal(rows[name], others[name], equal_nan=name in MEASUREMENTS) for name in RAW
    )


def _of_the_chart(table):
    """Return the features of each mistake of the chart, by its words."""
    prepared = {}
    for words, (prepare, *change) in slips(by_hand).items():
        changed = change[0](table) if change else table
        prepared[words] = prepare(changed, table)
    return prepared


def require_estimate(said: float, share: float, without: float) -> None:
    """Require that the mistake costs enough, and that the estimate is near the measured share.

    Parameters
    ----------
    said : float
        The learner's estimate.
    share, without : float
        The measured shares of right species, with and without the mistake.
    """
    cost = without - share
    require(
        cost >= LEAST_COST,
        f"mistake should cost at least {100 * LEAST_COST:g} points, but costs {100 * cost:.1f}: "
        f"{share:.3f} of the species are right, and {without:.3f} without it. Change more of the "
        "seven numbers, or one of them more.",
    )
    if abs(said - share) > NEAR:
        raise NotYet(
            f"estimate should be within {NEAR:g} of the measured share, {share:.2f}, but is "
            f"{said:g}. How many of the seven numbers change, and for how many rows? Correct the "
            "estimate, or try another mistake."
        )


def wrong_estimate(share: float) -> float:
    """Return an estimate that is a little too far away from the measured share."""
    return share + NEAR + 0.02 if share < 0.5 else share - NEAR - 0.02
