"""Repairs of lesson 06's six broken exports as learners write them, right and wrong.

Each function takes a new folder and returns the directory of an export in it.
"""

import os
import shutil

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_06.exercises import (
    repair_for_the_phone,
    repair_the_names,
    repair_the_number_of_rows,
    repair_the_path,
    repair_the_threshold,
    repair_the_weights,
)

KEY = "serving_default"


def spec(name, columns=1, rows=None, dtype=tf.float32):
    return tf.TensorSpec((rows, columns), dtype, name=name)


ROWS = spec("rows", 2)


def signature_of(exercise):
    """The loaded signature that was given; it keeps its loaded object alive."""
    loaded = tf.saved_model.load(exercise.given())
    signature = loaded.signatures[KEY]
    signature.loaded = loaded
    return signature


def module(folder, function, *specs, **kept):
    """A tf.Module with one signature; `kept` are its attributes."""
    saved = tf.Module()
    for name, value in kept.items():
        setattr(saved, name, value)
    signature = tf.function(function, input_signature=specs)
    tf.saved_model.save(saved, str(folder / "repaired"), signatures=signature)
    return folder / "repaired"


def archive(folder, function, *specs, track=None):
    """An ExportArchive with one endpoint."""
    export = tf.keras.export.ExportArchive()
    if track is not None:
        export.track(track)
    export.add_endpoint(KEY, function, list(specs) or None)
    export.write_out(folder / "repaired", verbose=False)
    return folder / "repaired"


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


# 3 and 4: scores, as 2·x0 - x1 + 0.5 and 1.5·x0 + 0.5·x1 - 1


def rescued(folder, exercise=repair_for_the_phone):
    from helpers.readers.rescue import rescue

    rescue(exercise.given(), folder / "repaired")
    return folder / "repaired"


def saved_again(folder, exercise=repair_for_the_phone):
    found = tf.saved_model.load(exercise.given())
    tf.saved_model.save(found, str(folder / "repaired"), signatures=dict(found.signatures))
    return folder / "repaired"


def wrapped(folder, exercise=repair_for_the_phone, spec=ROWS):
    """The given signature as the endpoint of an ExportArchive."""
    found = signature_of(exercise)
    (name,) = found.structured_input_signature[1]
    (output,) = found.structured_outputs
    return archive(folder, lambda rows: found(**{name: rows})[output], spec)


def held_by_a_module(folder, exercise=repair_for_the_phone):
    found = signature_of(exercise)
    (name,) = found.structured_input_signature[1]
    return module(folder, lambda rows: found(**{name: rows}), ROWS, found=found.loaded)


def weights_of(exercise):
    """(kernel, bias), from the checkpoint."""
    path = str(exercise.given() / "variables" / "variables")
    stored = {
        tuple(shape): tf.train.load_variable(path, name)
        for name, shape in tf.train.list_variables(path)
    }
    return stored[2, 1], stored[1,]


def dense(weights):
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    model.set_weights(weights)
    return model


def rebuilt(folder, exercise=repair_for_the_phone, change=lambda kernel, bias: (kernel, bias)):
    """A new model with the stored weights, exported by Keras."""
    dense(change(*weights_of(exercise))).export(folder / "repaired", verbose=False)
    return folder / "repaired"


def saved_the_old_way(folder, exercise=repair_for_the_phone):
    tf.saved_model.save(dense(weights_of(exercise)), str(folder / "repaired"))
    return folder / "repaired"


def of_variables(folder, exercise=repair_the_weights, spec=ROWS):
    kernel, bias = map(tf.Variable, weights_of(exercise))
    return module(folder, lambda rows: rows @ kernel + bias, spec, kernel=kernel, bias=bias)


class Line(tf.keras.Model):
    """The class of exercise 4, with or without a build of its own."""

    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)

    @tf.function(input_signature=[ROWS])
    def call(self, rows):
        return self.dense(rows)


class Built(Line):
    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True


def of_the_class(folder, make=Built):
    model = make()
    model(tf.zeros((1, 2)))
    model.set_weights(weights_of(repair_the_weights))
    return archive(folder, model.call, track=model)


# 5: scores above the average of their request


def above(rows, kernel, bias):
    scores = rows @ kernel + bias
    return {"above": scores - tf.reduce_mean(scores, axis=0)}


def averaged(folder, function=above, spec=ROWS):
    found = tf.saved_model.load(repair_the_number_of_rows.given())
    return module(folder, lambda rows: function(rows, found.kernel, found.bias), spec, found=found)


def averaged_by_an_archive(folder, spec=ROWS):
    kernel, bias = map(tf.Variable, weights_of(repair_the_number_of_rows))
    return archive(folder, lambda rows: above(rows, kernel, bias), spec)


class Above(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)

    def call(self, rows):
        scores = self.dense(rows)
        return {"above": scores - tf.reduce_mean(scores, axis=0)}


def averaged_by_keras(folder):
    model = Above()
    model(tf.zeros((3, 2)))
    model.set_weights(weights_of(repair_the_number_of_rows))
    model.export(folder / "repaired", verbose=False, input_signature=[ROWS])
    return folder / "repaired"


def opened_only(folder):
    """Promise any number of rows, with a graph that still divides by 4."""
    found = signature_of(repair_the_number_of_rows)
    return archive(folder, lambda rows: dict(found(rows=rows)), ROWS)


# 6: labels by a different threshold


def labelled(folder, threshold=0.8, make=archive, judge=lambda score, t: score > t, spec=ROWS):
    found = signature_of(repair_the_threshold)

    def function(rows):
        score = found(rows=rows)["score"]
        return {"score": score, "label": tf.cast(judge(score, threshold), tf.int32)}

    kept = {"found": found.loaded} if make is module else {}
    return make(folder, function, spec, **kept)


def with_a_variable(folder, dtype=tf.int64, limit=0.8):
    kernel, bias = map(tf.Variable, weights_of(repair_the_threshold))
    threshold = tf.Variable(limit)

    def function(rows):
        score = rows @ kernel + bias
        return {"score": score, "label": tf.cast(score > threshold, dtype)}

    return module(folder, function, ROWS, kernel=kernel, bias=bias, threshold=threshold)


def of_the_restored_function(folder):
    """Saving traced the function again, so the restored function has the new threshold."""
    found = tf.saved_model.load(repair_the_threshold.given())
    signatures = found.serving_default.get_concrete_function(ROWS)
    tf.saved_model.save(found, str(folder / "repaired"), signatures=signatures)
    return folder / "repaired"


def attribute_set(folder):
    found = tf.saved_model.load(repair_the_threshold.given())
    found.threshold = 0.8
    tf.saved_model.save(found, str(folder / "repaired"), signatures=dict(found.signatures))
    return folder / "repaired"


def label_only(folder):
    found = signature_of(repair_the_threshold)
    return archive(
        folder, lambda rows: {"label": tf.cast(found(rows=rows)["score"] > 0.8, tf.int32)}, ROWS
    )
