"""Proofs of exercise 2: exports with the signature judge."""

import tensorflow as tf

from helpers.models import ComplexModel
from tests.exercises.lesson_02.exports import FEATURES, Spec, just, trained, write
from tests.exercises.proofs import Mistake, Proofs


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


def archive(folder, model=None, key="judge", **options):
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
    tf.saved_model.save(sums, str(folder), signatures={"judge": sums.judge})
    return (folder,)


def plain(folder):
    def judge(features):
        total = trained()(features)
        return {"row_sum": total, "above_zero": tf.math.greater(total, 0.0)}

    return write(folder, judge)


def by_model_export(folder):
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
    return write(folder, model.call, model=model)


def functional(folder):
    inputs = tf.keras.Input((10,), name="numbers")
    total = trained()(inputs)
    outputs = {"row_sum": total, "above_zero": tf.keras.ops.greater(total, 0.0)}
    model = tf.keras.Model(inputs, outputs)
    return write(folder, lambda features: model(features), model=model)


def module(folder, keep=True, key="judge"):
    model, saved = trained(), tf.Module()
    saved.weights = [weight.value for weight in model.variables] if keep else []
    saved.answer = function(model)
    tf.saved_model.save(saved, str(folder), signatures={key: saved.answer})
    return (folder,)


def three_outputs(folder):
    def answer(features):
        total = trained()(features)
        return {"row_sum": total, "above_zero": total > 0, "half": total / 2}

    return write(folder, answer)


def the_old_way(folder):
    model = trained()
    tf.saved_model.save(model, str(folder), signatures={"judge": function(model)})
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
    def answer(features):
        exact = tf.reduce_sum(features, axis=1, keepdims=True)
        return {"row_sum": trained()(features), "above_zero": exact > 0}

    return write(folder, answer)


def second(folder):
    """judge is the second endpoint, and not the default."""
    export = tf.keras.export.ExportArchive()
    export.track(trained())
    export.add_endpoint("score", lambda x: trained()(x), input_signature=[FEATURES])
    export.add_endpoint("judge", function(trained()))
    export.write_out(folder / "export", verbose=False)
    return (folder / "export",)


Q2 = Proofs(
    right={
        "ExportArchive": archive,
        "a plain function": plain,
        "judge is the second signature": second,
        "a model that answers with a dict": subclass,
        "a functional model": functional,
        "a tf.Module": module,
        "a path as text": lambda folder: (str(archive(folder)[0]),),
    },
    wrong={
        "no names": Mistake(
            lambda folder: write(folder, lambda features: trained()(features)),
            "should have an output named 'row_sum', but its outputs are: output_0.",
        ),
        "model.export": Mistake(
            by_model_export,
            "should have the signature 'judge', but its signatures are: serve, serving_default.",
        ),
        "another name of the input": Mistake(
            lambda folder: archive(folder, spec=Spec((None, 10), name="rows")),
            "the input of judge should be called features, but is called rows. Give the spec",
        ),
        "64 bits in": Mistake(
            lambda folder: write(
                folder,
                lambda features: function(trained())(tf.cast(features, tf.float32)),
                spec=Spec((None, 10), tf.float64, name="features"),
            ),
            "the input of judge should be float32, but is float64",
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
            lambda folder: archive(folder, key="serving_default"),
            "should have the signature 'judge', but its signatures are: serving_default.",
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
