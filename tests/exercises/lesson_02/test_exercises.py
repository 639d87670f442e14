"""Lesson 02: right answers, named mistakes, untouched."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.tensor import BoundedTensorSpec

from helpers.data import row_sums
from helpers.exercises import learner_code
from helpers.exercises.lesson_02.exercises import OUTCOMES
from helpers.exercises.outcomes import RAISED
from helpers.models import ComplexModel
from helpers.training import train
from tests.exercises.lesson_02 import answers
from tests.exercises.proofs import Mistake, Proofs, one_wrong, other_mappings, prove

Spec = tf.TensorSpec
FEATURES = Spec((None, 10), tf.float32, name="features")


@pytest.fixture(autouse=True)
def short_deadline(request, monkeypatch):
    """Stop the endless loop after a second; the other answers may need longer on a slow machine."""
    if "endless" in request.node.name:
        monkeypatch.setattr(learner_code, "SECONDS", 1)


def just(*answer):
    return lambda _: answer


BOUNDED = BoundedTensorSpec((None, 4), tf.float32, 0.0, 1.0, name="readings")

Q1 = Proofs(
    right={
        "as asked": just(Spec((None, 4), tf.float32, name="readings")),
        "a list and a text": just(Spec([None, 4], "float32", "readings")),
        "a TensorShape": just(Spec(tf.TensorShape((None, 4)), name="readings")),
        "a dtype of NumPy": just(Spec((None, 4), np.float32, name="readings")),
        "from another spec": just(Spec.from_spec(Spec((None, 4)), name="readings")),
    },
    wrong={
        "no name": Mistake(just(Spec((None, 4))), "the name of your spec is None"),
        "another name": Mistake(
            just(Spec((None, 4), name="Readings")), "your signature calls its input 'Readings'"
        ),
        "64 bits": Mistake(
            just(Spec((None, 4), tf.float64, "readings")),
            "should promise float32, which the station sends, but promises float64",
        ),
        "whole numbers": Mistake(
            just(Spec((None, 4), tf.int32, "readings")),
            "should promise float32, which the station sends, but promises int32",
        ),
        "one row": Mistake(just(Spec((1, 4), name="readings")), "but promises (1, 4)"),
        "no dimension for the rows": Mistake(
            just(Spec((4,), name="readings")), "but promises (4,)"
        ),
        "rows and columns swapped": Mistake(
            just(Spec((4, None), name="readings")), "but promises (4, None)"
        ),
        "any width": Mistake(
            just(Spec((None, None), name="readings")), "its shape (None, None) takes rows of 5"
        ),
        "any shape": Mistake(
            just(Spec(None, name="readings")), "its shape (unknown) takes rows of 5"
        ),
        "texts": Mistake(just(Spec((None, 4), tf.string, "readings")), "promises string"),
        "a name that no graph takes": Mistake(
            just(Spec((None, 4), name="my readings")), "spec_1 should make an export possible"
        ),
        "the list of specs": Mistake(
            just([Spec((None, 4), name="readings")]),
            "spec_1 should be one tf.TensorSpec, but is [TensorSpec",
        ),
        "a shape": Mistake(just((None, 4)), "spec_1 should be one tf.TensorSpec, but is (None, 4)"),
        "a ragged one": Mistake(just(tf.RaggedTensorSpec((None, 4))), "but is RaggedTensorSpec"),
        "values from 0 to 1": Mistake(just(BOUNDED), "of type BoundedTensorSpec"),
        "the class": Mistake(just(Spec), "spec_1 should be one tf.TensorSpec, but is <class"),
        "ten million characters": Mistake(just("x" * 10**7), "spec_1 should be one tf.TensorSpec"),
    },
    untouched=(...,),
)


@functools.cache
def trained():
    model = ComplexModel()
    x, y = row_sums()
    train(model, x, y, steps=300, learning_rate=0.01, progress=False)
    return model


def built():
    model = ComplexModel()
    model(tf.zeros((1, 10)))
    return model


def function(model, names=("row_sum", "above_zero"), judge=lambda total: total > 0, spec=FEATURES):
    @tf.function(input_signature=[spec])
    def answer(features):
        total = model(features)
        return dict(zip(names, (total, judge(total)), strict=True))

    return answer


def archive(folder, model=None, key="serving_default", **options):
    model = model or trained()
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint(key, function(model, **options))
    export.write_out(folder / "export", verbose=False)
    return (folder / "export",)


def without_the_model(folder):
    class Sums(tf.Module):
        @tf.function(input_signature=[Spec((None, 10), name="features")])
        def judge(self, features):
            total = tf.reduce_sum(features, axis=1, keepdims=True)
            return {"row_sum": total, "above_zero": total > 0}

    sums = Sums()
    tf.saved_model.save(sums, str(folder), signatures=sums.judge)
    return (folder,)


def one_output(folder):
    trained().export(folder / "export", verbose=False)
    return (folder / "export",)


class Named(tf.keras.Model):
    """A Keras model whose call answers with a dict."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def build(self, input_shape):
        self.built = True

    def call(self, x):
        total = self.model(x)
        return {"row_sum": total, "above_zero": tf.greater(total, 0.0)}


