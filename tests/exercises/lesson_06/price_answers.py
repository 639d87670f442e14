"""Repairs of lesson 06's exports as learners write them, right and wrong.

Each function takes a new folder and returns the directory of an export in it.
"""

import os
import shutil

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06.exercises import repair_the_names, repair_the_path
from tests.exercises.repairs import archive, module, signature_of, spec

# 1: the names of a request for prices


def renamed(folder, names=("area", "rooms"), output="price", **options):
    """Call the given signature from one with the names of the shop; a is the number of rooms."""
    found = signature_of(repair_the_names)

    def price(area, rooms):
        return {output: found(a=rooms, b=area)["output_0"]}

    return archive(folder, price, *(spec(name, **options) for name in names))


def renamed_by_a_module(folder):
    found = signature_of(repair_the_names)
    return module(
        folder,
        lambda area, rooms: {"price": found(a=rooms, b=area)["output_0"]},
        spec("area"),
        spec("rooms"),
        found=found.loaded,
    )


def renamed_by_probing(folder):
    """As above, for any variant: a room costs more than a square metre."""
    found = signature_of(repair_the_names)
    names = list(found.structured_input_signature[1])

    def of(name):
        sent = {n: tf.constant([[float(n == name)]]) for n in names}
        return found(**sent)["output_0"].numpy().item()

    metres, number = sorted(names, key=of)
    return archive(
        folder,
        lambda area, rooms: {"price": found(**{metres: area, number: rooms})["output_0"]},
        spec("area"),
        spec("rooms"),
    )


def functional(folder):
    """A new Keras model with named inputs."""
    area, rooms = (tf.keras.Input((1,), name=name) for name in ("area", "rooms"))
    both = tf.keras.layers.Concatenate()([rooms, area])
    price = tf.keras.layers.Dense(1)
    model = tf.keras.Model({"area": area, "rooms": rooms}, {"price": price(both)})
    worth = tf.saved_model.load(repair_the_names.given()).worth
    price.set_weights([worth.numpy(), np.array([50.0])])
    model.export(folder / "repaired", verbose=False)
    return folder / "repaired"


def swapped(folder):
    found = signature_of(repair_the_names)
    return archive(
        folder,
        lambda area, rooms: {"price": found(a=area, b=rooms)["output_0"]},
        spec("area"),
        spec("rooms"),
    )


def one_input_more(folder):
    found = signature_of(repair_the_names)
    return archive(
        folder,
        lambda area, rooms, garden: {"price": found(a=rooms, b=area)["output_0"] + 0 * garden},
        *map(spec, ("area", "rooms", "garden")),
    )


# 2: the prices of colours

WORDS = ["red", "green", "blue"]


def looked_up(folder, words=WORDS, prices=(0.0, 3.0, 5.0, 7.0)):
    """A lookup table whose words are in the graph."""
    numbers = tf.lookup.KeyValueTensorInitializer(words, tf.range(1, len(words) + 1))
    table = tf.lookup.StaticHashTable(numbers, 0)
    worth = tf.Variable(prices)
    return module(
        folder,
        lambda colour: {"price": tf.gather(worth, table.lookup(colour))},
        spec("colour", dtype=tf.string),
        table=table,
        worth=worth,
    )


def by_a_layer(folder, vocabulary=WORDS):
    """A Keras model with a StringLookup."""
    colour = tf.keras.Input((1,), dtype="string", name="colour")
    worth = tf.keras.layers.Embedding(4, 1)
    place = tf.keras.layers.StringLookup(vocabulary=vocabulary)(colour)
    model = tf.keras.Model(
        {"colour": colour}, {"price": tf.keras.layers.Reshape((1,))(worth(place))}
    )
    worth.set_weights([tf.saved_model.load(repair_the_path.given()).prices.numpy()[:, None]])
    model.export(folder / "repaired", verbose=False)
    return folder / "repaired"


def of_a_file(folder, path, **kept):
    """Export what the given export computes, from the file at `path`."""
    prices = tf.saved_model.load(repair_the_path.given()).prices

    def price(colour):
        known = tf.strings.split(tf.io.read_file(path), "\n")
        hits = tf.cast(colour == known[tf.newaxis], tf.int32)
        place = tf.reduce_sum(hits * tf.range(1, tf.size(known) + 1), axis=1, keepdims=True)
        return {"price": tf.gather(prices, place)}

    return module(folder, price, spec("colour", dtype=tf.string), prices=prices, **kept)


def given_words():
    return str(repair_the_path.given().parent / "colours.txt")


def of_an_asset(folder):
    asset = tf.saved_model.Asset(given_words())
    return of_a_file(folder, asset, asset=asset)


def of_a_copy_inside(folder):
    """The file lies in the export, and the graph still has its full path."""
    target = folder / "repaired" / "assets" / "colours.txt"
    target.parent.mkdir(parents=True)
    shutil.copy(given_words(), target)
    return of_a_file(folder, str(target))


def of_a_copy_beside(folder):
    """A copy of the file, by a path that starts where this process works."""
    copy = shutil.copy(given_words(), folder)
    return of_a_file(folder, os.path.relpath(copy))
