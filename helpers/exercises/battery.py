"""Inputs that tell a right answer from one that is right for a few friendly rows only.

They are made and not written down: each exercise says what its numbers and words are, and gets the
same batches as every other exercise.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

ROWS = 300
SIZES = (1, 2, 7, ROWS)  # and 0, where a reader takes an empty batch
OUTSIDE, LARGE = 5, 100  # times the width of the range of the training
UNKNOWN = ("", " ", "unknown", "é", "0", "?")


def numbers(
    columns: int,
    low: float = -1.0,
    high: float = 1.0,
    exactly: Iterable[float] = (),
    ignored: Sequence[int] = (),
    reach: float = LARGE,
    seed: int = 0,
) -> np.ndarray:
    """Make rows of numbers: inside the range of the training, outside, fractions, large, negative.

    Parameters
    ----------
    columns : int
    low, high : float
        The range of the training.
    exactly : iterable of float
        Constants of the exercise. Some rows hold each of them exactly, the next smaller and the
        next larger float32, and values that are 1 % smaller and larger.
    ignored : sequence of int
        Columns that must not matter. Some rows hold nan, infinity and large numbers there.
    reach : float
        Largest distance from the middle of the range, in widths of the range.
    seed : int

    Returns
    -------
    (300, columns) float32 array
    """
    chance, width = np.random.default_rng(seed), high - low
    middle = (low + high) / 2
    parts = [
        np.full((1, columns), middle),
        chance.uniform(low, high, (ROWS // 2, columns)),
        middle + chance.uniform(-OUTSIDE, OUTSIDE, (ROWS // 5, columns)) * width,
        middle + chance.uniform(-reach, reach, (ROWS // 10, columns)) * width,
        chance.uniform(low, high, (ROWS // 15, columns)) / 1000,
        np.round(middle + chance.uniform(-OUTSIDE, OUTSIDE, (ROWS // 15, columns)) * width),
        np.zeros((1, columns)),
    ]
    rows = np.concatenate(parts).astype(np.float32)
    rows = np.resize(rows, (ROWS, columns))
    for place, value in enumerate(around(exactly)):
        rows[ROWS // 2 + place % (ROWS // 2), place % columns] = value
    rows = chance.permutation(rows)
    for column in ignored:
        rows[2::3, column] = chance.choice([np.nan, np.inf, -1e30, 1e30, -300.0], len(rows[2::3]))
    return rows


def around(constants: Iterable[float]) -> list[float]:
    """Return each constant exactly, the float32 on each side of it, and 1 % less and more."""
    values: list[float] = []
    for constant in map(np.float32, constants):
        one = abs(constant) * np.float32(0.01) or np.float32(0.01)
        values += [
            float(constant),
            float(np.nextafter(constant, np.float32(-np.inf))),
            float(np.nextafter(constant, np.float32(np.inf))),
            float(constant - one),
            float(constant + one),
        ]
    return values


def words(known: Iterable[str], seed: int = 0, unknown: Iterable[str] = UNKNOWN) -> np.ndarray:
    """Make texts: each known word, and its variants that are not the word.

    Parameters
    ----------
    known : iterable of str
        The words of the exercise.
    seed : int
    unknown : iterable of str
        Further texts.

    Returns
    -------
    (300,) object array of str
        Every known word and every variant at least once: in capitals, in small letters, with
        blanks, a prefix, longer by a letter, and repeated.
    """
    made = [*unknown]
    for word in known:
        made += [word, word, word.upper(), word.lower(), word.capitalize(), word.swapcase()]
        made += [f" {word}", f"{word} ", word[:-1], f"{word}s", word + word, f"{word} {word}"]
    made = list(dict.fromkeys(made)) + list(known)
    chance = np.random.default_rng(seed)
    filled = np.resize(np.array(made, object), max(ROWS, len(made)))
    return chance.permutation(filled)


def batches(inputs: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Cut columns of many rows into batches of 0, 1, 2, 7 and all rows.

    Parameters
    ----------
    inputs : mapping of str to ndarray
        All with the same number of rows.

    Returns
    -------
    dict of str to dict
        {"7 rows": {name: array of 7 rows}}. The small batches hold other rows than each other.
    """
    made, start = {}, 0
    count = len(next(iter(inputs.values())))
    for size in (0, *(size for size in SIZES if size < count), count):
        begin = 0 if size == count else start
        rows = slice(begin, begin + size)
        made[f"{size} row{'s' * (size != 1)}"] = {name: x[rows] for name, x in inputs.items()}
        start += size
    return made
