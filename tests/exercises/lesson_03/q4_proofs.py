"""Repaired exports of lesson 03, right and wrong, and names of the stale endpoint."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_03.exercises import repair_the_stale_endpoint
from helpers.exercises.lesson_03.stale_exports import ENDPOINTS, FIRST
from tests.exercises.lesson_03.answers import (
    THREE,
    TWO,
    archive,
    classify,
    module,
    snapshot,
    trained,
    with_classify,
    with_the_bias_copied,
)
from tests.exercises.proofs import Mistake, Proofs

STALE = FIRST.stale


def repaired(make, stale=STALE, **options):
    return lambda folder: (stale, make(folder / "repaired", **options))


def given():
    return repair_the_stale_endpoint.original()


def from_the_export(folder, order=ENDPOINTS, **changes):
    """Endpoints that call those of the export that was given."""
    found = tf.saved_model.load(given())
    endpoints = {
        "predict_two": (found.predict_two,),
        "predict_three": (found.predict_three,),
        "classify": (classify(found.predict_two), TWO),
    }
    endpoints |= {key: make(found) for key, make in changes.items()}
    export = tf.keras.export.ExportArchive()
    for key in order:
        export.add_endpoint(key, *endpoints[key])
    export.write_out(folder, verbose=False)
    return folder


def with_changed_weights(folder):
    """The endpoints of the export after a test that sets its weights to 0."""

    def zero(found):
        for weight in found.variables:
            weight.assign(tf.zeros_like(weight))
        return found.predict_two, TWO

    return from_the_export(folder, predict_two=zero)


def other_classify(make):
    """An answer with another classify, which `make` makes of the export that was given."""
    return repaired(from_the_export, classify=lambda found: (make(found), TWO))


def by_predict_three(found):
    def two(x):
        return found.predict_three(tf.concat([x, x[:, :1]], axis=1))

    return two, TWO


def by_the_signature(found):
    return lambda x: found.signatures["predict_two"](x=x)["output_0"], TWO


def current_model():
    model = trained()
    model.set_weights(tf.saved_model.load(given()).variables)
    return model


def from_the_weights(folder, make=classify, moved=0.0):
    model = current_model()
    model.set_weights([weight + moved for weight in model.get_weights()])
    return with_classify(folder, make(model), model=model)


def saved_again(folder):
    found = tf.saved_model.load(given())
    signatures = dict(found.signatures)
    signatures["classify"] = tf.function(classify(found.predict_two), input_signature=TWO)
    tf.saved_model.save(found, str(folder), signatures=signatures)
    return folder


def moved_limit(limit, compare=tf.greater):
    return other_classify(lambda found: classify(found.predict_two, limit, compare=compare))


def snapshot_of_the_bias(folder):
    model = current_model()
    score = with_the_bias_copied(model)
    return archive(
        folder,
        model,
        order=(),
        predict_two=score,
        predict_three=(score, THREE),
        classify=classify(score),
    )


def older(found):
    return lambda x: found.classify(x)["score"]


PROOFS = Proofs(
    right={
        "endpoints of the export": repaired(from_the_export),
        "in another order": repaired(from_the_export, order=ENDPOINTS[::-1]),
        "through predict_three": repaired(from_the_export, predict_two=by_predict_three),
        "through the signature": repaired(from_the_export, predict_two=by_the_signature),
        "a model with its weights": repaired(from_the_weights),
        "the loaded object saved again": repaired(saved_again),
        "a tf.Module": repaired(module, kernel=FIRST.now.kernel, bias=FIRST.now.bias),
        "a text of numpy": repaired(from_the_export, stale=np.str_(STALE)),
        "a label of type int64": other_classify(
            lambda found: classify(found.predict_two, dtype=tf.int64)
        ),
    },
    wrong={
        "blames predict_two": Mistake(
            repaired(from_the_export, "predict_two"),
            "predict_two gives 1.5 for the row [0.5, 0.25], and so does predict_three",
        ),
        "blames predict_three": Mistake(
            repaired(from_the_export, "predict_three"),
            "predict_three gives 1.5 for the row [0.5, 0.25], and so does predict_two",
        ),
        "blames the default": Mistake(
            repaired(from_the_export, "serving_default"),
            "a second name of the endpoint that was added first",
        ),
        "an output, not an endpoint": Mistake(
            repaired(from_the_export, "score"),
            "stale: 'score' is not one of 'predict_two', 'predict_three', 'classify'",
        ),
        "a list": Mistake(repaired(from_the_export, ["classify"]), "stale: ['classify'] is not"),
        "a huge text": Mistake(repaired(from_the_export, "x" * 10**7), "stale: 'xxx"),
        "the export as it was": Mistake(
            lambda _: (STALE, given()),
            "score should be 0, as predict_two of found_dir does, for the row x=[-1.0, -1.25], but "
            "is -4.5",
        ),
        "the weights changed, and not loaded again": Mistake(
            repaired(with_changed_weights), "Then load found_dir again, and export"
        ),
        "a new snapshot": Mistake(
            repaired(lambda folder: from_the_weights(folder, snapshot)),
            "classify should share predict_two's weights, but does not",
        ),
        "all endpoints stale": Mistake(
            repaired(lambda folder: with_classify(folder, model=trained(*FIRST.old))),
            "predict_two in Python",
        ),
        "the page's own model": Mistake(repaired(with_classify), "predict_two in Python"),
        "the label of the older scores": Mistake(
            other_classify(lambda found: classify(found.predict_two, decide=older(found))),
            "The label is 1 where the score is above 0",
        ),
        "`>=` in place of `>`": Mistake(
            moved_limit(0.0, tf.greater_equal), "should answer label 0 for the score 0 of the row"
        ),
        "the bias as a constant": Mistake(
            repaired(snapshot_of_the_bias), "with all of these set to 0 it answers 0.5"
        ),
        "classify left out": Mistake(
            repaired(lambda folder: archive(folder, current_model())),
            "should have the signature 'classify'",
        ),
        "the loaded object": Mistake(
            lambda _: (STALE, tf.saved_model.load(given())),
            "expected the path of an export directory",
        ),
    },
    near={
        "twice the older scores": other_classify(
            lambda found: classify(lambda x: 2 * older(found)(x))
        ),
        "the columns swapped": other_classify(
            lambda found: classify(lambda x: found.predict_two(x[:, ::-1]))
        ),
        "the columns swapped for the label": other_classify(
            lambda found: classify(
                found.predict_two, decide=lambda x: found.predict_two(x[:, ::-1])
            )
        ),
        "the older scores, and the label of the current ones": other_classify(
            lambda found: classify(older(found), decide=found.predict_two)
        ),
        "a limit a little above 0": moved_limit(1e-4),
        "a limit a little below 0": moved_limit(-1e-4),
        "trained to nearly these weights": repaired(from_the_weights, moved=0.01),
        "the older bias": repaired(
            lambda folder: with_classify(folder, model=trained(FIRST.now.kernel, FIRST.old.bias))
        ),
        "another name in capitals": repaired(from_the_export, stale="Classify"),
    },
    untouched=(..., ...),
)
