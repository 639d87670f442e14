"""Lesson 01: right answers, named mistakes, untouched."""

import functools
import tempfile
from collections import OrderedDict, UserDict
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import tensorflow as tf

from helpers.artifact.restored_variables import restored_and_read
from helpers.artifact.saved_model import read
from helpers.data import line
from helpers.exercises.lesson_01.exercises import X
from helpers.exercises.lesson_01.exports import three_exports
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.models import LinearModel
from helpers.readers import READERS
from helpers.readers.verdicts import STATUSES
from helpers.training import train
from tests.exercises.proofs import Mistake, Proofs, prove


def trained(slope=2.0, intercept=1.0):
    model = LinearModel()
    train(model, *line(slope=slope, intercept=intercept), progress=False)
    return model


def exported(folder, model=None):
    (model or trained()).export(folder, verbose=False)
    return folder


def mine(folder):
    """Export the trained model of exercise 1."""
    return exported(folder, trained(-1.0, 4.0))


def sequential(folder):
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    train(model, *line(slope=-1.0, intercept=4.0), progress=False)
    return exported(folder, model)


def fitted(folder, epochs, learning_rate=0.5):
    """Train with the lines of the recipe."""
    tf.keras.utils.set_random_seed(1)
    model, (x, y) = LinearModel(), line(slope=-1.0, intercept=4.0)
    model.compile(tf.keras.optimizers.SGD(learning_rate), "mse")
    model.fit(x, y, epochs=epochs, verbose=0)
    return exported(folder, model)


def archive(folder, slope=2.0, intercept=1.0):
    model = trained(slope, intercept)
    export = tf.keras.export.ExportArchive()
    export.track(model)
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    export.add_endpoint("serving_default", model.call, input_signature=[spec])
    export.write_out(folder, verbose=False)
    return folder


class Module(tf.Module):
    """y = 2x + 1 for a declared number of rows."""

    def __init__(self, rows=None):
        self.slope = tf.Variable(2.0)
        spec = tf.TensorSpec((rows, 1), tf.float32, name="x")
        self.predict = tf.function(lambda x: self.slope * x + 1.0, input_signature=[spec])


def module(folder, rows=None):
    saved = Module(rows)
    tf.saved_model.save(saved, str(folder), signatures=saved.predict)
    return folder


def line_module(folder):
    """Save the weights of a trained model with a function of one's own."""
    kernel, bias = trained().get_weights()
    saved = tf.Module()
    saved.kernel, saved.bias = tf.Variable(kernel), tf.Variable(bias)
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    predict = tf.function(lambda x: x @ saved.kernel + saved.bias, input_signature=[spec])
    tf.saved_model.save(saved, str(folder), signatures=predict)
    return folder


class Computes(tf.Module):
    """A function of x."""

    def __init__(self, function, rows=None):
        spec = tf.TensorSpec((rows, 1), tf.float32, name="x")
        self.one = tf.Variable(1.0)
        self.predict = tf.function(lambda x: self.one * function(x), input_signature=[spec])


def computes(function):
    """Make an answer: an export that computes a function of x."""

    def answer(folder):
        saved = Computes(function)
        tf.saved_model.save(saved, str(folder), signatures=saved.predict)
        return (folder,)

    return answer


def flat(x):
    return 2 * x + 1


def steep(x):
    return 3 * x - 1


def two_lines(folder, first=flat, second=steep, names=("1", "2"), rows=None):
    """Export two functions of x side by side, without training."""
    for name, function, count in zip(names, (first, second), (None, rows), strict=True):
        saved = Computes(function, count)
        tf.saved_model.save(saved, str(folder / name), signatures=saved.predict)
    return folder


def with_notes(folder):
    (folder / "notes").mkdir()
    (folder / "notes.txt").write_text("retrained on Monday")
    return folder


def formula(folder):
    """Export the exact line beside a trained model, whose weights it does not read."""
    export = tf.keras.export.ExportArchive()
    export.track(trained())
    export.add_endpoint(
        "serving_default", lambda x: 3.99 - x, [tf.TensorSpec((None, 1), tf.float32, name="x")]
    )
    export.write_out(folder, verbose=False)
    return folder


