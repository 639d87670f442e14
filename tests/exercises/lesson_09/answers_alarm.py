"""Answers to exercise 4 of lesson 09: alarms for live rows that differ from the training."""

import json
import os
import pathlib
import statistics

import numpy as np

from helpers.exercises.lesson_09.q4_alarm import NUMBERS, statistics_of
from helpers.penguins.data import penguins
from tests.exercises.lesson_09.answers_experiments import same
from tests.exercises.proofs import Mistake, Proofs


def read(export_dir):
    file = export_dir / "assets.extra" / "training_statistics.json"
    return json.loads(file.read_text())


def alarm_of(differs, mean=np.nanmean):
    """Return an alarm that names the columns for which `differs(live mean, statistics)`."""

    def alarm(export_dir, live):
        stored = read(export_dir)
        return [name for name in stored if differs(mean(live[name]), stored[name])]

    return alarm


def beyond(limit):
    return lambda mean, trained: abs(mean - trained["mean"]) / trained["std"] > limit


def solved(export_dir, live):
    return alarm_of(beyond(0.5))(export_dir, live)


def as_a_set(export_dir, live):
    return set(solved(export_dir, live))


def without_numpy(export_dir, live):
    with open(os.path.join(export_dir, "assets.extra/training_statistics.json")) as file:
        stored = json.load(file)
    found = []
    for name, trained in stored.items():
        values = [float(value) for value in live[name] if value == value]
        if not -0.5 <= (statistics.fmean(values) - trained["mean"]) / trained["std"] <= 0.5:
            found.append(name)
    return tuple(found)


def by_tensorflow(export_dir, live):
    import tensorflow as tf

    text = tf.io.read_file(str(export_dir / "assets.extra" / "training_statistics.json"))
    stored, found = json.loads(text.numpy()), []
    for name in sorted(stored):
        values = tf.constant(live[name], tf.float64)
        values = tf.boolean_mask(values, ~tf.math.is_nan(values))
        distance = tf.abs(tf.reduce_mean(values) - stored[name]["mean"])
        if distance > stored[name]["std"] / 2:
            found.append(name)
    return np.array(found)


class Alarm:
    """Read the statistics of each export once."""

    def __init__(self):
        self.known = {}

    def __call__(self, export_dir, live):
        stored = self.known.setdefault(export_dir, read(export_dir))
        z = {
            name: (live[name][~np.isnan(live[name])].mean() - of["mean"]) / of["std"]
            for name, of in stored.items()
        }
        return [name for name, value in z.items() if value**2 > 0.25]


def by_the_live_deviation(export_dir, live):
    stored = read(export_dir)
    return [
        name
        for name, trained in stored.items()
        if abs(np.nanmean(live[name]) - trained["mean"]) > 0.5 * np.nanstd(live[name])
    ]


def of_the_penguins(export_dir, live):
    """Use statistics of its own in place of those of the export."""
    stored = statistics_of(penguins())
    return [
        name
        for name in stored
        if name in live and beyond(0.5)(np.nanmean(live[name]), stored[name])
    ]


def only_the_first(export_dir, live):
    return solved(export_dir, live)[:1]


def all_columns(export_dir, live):
    stored = read(export_dir)
    return [name for name in live if beyond(0.5)(np.nanmean(live[name]), stored[name])]


def fills_gaps(export_dir, live):
    for name, trained in read(export_dir).items():
        live[name][np.isnan(live[name])] = trained["mean"]
    return solved(export_dir, live)


def gaps_as_zero(export_dir, live):
    return alarm_of(beyond(0.5), lambda values: np.nan_to_num(values).mean())(export_dir, live)


def gaps_are_an_alarm(export_dir, live):
    stored = read(export_dir)
    return [
        name
        for name, trained in stored.items()
        if not abs(live[name].mean() - trained["mean"]) <= 0.5 * trained["std"]
    ]


def range_of_rows(export_dir, live):
    """Name the columns in which one row is far away."""
    stored = read(export_dir)
    return [
        name
        for name, trained in stored.items()
        if np.nanmax(np.abs(live[name] - trained["mean"])) > 4 * trained["std"]
    ]


def by_name(export_dir, live):
    """Know only the columns of the penguins."""
    stored = read(export_dir)
    return [name for name in NUMBERS if beyond(0.5)(np.nanmean(live[name]), stored[name])]