def subclass(folder):
    model = Named(trained())
    model(tf.zeros((2, 10)))
    model.export(folder / "export", verbose=False)
    return (folder / "export",)


def functional(folder):
    inputs = tf.keras.Input((10,), name="numbers")
    total = trained()(inputs)
    outputs = {"row_sum": total, "above_zero": tf.keras.ops.greater(total, 0.0)}
    tf.keras.Model(inputs, outputs).export(folder / "export", verbose=False)
    return (folder / "export",)


def module(folder, keep=True, key="serving_default"):
    model, saved = trained(), tf.Module()
    saved.weights = [weight.value for weight in model.variables] if keep else []
    saved.answer = function(model)
    tf.saved_model.save(saved, str(folder), signatures={key: saved.answer})
    return (folder,)


def three_outputs(folder):
    @tf.function(input_signature=[FEATURES])
    def answer(features):
        total = trained()(features)
        return {"row_sum": total, "above_zero": total > 0, "half": total / 2}

    export = tf.keras.export.ExportArchive()
    export.track(trained())
    export.add_endpoint("serving_default", answer)
    export.write_out(folder / "export", verbose=False)
    return (folder / "export",)


def the_old_way(folder):
    model = trained()
    tf.saved_model.save(model, str(folder), signatures=function(model))
    return (folder,)


class Changed(tf.keras.Model):
    """The trained model, and a function of its answer."""

    def __init__(self, function):
        super().__init__()
        self.model, self.function = trained(), function

    def call(self, features):
        return self.function(self.model(features))


def changed_by(function):
    model = Changed(function)
    model(tf.zeros((1, 10)))
    return model


def shifted(by):
    return changed_by(lambda total: total + by)


def exact_sign(folder):
    @tf.function(input_signature=[FEATURES])
    def answer(features):
        exact = tf.reduce_sum(features, axis=1, keepdims=True)
        return {"row_sum": trained()(features), "above_zero": exact > 0}

    export = tf.keras.export.ExportArchive()
    export.track(trained())
    export.add_endpoint("serving_default", answer)
    export.write_out(folder / "export", verbose=False)
    return (folder / "export",)


Q2 = Proofs(
    right={
        "ExportArchive": archive,
        "under a name of its own as well": lambda folder: archive(folder, key="judge"),
        "a model that answers with a dict": subclass,
        "a functional model": functional,
        "a tf.Module": module,
        "a path as text": lambda folder: (str(archive(folder)[0]),),
        "a name of its own for the input": lambda folder: archive(
            folder, spec=Spec((None, 10), name="rows")
        ),
    },
    wrong={
        "no names": Mistake(
            one_output, "should have an output named 'row_sum', but its outputs are: output_0."
        ),
        "other names": Mistake(
            lambda folder: archive(folder, names=("sum", "above_zero")),
            "should have an output named 'row_sum', but its outputs are: above_zero, sum.",
        ),
        "one name": Mistake(
            lambda folder: archive(folder, names=("row_sum", "positive")), "named 'above_zero'"
        ),
        "0 and 1": Mistake(
            lambda folder: archive(folder, judge=lambda total: tf.cast(total > 0, tf.float32)),
            "above_zero should be bool, but is float32",
        ),
        "the wrong way round": Mistake(
            lambda folder: archive(folder, judge=lambda total: total < 0), "above_zero in Python"
        ),
        "one sign for the batch": Mistake(
            lambda folder: archive(folder, judge=lambda total: tf.reduce_any(total > 0)),
            "should have the shape of row_sum, (300, 1), but has shape ()",
        ),
        "one batch size": Mistake(
            lambda folder: archive(folder, spec=Spec((100, 10), name="features")), "(100, 10)"
        ),
        "not trained": Mistake(
            lambda folder: archive(folder, built()), "as the notebook's model does"
        ),
        "sums without the model": Mistake(without_the_model, "as the notebook's model does"),
        "the old way": Mistake(the_old_way, "Export with model.export(directory)"),
        "another key": Mistake(
            lambda folder: module(folder, key="judge"),
            "should have the signature 'serving_default'",
        ),
        "the function instead of the directory": Mistake(
            just(function(built())), "expected the path of an export directory"
        ),
        "no such directory": Mistake(lambda folder: (folder / "none",), "no such directory"),
        "one output more": Mistake(three_outputs, "the two outputs only, but has half as well"),
        "64 bits": Mistake(
            lambda folder: archive(
                folder, changed_by(lambda total: tf.cast(total, tf.float64)), judge=lambda t: t > 0
            ),
            "row_sum should be float32, but is float64",
        ),
    },
    near={
        "at least 0": lambda folder: archive(folder, judge=lambda total: total >= 0),
        "above 0.5": lambda folder: archive(folder, judge=lambda total: total > 0.5),
        "above 0.001": lambda folder: archive(folder, judge=lambda total: total > 0.001),
        "above -0.001": lambda folder: archive(folder, judge=lambda total: total > -0.001),
        "the model and 0.01": lambda folder: archive(folder, shifted(0.01)),
        "the model and 0.001": lambda folder: archive(folder, shifted(0.001)),
        "cut at 20": lambda folder: archive(
            folder, changed_by(lambda total: tf.minimum(total, 20.0))
        ),
        "rounded": lambda folder: archive(folder, changed_by(tf.round)),
        "float16 between": lambda folder: archive(
            folder, changed_by(lambda total: tf.cast(tf.cast(total, tf.float16), tf.float32))
        ),
        "the sign of the exact sum": exact_sign,
    },
    untouched=(...,),
)