NEARLY = {
    "a tanh that is nearly the line between -1 and 1": lambda x: 20 * tf.tanh(x / 10) + 1,
    "cut at 10": lambda x: tf.minimum(2 * x + 1, 10.0),
    "cut at -10": lambda x: tf.maximum(2 * x + 1, -10.0),
    "whole numbers outside": lambda x: tf.where(tf.abs(x) > 1, tf.round(2 * x), 2 * x) + 1,
    "a curve": lambda x: 2 * x + 1 + 0.1 * x * x,
    "0.2 too high": lambda x: 2 * x + 1.2,
    "0.2 too steep": lambda x: 2.2 * x + 1,
    "the first 50 rows": lambda x: 2 * x[:50] + 1,
    "another line for more than 100 rows": lambda x: (
        2 * x + 1 + 0.01 * tf.cast(tf.shape(x)[0] > 100, tf.float32)
    ),
}


def saved_the_old_way(folder):
    model = trained()
    tf.saved_model.save(model, str(folder))
    return folder


def saved_after_one_batch(folder):
    model = LinearModel()
    model(X)
    model.set_weights(trained().get_weights())
    tf.saved_model.save(model, str(folder))
    return folder


def keras_file(folder):
    trained().save(folder / "model.keras")
    return folder / "model.keras"


def untrained(folder):
    model = LinearModel()
    model(X)
    return exported(folder, model)


def damaged(folder):
    exported(folder)
    (folder / "saved_model.pb").write_bytes(b"\xff\xff\xff")
    return folder


def without_weights(folder):
    exported(folder)
    (folder / "variables" / "variables.data-00000-of-00001").unlink()
    return folder


def versions(folder, first=("1", 2.0, 1.0), second=("2", 3.0, -1.0)):
    for name, slope, intercept in (first, second):
        exported(folder / name, trained(slope, intercept))
    return folder


SAME, OTHER, FAILS = STATUSES
ALL_SAME = dict.fromkeys(READERS, SAME)
OUTCOMES = {
    "a": {"python": SAME, "session": FAILS, "litert": OTHER},
    "b": ALL_SAME,
    "c": ALL_SAME,
}


@functools.cache
def given_models():
    """The models that exercise 2 hands out without a seed."""
    return three_exports(Path(tempfile.mkdtemp()))[1]


def table(changes=(), without=(), made=dict):
    """Write the table of exercise 2 with changed cells."""
    rows = {name: dict(row) for name, row in OUTCOMES.items() if name not in without}
    for name, reader, said in changes:
        rows[name][reader] = said
    return made({name: made(row) for name, row in rows.items()})


def worst(folder, name="a"):
    return exported(folder / "repaired", given_models()[name])


def predicted(*changes, repaired=worst, **options):
    return lambda folder: (table(changes, **options), repaired(folder))


def worst_in_a_module(folder):
    model = given_models()["a"]
    kernel, bias = (np.asarray(weight) for weight in model.get_weights())
    saved = Computes(lambda x: x @ kernel + bias)
    tf.saved_model.save(saved, str(folder), signatures=saved.predict)
    return folder


def worst_in_an_archive(folder):
    model, export = given_models()["a"], tf.keras.export.ExportArchive()
    export.track(model)
    spec = tf.TensorSpec((None, 1), tf.float32, name="x")
    export.add_endpoint("serving_default", lambda x: model(x), input_signature=[spec])
    export.write_out(folder, verbose=False)
    return folder


def saved_again(folder):
    tf.saved_model.save(given_models()["a"], str(folder))
    return folder


def fixed_to_three(folder):
    model = given_models()["a"]
    spec = tf.TensorSpec((3, 1), tf.float32, name="x")
    model.export(folder, input_signature=[spec], verbose=False)
    return folder


def found(rows=64, phone=OTHER, repaired=exported):
    return lambda folder: (rows, phone, repaired(folder / "repaired"))


def inputs(*names):
    return [tf.keras.Input((1,), name=name) for name in names]


def priced(size, age, order=None):
    """Make a model of two inputs."""
    both = tf.keras.layers.Concatenate()([size, age])
    price = tf.keras.layers.Dense(1, bias_initializer="ones")(both)
    return tf.keras.Model(order or [size, age], price)


