"""Exercise 1 of lesson 11: three days of timings, of which one may be published."""

from pathlib import Path
from typing import Any

import numpy as np

from helpers.benchmark.timing import Ratio, rounded
from helpers.exercises import answer_types
from helpers.exercises.outcomes import NotYet

DAYS = "monday", "tuesday", "wednesday"
PUBLISH, ORDER, CLOCK, NOISE = "publish", "not in turn", "clock too coarse", "too noisy"
VERDICTS = PUBLISH, ORDER, CLOCK, NOISE
# Of the seeds None, 1, 2, and so on: what is true of each day.
VARIANTS = (NOISE, PUBLISH, ORDER), (PUBLISH, CLOCK, NOISE), (ORDER, CLOCK, PUBLISH)
TURNS = 12  # so many pairs allow one outlier on each side in the interval of their median
STEP = 15.6  # milliseconds: of the coarse clock
EQUAL = 0.02  # relative: medians of pairs and of timings differ by less
MEAN = "That is a mean, which two interrupted timings have changed. Take the median"

Timings = list[tuple[str, float]]


def make_days(folder: Path | None, seed: int | None = None) -> dict[str, Timings]:
    """Make the timings of the colleague.

    Parameters
    ----------
    folder : path or None
        Not used.
    seed : int, optional
        Another seed makes other timings, and another day may be published.

    Returns
    -------
    dict of str to list of (str, float)
        For each day: "old" or "new" and its milliseconds, in the order in which they were timed.
    """
    seed = abs(seed or 0)
    chance = np.random.default_rng(seed)
    makers = {PUBLISH: _clear, ORDER: _one_after_the_other, CLOCK: _coarse, NOISE: _noisy}
    kinds = VARIANTS[seed % len(VARIANTS)]
    return {day: makers[kind](chance) for day, kind in zip(DAYS, kinds, strict=True)}


def _in_turn(old, new):
    return [
        (name, round(float(milliseconds), 2))
        for pair in zip(old, new, strict=True)
        for name, milliseconds in zip(("old", "new"), pair, strict=True)
    ]


def _clear(chance):
    """Make pairs that are clear, though two timings were interrupted."""
    new = chance.uniform(6, 9)
    times = chance.uniform(1.2, 1.6)
    olds = times * new * chance.normal(1, 0.01, TURNS)
    news = new * chance.normal(1, 0.01, TURNS)
    first, second = chance.choice(np.arange(2, TURNS), 2, replace=False)
    olds[first] *= chance.uniform(6, 9)
    news[second] *= chance.uniform(2, 3)
    return _in_turn(olds, news)


def _noisy(chance):
    """Make pairs that do not tell which is faster, though the medians look as if they did."""
    while True:
        olds, news = 8 * np.exp(chance.normal(0, 0.25, (2, TURNS)))
        made = _in_turn(olds, news)
        if not ratio_of(made).clear and np.median(olds) > 1.1 * np.median(news):
            return made


def _one_after_the_other(chance):
    """Make timings on a computer that becomes faster: it looks as if `old` were slower."""
    start = chance.uniform(9, 12)
    taken = start * np.linspace(1, 0.6, 2 * TURNS) * chance.normal(1, 0.005, 2 * TURNS)
    names = ["old"] * TURNS + ["new"] * TURNS
    return [(name, round(float(ms), 2)) for name, ms in zip(names, taken, strict=True)]


def _coarse(chance):
    """Make timings by a clock that moves in steps which are longer than most calls."""
    olds = STEP * (chance.permutation(TURNS) % 2)
    news = STEP * (chance.permutation(TURNS) % 3 == 0)
    return _in_turn(olds, news)


def times_of(timings: Timings) -> dict[str, np.ndarray]:
    """Return the milliseconds of each function, in order."""
    return {name: np.array([ms for who, ms in timings if who == name]) for name in ("old", "new")}


def ratio_of(timings: Timings) -> Ratio:
    """Return the ratio of the pairs, old by new."""
    made = times_of(timings)
    return Ratio(tuple((made["old"] / made["new"]).tolist()))


