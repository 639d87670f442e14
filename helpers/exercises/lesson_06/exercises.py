"""The exercises of lesson 06, the error clinic, on the two exports of broken_exports."""

import numpy as np

from helpers.exercises import battery
from helpers.exercises.diagnosis import require_diagnosis
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import signature_of
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06.price_checks import KEY, require_inputs, require_prices
from helpers.exercises.lone_export import alone
from helpers.exercises.same_answers import nearest_wrong, require_same_answers


@exercise(
    "q1",
    "diagnosis_1 repaired_dir_1",
    hints=[
        "artifact.read(found_dir_1) lists the names that the export promises.",
        "Which input is the area? Call the signature with 1 for one input and 0 for the other.",
        "The numbers are right. An ExportArchive accepts as an endpoint a function with arguments "
        "area and rooms that calls the loaded signature and returns {'price': ...}.",
    ],
    given=made.unnamed,
)
def repair_the_names(diagnosis_1, repaired_dir_1):
    """Diagnose and repair an export that refuses the shop's requests"""
    require_diagnosis(
        "diagnosis_1",
        diagnosis_1,
        ["signature-by-name"],
        "the export gives right numbers in all three readers, if the caller uses the names of its "
        "inputs.",
    )
    houses = made.drawn_for(repair_the_names.original())
    with alone("repaired_dir_1", repaired_dir_1, repair_the_names.handed) as found:
        require_inputs(signature_of(found, KEY), {"area": "float32", "rooms": "float32"})
        first = np.array([[0.0, 0.0], [100.0, 3.0], [80.0, 0.0], [0.0, 2.0]], np.float32)
        inputs = {"area": first[:, :1], "rooms": first[:, 1:]}
        require_prices(found, inputs, houses.price(**inputs)["price"])
        more = battery.numbers(2, 0, 100, reach=battery.OUTSIDE)
        more[:200] = abs(more[:200])
        rows = {"area": more[:, :1], "rooms": more[:, 1:]}
        require_same_answers(found, KEY, rows, houses.price, who="found_dir_1")
    return (
        "every reader answers the shop's request, for 300 houses, with fractions and with large "
        "and negative numbers. " + _nearest_price(houses, rows)
    )


def _nearest_price(houses, rows):
    return nearest_wrong(
        rows,
        houses.price,
        {
            "area and rooms swapped": lambda area, rooms: houses.price(rooms, area),
            "the parts of a square metre left out": lambda area, rooms: houses.price(
                np.floor(area), rooms
            ),
            f"a price without the {houses.ground:g}": lambda area, rooms: {
                "price": houses.price(area, rooms)["price"] - np.float32(houses.ground)
            },
        },
    )


@exercise(
    "q2",
    "diagnosis_2 repaired_dir_2",
    hints=[
        "A clean process on this machine answers, so the export needs nothing from this notebook. "
        "What else does this machine have that the server does not have?",
        "Rename the files of found_dir_2.parent and call a new copy of the export (a reader that "
        "has read a file once does not read it again). What does the error say?",
        "Read colours.txt with Python and give the words to a StringLookup or a tf.constant, or "
        "make the file an asset with tf.saved_model.Asset. The prices are in "
        "tf.saved_model.load(found_dir_2).prices: first the price of an unknown colour, then the "
        "price of each colour.",
    ],
    given=made.with_a_path,
)
def repair_the_path(diagnosis_2, repaired_dir_2):
    """Diagnose and repair an export that answers here but not on the server"""
    require_diagnosis(
        "diagnosis_2",
        diagnosis_2,
        ["path-in-graph"],
        "a clean process on this machine answers, and the copy on the server is complete. What "
        "else does the graph need?",
    )
    prices = made.drawn_for(repair_the_path.original())
    colours = list(prices)
    first = np.array([colours[1:2], ["pink"], *([colour] for colour in colours), [""]], object)
    words = {"colour": battery.words(prices)[:, np.newaxis]}

    def price(colour):
        return _looked_up(prices, colour)

    with alone("repaired_dir_2", repaired_dir_2, repair_the_path.handed, copy=True) as found:
        require_inputs(signature_of(found, KEY), {"colour": "string"})
        require_prices(found, {"colour": first}, price(first)["price"], SERVER)
        require_same_answers(found, KEY, words, price, SERVER, who="the price list")
    return (
        "a copy in a different directory answers in Python and the session (Python) for 300 words, "
        "while the folder of found_dir_2 is moved away. " + _nearest_colour(prices, words)
    )


SERVER = ("python", "session")


def _looked_up(prices, colour, change=str):
    found = [prices.get(change(word), 0.0) for word in colour.ravel()]
    return {"price": np.array(found, np.float32).reshape(colour.shape)}


def _nearest_colour(prices, words):
    return nearest_wrong(
        words,
        lambda colour: _looked_up(prices, colour),
        {
            "a colour in capitals has its price as well": lambda colour: _looked_up(
                prices, colour, str.lower
            ),
            "blanks around a colour are removed": lambda colour: _looked_up(
                prices, colour, str.strip
            ),
        },
    )
