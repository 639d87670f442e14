"""Lesson 00: right answers, named mistakes, untouched."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tests.exercises.proofs import Mistake, Proofs, prove


def made(slope=2.0, intercept=1.0):
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    model.set_weights([np.array([[slope]]), np.array([intercept])])
    return model


@functools.cache
def notebook():
    return {"model": made()}


def exported(folder, model=None, **options):
    (model or notebook()["model"]).export(folder, verbose=False, **options)
    return folder


def popular(folder):
    tf.saved_model.save(notebook()["model"], str(folder))
    return folder


def archive(folder, function=None, name="serving_default", shape=(None, 1)):
    model = notebook()["model"]
    export = tf.keras.export.ExportArchive()
    export.track(model)
    spec = tf.TensorSpec(shape, tf.float32, name="x")
    export.add_endpoint(name, function or model.call, input_signature=[spec])
    export.write_out(folder, verbose=False)
    return folder


class Line(tf.Module):
    """A function of 2x + 1 for a declared number of rows."""

    def __init__(self, function, shape=(None, 1)):
        self.slope, self.intercept = tf.Variable(2.0), tf.Variable(1.0)
        spec = tf.TensorSpec(shape, tf.float32, name="x")
        self.predict = tf.function(
            lambda x: function(self.slope * x + self.intercept), input_signature=[spec]
        )


def line(folder, function=tf.identity, key="serving_default", shape=(None, 1)):
    saved = Line(function, shape)
    tf.saved_model.save(saved, str(folder), signatures={key: saved.predict})
    return folder


def over_the_popular_one(folder):
    return exported(popular(folder))


def functional(folder):
    model = notebook()["model"]
    row = tf.keras.Input((1,), name="row")
    return exported(folder, tf.keras.Model(row, model(row)))


def copied(folder):
    model = tf.keras.models.clone_model(notebook()["model"])
    model.set_weights(notebook()["model"].get_weights())
    return exported(folder, model)


def keras_file(folder):
    notebook()["model"].save(folder / "model.keras")
    return folder / "model.keras"


def litert_file(folder):
    return exported(folder / "model.tflite", format="litert")


def one_level_up(folder):
    exported(folder / "good")
    return folder


def without(name):
    def answer(folder):
        (exported(folder) / name).unlink()
        return folder

    return answer


def formula(folder):
    return archive(folder, lambda x: 2.0 * x + 1.0)


def answer(make, *arguments, **options):
    return lambda folder: (make(folder / "made", *arguments, **options),)


Q1 = Proofs(
    right={
        "a path as text": lambda folder: (str(exported(folder)),),
        "an export over the popular one": answer(over_the_popular_one),
        "ExportArchive": answer(archive),
        "a functional model around it": answer(functional),
        "a copy with the same weights": answer(copied),
        "a tf.Module with the same numbers": answer(line),
    },
    wrong={
        "the popular recipe": Mistake(
            answer(popular), "it finds no values for the weights of the model."
        ),
        "what model.export returns": Mistake(lambda _: (None,), "model.export returns nothing"),
        "a Keras file": Mistake(
            lambda folder: (keras_file(folder),), "needs its Python classes). Write export_dir ="
        ),
        "a LiteRT file": Mistake(
            lambda folder: (litert_file(folder),), "is a file, not an export directory"
        ),
        "the folder above": Mistake(
            lambda folder: (one_level_up(folder),), "is the parent of exports, not one itself"
        ),
        "the model": Mistake(lambda _: (made(),), "expected the path of an export directory"),
        "nothing there": Mistake(
            lambda folder: (folder / "good",), "no such directory. Write export_dir ="
        ),
        "another model": Mistake(
            answer(exported, made(0.5, -1.0)),
            "for x = 0, your export computes -1, but `model` computes 1. Did you export a",
        ),
        "frozen to one row": Mistake(
            answer(archive, shape=(1, 1)), "should accept any number of rows"
        ),
    },
    near={
        "0.01 more": answer(line, lambda y: y + 0.01),
        "1 % steeper": answer(exported, made(2.02, 1.0)),
        "cut at 10": answer(line, lambda y: tf.minimum(y, 10.0)),
        "never negative": answer(line, tf.nn.relu),
        "the first 50 rows": answer(line, lambda y: y[:50]),
        "one number a row in place of a list": answer(line, lambda y: y[:, 0]),
        "whole numbers": answer(line, lambda y: tf.cast(y, tf.int32)),
        "two outputs": answer(line, lambda y: {"first": y, "second": y}),
        "a formula without the weights": answer(formula),
        "another signature only": answer(line, key="predict"),
        "without the file of the weights": answer(
            without("variables/variables.data-00000-of-00001")
        ),
        "without the graph": answer(without("saved_model.pb")),
    },
    untouched=(...,),
)

globals().update(prove("00_start_here", {"q1": Q1}, notebook))


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (made(0.5, 1.0), "computes 1.5 for x = 1"),
        ("my_export", "is a different object"),
        (tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)]), "is a different"),
    ],
    ids=["the recipe pasted with the name model", "a text", "two inputs"],
)
def test_a_replaced_model_is_named(lesson, tmp_path, model, found):
    """Also if the export is that of the new model, which would agree with it."""
    folder = exported(tmp_path / "made", model) if isinstance(model, tf.keras.Model) else tmp_path
    result = lesson.q1.grade(folder, notebook={"model": model})
    assert result.outcome == "not yet"
    assert f"`model` should compute y = 2x + 1, but {found}" in result.message
    assert "Did a cell, such as this one, make a new `model`?" in result.message
