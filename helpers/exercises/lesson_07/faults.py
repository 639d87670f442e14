"""What is drawn for the five exports of exercise 2: their faults and their numbers."""

import os
import random
import secrets
from dataclasses import dataclass

import numpy as np

NAMES = ("a", "b", "c", "d", "e")
FAULTS = ("only-python", "dtype", "cut-off", "old-number", "rows", "guard", "xla")
# Two faults of one export that do not hide each other.
PAIRS = (
    ("dtype", "rows"),
    ("dtype", "guard"),
    ("dtype", "xla"),
    ("old-number", "rows"),
    ("old-number", "guard"),
    ("old-number", "xla"),
    ("rows", "guard"),
    ("rows", "xla"),
    ("guard", "xla"),
)
LARGE = 2**24  # float32 does not hold the odd numbers above it
DIFFERENCE = 0.5  # between two prices, at least, where it shows a fault
# What is drawn without a seed: other data in each kernel. A grader needs the same data twice.
_of_this_process = int(os.environ.get("COURSE_DRAW") or secrets.randbits(32))


@dataclass(frozen=True, eq=False)
class DrawnExport:
    """What is in one export, and the request of its golden answers.

    Attributes
    ----------
    faults : frozenset of str
        Some of FAULTS.
    zones : int
        The zone of a parcel is the remainder of its number.
    rates : tuple of two floats
        The price of a zone and of a kilogram.
    base : float
    limit, old_limit : float
        Above the limit, a price is dear.
    other_rates, other_base
        The weights that an export answers with if it is cut off from its own.
    parcels : ndarray, shape (n, 2), int32
        The request.
    """

    faults: frozenset[str]
    zones: int
    rates: tuple[float, float]
    base: float
    limit: float
    old_limit: float
    other_rates: tuple[float, float]
    other_base: float
    parcels: np.ndarray

    @property
    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The right weights of a Dense(1): (2, 1) and (1,) float32."""
        return _dense(self.rates, self.base)

    @property
    def other_weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights that do not count: (2, 1) and (1,) float32."""
        return _dense(self.other_rates, self.other_base)

    def price(self, parcels: np.ndarray) -> np.ndarray:
        """Compute the right price of each parcel, (n,)."""
        return _price(parcels, self.zones, self.rates, self.base)

    def right(self) -> dict[str, np.ndarray]:
        """Compute the golden answers to the request: three outputs of shape (n, 1)."""
        price = self.price(self.parcels)[:, np.newaxis]
        return {
            "price": price.astype(np.float32),
            "above": (price - price.mean()).astype(np.float32),
            "dear": (price > self.limit).astype(np.int32),
        }


def _dense(rates, base):
    return np.array(rates, np.float32)[:, np.newaxis], np.array([base], np.float32)


def _price(parcels, zones, rates, base):
    parcels = np.asarray(parcels)
    return base + rates[0] * (parcels[:, 0] % zones) + rates[1] * parcels[:, 1]


def draw(seed: int | None = None) -> dict[str, DrawnExport]:
    """Draw five exports: one without a fault, three with one, and one with two.

    Parameters
    ----------
    seed : int, optional
        Without a seed, each process draws other ones.

    Returns
    -------
    dict of str to DrawnExport
        By name: "a" to "e".
    """
    chance = random.Random(f"faults {_of_this_process if seed is None else seed}")
    pair = chance.choice(PAIRS)
    single = chance.sample([fault for fault in FAULTS if fault not in pair], 3)
    drawn = [frozenset(), frozenset(pair), *(frozenset([fault]) for fault in single)]
    chance.shuffle(drawn)
    rows = chance.randint(4, 8)  # also the number of rows that an export may be frozen to
    return {name: _export(chance, faults, rows) for name, faults in zip(NAMES, drawn, strict=True)}


def _export(chance, faults, rows):
    while True:
        drawn = _drawn(chance, faults, rows)
        if drawn is not None:
            return drawn


def _drawn(chance, faults, rows):
    """Draw an export, or None if its request would not show each fault."""
    zones = chance.choice([5, 7, 9, 11])
    sizes = [n / 4 for n in range(2, 12)]
    first, second, base, *other = chance.sample(sizes, 6)
    numbers = [2 * chance.randrange(LARGE // 2, 2 * LARGE) + 1 for _ in range(rows - 2)]
    numbers += [chance.randrange(100, LARGE) for _ in range(2)]
    kilograms = chance.sample(range(1, 40), rows)
    parcels = np.array([*zip(numbers, kilograms, strict=True)], np.int32)
    prices = np.sort(_price(parcels, zones, (first, second), base))
    gaps = [n for n in range(rows - 1) if prices[n + 1] - prices[n] >= DIFFERENCE]
    if len(gaps) < 2:
        return None
    limit, old_limit = ((prices[n] + prices[n + 1]) / 2 for n in chance.sample(gaps, 2))
    weights = (first, second), base, float(limit), float(old_limit), (other[0], other[1]), other[2]
    drawn = DrawnExport(faults, zones, *weights, parcels)
    rounded = parcels.astype(np.float32).astype(np.int64)
    apart = abs(drawn.price(parcels) - drawn.price(rounded)) >= DIFFERENCE
    cut = _price(parcels, zones, drawn.other_rates, drawn.other_base)
    if apart.sum() < 2 or (abs(drawn.price(parcels) - cut) < DIFFERENCE).any():
        return None
    return drawn
