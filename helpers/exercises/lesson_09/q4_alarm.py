"""Make the export and the live rows of exercise 4 of lesson 09, and check an alarm."""

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from helpers.exercises import answer_types
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, require
from helpers.penguins.data import penguins, take
from helpers.text import safe_repr

FILE = Path("assets.extra") / "training_statistics.json"
NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
TEXTS = ("island", "sex")
ROWS = 120  # of a day
LIMIT = 0.5  # standard deviations
Rows = dict[str, np.ndarray]
Statistics = dict[str, dict[str, float]]
# Distances of the means from those of the training, in standard deviations of the training.
SHIFTS = (0.0, 0.3, 0.45, 0.498, 0.502, 0.55, 0.7, 2.0, 40.0)
DRAWN = (("age",), ("speed", "slope"), ("t0", "t1", "t2", "t3", "t4"))  # columns of other exports
SIZES = (1, 7, 300)  # rows of a request


def save_penguins(folder: Path) -> tuple[Path, Rows, Rows]:
    """Export a model for penguins with the statistics of its training, and draw live rows.

    Returns
    -------
    pathlib.Path
        the export
    Rows
        live rows like those of the training
    Rows
        live rows of which half have the body mass in kilograms
    """
    import tensorflow as tf

    rows = penguins()
    limit = float(np.nanmean(rows["body_mass_g"]))

    def is_heavy(body_mass_g):
        return {"is_heavy": body_mass_g > limit}

    archive = tf.keras.export.ExportArchive()
    spec = tf.TensorSpec((None,), tf.float32, name="body_mass_g")
    archive.add_endpoint("is_heavy", is_heavy, [spec])
    export_dir = folder / "penguins"
    archive.write_out(str(export_dir), verbose=False)
    store(export_dir, statistics_of(rows))
    tuesday = live_rows(rows, seed=2)
    tuesday["body_mass_g"][1::2] /= 1000
    return export_dir, live_rows(rows, seed=1), tuesday


def statistics_of(rows: Mapping[str, np.ndarray]) -> Statistics:
    """Compute mean and standard deviation of the measurements, without missing values."""
    return {
        name: {"mean": float(np.nanmean(rows[name])), "std": float(np.nanstd(rows[name]))}
        for name in NUMBERS
    }


def store(export_dir: Path, statistics: Statistics) -> None:
    """Write statistics into an export, in place of those that it has."""
    (export_dir / FILE).parent.mkdir(exist_ok=True)
    (export_dir / FILE).write_text(json.dumps(statistics))


def live_rows(rows: Rows, seed: int, gaps: float = 0.03) -> Rows:
    """Draw ROWS rows with measurements and texts; a part of the measurements is missing."""
    chance = np.random.default_rng([4, seed])
    drawn = take(rows, chance.integers(len(rows["island"]), size=ROWS))
    made = {name: drawn[name].astype(np.float64) for name in NUMBERS}
    for name in NUMBERS:
        made[name][chance.random(ROWS) < gaps] = np.nan
    return made | {name: drawn[name] for name in TEXTS}


class Case(NamedTuple):
    """A call of an alarm.

    Attributes
    ----------
    words : str
    statistics : Statistics or None
        of the export; None for those of the penguins
    live : Rows
    expected : set of str
        the columns that the alarm should name
    """

    words: str
    statistics: Statistics | None
    live: Rows
    expected: set[str]


def cases(monday: Rows, tuesday: Rows) -> Iterator[Case]:
    """Yield the calls of the check, the rows of the notebook first."""
    rows = penguins()
    yield Case("the rows of monday", None, monday, set())
    yield Case("the rows of tuesday, half of them in kilograms", None, tuesday, {"body_mass_g"})
    for seed in (3, 4, 5):
        yield Case("another usual day", None, live_rows(rows, seed), set())
    usual = live_rows(rows, seed=6, gaps=0.3)
    yield Case("a day on which 3 in 10 values are missing", None, usual, set())
    kilograms = usual | {"body_mass_g": usual["body_mass_g"] / 1000}
    yield Case("the same day with the body mass in kilograms", None, kilograms, {"body_mass_g"})
    both = kilograms | {"bill_length_mm": usual["bill_length_mm"] / 10}
    yield Case(
        "the same day with kilograms, and with the bill length in centimetres",
        None,
        both,
        {"body_mass_g", "bill_length_mm"},
    )
    exactly = {"width": np.array([1.0, 1.0, 1.0])}
    yield Case(
        "a column whose mean is exactly 0.5 standard deviations away",
        {"width": {"mean": 0.0, "std": 2.0}},
        exactly,
        set(),
    )
    yield from _drawn_cases(np.random.default_rng(44))