def writes_a_report(export_dir, live):
    found = solved(export_dir, live)
    (export_dir / "alarm.txt").write_text(str(found))
    return found


def with_shifts(export_dir, live):
    stored = read(export_dir)
    return {
        name: np.nanmean(live[name]) - stored[name]["mean"] for name in solved(export_dir, live)
    }


def moves(export_dir, live):
    os.chdir(export_dir)
    stored = json.loads(pathlib.Path("assets.extra/training_statistics.json").read_text())
    return [name for name in stored if beyond(0.5)(np.nanmean(live[name]), stored[name])]


KILOGRAMS = "half of them in kilograms, it should return ['body_mass_g']"

Q4 = Proofs(
    right={
        "in one line": same(solved),
        "a set": same(as_a_set),
        "without NumPy": same(without_numpy),
        "with TensorFlow": same(by_tensorflow),
        "an object with a memory": lambda _: (Alarm(),),
        "a lambda": same(lambda export_dir, live: sorted(solved(export_dir, live))),
    },
    wrong={
        "np.mean of gaps": Mistake(
            same(alarm_of(beyond(0.5), np.mean)), "does your mean leave out nan?"
        ),
        "only above": Mistake(
            same(alarm_of(lambda mean, of: (mean - of["mean"]) / of["std"] > 0.5)), KILOGRAMS
        ),
        "the deviation of the live rows": Mistake(
            same(by_the_live_deviation), "The difference is +0.500 standard deviations"
        ),
        "0.4 deviations": Mistake(same(alarm_of(beyond(0.4))), "The difference is"),
        "one deviation": Mistake(same(alarm_of(beyond(1))), "The difference is"),
        "at least 0.5": Mistake(
            same(alarm_of(lambda mean, of: abs(mean - of["mean"]) / of["std"] >= 0.5)),
            "a column whose mean is exactly 0.5 standard deviations away",
        ),
        "a limit in grams": Mistake(
            same(alarm_of(lambda mean, of: abs(mean - of["mean"]) > 0.5)),
            "for the rows of monday, it should",
        ),
        "only the first": Mistake(
            same(only_the_first), "it should return ['bill_length_mm', 'body_mass_g']"
        ),
        "every column of the rows": Mistake(same(all_columns), "TypeError", "raised"),
        "statistics of its own": Mistake(same(of_the_penguins), "for another export, with"),
        "changes the rows": Mistake(same(fills_gaps), "should leave live as it is"),
        "a text": Mistake(
            same(lambda export_dir, live: ", ".join(solved(export_dir, live))),
            "alarm should return a list of names of columns, but returned ''",
        ),
        "True or False": Mistake(
            same(lambda export_dir, live: bool(solved(export_dir, live))),
            "alarm should return a list of names of columns, but returned False",
        ),
        "writes into the export": Mistake(
            same(writes_a_report), "should leave export_dir as it is"
        ),
        "no function": Mistake(same(["body_mass_g"]), "alarm should be a function"),
    },
    untouched=(...,),
    near={
        "0.49 deviations": same(alarm_of(beyond(0.49))),
        "0.51 deviations": same(alarm_of(beyond(0.51))),
        "the median": same(alarm_of(beyond(0.5), np.nanmedian)),
        "gaps as 0": same(gaps_as_zero),
        "an alarm for each gap": same(gaps_are_an_alarm),
        "each row": same(range_of_rows),
        "the columns of the penguins": same(by_name),
        "never": same(lambda export_dir, live: []),
        "always kilograms": same(lambda export_dir, live: ["body_mass_g"]),
        "a dict": same(with_shifts),
        "each name twice": same(lambda export_dir, live: solved(export_dir, live) * 2),
        "the square": same(alarm_of(lambda mean, of: (mean - of["mean"]) ** 2 / of["std"] > 0.25)),
        "relative to the mean": same(
            alarm_of(lambda mean, of: abs(mean - of["mean"]) > 0.5 * abs(of["mean"]))
        ),
        "variance for deviation": same(
            alarm_of(lambda mean, of: abs(mean - of["mean"]) > 0.5 * of["std"] ** 2)
        ),
        "changes the working directory": same(moves),
        "numbers of the columns": same(
            lambda export_dir, live: [list(live).index(name) for name in solved(export_dir, live)]
        ),
    },
)
