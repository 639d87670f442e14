"""Lesson 03: right answers, named mistakes, untouched."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises import learner_code
from helpers.exercises.lesson_03.exercises import STALE, repair_the_stale_endpoint
from helpers.exercises.lesson_03.function_pairs import HONEST, counterfeits, pair
from helpers.models import MultiSignatureModel
from tests.exercises.lesson_03.answers import (
    THREE,
    TWO,
    archive,
    classify,
    module,
    plane_of,
    saved_the_old_way,
    snapshot,
    trained,
    with_classify,
    with_mean,
    with_words,
    wrapped,
)
from tests.exercises.lesson_03.q3_proofs import PROOFS as Q3
from tests.exercises.proofs import Mistake, Proofs, prove


def made(function, *arguments, **options):
    """An answer of one directory, made in a new folder when it is asked for."""
    return lambda folder: (function(folder, *arguments, **options),)


def exported(folder):
    model = trained()
    model(np.ones((1, 2)))
    model.export(folder, verbose=False)
    return folder


def of_model(make, **options):
    """As `made`, of with_classify with the function that `make` makes of the model."""

    def answer(folder):
        model = trained()
        return (with_classify(folder, make(model), model=model, **options),)

    return answer


THIRD_FIRST = ("predict_three", "predict_two")

Q1 = Proofs(
    right={
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
    },
    wrong={
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
            lambda folder: (
                archive(
                    folder,
                    model := trained(),
                    serving_default=(lambda x: model(x[:, 1:]), THREE),
                ),
            ),
            "serving_default in Python",
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
            made(archive, model=trained(0, 0), order=THIRD_FIRST), "should answer"
        ),
        "the archive instead of the directory": Mistake(
            lambda _: (tf.keras.export.ExportArchive(),), "expected the path of an export directory"
        ),
        "what write_out returns": Mistake(lambda _: (None,), "not None"),
        "ten million characters": Mistake(lambda _: ("x" * 10**7,), "10,000,000 characters"),
    },
    untouched=(...,),
)

Q2 = Proofs(
    right={
        "ExportArchive": made(with_classify),
        "not tracked": made(with_classify, track=False),
        "a label of type float": of_model(lambda model: classify(model, dtype=tf.float32)),
        "a label of type bool": of_model(lambda model: classify(model, dtype=tf.bool)),
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
            "should answer label 1, the label of this score,",
        ),
        "labels upside down": Mistake(
            of_model(lambda model: lambda x: classify(model)(x) | {"label": model(x) <= 0}),
            "should answer label 1, the label of this score, for the row [0.5, 0.25], but answers "
            "label 0",
        ),
        "a probability": Mistake(
            of_model(lambda model: classify(lambda x: tf.sigmoid(model(x)))),
            "should answer score -2.02, the answer of predict_two, for the row [-0.9, -0.6], but "
            "answers score 0.117",
        ),
        "one score for the batch": Mistake(
            of_model(with_mean), "one score for each of 4 rows, but gives a score of shape (1, 1)"
        ),
        "a snapshot of the weights": Mistake(
            of_model(snapshot), "classify should share predict_two's weights, but does not"
        ),
        "a second model": Mistake(
            of_model(lambda _: classify(trained())),
            "classify should share predict_two's weights, but does not",
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
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
    },
    untouched=(...,),
)


def repaired(make, stale=STALE):
    return lambda folder: (stale, make(folder / "repaired"))


def from_the_export(folder, **changes):
    """Endpoints that call those of the export that was given."""
    found = tf.saved_model.load(repair_the_stale_endpoint.original())
    export = tf.keras.export.ExportArchive()
    export.add_endpoint("predict_two", found.predict_two)
    export.add_endpoint("predict_three", found.predict_three)
    export.add_endpoint("classify", changes.get("classify") or classify(found.predict_two), TWO)
    export.write_out(folder, verbose=False)
    return folder


def from_the_weights(folder, make=classify):
    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights(tf.saved_model.load(repair_the_stale_endpoint.original()).variables)
    return with_classify(folder, make(model), model=model)


def saved_again(folder):
    found = tf.saved_model.load(repair_the_stale_endpoint.original())
    signatures = dict(found.signatures)
    signatures["classify"] = tf.function(classify(found.predict_two), input_signature=TWO)
    tf.saved_model.save(found, str(folder), signatures=signatures)
    return folder


Q4 = Proofs(
    right={
        "endpoints of the export": repaired(from_the_export),
        "a model with its weights": repaired(from_the_weights),
        "the loaded object saved again": repaired(saved_again),
        "retrained": repaired(lambda folder: with_classify(folder, model=trained(3, -1))),
        "a tf.Module": repaired(lambda folder: module(folder, slope=3.0, intercept=-1.0)),
    },
    wrong={
        "blames predict_two": Mistake(
            repaired(from_the_export, "predict_two"), "predict_two answers 1.25 for the row"
        ),
        "blames predict_three": Mistake(
            repaired(from_the_export, "predict_three"), "predict_three answers 1.25 for the row"
        ),
        "blames the default": Mistake(
            repaired(from_the_export, "serving_default"), "serving_default answers 1.25"
        ),
        "an output, not an endpoint": Mistake(
            repaired(from_the_export, "score"),
            "stale should be a signature of found_dir, which has classify, predict_three, "
            "predict_two, serving_default, but is 'score'",
        ),
        "a list": Mistake(
            repaired(from_the_export, ["classify"]), "stale should be a signature of found_dir"
        ),
        "a huge text": Mistake(
            repaired(from_the_export, "x" * 10**7), "stale should be a signature"
        ),
        "the export as it was": Mistake(
            lambda _: (STALE, repair_the_stale_endpoint.original()),
            "should answer score -5.5, the answer of predict_two, for the row [-0.9, -0.6], but "
            "answers score -2.75",
        ),
        "a new snapshot": Mistake(
            repaired(lambda folder: from_the_weights(folder, snapshot)),
            "classify should share predict_two's weights, but does not",
        ),
        "all endpoints stale": Mistake(
            repaired(lambda folder: with_classify(folder, model=trained(1.5, -0.5))),
            "predict_two in Python",
        ),
        "the page's own model": Mistake(repaired(with_classify), "predict_two in Python"),
        "classify left out": Mistake(
            repaired(lambda folder: archive(folder, trained(3, -1))),
            "should have the signature 'classify'",
        ),
        "the loaded object": Mistake(
            lambda _: (STALE, tf.saved_model.load(repair_the_stale_endpoint.original())),
            "expected the path of an export directory",
        ),
    },
    untouched=(..., ...),
)


@pytest.mark.parametrize("words", counterfeits())
def test_a_counterfeit_differs_from_its_original(words):
    """Otherwise no proof could find it. The honest pairs agree on the same rows."""
    rows = np.array([[-1, 2, -3], [4, 5, 1e6], [0.5, 1, np.nan], [2, 2, 0]], np.float32)

    def agree(two, three):
        batches = rows, rows[:2], rows[3:]
        return all(np.allclose(two(batch[:, :2]), three(batch)) for batch in batches)

    assert not agree(*pair([2.0, 2.0], 1.0, counterfeits()[words]))
    assert all(agree(*pair(*honest)) for honest in HONEST.values())


def test_an_endless_proof_is_stopped(monkeypatch, lesson):
    monkeypatch.setattr(learner_code, "SECONDS", 1)

    def endless(two, three):
        while True:
            two(np.ones((1, 2)))

    result = lesson.exercises["q3"].grade(endless)
    assert "should return within 1 seconds, but did not" in result.message


globals().update(prove("03_many_signatures", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))
