"""What a model of the test computes: the formula, the names, and the requests of its clients.

A seed draws the names and numbers. NumPy computes the right answers, so that they do not depend on
any export.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]

_ROWS = (  # what a row is, its columns, and their means
    ("parcels", ("weight in g", "distance in km"), (900.0, 40.0)),
    ("flats", ("area in square metres", "age in years"), (70.0, 40.0)),
    ("loans", ("income in 1,000", "debt in 1,000"), (70.0, 15.0)),
    ("trips", ("length in km", "climb in m"), (70.0, 1500.0)),
)
_WORDS = ("amber", "birch", "cedar", "fern", "hazel", "ivy", "lilac", "maple", "olive", "rowan")
OLD = 0.2, 0.9  # thresholds that the label once had
_THINGS = "roofs", "paints", "seeds", "tables"


@dataclass(frozen=True)
class Rows:
    """A score of two prepared columns, and a label: 1 for a score above a threshold.

    Attributes
    ----------
    name : str
        What a row is.
    columns : (str, str)
        The names of the columns, with their units.
    weights : (float, float)
        Of the prepared columns.
    bias : float
    mean, deviation : (float, float)
        Of the columns in the training data: a prepared column is (value - mean) / deviation.
    threshold : float
        Of the label.
    """

    name: str
    columns: tuple[str, str]
    weights: tuple[float, float]
    bias: float
    mean: tuple[float, float]
    deviation: tuple[float, float]
    threshold: float

    @classmethod
    def draw(cls, chance: random.Random) -> "Rows":
        """Draw a subject. No two of its numbers are equal, and no weight is small."""
        name, columns, mean = chance.choice(_ROWS)
        first, second = chance.sample((0.75, 1.25, 1.75, 2.25), 2)
        return cls(
            name=name,
            columns=columns,
            weights=(first, -second),
            bias=chance.choice((0.25, 0.4, -0.3)),
            mean=mean,
            deviation=(mean[0] / 4, mean[1] / 5),
            threshold=chance.choice((0.5, 0.7)),
        )

    def prepared(self, rows: np.ndarray) -> np.ndarray:
        """Compute the prepared columns of (n, 2) raw numbers."""
        return (np.asarray(rows, np.float64) - self.mean) / self.deviation

    def answers(self, rows: np.ndarray) -> Arrays:
        """Compute {"score": (n, 1) float32, "label": (n, 1) int32} of raw rows."""
        score = self.prepared(rows) @ np.array(self.weights)[:, None] + self.bias
        return {
            "score": score.astype(np.float32),
            "label": (score > self.threshold).astype(np.int32),
        }

    def requests(self, chance: random.Random) -> list[np.ndarray]:
        """Draw requests of 4, 2 and 1 rows. An old threshold gives some of them another label."""
        while True:
            prepared = np.array([[chance.uniform(-2, 2) for _ in self.mean] for _ in range(7)])
            rows = np.round(prepared * self.deviation + self.mean, 1).astype(np.float32)
            score = self.answers(rows)["score"].ravel()
            apart = min(abs(score - limit).min() for limit in (self.threshold, *OLD))
            below = ((score > OLD[0]) & (score < self.threshold)).any()
            above = ((score > self.threshold) & (score < OLD[1])).any()
            if apart > 0.02 and below and above:
                return [rows[:4], rows[4:6], rows[6:]]


@dataclass(frozen=True)
class Ids:
    """The shelf of an article: what is left of its number after a division.

    Attributes
    ----------
    shelves : int
    """

    shelves: int

    @classmethod
    def draw(cls, chance: random.Random) -> "Ids":
        """Draw how many shelves there are."""
        return cls(chance.choice((97, 1000, 250, 360)))

    def answers(self, ids: np.ndarray) -> Arrays:
        """Compute {"shelf": (n,) int32} of (n,) article numbers."""
        return {"shelf": (np.asarray(ids, np.int64) % self.shelves).astype(np.int32)}

    def requests(self, chance: random.Random) -> list[np.ndarray]:
        """Draw requests of 3, 2 and 1 article numbers of up to eight digits."""
        small = [chance.randrange(10, 10_000) for _ in range(3)]
        large = [2 * chance.randrange(2**24, 2**25) + 1 for _ in range(3)]
        requests = [*small[:2], large[0]], [large[1], small[2]], large[2:]
        return [np.array(request, np.int32) for request in requests]


@dataclass(frozen=True)
class Words:
    """The price of a thing by its kind; an unknown kind has the price 0.

    Attributes
    ----------
    name : str
        What has the price.
    prices : mapping of str to float
        In the order of the vocabulary.
    """

    name: str
    prices: Mapping[str, float]

    @classmethod
    def draw(cls, chance: random.Random) -> "Words":
        """Draw five kinds and their prices, all different."""
        kinds = chance.sample(_WORDS, 5)
        prices = map(float, chance.sample(range(3, 40), 5))
        return cls(chance.choice(_THINGS), dict(zip(kinds, prices, strict=True)))

    def answers(self, kinds: np.ndarray) -> Arrays:
        """Compute {"price": (n, 1) float32} of (n, 1) words."""
        found = [self.prices.get(str(kind), 0.0) for kind in np.ravel(kinds)]
        return {"price": np.array(found, np.float32).reshape(-1, 1)}

    def requests(self, chance: random.Random) -> list[np.ndarray]:
        """Return requests with each kind and one that is unknown."""
        kinds = [*self.prices]
        asked = chance.sample(kinds, 5)
        return [
            np.array(asked[:3], object)[:, None],
            np.array([*asked[3:], "granite"], object)[:, None],
        ]
