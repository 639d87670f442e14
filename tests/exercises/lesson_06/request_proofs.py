"""Proofs of exercise 5 of lesson 06: a corrected request."""

import json

import numpy as np

from helpers.exercises.lesson_06.exercises import correct_the_request
from helpers.exercises.lesson_06.served_houses import PATH
from tests.exercises.proofs import Mistake, Proofs

HOUSES = [{"area": 60.0, "rooms": 2.0}, {"area": 80.0, "rooms": 3.0}]
BODY = {"instances": HOUSES}


def sent(body=BODY, path=PATH):
    def answer(_):
        correct_the_request.given()
        return path, body

    return answer


def houses(*rows):
    return sent({"instances": [dict(zip(("area", "rooms"), row, strict=True)) for row in rows]})


def as_given(_):
    return correct_the_request.given()[1:]


class Endless(dict):
    def items(self):
        while True:
            yield "instances", HOUSES


Q5 = Proofs(
    right={
        "whole numbers": houses((60, 2), (80, 3)),
        "columns": sent({"inputs": {"area": [60.0, 80.0], "rooms": [2.0, 3.0]}}),
        "the default named": sent({"signature_name": "serving_default", **BODY}),
        "a version": sent(path="/v1/models/houses/versions/1:predict"),
        "inputs in the other order": sent(
            {"instances": [dict(reversed(house.items())) for house in HOUSES]}
        ),
    },
    wrong={
        "as it was": Mistake(as_given, "400: Malformed request: POST /v1/models/houses/predict"),
        "only the path": Mistake(
            lambda _: (PATH, correct_the_request.given()[2]),
            '400: Serving signature name: "price" not found in signature def',
        ),
        "the signature removed only": Mistake(
            sent({"instances": [[60.0, 2.0], [80.0, 3.0]]}), "expecting list of objects"
        ),
        "another model": Mistake(
            sent(path="/v1/models/house:predict"),
            "404: Servable not found for request: Latest(house)",
        ),
        "a whole address": Mistake(
            sent(path=f"http://localhost:8501{PATH}"), "path_5 should begin with /v1/"
        ),
        "another name": Mistake(
            sent({"instances": [{"area": 60.0, "room": 2.0}, {"area": 80.0, "room": 3.0}]}),
            "JSON object: does not have named input: room. Look this text up",
        ),
        "texts": Mistake(
            sent({"instances": [{"area": "60", "rooms": 2.0}, {"area": "80", "rooms": 3.0}]}),
            "is not of expected type: float",
        ),
        "one house": Mistake(
            houses((60, 2)), "should ask for the prices of 2 houses, but asks for 1"
        ),
        "a list of one number": Mistake(
            sent(
                {
                    "instances": [
                        {name: [value] for name, value in house.items()} for house in HOUSES
                    ]
                }
            ),
            "should answer with one number for each house",
        ),
        "a text": Mistake(sent(json.dumps(BODY)), "body_5 should be a dict, but is"),
        "arrays": Mistake(
            sent({"instances": [{"area": np.float32(60), "rooms": 2.0}, HOUSES[1]]}),
            "body_5 should be a dict of lists, texts and numbers",
        ),
        "swapped": Mistake(
            houses((2, 60), (3, 80)), "should be 190 for 60 m² and 2 rooms, but is 654"
        ),
        "a path of bytes": Mistake(sent(path=PATH.encode()), "path_5 should be a text"),
    },
    near={
        "a dict that never ends": lambda _: (PATH, Endless(BODY)),
        "bytes": sent(json.dumps(BODY).encode()),
        "the houses swapped": houses((80, 3), (60, 2)),
        "one house twice": houses((60, 2), (60, 2)),
        "a house more": houses((60, 2), (80, 3), (60, 2)),
        "61 square metres": houses((61, 2), (80, 3)),
        "a tenth of a room more": houses((60, 2.01), (80, 3)),
        "a status": sent(path="/v1/models/houses"),
        "classify": sent(path="/v1/models/houses:classify"),
        "version 2": sent(path="/v1/models/houses/versions/2:predict"),
        "a label": sent(path="/v1/models/houses/labels/stable:predict"),
        "lists of rooms": sent({"instances": [{"area": 60.0, "rooms": [2.0, 3.0]}]}),
        "both forms": sent({**BODY, "inputs": {"area": [60.0], "rooms": [2.0]}}),
        "prices": sent([190.0, 210.0]),
        "a name of a signature in capitals": sent({"signature_name": "Serving_default", **BODY}),
    },
    untouched=(..., ...),
)
