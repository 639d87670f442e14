"""The numbers, names and words of lesson 06's exercises, for each seed, and the right answers.

Each exercise has a function that draws them. Without a seed they are those of the lesson's page.
"""

import random
from dataclasses import dataclass

import numpy as np

_NAMES = ("x", "y"), ("first", "second"), ("in_1", "in_2"), ("p", "q")
_WORDS = [
    "amber",
    "black",
    "cyan",
    "gold",
    "indigo",
    "lime",
    "orange",
    "purple",
    "teal",
    "violet",
    "white",
    "yellow",
]


@dataclass(frozen=True)
class Houses:
    """What a house costs, in thousands, and the names under which an export takes its numbers."""

    ground: float = 50.0
    area: float = 2.0
    rooms: float = 10.0
    names: tuple[str, str] = ("b", "a")  # of the area, of the rooms

    def price(self, area: np.ndarray, rooms: np.ndarray) -> dict[str, np.ndarray]:
        """Compute {"price": ...} of columns of numbers, (n, 1) float32."""
        price = self.ground + self.area * area + self.rooms * rooms
        return {"price": price.astype(np.float32)}


def houses(seed: int | None = None) -> Houses:
    """Draw what exercise 3 starts from. A room always costs more than a square metre."""
    if seed is None:
        return Houses()
    chance = random.Random(f"1 {seed}")
    names = chance.choice(_NAMES)
    return Houses(
        chance.choice([20.0, 30.0, 40.0, 60.0, 70.0]),
        chance.choice([1.5, 2.5, 3.0, 4.0]),
        chance.choice([6.0, 8.0, 12.0, 15.0]),
        chance.choice([names, names[::-1]]),
    )


def colours(seed: int | None = None) -> dict[str, float]:
    """Draw the price of each colour of exercise 4."""
    if seed is None:
        return {"red": 3.0, "green": 5.0, "blue": 7.0}
    chance = random.Random(f"2 {seed}")
    words = chance.sample(_WORDS, chance.randint(4, 6))
    return dict(zip(words, map(float, chance.sample(range(2, 20), len(words))), strict=True))
