"""Lesson 01: right answers, named mistakes, untouched."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers.artifact.saved_model import read
from helpers.data import line
from helpers.exercises.lesson_01.exercises import OUTCOMES, X
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.models import LinearModel
from helpers.training import train
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove


def trained(slope=2.0, intercept=1.0):
    model = LinearModel()
    train(model, *line(slope=slope, intercept=intercept), progress=False)
    return model


def exported(folder, model=None):
    (model or trained()).export(folder, verbose=False)
    return folder


def sequential(folder):
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    train(model, *line(), progress=False)
    return exported(folder, model)


def archive(folder):
    model = trained()
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
    export.add_endpoint("serving_default", flat, [tf.TensorSpec((None, 1), tf.float32, name="x")])
    export.write_out(folder, verbose=False)
    return folder


@functools.cache
def notebook():
    return {"export_dir": exported(Path(tempfile.mkdtemp()) / "line")}


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


SIGNATURE = 'loaded.signatures["serving_default"](questions)'
PREDICTION = {
    "loaded(questions)": "error",
    "loaded.serve(questions)": "tensor",
    SIGNATURE: "dict",
}


def found(rows=64, refuses="session", repaired=exported):
    return lambda folder: (rows, refuses, repaired(folder / "repaired"))


def predicted(**changes):
    changes = {name.replace("_", " "): value for name, value in changes.items()}
    keys = dict(zip(("call", "serve", "signature"), PREDICTION, strict=True))
    return lambda _: ({**PREDICTION, **{keys[name]: value for name, value in changes.items()}},)


Q1 = Proofs(
    right={
        "model.export": lambda folder: (exported(folder),),
        "a path as text": lambda folder: (str(exported(folder)),),
        "a Sequential model": lambda folder: (sequential(folder),),
        "ExportArchive": lambda folder: (archive(folder),),
        "a tf.Module": lambda folder: (module(folder),),
    },
    wrong={
        "the old recipe": Mistake(
            lambda folder: (saved_the_old_way(folder),), "Export with model.export(directory)"
        ),
        "frozen to the first batch": Mistake(
            lambda folder: (saved_after_one_batch(folder),), "(7, 1)"
        ),
        "a Keras file": Mistake(
            lambda folder: (keras_file(folder),), "is a file, not an export directory"
        ),
        "not trained": Mistake(lambda folder: (untrained(folder),), "should answer"),
        "the model instead of the directory": Mistake(
            lambda folder: (trained(),), "expected the path of an export directory"
        ),
        "the parent of the export": Mistake(
            lambda folder: (exported(folder / "1").parent,), "is the parent of exports"
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
        "what export returns": Mistake(lambda folder: (None,), "not None"),
        "a damaged file": Mistake(lambda folder: (damaged(folder),), "damaged or incomplete"),
        "a missing file": Mistake(lambda folder: (without_weights(folder),), "fails in Python"),
        "the export of the page": Mistake(
            lambda _: (str(notebook()["export_dir"]),), "the export of the page"
        ),
        "the formula, with a model beside it": Mistake(
            lambda folder: (formula(folder),), "the same after all variables"
        ),
        "ten million characters": Mistake(lambda _: ("x" * 10**7,), "10,000,000 characters"),
    },
    near={name: computes(function) for name, function in NEARLY.items()},
    untouched=(...,),
)

Q2 = Proofs(
    right=other_mappings(PREDICTION),
    wrong={
        "can be called": Mistake(predicted(call="tensor"), "loaded(questions): you say 'tensor'"),
        "serve gives a dict": Mistake(
            predicted(serve="dict"), "loaded.serve(questions): you say 'dict'"
        ),
        "a signature gives a tensor": Mistake(
            predicted(signature="tensor"), f"{SIGNATURE}: you say 'tensor'"
        ),
        "another word": Mistake(predicted(call="a tensor"), "is not one of 'tensor', 'dict'"),
        "a list": Mistake(lambda _: (["error", "tensor", "dict"],), "should be a dict"),
        "what it raised": Mistake(predicted(call="dict"), "It raises TypeError"),
        "what it returned": Mistake(predicted(signature="error"), "output_0"),
    },
    near=one_wrong(PREDICTION, OUTCOMES),
    untouched=(dict.fromkeys(PREDICTION, ...),),
)

Q3 = Proofs(
    right={
        "repaired with model.export": found(),
        "repaired with ExportArchive": found(repaired=archive),
        "repaired with a tf.Module": found(repaired=module),
        "rows of NumPy": found(rows=np.int64(64)),
        "rows of TensorFlow": found(rows=tf.constant(64), repaired=module),
    },
    wrong={
        "any number of rows": Mistake(
            found(rows=None), "rows should be a whole number, but is None"
        ),
        "rows as text": Mistake(found(rows="64"), "rows should be a whole number, but is '64'"),
        "three rows": Mistake(found(rows=3), "does not promise 3 rows"),
        "in capitals": Mistake(found(refuses="Session"), "'Session' is not one of 'python'"),
        "Python refuses": Mistake(found(refuses="python"), "but 'python' takes them"),
        "litert refuses": Mistake(found(refuses="litert"), "but 'litert' takes them"),
        "frozen again": Mistake(
            found(repaired=lambda folder: module(folder, rows=1)), "takes x of shape (1, 1)"
        ),
        "repaired the old way": Mistake(
            found(repaired=saved_the_old_way), "Export with model.export(directory)"
        ),
        "not trained": Mistake(found(repaired=untrained), "should answer"),
    },
    near={
        "63 rows": found(rows=63),
        "the number of the page's own frozen export": found(rows=100),
        "64.0 rows": found(rows=64.0),
        "True rows": found(rows=True),
        "50 rows at most": found(
            repaired=lambda folder: computes(NEARLY["the first 50 rows"])(folder)[0]
        ),
        "a tanh": found(repaired=lambda folder: computes(next(iter(NEARLY.values())))(folder)[0]),
        "0.2 too high": found(repaired=lambda folder: computes(NEARLY["0.2 too high"])(folder)[0]),
        "the reader as a list": found(refuses=["session"]),
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


def test_another_seed_promises_other_rows(lesson, tmp_path):
    q3 = lesson.exercises["q3"]
    repaired = module(tmp_path / "repaired")
    promised = {}
    try:
        for seed in (1, 2, 3):
            shape = read(q3.given(seed)).signatures["serving_default"].inputs[0].shape
            promised[seed] = shape[0]
            assert q3.grade(shape[0], "session", repaired, notebook={}).outcome == PASSED
            assert q3.grade(64, "session", repaired, notebook={}).outcome == NOT_YET
    finally:
        q3.given()
    assert len({64, *promised.values()}) == 4
    assert q3.grade(64, "session", repaired, notebook={}).outcome == PASSED


globals().update(prove("01_basic_export", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}, notebook))
