"""Exports of lesson 03 with the endpoint classify, right and wrong."""

import tensorflow as tf

from tests.exercises.lesson_03.answers import (
    THREE,
    archive,
    classify,
    copied,
    made,
    module,
    plane_of,
    saved_the_old_way,
    snapshot,
    trained,
    with_classify,
    with_if,
    with_mean,
    with_the_bias_copied,
    with_where,
    with_words,
    wrapped,
)
from tests.exercises.proofs import Mistake, Proofs


def of_model(make, **options):
    """As `made`, of with_classify with the function that `make` makes of the model."""

    def answer(folder):
        model = trained()
        return (with_classify(folder, make(model), model=model, **options),)

    return answer


PROOFS = Proofs(
    right={
        "ExportArchive": made(with_classify),
        "not tracked": made(with_classify, track=False),
        "a label of type float": of_model(lambda model: classify(model, dtype=tf.float32)),
        "a label by tf.where": of_model(lambda model: with_where(model, 1, 0)),
        "the default too": of_model(classify, serving_default=lambda x: {"score": x[:, :1]}),
        "a label of type int64": of_model(lambda model: classify(model, dtype=tf.int64)),
        "through the other endpoint": of_model(
            lambda model: classify(model.predict_first_two_features)
        ),
        "a tf.Module, scores without a column": made(module),
        "a module that holds the weights": made(wrapped),
        "a path as text": lambda folder: (str(with_classify(folder)),),
    },
    wrong={
        "no classify": Mistake(made(archive), "the export should have the signature 'classify'"),
        "outputs without names": Mistake(
            of_model(lambda model: lambda x: (model(x), tf.cast(model(x) > 0, tf.int32))),
            "classify should have outputs named 'score' and 'label', but its outputs are: "
            "output_0, output_1",
        ),
        "words as labels": Mistake(of_model(with_words), "should give a label that is a number"),
        "another limit": Mistake(
            of_model(lambda model: classify(model, limit=1.0)),
            "should answer label 1 for the score 0.",
        ),
        "labels upside down": Mistake(
            of_model(lambda model: with_where(model, 0, 1)),
            "The label is 1 where the score is above 0, and 0 elsewhere",
        ),
        "a probability": Mistake(
            of_model(lambda model: classify(lambda x: tf.sigmoid(model(x)))),
            "score should be",
        ),
        "one score for the batch": Mistake(
            of_model(with_mean), "score should have shape (0, 1), but has shape (1, 1)"
        ),
        "a snapshot of the weights": Mistake(
            of_model(snapshot), "classify should share predict_two's weights, but does not"
        ),
        "a second model": Mistake(
            of_model(lambda _: classify(trained())),
            "classify should share predict_two's weights, but does not",
        ),
        "a boolean as label": Mistake(
            of_model(lambda model: classify(model, dtype=tf.bool)),
            "a number, 1 or 0, but gives a bool",
        ),
        "`>=` in place of `>`": Mistake(
            of_model(lambda model: classify(model, compare=tf.greater_equal)),
            "should answer label 0 for the score 0 of the row",
        ),
        "the label from a copy of the weights": Mistake(
            of_model(lambda model: classify(model, decide=copied(model))),
            "in the loaded export where the check sets all weights of predict_two to 0, should "
            "answer label 0",
        ),
        "one output more": Mistake(
            of_model(lambda model: lambda x: classify(model)(x) | {"rows": x}),
            "but its outputs are: label, rows, score",
        ),
        "constants everywhere": Mistake(
            lambda folder: (
                archive(
                    folder,
                    order=(),
                    predict_two=plane_of,
                    predict_three=(plane_of, THREE),
                    classify=classify(plane_of),
                ),
            ),
            "predict_two should read its weights from variables, but reads no variable",
        ),
        "the old recipe": Mistake(made(saved_the_old_way), "Export with model.export(directory)"),
        "one row only": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    classify=(classify(model), [tf.TensorSpec((1, 2), tf.float32, name="x")]),
                ),
            ),
            "classify should accept any number of rows, but takes x of shape (1, 2)",
        ),
        "three columns": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    classify=(classify(model.predict_first_three_features), THREE),
                ),
            ),
            "classify should take x of shape (None, 2), but takes x of shape (None, 3)",
        ),
        "another input": Mistake(
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    classify=(classify(model), [tf.TensorSpec((None, 2), tf.float32, name="pair")]),
                ),
            ),
            "classify should take x, but takes pair",
        ),
        "Python's if": Mistake(
            of_model(with_if), "Does it have a Python `if` on a tensor? An `if` makes one choice"
        ),
        "Python's if between 1 and 0": Mistake(
            of_model(lambda model: with_if(model, lambda _: 1, lambda _: 0)),
            "Does it have a Python `if` on a tensor? An `if` makes one choice",
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    near={
        "a limit a little above 0": of_model(lambda model: classify(model, limit=1e-4)),
        "a limit a little below 0": of_model(lambda model: classify(model, limit=-1e-4)),
        "labels -1 and 1": of_model(lambda model: with_where(model, 1, -1)),
        "labels 2 and 0": of_model(lambda model: with_where(model, 2, 0)),
        "a copy of the bias": of_model(lambda model: classify(with_the_bias_copied(model))),
        "the columns swapped": of_model(lambda model: classify(lambda x: model(x[:, ::-1]))),
        "the columns swapped for the label": of_model(
            lambda model: classify(model, decide=lambda x: model(x[:, ::-1]))
        ),
        "a score a little off": of_model(lambda model: classify(lambda x: model(x) + 0.001)),
        "labels as a row": of_model(
            lambda model: (
                lambda x: {
                    "score": model(x),
                    "label": tf.transpose(tf.cast(model(x) > 0, tf.int32)),
                }
            )
        ),
        "predict_three from a copy of the weights": lambda folder: (
            archive(
                folder,
                model := trained(),
                predict_three=(copied(model), THREE),
                classify=classify(model),
            ),
        ),
        "no model": lambda folder: (
            archive(folder, trained((2, 2), 1), classify=classify(trained((2, 2), 1))),
        ),
    },
    untouched=(...,),
)