PREDICTION = {
    "signature(readings=two)": "answers",
    "signature(readings=[1, 2, 3, 4])": "TypeError",
    "signature(readings=tf.constant(two))": "InvalidArgumentError",
    "signature(tf.ones((2, 3)))": "InvalidArgumentError",
    "sensors.score(two)": "answers",
    "sensors.score(tf.constant(two))": "TypeError",
}
CLASSES = {"TypeError": TypeError, "InvalidArgumentError": tf.errors.InvalidArgumentError}


def said(key, outcome, words=""):
    assert key in PREDICTION
    return Mistake(just({**PREDICTION, key: outcome}), words or f"{key}: you say {outcome!r}")


Q3 = Proofs(
    right=other_mappings(PREDICTION)
    | {
        "the classes": just({key: CLASSES.get(end, end) for key, end in PREDICTION.items()}),
    },
    wrong={
        "NumPy's 64 bits are refused": said("signature(readings=two)", "InvalidArgumentError"),
        "a row is as good as rows": said("signature(readings=[1, 2, 3, 4])", "answers"),
        "a tensor is cast": said("signature(readings=tf.constant(two))", "answers"),
        "Python sees the dtype of a tensor": said(
            "signature(readings=tf.constant(two))", "TypeError"
        ),
        "Python sees the width of a tensor": said("signature(tf.ones((2, 3)))", "TypeError"),
        "the width is not checked": said("signature(tf.ones((2, 3)))", "answers"),
        "a restored function needs names": said("sensors.score(two)", "TypeError"),
        "a restored function does not check": said(
            "sensors.score(tf.constant(two))", "InvalidArgumentError"
        ),
        "another word": Mistake(
            just({**PREDICTION, "sensors.score(two)": "works"}), "is not one of 'answers', 'Type"
        ),
        "a list": Mistake(just(list(PREDICTION.values())), "should be a dict"),
        "a key missing": Mistake(just(dict(list(PREDICTION.items())[1:])), "should be a dict"),
        "another exception": Mistake(
            just({**PREDICTION, "sensors.score(two)": KeyError}), "'KeyError' is not one of"
        ),
        "with what was measured": said(
            "signature(readings=two)", "TypeError", "It returns a dict with 'output_0' of shape (2"
        ),
    },
    near=one_wrong(PREDICTION, OUTCOMES),
    untouched=(dict.fromkeys(PREDICTION, ...),),
)


Q4 = Proofs(
    right={
        "a build of its own": just(answers.OwnBuild),
        "layers built in the constructor": just(answers.BuiltInConstructor),
        "a plain call": just(answers.Layers),
        "a plain call and a method beside it": just(answers.MethodBeside),
        "a function": just(answers.sequential),
    },
    wrong={
        "as it was": Mistake(just(answers.Cut), "Give the model its own build()"),
        "called once": Mistake(
            just(answers.CalledOnce), "first and 4 for 5 rows.\nThe function does not"
        ),
        "without the input_signature": Mistake(
            just(answers.NoSignature), "first and 0 for 5 rows, because without an input_signature"
        ),
        "built for another width": Mistake(
            just(answers.ForAnotherWidth), "axis -1 of input shape to have value 4", RAISED
        ),
        "layers made in call": Mistake(
            just(answers.LayersInCall), "created on the first call", RAISED
        ),
        "no weights": Mistake(just(answers.Summed), "no trainable weights"),
        "an unused layer": Mistake(
            just(answers.HalfFrozen), "the answer does not depend on these weights"
        ),
        "out of the graph": Mistake(just(answers.Numpy), "not a TensorFlow operation"),
        "one number for all rows": Mistake(just(answers.OneNumber), "of shape ()"),
        "an instance": Mistake(
            lambda _: (answers.OwnBuild(),), "should be the class, but is a model"
        ),
        "a tf.Module": Mistake(just(tf.Module), "should return a Keras model"),
        "not a class": Mistake(
            just("Repaired"), "should be a class, or a function that returns a model"
        ),
        "a layer that does not learn": Mistake(just(answers.Frozen), "trainable = False"),
        "one model for all": Mistake(just(answers.shared()), "a new model at each call"),
        "no graphs": Mistake(just(answers.WithoutGraphs), "called run_functions_eagerly"),
        "an endless loop": Mistake(just(answers.Endless), "loop that never ends"),
        "an end to the program": Mistake(just(answers.Leaves), "SystemExit: bye", RAISED),
        "an unprintable exception": Mistake(
            just(answers.unprintable), "Unprintable: (its message", RAISED
        ),
    },
    untouched=(...,),
)

TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}
globals().update(prove("02_one_signature", TABLE, lambda: {"model": trained()}))
