"""Repairs of exercise 3 of lesson 07 as learners write them.

Each function takes a new folder and returns the directory of an export in it.
"""

import tensorflow as tf

from helpers.exercises.lesson_07.exercises import repair_without_code
from tests.exercises import repairs
from tests.exercises.repairs import ROWS, archive, module, signature_of, spec


class Given:
    """One of the two exports that exercise 3 hands out."""

    def __init__(self, position):
        self.position = position

    def given(self):
        return repair_without_code.given()[self.position]


SCORES, LISTS = Given(0), Given(1)


def saved_again(folder, exercise=SCORES):
    return repairs.saved_again(folder, exercise)


def wrapped(folder, exercise=SCORES, spec=ROWS):
    """The given signature as the endpoint of an ExportArchive."""
    found = signature_of(exercise)
    (name,) = found.structured_input_signature[1]
    (output,) = found.structured_outputs
    return archive(folder, lambda rows: found(**{name: rows})[output], spec)


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


def rebuilt(folder, exercise=SCORES, change=lambda kernel, bias: (kernel, bias)):
    """A new model with the stored weights, exported by Keras."""
    dense(change(*weights_of(exercise))).export(folder / "repaired", verbose=False)
    return folder / "repaired"


def saved_the_old_way(folder, exercise=SCORES):
    tf.saved_model.save(dense(weights_of(exercise)), str(folder / "repaired"))
    return folder / "repaired"


def of_variables(folder, exercise=SCORES, spec=ROWS):
    kernel, bias = map(tf.Variable, weights_of(exercise))
    return module(folder, lambda rows: rows @ kernel + bias, spec, kernel=kernel, bias=bias)


def of_loaded_variables(folder):
    """The variables of the loaded export, read by a function of one's own."""
    found = tf.saved_model.load(SCORES.given())
    kernel, bias = sorted(found.variables, key=lambda variable: -len(variable.shape))
    return module(folder, lambda rows: {"y": rows @ kernel + bias}, spec("x", 2), found=found)


def of_two_layers(folder):
    """A functional model: a layer without a bias, and one that adds it."""
    kernel, bias = weights_of(SCORES)
    rows = tf.keras.Input((2,), name="rows")
    score = tf.keras.layers.Dense(1, use_bias=False, name="product")(rows)
    model = tf.keras.Model(rows, tf.keras.layers.Rescaling(1.0, bias.item())(score))
    model.set_weights([kernel])
    model.export(folder / "repaired", verbose=False)
    return folder / "repaired"


class Line(tf.keras.Model):
    """The class of the scores, with or without a build of its own."""

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
    model.set_weights(weights_of(SCORES))
    return archive(folder, model.call, track=model)


# Scores above the mean of their list


def above(rows, kernel, bias):
    scores = rows @ kernel + bias
    return {"above": scores - tf.reduce_mean(scores, axis=0)}


def averaged(folder, function=above, spec=ROWS):
    found = tf.saved_model.load(LISTS.given())
    return module(folder, lambda rows: function(rows, found.kernel, found.bias), spec, found=found)


def averaged_by_an_archive(folder, spec=ROWS):
    kernel, bias = map(tf.Variable, weights_of(LISTS))
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
    model.set_weights(weights_of(LISTS))
    model.export(folder / "repaired", verbose=False, input_signature=[ROWS])
    return folder / "repaired"


def opened_only(folder):
    """Promise any number of rows, with a graph that still divides by 4."""
    found = signature_of(LISTS)
    return archive(folder, lambda rows: dict(found(rows=rows)), ROWS)