def kind_of(timings: Timings) -> str:
    """Find out what is true of a day.

    Parameters
    ----------
    timings : list of (str, float)
        As `make_days` made it.

    Returns
    -------
    {PUBLISH, ORDER, CLOCK, NOISE}
    """
    (first, _), (second, _) = timings[:2]
    if first == second:
        return ORDER
    if {milliseconds for _, milliseconds in timings} <= {0, STEP}:
        return CLOCK
    return PUBLISH if ratio_of(timings).clear else NOISE


def require_verdicts(verdicts: Any, days: dict[str, Timings]) -> None:
    """Require that `verdicts` says what is true of each day.

    Parameters
    ----------
    verdicts : mapping of str to str
        One of VERDICTS for each day.
    days : dict of str to list
        As `make_days` made it.

    Raises
    ------
    NotYet
        For the first day that is wrong. The message says what the timings show.
    """
    said = answer_types.mapping(verdicts, days, "verdicts")
    said = {day: answer_types.text(word, day, VERDICTS) for day, word in said.items()}
    for day, timings in days.items():
        kind = kind_of(timings)
        if said[day] != kind:
            why = _shown(kind, timings)
            raise NotYet(f"{day}: you say {said[day]!r}, but it is {kind!r}. {why}")


def _shown(kind, timings):
    made = times_of(timings)
    if kind == ORDER:
        old, new = made["old"], made["new"]
        return (
            f"All {len(old)} timings of old come before those of new. The computer became faster "
            f"meanwhile: old went from {old[0]:.3g} to {old[-1]:.3g} ms, new from {new[0]:.3g} to "
            f"{new[-1]:.3g} ms. So the timings do not tell which function is faster."
        )
    if kind == CLOCK:
        return (
            f"Each timing is 0 or {STEP} ms, which is one step of the clock. A timing should hold "
            "many calls."
        )
    low, high = ratio_of(timings).interval
    words = f"The interval of old / new goes from {rounded(low)} to {rounded(high)}."
    if kind == NOISE:
        return f"The functions took turns, but the interval contains 1. {words}"
    return (
        f"The functions took turns, and the whole interval lies above 1. {words} The two long "
        "timings are interruptions, which do not change a median."
    )


def require_times(times: Any, days: dict[str, Timings]) -> None:
    """Require that `times` is the median of the day that may be published.

    Parameters
    ----------
    times : number
    days : dict of str to list
        As `make_days` made it.

    Raises
    ------
    NotYet
        `times` is another number.
    """
    number = answer_types.number(times, "times")
    (timings,) = (timings for timings in days.values() if kind_of(timings) == PUBLISH)
    right = ratio_of(timings).median
    if abs(number / right - 1) <= EQUAL:
        return
    made = times_of(timings)
    others = {
        1 / right: "That is new / old. Divide old by new",
        made["old"].mean() / made["new"].mean(): MEAN,
        float(np.mean(made["old"] / made["new"])): MEAN,
    }
    hint = next((words for other, words in others.items() if abs(number / other - 1) <= EQUAL), "")
    raise NotYet(
        "times should be the median of the ratios old / new on the day that may be published, to "
        f"{EQUAL:.0%}, but is {number:.4g}. {hint or 'Divide old by new in each turn'}."
    )


def nearest(days: dict[str, Timings]) -> str:
    """Say which wrong number is near to the right one, for the message of a pass.

    Parameters
    ----------
    days : dict of str to list
        As `make_days` made it.

    Returns
    -------
    str
    """
    (timings,) = (timings for timings in days.values() if kind_of(timings) == PUBLISH)
    made = times_of(timings)
    mean = made["old"].mean() / made["new"].mean()
    return (
        "The check refuses a similar wrong answer, too: the mean of old by the mean of new, "
        f"{mean:.3g} in place of {ratio_of(timings).median:.3g}, because two timings were "
        "interrupted."
    )
