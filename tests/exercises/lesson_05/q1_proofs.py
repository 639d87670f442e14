"""The proofs of exercise 1, the learner's own mistake and the estimate of what it costs."""

from functools import cache

import numpy as np

from helpers.penguins.data import MEASUREMENTS, RAW, SEXES
from helpers.penguins.skew import SkewTest
from tests.exercises.proofs import Mistake, Proofs


@cache
def skew():
    """The five models, trained once."""
    return SkewTest()


def measured(mistake, by=0.0, kind=float):
    """Answer with a mistake, and with an estimate that is `by` away from the measured share."""
    return lambda _: (mistake, kind(skew().share_right(mistake) + by))


def just(*answer):
    return lambda _: answer


def lost(share, default):
    """Write a mistake that loses some measurements; without a default, the mean is in its place."""

    def mistake(rows):
        chance, changed = np.random.default_rng(7), {}
        for name in MEASUREMENTS:
            value = np.nanmean(rows[name]) if default is None else default
            gone = chance.random(len(rows[name])) < share
            changed[name] = np.where(gone, value, rows[name])
        return rows | changed

    return mistake


def column(name, change):
    """Write a mistake that changes one column."""
    return lambda rows: rows | {name: change(rows[name])}


centimetres = column("bill_length_mm", lambda bill: bill / 10)
one_island = column("island", lambda island: np.full(len(island), "Dream"))
moved = column("bill_length_mm", lambda bill: np.roll(bill, 1))
kilograms = column("body_mass_g", lambda mass: mass / 1000)
female_as_male = column("sex", lambda sex: np.where(sex == "male", SEXES[0], SEXES[1]))


def exchanged(rows):
    return rows | {"bill_length_mm": rows["body_mass_g"], "body_mass_g": rows["bill_length_mm"]}


def only_raw(rows):
    return {name: rows[name] for name in RAW} | {"body_mass_g": rows["body_mass_g"] * 0.0353}


def of_objects(rows):
    bill = rows["bill_length_mm"] + 7  # measured from another point
    return rows | {"island": rows["island"].astype(object) + " island", "bill_length_mm": bill}


def whole_pounds(rows):
    return rows | {"body_mass_g": np.nan_to_num(rows["body_mass_g"] / 453.6).astype(int)}


def seeded(rows):
    shuffled = np.random.default_rng(1).permutation(rows["island"])
    return rows | {"island": shuffled}


def at_random(rows):
    return rows | {"bill_length_mm": np.random.default_rng().uniform(30, 60, 344)}


def in_place(rows):
    rows["body_mass_g"] /= 7
    return rows


def shorter(rows):
    return {name: values[:300] for name, values in rows.items()}


def other_species(rows):
    return rows | {"species": rows["species"][::-1], "sex": np.full(344, "")}


def sexes_exchanged(rows):
    changed = {"male": "female", "female": "male", "": ""}
    return rows | {"sex": np.array([changed[word] for word in rows["sex"]])}


def islands_renamed(rows):
    """Give each island the column that the chart's order gives it."""
    changed = {"Torgersen": "Biscoe", "Biscoe": "Dream", "Dream": "Torgersen"}
    return rows | {"island": np.array([changed[word] for word in rows["island"]])}


Q1 = Proofs(
    right={
        "centimetres": measured(centimetres),
        "one island for all": measured(one_island, 0.05),
        "moved by a row": measured(moved, -0.05),
        "two columns exchanged": measured(exchanged, 0.09, np.float32),
        "the raw columns only": measured(only_raw, -0.09),
        "words as objects": measured(of_objects, kind=np.float64),
        "whole pounds": measured(whole_pounds),
        "an order with a seed": measured(seeded),
        "another word for a sex": measured(female_as_male),
    },
    wrong={
        "as in the file": Mistake(
            just(lambda rows: rows, 0.99), "should change one of the columns bill_length_mm"
        ),
        "kilograms": Mistake(
            just(kilograms, 0.42), "prepares the rows as 'body mass in kilograms' does"
        ),
        "the sexes exchanged": Mistake(
            just(sexes_exchanged, 0.84), "prepares the rows as 'male before female' does"
        ),
        "the species changed": Mistake(
            just(other_species, 0.4), "should leave the species as they are"
        ),
        "fewer rows": Mistake(
            just(shorter, 0.9), "should return 344 values of bill_length_mm, one for each row"
        ),
        "changed in place": Mistake(just(in_place, 0.4), "your function should leave rows as it"),
        "at random": Mistake(just(at_random, 0.6), "should return the same rows at each call"),
        "per cent": Mistake(just(centimetres, 45), "but is 45. Write 0.42 for 42 %."),
        "a text": Mistake(just(centimetres, "0.45"), "estimate should be a number"),
        "far away": Mistake(
            measured(centimetres, 0.2), "estimate should be within 0.1 of the measured share"
        ),
        "cheap": Mistake(
            just(column("body_mass_g", lambda mass: mass + 1), 0.98),
            "should cost at least 5 points, but costs",
        ),
        "texts for numbers": Mistake(
            just(column("body_mass_g", lambda mass: mass.astype(str)), 0.5),
            "should return numbers for body_mass_g",
        ),
        "numbers for words": Mistake(
            just(column("island", lambda island: np.arange(344)), 0.8),
            "should return texts for island, because the model takes only texts there",
        ),
        "rows, and no function": Mistake(just({"sex": []}, 0.5), "mistake should be a function"),
        "features": Mistake(
            just(lambda rows: np.ones((344, 7)), 0.5), "should return rows, a dict of columns"
        ),
        "only one column": Mistake(
            just(lambda rows: {"sex": np.full(344, "")}, 0.9),
            "but bill_length_mm, body_mass_g, island is missing",
        ),
    },
    near={
        "another fifth lost, 0 in its place": measured(lost(0.2, 0), 0),
        "a third lost, the mean in its place": measured(lost(0.34, None), 0),
        "0.11 too high": measured(centimetres, 0.11),
        "0.11 too low": measured(centimetres, -0.11),
        "the islands renamed as in the chart": just(islands_renamed, 0.81),
        "capitals again": just(
            lambda rows: rows | {name: np.char.upper(rows[name]) for name in ("island", "sex")},
            0.93,
        ),
        "nan": just(centimetres, float("nan")),
        "a negative share": just(centimetres, -0.05),
        "nothing returned": just(lambda rows: None, 0.5),
        "a column of one value": just(lambda rows: rows | {"sex": "male"}, 0.8),
        "an estimate of True": just(centimetres, True),
    },
    untouched=(..., ...),
)