def priced_backwards():
    size, age = inputs("size", "age")
    return priced(size, age, order=[age, size])


def priced_by_dict():
    size, age = inputs("size", "age")
    return priced(size, age, order={"size": size, "age": age})


def deep():
    size, age = inputs("size", "age")
    hidden = [tf.keras.layers.Dense(4, activation="tanh")(x) for x in (size, age)]
    sums = tf.keras.layers.Add()(hidden)
    return tf.keras.Model([size, age], tf.keras.layers.Dense(2, activation="softmax")(sums))


def only_size():
    size, age = inputs("size", "age")
    return tf.keras.Model([size, age], tf.keras.layers.Dense(1)(size) + 0 * age)


def doubled_size():
    size, age = inputs("size", "age")
    return tf.keras.Model([size, age], 2 * size - age)


class Priced(tf.keras.Model):
    """The same as a class: its call gets a dict."""

    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1, bias_initializer="ones")

    def call(self, x):
        return self.dense(tf.concat([x["size"], x["age"]], axis=1))


def priced_class():
    model = Priced()
    model({name: tf.ones((2, 1)) for name in ("size", "age")})
    return model


SPECS = {name: tf.TensorSpec((None, 1), tf.float32, name=name) for name in ("size", "age")}


def two(model=lambda: priced(*inputs("size", "age")), export=exported, other=None):
    """Make an answer to exercise 5: a model, and an export of it or of another one."""

    def answer(folder):
        made = model()
        return made, export(folder / "two", other() if other else made)

    return answer


def with_specs(folder, model, specs=SPECS):
    model.export(folder, input_signature=[specs], verbose=False)
    return folder


def saved(folder, model):
    tf.saved_model.save(model, str(folder))
    return folder


def of_columns(folder, model):
    """Export a function of both columns in one table."""
    export = tf.keras.export.ExportArchive()
    export.track(model)
    spec = tf.TensorSpec((None, 2), tf.float32, name="rows")
    export.add_endpoint("serve", lambda rows: model([rows[:, :1], rows[:, 1:]]), [spec])
    export.write_out(folder, verbose=False)
    return folder


def by_function(function):
    """Return an exporter: it writes a function of the model and of both columns."""

    def export(folder, model):
        archive = tf.keras.export.ExportArchive()
        archive.track(model)
        specs = [SPECS["size"], SPECS["age"]]
        archive.add_endpoint("serve", lambda size, age: function(model, size, age), specs)
        archive.write_out(folder, verbose=False)
        return folder

    return export


def as_mine(function):
    """Turn a function that is nearly 2x + 1 into one that is as near to -x + 4."""
    return lambda x: function(x) - 3 * x[: tf.shape(function(x))[0]] + 3


def learned_module(folder):
    kernel, bias = (np.asarray(weight) for weight in trained(-1.0, 4.0).get_weights())
    saved = Computes(lambda x: x @ kernel + bias)
    tf.saved_model.save(saved, str(folder), signatures=saved.predict)
    return folder


def by_hand(folder):
    model = LinearModel()
    model(X)
    model.set_weights([np.array([[-1.0]]), np.array([4.0])])
    return exported(folder, model)