def _drawn_cases(chance):
    """Yield calls with other exports: other columns, numbers, sizes, and limits just passed."""
    turn = 0
    for size in SIZES:
        rows = f"{size} live row{'s' * (size > 1)}"
        for names in DRAWN:
            for _ in range(3):
                statistics, live, expected = {}, {}, set()
                for name in names:
                    mean, std = float(chance.normal(0, 100)), float(chance.uniform(0.01, 50))
                    shift = SHIFTS[turn % len(SHIFTS)] * (1 if chance.random() < 0.5 else -1)
                    turn += 1
                    statistics[name] = {"mean": mean, "std": std}
                    live[name] = _column(chance, size, mean + shift * std, std)
                    if abs(shift) > LIMIT:
                        expected.add(name)
                live |= {"country": np.array(["NO"] * size), "room": np.full(size, 1e9)}
                order = chance.permutation(list(live)).tolist()
                yield Case(
                    f"another export, with {', '.join(names)}, and {rows}",
                    statistics,
                    {name: live[name] for name in order},
                    expected,
                )


def _column(chance, size, mean, std):
    """Return values with exactly this mean, a spread of their own, and a missing value."""
    values = chance.normal(0, std * chance.choice([0.02, 1, 3]), size)
    values += mean - values.mean()
    return values if size < 7 else np.append(values, np.nan)[chance.permutation(size + 1)]


def require_alarm(
    alarm: Callable[[Path, Rows], Collection[str]], made: tuple[Path, Rows, Rows]
) -> int:
    """Check that an alarm names the right columns.

    Parameters
    ----------
    alarm : callable
        `alarm(export_dir, live)`
    made : (Path, Rows, Rows)
        as `save_penguins` returned it

    Returns
    -------
    int
        the number of calls

    Raises
    ------
    NotYet
        for the first call with a wrong result
    """
    answer_types.function(alarm, "alarm")
    export_dir, monday, tuesday = made
    with tempfile.TemporaryDirectory(prefix="exports-") as folder:
        for number, case in enumerate(cases(monday, tuesday)):
            copy = Path(folder) / f"export{number}"
            shutil.copytree(export_dir, copy)
            if case.statistics is not None:
                store(copy, case.statistics)
            live = {name: column.copy() for name, column in case.live.items()}
            found = _names(call(alarm, copy, live), case)
            if found != case.expected:
                raise NotYet(_wrong(case, found, json.loads((copy / FILE).read_text())))
    return number + 1


def _names(value: Any, case: Case) -> set[str]:
    wrong = f"alarm should return a list of names of columns, but returned {safe_repr(value)}."
    require(isinstance(value, list | tuple | set | frozenset | np.ndarray), wrong)
    found = [answer_types.plain(name) for name in (value.tolist() if _is_array(value) else value)]
    require(all(isinstance(name, str) for name in found), wrong)
    require(
        len(set(found)) == len(found),
        f"alarm should name each column once, but returned {safe_repr(value)}.",
    )
    return set(found)


def _is_array(value):
    return isinstance(value, np.ndarray)


def _wrong(case, found, statistics):
    start = (
        f"alarm: for {case.words}, it should return {sorted(case.expected)}, but returned "
        f"{sorted(found)}."
    )
    for name in sorted(found ^ case.expected):
        if name not in statistics:
            return f"{start} {name} is not in the statistics of this export."
        trained, live = statistics[name], float(np.nanmean(case.live[name]))
        shift = (live - trained["mean"]) / trained["std"]
        gaps = np.isnan(case.live[name]).any()
        return (
            f"{start} {name}: the mean is {live:.6g}, and the training has mean "
            f"{trained['mean']:.6g} and standard deviation {trained['std']:.6g}. The difference is "
            f"{shift:+.3f} standard deviations, and more than {LIMIT} is an alarm."
            + " Some values are missing: does your mean leave out nan?"
            * bool(gaps)
        )
    return start
