"""Exports with several endpoints as learners of lesson 03 make them, right and wrong."""

import functools

import numpy as np
import tensorflow as tf

from helpers.models import MultiSignatureModel

TWO = [tf.TensorSpec((None, 2), tf.float32, name="x")]
THREE = [tf.TensorSpec((None, 3), tf.float32, name="x")]


THIRD_FIRST = ("predict_three", "predict_two")
KERNEL, BIAS = (2.01, 1.98), 0.99  # near those of y = 2·(x0 + x1) + 1


def trained(kernel=KERNEL, bias=BIAS):
    """A model as training leaves it, without the training."""
    model = MultiSignatureModel()
    model.build((None, 2))
    model.set_weights([np.reshape(kernel, (2, 1)), np.array([bias])])
    return model


@functools.cache
def notebook():
    """The names of the notebook that the checks need."""
    return {"model": trained()}


def classify(model, limit=0.0, dtype=tf.int32, compare=tf.greater, decide=None):
    def function(x):
        score = model(x)
        label = tf.cast(compare((decide or model)(x), limit), dtype)
        return {"score": score, "label": label}

    return function


def archive(folder, model=None, track=True, order=("predict_two", "predict_three"), **changes):
    """Write an ExportArchive of the usual endpoints in this order.

    changes : endpoints to replace or to add, each a function or (function, input signature)
    """
    model = model or trained()
    endpoints = {
        "predict_two": (model.predict_first_two_features,),
        "predict_three": (model.predict_first_three_features,),
    }
    endpoints = {key: endpoints[key] for key in order} | changes
    export = tf.keras.export.ExportArchive()
    if track:
        export.track(model)
    for key, endpoint in endpoints.items():
        export.add_endpoint(key, *(endpoint if isinstance(endpoint, tuple) else (endpoint, TWO)))
    export.write_out(folder, verbose=False)
    return folder


class Module(tf.Module):
    """The three endpoints as a plain module, with a different dtype and shape of the label."""

    def __init__(self, kernel=KERNEL, bias=BIAS, dtype=tf.float32):
        self.kernel = tf.Variable(np.reshape(kernel, (2, 1)), dtype=tf.float32)
        self.bias = tf.Variable([bias])
        self.dtype = dtype

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def predict_two(self, x):
        return x @ self.kernel + self.bias

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="features")])
    def predict_three(self, x):
        return self.predict_two(x[:, :2])

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def classify(self, x):
        score = self.predict_two(x)[:, 0]
        return {"score": score, "label": tf.cast(score > 0, self.dtype)}


def module(folder, keys=("predict_two", "predict_three", "classify"), default=None, **options):
    saved = Module(**options)
    signatures = {key: getattr(saved, key) for key in keys}
    if default:
        signatures["serving_default"] = getattr(saved, default)
    tf.saved_model.save(saved, str(folder), signatures=signatures)
    return folder


def wrapped(folder):
    """The weights of a Keras model held by a module."""
    model, holder = trained(), tf.Module()
    holder.weights = [weight.value for weight in model.variables]
    signatures = {
        "predict_two": model.predict_first_two_features,
        "predict_three": model.predict_first_three_features,
        "classify": tf.function(classify(model), input_signature=TWO),
    }
    tf.saved_model.save(holder, str(folder), signatures=signatures)
    return folder


def saved_the_old_way(folder, key="classify"):
    model = trained()
    signatures = {
        "predict_two": model.predict_first_two_features,
        "predict_three": model.predict_first_three_features,
        key: tf.function(classify(model), input_signature=TWO)
        if key == "classify"
        else model.predict_first_three_features,
    }
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder


def plane_of(x):
    return x[:, :2] @ tf.constant(KERNEL, shape=(2, 1)) + BIAS


def with_classify(folder, function=None, **options):
    model = options.pop("model", None) or trained()
    return archive(folder, model, classify=function or classify(model), **options)


def copied(model):
    kernel, bias = (weight.numpy() for weight in model.weights)
    return lambda x: x[:, :2] @ kernel + bias


def snapshot(model):
    return classify(copied(model))


def with_the_bias_copied(model):
    bias = model.dense.bias.numpy()
    return lambda x: x[:, :2] @ model.dense.kernel + bias


def with_words(model):
    def function(x):
        score = model(x)
        return {"score": score, "label": tf.where(score > 0, "high", "low")}

    return function


def with_where(model, high, low):
    def function(x):
        score = model(x)
        return {"score": score, "label": tf.where(score > 0, high, low)}

    return function


def with_if(model, high=tf.ones_like, low=tf.zeros_like):
    """One choice of the label for the whole batch."""

    @tf.function(input_signature=TWO)
    def function(x):
        score = model(x)
        label = high(score) if score > 0 else low(score)
        return {"score": score, "label": label}

    return function


def with_mean(model):
    """One score for the whole batch."""

    def function(x):
        score = tf.reduce_mean(model(x), axis=0, keepdims=True)
        return {"score": score, "label": tf.cast(score > 0, tf.int32)}

    return function


def made(function, *arguments, **options):
    """An answer of one directory, made in a new folder when it is asked for."""
    return lambda folder: (function(folder, *arguments, **options),)
