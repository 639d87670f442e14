"""Predictions of defaults in lesson 03 and exports with another default, right and wrong."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_03.default_signatures import OUTCOMES
from tests.exercises.lesson_03.answers import (
    BIAS,
    KERNEL,
    THIRD_FIRST,
    THREE,
    archive,
    copied,
    made,
    module,
    saved_the_old_way,
    trained,
    with_classify,
    with_the_bias_copied,
)
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings


def exported(folder):
    model = trained()
    model(np.ones((1, 2)))
    model.export(folder, verbose=False)
    return folder


def by_default(make):
    """An answer whose serving_default is the function that `make` makes of the model."""

    def answer(folder):
        model = trained()
        return (archive(folder, model, serving_default=(make(model), THREE)),)

    return answer


def of_every_endpoint(make):
    """An answer whose endpoints are the function of rows that `make` makes of the model."""

    def answer(folder):
        model = trained()
        score = make(model)
        endpoints = {"predict_three": (lambda x: score(x[:, :2]), THREE), "predict_two": score}
        return (archive(folder, model, order=(), **endpoints),)

    return answer


PREDICTION = {"A": "three", "B": "two", "C": "no default"}
BLANK = dict.fromkeys(PREDICTION, ...)


def with_prediction(answer):
    """The same answer after the right prediction."""
    return lambda folder: (PREDICTION, *answer(folder))


def predicted(prediction):
    """An answer with this prediction and a right export."""
    return lambda folder: (prediction, archive(folder, order=THIRD_FIRST))


RIGHT = {
    "added first": made(archive, order=THIRD_FIRST),
    "not tracked": made(archive, track=False, order=THIRD_FIRST),
    "named serving_default": lambda folder: (
        archive(
            folder,
            model := trained(),
            serving_default=(model.predict_first_three_features,),
        ),
    ),
    "a tf.Module": made(module, default="predict_three"),
    "a path as text": lambda folder: (str(archive(folder, order=THIRD_FIRST)),),
    "the model itself": of_every_endpoint(lambda model: model),
    "a function of its own": by_default(lambda model: lambda x: model(x[:, :2])),
    "one endpoint more": made(with_classify, order=THIRD_FIRST),
}

WRONG = {
    "predict_two first": Mistake(
        made(archive), "should take x of shape (None, 3), but takes x of shape (None, 2)"
    ),
    "no default": Mistake(made(module), "should have the signature 'serving_default'"),
    "the default alone": Mistake(
        made(exported),
        "serving_default should take args_0 of shape (None, 3), but takes args_0 of shape "
        "(None, 2)",
    ),
    "predict_two left out": Mistake(
        made(archive, order=("predict_three",)), "should have the signature 'predict_two'"
    ),
    "the old recipe": Mistake(
        made(saved_the_old_way, "serving_default"), "Export with model.export(directory)"
    ),
    "a default for one row": Mistake(
        lambda folder: (
            archive(
                folder,
                model := trained(),
                serving_default=(
                    lambda x: model(x[:, :2]),
                    [tf.TensorSpec((1, 3), tf.float32, name="x")],
                ),
            ),
        ),
        "takes x of shape (1, 3)",
    ),
    "a default with the wrong columns": Mistake(
        by_default(lambda model: lambda x: model(x[:, 1:])), "serving_default in Python"
    ),
    "copied weights": Mistake(
        of_every_endpoint(copied),
        "predict_two should read its weights from variables, but reads no variable",
    ),
    "the bias copied for the default": Mistake(
        by_default(with_the_bias_copied),
        "serving_default should read all of its weights from variables",
    ),
    "names swapped": Mistake(
        lambda folder: (
            archive(
                folder,
                model := trained(),
                order=(),
                predict_three=(model.predict_first_two_features,),
                predict_two=(model.predict_first_three_features,),
                serving_default=(model.predict_first_three_features,),
            ),
        ),
        "predict_two should take x of shape (None, 2), but takes x of shape (None, 3)",
    ),
    "not trained": Mistake(
        made(archive, model=trained((0, 0), 0), order=THIRD_FIRST),
        "as the notebook's model does, for the row",
    ),
    "the archive instead of the directory": Mistake(
        lambda _: (tf.keras.export.ExportArchive(),), "expected the path of an export directory"
    ),
    "what write_out returns": Mistake(lambda _: (None,), "not None"),
    "ten million characters": Mistake(lambda _: ("x" * 10**7,), "10,000,000 characters"),
}

NEAR = {
    "no model, the numbers of the page": of_every_endpoint(
        lambda _: lambda x: 2 * tf.reduce_sum(x, axis=1, keepdims=True) + 1
    ),
    "trained to nearly these weights": made(
        archive, model=trained(KERNEL, BIAS + 0.001), order=THIRD_FIRST
    ),
    "a default times 1.01": by_default(lambda model: lambda x: 1.01 * model(x[:, :2])),
    "a default that swaps columns": by_default(lambda model: lambda x: model(x[:, 1::-1])),
    "a default that reads 0 times the third column": by_default(
        lambda model: lambda x: model(x[:, :2] + 0 * x[:, 2:])
    ),
    "within the range of the training only": of_every_endpoint(
        lambda model: lambda x: tf.clip_by_value(model(x), -3.5, 5.5)
    ),
    "rounded": of_every_endpoint(lambda model: lambda x: tf.round(model(x) * 100) / 100),
    "shifted by the batch": of_every_endpoint(
        lambda model: lambda x: model(x) + 0.01 * tf.cast(tf.shape(x)[0] > 1, tf.float32)
    ),
    "scores without a column": of_every_endpoint(lambda model: lambda x: model(x)[:, 0]),
}

PREDICTIONS = {
    "A by the last endpoint": Mistake(
        predicted(PREDICTION | {"A": "two"}),
        "A: you say 'two', but it is 'three'. serving_default of this export takes x of shape "
        "(None, 3). An ExportArchive makes the endpoint that is added first the default",
    ),
    "B by the first endpoint": Mistake(
        predicted(PREDICTION | {"B": "three"}),
        "B: you say 'three', but it is 'two'. serving_default of this export takes x of shape "
        "(None, 2). An endpoint named serving_default is the default, also if it is added last",
    ),
    "C by the first signature": Mistake(
        predicted(PREDICTION | {"C": "two"}),
        "C: you say 'two', but it is 'no default'. The signatures of this export are: "
        "predict_three, predict_two. tf.saved_model.save writes only the signatures that you name",
    ),
    "a number of columns": Mistake(
        predicted(PREDICTION | {"A": 3}), "A: 3 is not one of 'two', 'three', 'no default'"
    ),
    "C left out": Mistake(predicted({"A": "three", "B": "two"}), "but has no 'C'"),
    "a list": Mistake(
        predicted(["three", "two", "no default"]), "prediction should be a dict with the keys"
    ),
}
PROOFS = Proofs(
    right={name: with_prediction(answer) for name, answer in RIGHT.items()}
    | {
        name: lambda folder, make=make: (make(folder)[0], archive(folder, order=THIRD_FIRST))
        for name, make in other_mappings(PREDICTION).items()
    },
    wrong={
        name: Mistake(with_prediction(mistake.answer), mistake.words)
        for name, mistake in WRONG.items()
    }
    | PREDICTIONS,
    near={name: with_prediction(answer) for name, answer in NEAR.items()}
    | {
        f"the right export and {name}": predicted(answer(None)[0])
        for name, answer in one_wrong(PREDICTION, OUTCOMES).items()
    },
    untouched=(BLANK, ...),
)
