"""The exercises of lesson 06, the error clinic."""

from dataclasses import replace

import numpy as np

from helpers.errors.messages import describe
from helpers.exercises import answer_types, battery
from helpers.exercises.diagnosis import require_diagnosis
from helpers.exercises.exercise import exercise
from helpers.exercises.export_checks import SAME_ANSWER, signature_of
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06 import parcel_function, served_houses, tracebacks
from helpers.exercises.lesson_06.price_checks import KEY, require_inputs, require_prices
from helpers.exercises.lone_export import alone
from helpers.exercises.outcomes import NotYet, require
from helpers.exercises.same_answers import nearest_wrong, require_same_answers
from helpers.serving.server.in_process import in_process
from helpers.text import safe_repr

SERVER = ("python", "session")


@exercise(
    "q1",
    "reading",
    hints=[
        "Search the text for the sentence between the two errors. What stands above it is the "
        "traceback of the first error.",
        "The last line above the sentence begins with the type of the first error. Above it, find "
        f'the lowest line with File "{tracebacks.FILE}".',
        "Paste the traceback of the first error alone into the clinic. The name of the case stands "
        "in brackets.",
    ],
    given=tracebacks.chained,
)
def read_a_chain(reading):
    """Read a traceback of two errors: the first error, your line, the case"""
    keys = ("first error", "line", "case")
    said = answer_types.mapping(reading, keys, "reading")
    chain = tracebacks.chain_of(read_a_chain.original())
    first = answer_types.text(said["first error"], "first error").rpartition(".")[2]
    require(
        first != chain.last,
        f"first error: you say {first!r}, but this is the last error. Python prints the first "
        "error above the sentence that stands between the two.",
    )
    require(
        first == chain.first,
        f"first error: you say {safe_repr(first)}, but it should be the type of the error above "
        "the sentence that stands between the two. Write the word before the colon.",
    )
    line = answer_types.whole_number(said["line"], "line")
    require(
        line not in chain.others,
        f"line: you say {line}, but line {line} {chain.others.get(line)}. Which line of "
        f"{tracebacks.FILE} is the lowest one in the part of the first error?",
    )
    require(
        line == chain.line,
        f"line: you say {line}, but the traceback has no line {line} of {tracebacks.FILE}. Numbers "
        "of other files are those of TensorFlow and Keras.",
    )
    require_diagnosis("case", said["case"], [chain.case], CHAIN_FACTS[chain.case])
    return (
        f"the call in line {line} failed with {first}, and {chain.last} came later. The check "
        f"refuses a similar wrong answer, too: line {min(chain.others)}, which called the function "
        f"with line {line}."
    )


CHAIN_FACTS = {
    "tensor-dtype": "the shape fits, but the message names two different dtypes.",
    "not-a-keras-model": "the first error is about an attribute that the loaded object lacks.",
    "shape-refused": "the message names two TensorSpecs with one dtype and different shapes.",
    "load-model-of-export": "the first error comes from load_model of Keras.",
    "no-saved-model-there": "the first error says which file does not exist.",
    "endpoint-not-found": "the first error names an endpoint.",
}


@exercise(
    "q2",
    "export_dir_2",
    hints=[
        "Add price to an ExportArchive as it is, and write it out. What do the two errors say, one "
        "after the other?",
        "An output must be a tensor. The function returns a dict inside a dict: return the inner "
        "dict, price(zone, weight)['price'].",
        "The archive does not know the table: archive.track(zones). Each input needs a TensorSpec "
        "of shape (None,), with the name of the exercise.",
    ],
    given=parcel_function.with_a_table,
)
def export_the_parcels(export_dir_2):
    """Export a function whose export fails"""
    key = parcel_function.SIGNATURE
    drawn = parcel_function.drawn_for(export_the_parcels.original())
    with alone("export_dir_2", export_dir_2, export_the_parcels.handed) as found:
        require_inputs(signature_of(found, key), parcel_function.INPUTS)
        for tensor in signature_of(found, key).inputs:
            require(
                tensor.shape == (None,),
                f"{tensor.name} should have the shape (None,), but has {tensor.shape}.",
            )
        zones = battery.words(dict(drawn.bases))
        weights = battery.numbers(1, 0, 30, seed=1)[:, 0]
        inputs = {"zone": zones, "weight": np.resize(weights, len(zones))}
        require_same_answers(found, key, inputs, drawn.price, SERVER, who="the function")
    return (
        f"the signature {key} computes what the function computes, for {len(zones)} parcels, in "
        "Python and in the session (Python). " + _nearest_parcel(drawn, inputs)
    )


def _nearest_parcel(drawn, inputs):
    def of(zone, weight, read=str, kilo=drawn.per_kilo):
        return replace(drawn, per_kilo=kilo).price(np.array([read(z) for z in zone]), weight)

    return nearest_wrong(
        inputs,
        drawn.price,
        {
            "blanks around a zone are removed": lambda **sent: of(**sent, read=str.strip),
            "a zone in capitals has its price as well": lambda **sent: of(**sent, read=str.lower),
            "a kilogram costs 1 % more": lambda **sent: of(**sent, kilo=1.01 * drawn.per_kilo),
        },
    )


