"""Repairs of lesson 07's exports as learners write them.

Each function takes a new folder and returns the directory of an export in it.
"""

import tensorflow as tf

from helpers.exercises.lesson_07.exercises import (
    repair_for_the_phone,
    repair_the_number_of_rows,
    repair_the_threshold,
    repair_the_weights,
)
from tests.exercises import repairs
from tests.exercises.repairs import ROWS, archive, module, signature_of, spec


def rescued(folder, exercise=repair_for_the_phone):
    from helpers.readers.rescue import rescue

    rescue(exercise.given(), folder / "repaired")
    return folder / "repaired"


def saved_again(folder, exercise=repair_for_the_phone):
    return repairs.saved_again(folder, exercise)


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


def of_loaded_variables(folder):
    """The variables of the loaded export, read by a function of one's own."""
    found = tf.saved_model.load(repair_the_weights.given())
    kernel, bias = sorted(found.variables, key=lambda variable: -len(variable.shape))
    return module(folder, lambda rows: {"y": rows @ kernel + bias}, spec("x", 2), found=found)


def of_two_layers(folder):
    """A functional model: a layer without a bias, and one that adds it."""
    kernel, bias = weights_of(repair_the_weights)
    rows = tf.keras.Input((2,), name="rows")
    score = tf.keras.layers.Dense(1, use_bias=False, name="product")(rows)
    model = tf.keras.Model(rows, tf.keras.layers.Rescaling(1.0, bias.item())(score))
    model.set_weights([kernel])
    model.export(folder / "repaired", verbose=False)
    return folder / "repaired"


class Line(tf.keras.Model):
    """The class of exercise 2, with or without a build of its own."""

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


# 3: scores above the average of their request


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


# 4: labels by a different threshold


def labelled(
    folder,
    threshold=0.8,
    make=archive,
    judge=lambda score, t: score > t,
    change=lambda label: label,
):
    found = signature_of(repair_the_threshold)

    def function(rows):
        score = found(rows=rows)["score"]
        return {"score": score, "label": change(tf.cast(judge(score, threshold), tf.int32))}

    kept = {"found": found.loaded} if make is module else {}
    return make(folder, function, ROWS, **kept)


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
