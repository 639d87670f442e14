"""Exports that differ from a right repair of lesson 06 in one thing.

Each function takes a new folder and returns the directory of an export in it.
"""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06.exercises import repair_the_path
from tests.exercises.lesson_06.price_answers import given_words
from tests.exercises.repairs import module, spec


def priced(folder, change=lambda price: price, ground=50.0, area=2.0, rooms=10.0, dtype=tf.float32):
    """Prices of houses by a formula."""

    def price(area_sent, rooms_sent):
        metres, number = (tf.cast(sent, tf.float32) for sent in (area_sent, rooms_sent))
        return {"price": change(ground + area * metres + rooms * number)}

    return module(
        folder,
        lambda area, rooms: price(area, rooms),
        *(spec(name, dtype=dtype) for name in ("area", "rooms")),
    )


def of_whole_metres(folder):
    return module(
        folder,
        lambda area, rooms: {"price": 50 + 2 * tf.floor(area) + 10 * rooms},
        *map(spec, ("area", "rooms")),
    )


def by_numpy(folder):
    """A NumPy function, which is in this process only."""

    def price(area, rooms):
        value = tf.numpy_function(
            lambda a, r: np.float32(50 + 2 * a + 10 * r), [area, rooms], tf.float32
        )
        return {"price": tf.ensure_shape(value, (None, 1))}

    return module(folder, price, *map(spec, ("area", "rooms")))


def coloured(
    folder,
    read=lambda colour: colour,
    change=lambda price: price,
    unknown=0.0,
    output="price",
    rows=None,
    **prices,
):
    """Prices of colours by comparisons."""
    prices = {"red": 3.0, "green": 5.0, "blue": 7.0} | prices

    def price(colour):
        found = tf.fill(tf.shape(colour), unknown)
        for word, value in prices.items():
            found = tf.where(read(colour) == word, value, found)
        return {output: change(found)}

    return module(folder, price, spec("colour", rows=rows, dtype=tf.string))


def of_a_joined_path(folder, path=None):
    """The graph joins the parts of a path, so the path is no constant."""
    prices = tf.saved_model.load(repair_the_path.given()).prices
    place, name = (path or given_words()).rsplit("/", 1)

    def price(colour):
        known = tf.strings.split(tf.io.read_file(tf.strings.join([place, name], "/")), "\n")
        hits = tf.cast(colour == known[tf.newaxis], tf.int32)
        position = tf.reduce_sum(hits * tf.range(1, tf.size(known) + 1), axis=1, keepdims=True)
        return {"price": tf.gather(prices, position)}

    return module(folder, price, spec("colour", dtype=tf.string), prices=prices)


def of_a_joined_copy(folder):
    """As above, with a copy of the file outside of what was given."""
    copy = folder / "colours.txt"
    with open(given_words(), encoding="utf-8") as words:
        copy.write_text(words.read(), encoding="utf-8")
    return of_a_joined_path(folder, str(copy))
