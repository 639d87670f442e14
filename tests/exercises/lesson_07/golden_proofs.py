"""Proofs of exercise 4 of lesson 07: golden answers."""

import json
from pathlib import Path

import numpy as np

from helpers.exercises.lesson_07.exercises import write_golden_answers
from helpers.exercises.lesson_07.golden_checks import KEY
from tests.exercises.proofs import Mistake, Proofs

# A plate and minutes for each of the rules of the meter without a seed.
HALF, FULL, LARGE = 7, 8, 16777227  # as float32, the last digit of LARGE is 8
AT, ABOVE, LONG = 20.0, 20.5, 100.0
CARS = [(plate, minutes) for minutes in (AT, ABOVE, LONG) for plate in (HALF, FULL, LARGE)]


def one_set(cars, change=lambda fee: fee, seen=lambda plates: plates):
    meter = write_golden_answers.given()
    plate, minutes = (np.array(column) for column in zip(*cars, strict=True))
    fee = meter(seen(plate).astype(np.int32), minutes.astype(np.float32))["fee"].numpy()
    inputs = {"plates": plate.tolist(), "minutes": minutes.tolist()}
    return {"inputs": inputs, "outputs": {"fee": change(fee).tolist()}}


def sets(*groups, **options):
    return [one_set(cars, **options) for cars in groups]


def as_json(made, key=KEY, name="golden.json"):
    """The answer of sets that a function makes, as a file in JSON."""

    def answer(folder):
        file = Path(folder) / name
        found = made()
        file.write_text(json.dumps({key: found} if key else found[0]), encoding="utf-8")
        return (file,)

    return answer


def cars(*groups, **options):
    return as_json(lambda: sets(*groups, **options))


def as_arrays(folder):
    arrays = {}
    for number, one in enumerate(sets(CARS, CARS[:1])):
        for side, values in one.items():
            for name, value in values.items():
                dtype = np.int32 if name == "plates" else np.float32
                arrays[f"{KEY}/{number}/{side}/{name}"] = np.array(value, dtype)
    np.savez(folder / "golden.npz", **arrays)
    return (str(folder / "golden.npz"),)


def without(*left_out):
    """The golden answers without some cars."""
    kept = [car for car in CARS if car not in left_out]
    return cars(kept, kept[:1])


def stays(instead):
    """The golden answers with other times in place of some."""
    other = [(plate, instead.get(minutes, minutes)) for plate, minutes in CARS]
    return cars(other, other[3:6])


def changed(side, name, value):
    def made():
        found = sets(CARS, CARS[:1])
        found[0][side] = found[0][side] | {name: value}
        return found

    return as_json(made)


def renamed():
    found = sets(CARS, CARS[:1])
    for one in found:
        one["inputs"]["plate"] = one["inputs"].pop("plates")
    return found


def _text(folder, text):
    (folder / "golden.json").write_text(text, encoding="utf-8")
    return (folder / "golden.json",)


ALL = "this one gives all your golden answers: "

Q4 = Proofs(
    right={
        "one row and all": cars(CARS[:1], CARS),
        "arrays": as_arrays,
        "one set for each car, and a pair": cars(*([car] for car in CARS), CARS[:2]),
        "two sets of different cars": cars(CARS[:4], CARS[4:]),
        "more cars, with a stay of nothing": cars([*CARS, (2, 0.0), (3, 1.0)], CARS[3:5]),
        "a large negative plate": cars([*CARS, (-16777219, 50.0)], CARS[:2]),
    },
    wrong={
        "a dict": Mistake(lambda _: ({},), "should be the path of a file, but is {}"),
        "no file": Mistake(lambda folder: (folder / "no.json",), "golden_4 should be a file of"),
        "no golden answers": Mistake(
            lambda folder: _text(folder, "[1, 2]"), "golden_4 should be a file of golden answers"
        ),
        "one number of rows": Mistake(
            cars(CARS),
            ALL + "right for 9 rows only. Store a second request with a different number",
        ),
        "friendly rows": Mistake(cars([(1, 30.0), (2, 60.0)], [(3, 10.0)]), ALL),
        "no car that parks for free": Mistake(
            without((HALF, AT), (FULL, AT), (LARGE, AT)), ALL + "no free minutes"
        ),
        "no car at the limit": Mistake(
            stays({AT: 15.0}),
            ALL + "fewer free minutes. Store a car that stays exactly 20 minutes",
        ),
        "no car above the limit": Mistake(
            stays({ABOVE: 30.0}), ALL + "one free minute more. Store a car that stays a little"
        ),
        "no large plate": Mistake(
            without((LARGE, AT), (LARGE, ABOVE), (LARGE, LONG)), "float32 for the plates"
        ),
        "no highest fee": Mistake(
            without((HALF, LONG), (FULL, LONG), (LARGE, LONG)), ALL + "no highest fee"
        ),
        "too many rows": Mistake(cars(CARS * 3, CARS), "at most 30 rows in all sets, but holds 36"),
        "no fee at all": Mistake(
            changed("outputs", "fee", [0.0] * len(CARS)),
            "the fee should be 2.5625, as meter computes, for the plate 7 and 20.5 minutes",
        ),
        "a different name": Mistake(
            as_json(renamed), "should have the inputs minutes, plates, but one has: minutes, plate"
        ),
        "a different signature": Mistake(
            as_json(lambda: sets(CARS, CARS[:1]), key="serve"), "only, but has answers of 'serve'"
        ),
        "plates with a fraction": Mistake(
            changed("inputs", "plates", [7.5] * len(CARS)), "plates should be whole numbers"
        ),
        "fees in a column": Mistake(
            as_json(lambda: sets(CARS, CARS[:1], change=lambda fee: fee[:, np.newaxis])),
            "one number for each car, of shape (9,), but has the shape (9, 1)",
        ),
    },
    near={
        "answers of an export that takes float32": cars(
            CARS, CARS[:1], seen=lambda plates: plates.astype(np.float32)
        ),
        "fees a little off": cars(CARS, CARS[:1], change=lambda fee: fee + np.float32(0.01)),
        "no car that pays half and stays long": without((HALF, LONG), (LARGE, LONG)),
        "only cars that pay half": cars(
            [car for car in CARS if car[0] != FULL and car[0] != LARGE], CARS[:1]
        ),
        "no car that pays the full price": cars(
            [(HALF if plate == FULL else plate, minutes) for plate, minutes in CARS], CARS[:1]
        ),
        "no fraction of a minute": cars(
            [(plate, minutes) for plate, minutes in CARS if minutes != ABOVE]
            + [(HALF, 21.0), (FULL, 21.0)],
            CARS[:1],
        ),
        "an even large plate": cars(
            [(plate if plate != LARGE else 16777228, minutes) for plate, minutes in CARS], CARS[:1]
        ),
        "one row": cars([CARS[0]]),
        "minutes that are not finite": changed("inputs", "minutes", [float("nan")] * len(CARS)),
        "one more output": changed("outputs", "tax", [0.0] * len(CARS)),
        "one more input": changed("inputs", "day", [1] * len(CARS)),
        "no cars": as_json(
            lambda: [{"inputs": {"plates": [], "minutes": []}, "outputs": {"fee": []}}]
        ),
        "texts": changed("inputs", "plates", ["7"] * len(CARS)),
        "a file of texts": lambda folder: _text(folder, "golden"),
    },
    untouched=(...,),
)