@exercise(
    "q3",
    "diagnosis_3 repaired_dir_3",
    hints=[
        "artifact.read(found_dir_3) lists the names that the export promises.",
        "Which input is the area? Call the signature with 1 for one input and 0 for the other.",
        "The numbers are right. An ExportArchive accepts as an endpoint a function with arguments "
        "area and rooms that calls the loaded signature and returns {'price': ...}.",
    ],
    given=made.unnamed,
)
def repair_the_names(diagnosis_3, repaired_dir_3):
    """Diagnose and repair an export that refuses the shop's requests"""
    require_diagnosis(
        "diagnosis_3",
        diagnosis_3,
        ["signature-by-name"],
        "the export gives right numbers in all three readers, if the caller uses the names of its "
        "inputs.",
    )
    houses = made.drawn_for(repair_the_names.original())
    with alone("repaired_dir_3", repaired_dir_3, repair_the_names.handed) as found:
        require_inputs(signature_of(found, KEY), {"area": "float32", "rooms": "float32"})
        first = np.array([[0.0, 0.0], [100.0, 3.0], [80.0, 0.0], [0.0, 2.0]], np.float32)
        inputs = {"area": first[:, :1], "rooms": first[:, 1:]}
        require_prices(found, inputs, houses.price(**inputs)["price"])
        more = battery.numbers(2, 0, 100, reach=battery.OUTSIDE)
        more[:200] = abs(more[:200])
        rows = {"area": more[:, :1], "rooms": more[:, 1:]}
        require_same_answers(found, KEY, rows, houses.price, who="found_dir_3")
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
    "q4",
    "diagnosis_4 repaired_dir_4",
    hints=[
        "A clean process on this machine answers, so the export needs nothing from this notebook. "
        "What else does this machine have that the server does not have?",
        "Rename the files of found_dir_4.parent and call a new copy of the export (a reader that "
        "has read a file once does not read it again). What does the error say?",
        "Read colours.txt with Python. Make a tf.lookup.StaticHashTable of its words and of "
        "tf.saved_model.load(found_dir_4).prices[1:], with the price of an unknown colour as its "
        "default. Let the archive track the table.",
    ],
    given=made.with_a_path,
)
def repair_the_path(diagnosis_4, repaired_dir_4):
    """Diagnose and repair an export that answers here but not on the server"""
    require_diagnosis(
        "diagnosis_4",
        diagnosis_4,
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

    with alone("repaired_dir_4", repaired_dir_4, repair_the_path.handed, copy=True) as found:
        require_inputs(signature_of(found, KEY), {"colour": "string"})
        require_prices(found, {"colour": first}, price(first)["price"], SERVER)
        require_same_answers(found, KEY, words, price, SERVER, who="the price list")
    return (
        "a copy in a different directory answers in Python and the session (Python) for 300 words, "
        "while the folder of found_dir_4 is moved away. " + _nearest_colour(prices, words)
    )


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


@exercise(
    "q5",
    "path_5 body_5",
    hints=[
        "Send the request with send_5, and look up the text of the response in the clinic. Correct "
        "what it says, and send the request again.",
        "The path of a prediction is /v1/models/NAME:predict, and the name of the model is houses.",
        'The body is {"instances": [...]}, with one dict for each house. Its keys are the names of '
        "the inputs, and its values are numbers. Leave signature_name out.",
    ],
    given=served_houses.served,
    fresh=served_houses.client_of,
)
def correct_the_request(path_5, body_5):
    """Correct a request that a model server refuses"""
    directory, drawn = correct_the_request.original()
    path = answer_types.text(path_5, "path_5")
    require(
        path.startswith("/v1/"),
        f"path_5 should begin with /v1/, without the name of the server, but is {safe_repr(path)}.",
    )
    require(isinstance(body_5, dict), f"body_5 should be a dict, but is {safe_repr(body_5)}.")
    try:
        served_houses.require_plain(body_5)
        status, text = in_process(houses=directory)(path, body_5)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotYet(
            f"body_5 should be a dict of lists, texts and numbers of Python, but json.dumps fails: "
            f"{describe(error, 100)}."
        ) from None
    require(
        status == 200,
        f"the server should answer with the status 200, but answers {status}: "
        f"{served_houses.message(text)}. Look this text up in the clinic.",
    )
    said, right = served_houses.prices_in(text), drawn.prices()
    require(
        len(said) == len(right),
        f"body_5 should ask for the prices of {len(right)} houses, but asks for {len(said)}.",
    )
    for (area, rooms), price, expected in zip(drawn.houses, said, right, strict=True):
        require(
            abs(price - expected) <= SAME_ANSWER,
            f"the price should be {expected:g} for {area:g} m² and {rooms:g} rooms, but is "
            f"{price:g}. Compare body_5 with the houses in `body`, in the same order.",
        )
    (area, rooms), swapped = drawn.houses[0], drawn.prices([drawn.houses[0][::-1]])[0]
    return (
        f"the server answers with the prices of both houses, {right[0]:g} and {right[1]:g}. The "
        f"check refuses a similar wrong answer, too: area and rooms swapped, which gives "
        f"{swapped:g} for the first house."
    )
