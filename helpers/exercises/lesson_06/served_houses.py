"""The request of exercise 5 of lesson 06, with a wrong path and a wrong body, and its model."""

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises.outcomes import require
from helpers.serving.server.in_process import in_process
from helpers.text import shorten

PATH = "/v1/models/houses:predict"
# Faults of the path, and of the body. The server names them one after the other.
PATHS = (
    "/v1/models/houses/predict",
    "/v1/models/house:predict",
    "/v1/model/houses:predict",
    "/v1/models/houses/versions/two:predict",
)


def _plain(body):
    """Send each house as a list."""
    body["instances"] = [list(row.values()) for row in body["instances"]]


def _rows(body):
    """Name the list of houses `rows`."""
    body["rows"] = body.pop("instances")


def _signature(body):
    """Ask for a signature that the model does not have."""
    body["signature_name"] = "price"


def _name(body):
    """Give one input the wrong name."""
    for row in body["instances"]:
        row["room"] = row.pop("rooms")


def _texts(body):
    """Send one number as a text."""
    for row in body["instances"]:
        row["area"] = str(row["area"])


# Two faults of the body that do not hide each other.
PAIRS = (
    (_signature, _plain),
    (_signature, _name),
    (_signature, _texts),
    (_texts, _rows),
    (_name, _rows),
    (_plain, _rows),
)


@dataclass(frozen=True)
class Request:
    """The houses that a client asks for, their model, and the request that it sends.

    Attributes
    ----------
    ground, area, rooms : float
        What a house costs, and in addition each square metre and each room.
    houses : tuple of (float, float)
        Square metres and rooms of the two houses.
    path : str
    faults : tuple of callable
        Each changes a right body.
    """

    ground: float
    area: float
    rooms: float
    houses: tuple[tuple[float, float], ...]
    path: str
    faults: tuple[Callable, ...]

    def body(self) -> dict[str, Any]:
        """Return the right body."""
        return {"instances": [{"area": area, "rooms": rooms} for area, rooms in self.houses]}

    def sent(self) -> dict[str, Any]:
        """Return the body that the client sends."""
        body = self.body()
        for fault in self.faults:
            fault(body)
        return body

    def prices(self, houses: Any = None) -> np.ndarray:
        """Compute the price of each house."""
        given = np.array(self.houses if houses is None else houses)
        return self.ground + given @ np.array([self.area, self.rooms])


def request(seed: int | None = None) -> Request:
    """Draw the request of a variant."""
    if seed is None:
        return Request(50.0, 2.0, 10.0, ((60.0, 2.0), (80.0, 3.0)), PATHS[0], PAIRS[0])
    chance = random.Random(f"5 {seed}")
    areas = chance.sample(range(40, 150, 5), 2)
    rooms = chance.sample(range(1, 7), 2)
    return Request(
        chance.choice([20.0, 30.0, 40.0, 60.0]),
        chance.choice([1.5, 2.5, 3.0, 4.0]),
        chance.choice([6.0, 8.0, 12.0, 15.0]),
        tuple((float(a), float(r)) for a, r in zip(areas, rooms, strict=True)),
        chance.choice(PATHS),
        chance.choice(PAIRS),
    )


def served(folder: Path, seed: int | None = None) -> tuple[Path, Request]:
    """Export the model of a variant. Return the directory, and the request."""
    import tensorflow as tf

    drawn = request(seed)
    one = [tf.TensorSpec((None,), tf.float32, name=name) for name in ("area", "rooms")]
    ground = tf.Variable(drawn.ground)

    @tf.function(input_signature=one)
    def price(area, rooms):
        return {"price": ground + drawn.area * area + drawn.rooms * rooms}

    module = tf.Module()
    module.ground = ground
    tf.saved_model.save(module, str(folder), signatures=price)
    return Path(folder), drawn


def client_of(made: tuple[Path, Request]) -> tuple[Callable, str, dict[str, Any]]:
    """Return the function that sends a request, and the path and body of the client."""
    directory, drawn = made
    return in_process(houses=directory), drawn.path, copy.deepcopy(drawn.sent())


def message(text: str) -> str:
    """Return what an error of the server says."""
    try:
        return json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        return text


def require_plain(value: Any) -> None:
    """Raise a TypeError unless a body has only types of Python: others may never end when read.

    Parameters
    ----------
    value : object
        A dict, a list, a tuple, or what they contain.
    """
    kind = type(value)
    if kind in (dict, list, tuple):
        for inner in value.values() if kind is dict else value:
            require_plain(inner)
    elif kind not in (str, int, float, bool, type(None)):
        raise TypeError(f"Object of type {kind.__name__} is not of Python")


def prices_in(text: str) -> list[float]:
    """Return the prices in a response, in the form of rows or of columns."""
    response = json.loads(text)
    prices = response.get("predictions") or response.get("outputs") or []
    require(
        all(isinstance(price, (int, float)) for price in prices),
        f"the server should answer with one number for each house, but answers {shorten(text)}. "
        "Send one number for each input of a house, not a list.",
    )
    return prices
