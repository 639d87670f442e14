"""The two broken exports of lesson 06's exercises.

Each maker takes a folder and a seed, makes there what a learner gets, and returns the directory of
the export. `drawn_for` tells what was drawn for it.
"""

from pathlib import Path
from typing import Any

from helpers.exercises.lesson_06 import variants as draw

_drawn: dict[Path, Any] = {}  # for each export that a maker has made


def drawn_for(directory: Path) -> Any:
    """Return the numbers and names that a maker drew for an export."""
    return _drawn[directory]


def unnamed(folder: Path, seed: int | None = None) -> Path:
    """Export right prices of houses with inputs called a and b and an output without a name."""
    import tensorflow as tf

    drawn = draw.houses(seed)
    first, second = sorted(drawn.names)
    worth = dict(zip(drawn.names, (drawn.area, drawn.rooms), strict=True))
    columns = [tf.TensorSpec((None, 1), tf.float32, name=name) for name in (first, second)]

    class Prices(tf.Module):
        def __init__(self):
            self.worth = tf.Variable([[worth[first]], [worth[second]]])

        @tf.function(input_signature=columns)
        def price(self, a, b):
            return tf.concat([a, b], axis=1) @ self.worth + drawn.ground

    prices = Prices()
    tf.saved_model.save(prices, str(folder), signatures=prices.price)
    return _made(folder, drawn)


def with_a_path(folder: Path, seed: int | None = None) -> Path:
    """Export prices of colours that are looked up in a file beside the export, by its full path."""
    import tensorflow as tf

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    words = folder / "colours.txt"
    drawn = draw.colours(seed)
    words.write_text("\n".join(drawn), encoding="utf-8")

    class Prices(tf.Module):
        def __init__(self):
            self.prices = tf.Variable([0.0, *drawn.values()])

        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.string, name="colour")])
        def price(self, colour):
            known = tf.strings.split(tf.io.read_file(str(words)), "\n")
            hits = tf.cast(colour == known[tf.newaxis], tf.int32)
            place = tf.reduce_sum(hits * tf.range(1, tf.size(known) + 1), axis=1, keepdims=True)
            return {"price": tf.gather(self.prices, place)}

    prices = Prices()
    tf.saved_model.save(prices, str(folder / "colours"), signatures=prices.price)
    return _made(folder / "colours", drawn)


def _made(directory, drawn):
    _drawn[Path(directory)] = drawn
    return Path(directory)
