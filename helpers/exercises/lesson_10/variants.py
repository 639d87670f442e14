"""The numbers, names and words of lesson 10's exercises for each seed, and the right answers.

Each exercise has a function that draws them. Without a seed they are those of the lesson's page.
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

TIGHT, LOOSE = 0.01, 0.2  # the largest errors that the customers of exercise 4 accept
_SIZES = 0.75, 1.25, 1.5, 2.0, 2.75, 3.5  # of weights
_TEXT_KEYS = "advice", "label", "note", "words"
_FOLDERS = "north", "south", "west"
_WORDS = (
    "awful",
    "bright",
    "clever",
    "dark",
    "fine",
    "funny",
    "lovely",
    "noisy",
    "slow",
    "strange",
    "superb",
    "weak",
)


@dataclass(frozen=True)
class Bakery:
    """The scores of exercise 1.

    Attributes
    ----------
    kernel : tuple of three floats
        predict_two uses the first two of them.
    bias : float
    keys : tuple of str
        The signatures, in the order of the export.
    """

    kernel: tuple[float, float, float] = (3.0, -1.0, 0.75)
    bias: float = 0.5
    keys: tuple[str, ...] = ("advice", "predict_two", "predict_three")

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores, (n, 1), of rows of two or three numbers."""
        return x @ np.array(self.kernel[: x.shape[1]], np.float32)[:, np.newaxis] + self.bias


@dataclass(frozen=True)
class Meter:
    """The network and the readings of exercise 4.

    Attributes
    ----------
    seed : int
        Of the weights and of the readings.
    largest : float
        The readings lie between -largest and largest. All errors grow with them.
    bytes_for : dict of float to float
        For each error budget, the bytes of a weight in the smallest kind that keeps it.
    """

    seed: int
    largest: float
    bytes_for: dict[float, float]


@dataclass(frozen=True)
class Reviews:
    """The opinion about a review in exercise 5.

    Attributes
    ----------
    worth : dict of str to float
        Of each word that is counted, in the order of the counts.
    start : float
        The opinion about a review without these words.
    folders : tuple of str
        The names of the exports of houses, of colours and of reviews.
    """

    worth: dict[str, float]
    start: float = 0.25
    folders: tuple[str, str, str] = ("houses", "colours", "reviews")

    @property
    def stuck(self) -> str:
        """The name of the export that cannot run in LiteRT."""
        return self.folders[-1]

    def counts(
        self,
        reviews: Iterable[str],
        split: Callable[[str], Iterable[str]] = lambda text: re.findall("[a-z]+", text.lower()),
    ) -> np.ndarray:
        """Count each word in each review, (n, words) float32."""
        found = [list(split(text)) for text in reviews]
        counts = [[words.count(word) for word in self.worth] for words in found]
        return np.array(counts, np.float32).reshape(-1, len(self.worth))

    def opinions(self, counts: np.ndarray) -> np.ndarray:
        """Compute the opinions, (n, 1) float32, from counts."""
        return counts @ np.array([*self.worth.values()], np.float32)[:, np.newaxis] + self.start


def bakery(seed: int | None = None) -> Bakery:
    """Draw the weights of exercise 1, the order of the signatures, and the name of one of them."""
    if seed is None:
        return Bakery()
    chance = random.Random(f"1 {seed}")
    # Numbers of different sizes, so that none can stand in another's place.
    one, two, three, bias = (size * chance.choice([-1, 1]) for size in chance.sample(_SIZES, 4))
    keys = chance.sample([chance.choice(_TEXT_KEYS), "predict_two", "predict_three"], 3)
    return Bakery((one, two, three), bias, tuple(keys))


def meter(seed: int | None = None) -> Meter:
    """Draw how large the readings of exercise 4 are. It decides which kinds keep the budgets."""
    if seed is None:
        return Meter(0, 20.0, {TIGHT: 2, LOOSE: 1})
    largest, tight, loose = ((16.0, 2, 1), (600.0, 4, 2), (1.5, 1, 0.5))[seed % 3]
    return Meter(seed, largest, {TIGHT: tight, LOOSE: loose})


def reviews(seed: int | None = None) -> Reviews:
    """Draw the words of exercise 5, what each is worth, and the names of the three exports."""
    if seed is None:
        return Reviews({"good": 1.0, "great": 2.0, "bad": -1.0, "dull": -0.5})
    chance = random.Random(f"4 {seed}")
    words = chance.sample(_WORDS, chance.randint(3, 5))
    sizes = chance.sample(_SIZES, len(words) + 1)
    *worth, start = (size * chance.choice([-1, 1]) for size in sizes)
    houses, colours, stuck = chance.sample(_FOLDERS, 3)
    return Reviews(dict(zip(words, worth, strict=True)), start, (houses, colours, stuck))