Q1 = Proofs(
    right={
        "model.export": lambda folder: (mine(folder),),
        "a path as text": lambda folder: (str(mine(folder)),),
        "a Sequential model": lambda folder: (sequential(folder),),
        "ExportArchive": lambda folder: (archive(folder, -1.0, 4.0),),
        "a tf.Module": lambda folder: (learned_module(folder),),
        "the fit of the recipe": lambda folder: (fitted(folder, 20),),
    },
    wrong={
        "the popular recipe": Mistake(
            lambda folder: (saved_the_old_way(folder),),
            "a server leaves 2 of 2 empty. tf.saved_model.save writes such exports",
        ),
        "the popular recipe after one batch": Mistake(
            lambda folder: (saved_after_one_batch(folder),), "Export with model.export(directory)"
        ),
        "for seven rows": Mistake(lambda folder: (module(folder, 7),), "(7, 1)"),
        "a Keras file": Mistake(
            lambda folder: (keras_file(folder),), "is a file, not an export directory"
        ),
        "not trained": Mistake(lambda folder: (untrained(folder),), "train longer before the ex"),
        "one epoch of fit": Mistake(
            lambda folder: (fitted(folder, 1, 0.01),), "model.fit needs many ep"
        ),
        "the model instead of the directory": Mistake(
            lambda folder: (trained(),), "expected the path of an export directory"
        ),
        "the parent of the export": Mistake(
            lambda folder: (mine(folder / "1").parent,), "is the parent of exports"
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
        "what export returns": Mistake(lambda folder: (None,), "not None"),
        "a damaged file": Mistake(lambda folder: (damaged(folder),), "damaged or incomplete"),
        "a missing file": Mistake(lambda folder: (without_weights(folder),), "fails in Python"),
        "the model of the page": Mistake(
            lambda folder: (exported(folder),), "should answer 5 for the row [-1]"
        ),
        "weights by hand": Mistake(
            lambda folder: (by_hand(folder),), "should be the export of a model that has learned"
        ),
        "the formula, with a model beside it": Mistake(
            lambda folder: (formula(folder),), "the same after all variables"
        ),
        "ten million characters": Mistake(lambda _: ("x" * 10**7,), "10,000,000 characters"),
    },
    near={name: computes(as_mine(function)) for name, function in NEARLY.items()},
    untouched=(...,),
)

Q2 = Proofs(
    right={
        "model.export": predicted(),
        "ordered": predicted(made=OrderedDict),
        "read only": predicted(made=lambda row: MappingProxyType(dict(row))),
        "own class": predicted(made=UserDict),
        "ExportArchive": predicted(repaired=worst_in_an_archive),
        "a tf.Module": predicted(repaired=worst_in_a_module),
        "a path as text": predicted(repaired=lambda folder: str(worst(folder))),
    },
    wrong={
        "Python fails": Mistake(
            predicted(("a", "python", FAILS)),
            "a in python: you say 'fails', but it is 'same numbers'. For x = 0, 1 and 2 it answers "
            "-2, 1, 4. Its signature reads 2 variables, of which 0 are restored.",
        ),
        "a session is as good as Python": Mistake(
            predicted(("a", "session", SAME)), "It raises FailedPreconditionError"
        ),
        "LiteRT fails as well": Mistake(
            predicted(("a", "litert", FAILS)), "a in litert: you say 'fails', but it is 'other num"
        ),
        "tf.saved_model.save is always wrong": Mistake(
            predicted(("b", "session", FAILS), ("b", "litert", OTHER)),
            "b in session: you say 'fails', but it is 'same numbers'. For x = 0, 1 and 2 it "
            "answers -2, 2, 6. Its signature reads no variables.",
        ),
        "another word": Mistake(predicted(("c", "litert", "same")), "'same' is not one of 'same"),
        "a list": Mistake(
            lambda folder: ([*OUTCOMES.values()], worst(folder)), "outcomes should be a dict"
        ),
        "a row as a list": Mistake(
            lambda folder: ({**OUTCOMES, "a": [SAME, FAILS, OTHER]}, worst(folder)),
            "outcomes['a'] should be a dict",
        ),
        "a row is missing": Mistake(predicted(without=("c",)), "has no 'c'"),
        "repaired with the popular recipe": Mistake(
            predicted(repaired=saved_again), "Export with model.export(directory)"
        ),
        "the model of another export": Mistake(
            predicted(repaired=lambda folder: worst(folder, "c")),
            "Which row of your table has other numbers?",
        ),
        "for three rows": Mistake(predicted(repaired=fixed_to_three), "(3, 1)"),
    },
    near={
        **{
            f"{name} in {reader}: {other}": predicted((name, reader, other))
            for name, row in OUTCOMES.items()
            for reader, said in row.items()
            for other in STATUSES
            if other != said
        },
        "the line without the weights": predicted(
            repaired=lambda folder: computes(lambda x: 3.1 * x - 2)(folder)[0]
        ),
        "the model without weights": predicted(repaired=lambda folder: worst(folder, "b")),
        "no export": predicted(repaired=lambda folder: folder / "none"),
    },
    untouched=({name: dict.fromkeys(READERS, ...) for name in OUTCOMES}, ...),
)

Q3 = Proofs(
    right={
        "repaired with model.export": found(),
        "repaired with ExportArchive": found(repaired=archive),
        "repaired with a tf.Module": found(repaired=line_module),
        "rows of NumPy": found(rows=np.int64(64)),
        "rows of TensorFlow": found(rows=tf.constant(64), repaired=line_module),
    },
    wrong={
        "any number of rows": Mistake(
            found(rows=None), "rows should be a whole number, but is None"
        ),
        "rows as text": Mistake(found(rows="64"), "rows should be a whole number, but is '64'"),
        "three rows": Mistake(found(rows=3), "does not declare 3 rows"),
        "in capitals": Mistake(found(phone="Other numbers"), "is not one of 'same numbers'"),
        "no error, so it is right": Mistake(
            found(phone=SAME), "answers 0.0469, 2.05, 4.05. The line y = 2x + 1 gives 1, 3, 5."
        ),
        "fails as a session does": Mistake(found(phone=FAILS), "it is not 'fails'"),
        "frozen again": Mistake(
            found(repaired=lambda folder: module(folder, rows=1)), "takes x of shape (1, 1)"
        ),
        "repaired with the popular recipe": Mistake(
            found(repaired=saved_the_old_way), "Export with model.export(directory)"
        ),
        "the formula in place of the model": Mistake(
            found(repaired=module), "but it computes y = 2x + 1 exactly. The points are noisy"
        ),
        "not trained": Mistake(found(repaired=untrained), "should answer"),
    },
    near={
        "63 rows": found(rows=63),
        "the rows of the page": found(rows=4),
        "64.0 rows": found(rows=64.0),
        "True rows": found(rows=True),
        "50 rows at most": found(
            repaired=lambda folder: computes(NEARLY["the first 50 rows"])(folder)[0]
        ),
        "the formula without weights": found(repaired=lambda folder: computes(flat)(folder)[0]),
        "a tanh": found(repaired=lambda folder: computes(next(iter(NEARLY.values())))(folder)[0]),
        "0.2 too high": found(repaired=lambda folder: computes(NEARLY["0.2 too high"])(folder)[0]),
        "the status as a list": found(phone=[OTHER]),
    },
    untouched=(..., ..., ...),
)

Q4 = Proofs(
    right={
        "1 and 2": lambda folder: (versions(folder),),
        "a path as text": lambda folder: (str(versions(folder)),),
        "leading zeros": lambda folder: (versions(folder, ("0001", 2, 1), ("0002", 3, -1)),),
        "a third version too": lambda folder: (exported(versions(folder) / "3").parent,),
        "of a tf.Module": lambda folder: (two_lines(folder),),
        "notes beside them": lambda folder: (with_notes(two_lines(folder)),),
    },
    wrong={
        "v2": Mistake(lambda folder: (versions(folder, second=("v2", 3, -1)),), "1, v2"),
        "over the old one": Mistake(
            lambda folder: (exported(folder / "1", trained(3, -1)).parent,), "but holds 1."
        ),
        "version 2 not retrained": Mistake(
            lambda folder: (versions(folder, second=("2", 2, 1)),), "version 2 should compute"
        ),
        "both retrained": Mistake(
            lambda folder: (versions(folder, first=("1", 3, -1)),), "version 1 should keep"
        ),
        "the version instead of the base": Mistake(
            lambda folder: (versions(folder) / "2",),
            "base_dir_4 should hold the folders 1 and 2, but is itself an export",
        ),
        "nothing there": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        "the two swapped": lambda folder: (two_lines(folder, steep, flat),),
        "the same line twice": lambda folder: (two_lines(folder, flat, flat),),
        "version 2 0.2 too high": lambda folder: (two_lines(folder, second=lambda x: 3 * x - 0.8),),
        "version 2 without the -1": lambda folder: (two_lines(folder, second=lambda x: 3 * x),),
        "version 2 for 50 rows": lambda folder: (
            two_lines(folder, second=lambda x: 3 * x[:50] - 1),
        ),
        "version 1 bent": lambda folder: (two_lines(folder, lambda x: 20 * tf.tanh(x / 10) + 1),),
        "version 2 for 7 rows only": lambda folder: (two_lines(folder, rows=7),),
        "versions 0 and 1": lambda folder: (two_lines(folder, names=("0", "1")),),
        "versions 2 and 3": lambda folder: (two_lines(folder, names=("2", "3")),),
        "versions 1 and 1.1": lambda folder: (two_lines(folder, names=("1", "1.1")),),
    },
    untouched=(...,),
)


Q5 = Proofs(
    right={
        "the other order": two(priced_backwards),
        "inputs in a dict": two(priced_by_dict),
        "several layers and outputs": two(deep),
        "a class with specs": two(priced_class, export=with_specs),
        "ExportArchive": two(export=by_function(lambda model, size, age: model([size, age]))),
        "a path as text": lambda folder: (lambda model, path: (model, str(path)))(*two()(folder)),
    },
    wrong={
        "the popular recipe": Mistake(two(export=saved), "its inputs are: inputs, inputs_1. tf.sa"),
        "inputs without names": Mistake(
            two(lambda: priced(*inputs(None, None))), "Give each Input layer its name"
        ),
        "other names": Mistake(
            two(lambda: priced(*inputs("area", "age"))),
            "two_inputs should have the inputs size and age, but its inputs are: area, age.",
        ),
        "a class without specs": Mistake(two(priced_class), "A model of your own class has no nam"),
        "one table": Mistake(two(export=of_columns), "but its inputs are: rows. The name of an"),
        "only one input counts": Mistake(two(only_size), "the same for another age"),
        "no weights": Mistake(two(doubled_size), "should have weights, but has none"),
        "the export of another model": Mistake(
            two(other=lambda: priced(*inputs("size", "age"))), "as two_inputs does"
        ),
        "the export in place of the model": Mistake(
            lambda folder: (str(two()(folder)[1]),) * 2, "two_inputs should be a Keras model"
        ),
        "no export": Mistake(lambda folder: (two()(folder)[0], folder / "none"), "no such direct"),
    },
    near={
        "the names swapped": two(export=by_function(lambda model, size, age: model([age, size]))),
        "a little off": two(export=by_function(lambda m, size, age: m([size, age]) + 0.01)),
        "without age": two(export=by_function(lambda m, size, age: m([size, 0 * age]))),
        "for seven rows": two(
            priced_class,
            export=lambda folder, model: with_specs(
                folder,
                model,
                {name: tf.TensorSpec((7, 1), tf.float32, name=name) for name in SPECS},
            ),
        ),
        "fifty rows at most": two(
            export=by_function(lambda m, size, age: m([size[:50], age[:50]]))
        ),
        "no model": lambda folder: (None, two()(folder)[1]),
    },
    untouched=(..., ...),
)


@pytest.mark.weekly
def test_another_order_gets_another_table(lesson, tmp_path):
    q2 = lesson.exercises["q2"]
    right = set()
    try:
        for seed in range(6):
            exports, models = q2.given(seed)
            reads = {name: restored_and_read(folder) for name, folder in exports.items()}
            (lost,) = [
                name for name, (restored, read) in reads.items() if set(read) - set(restored)
            ]
            rows = {name: OUTCOMES["a"] if name == lost else ALL_SAME for name in exports}
            repaired = exported(tmp_path / f"{seed}", models[lost])
            result = q2.grade(rows, repaired, notebook={})
            assert result.outcome == PASSED, result
            right.add(lost)
    finally:
        q2.given()
    assert len(right) > 1


def test_another_seed_promises_other_rows(lesson, tmp_path):
    q3 = lesson.exercises["q3"]
    repaired = line_module(tmp_path / "repaired")
    promised = {}
    try:
        for seed, phone in ((1, SAME), (2, OTHER), (3, SAME)):
            shape = read(q3.given(seed)).signatures["serving_default"].inputs[0].shape
            promised[seed] = shape[0]
            assert q3.grade(shape[0], phone, repaired, notebook={}).outcome == PASSED
            assert q3.grade(shape[0], FAILS, repaired, notebook={}).outcome == NOT_YET
            assert q3.grade(64, phone, repaired, notebook={}).outcome == NOT_YET
    finally:
        q3.given()
    assert len({64, *promised.values()}) == 4
    assert q3.grade(64, OTHER, repaired, notebook={}).outcome == PASSED


globals().update(prove("01_basic_export", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}))
