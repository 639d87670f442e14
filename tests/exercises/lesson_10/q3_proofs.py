"""The proofs of exercise 3 of lesson 10: where a runtime differs from Python, and by how much."""

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_10.q3_laboratory import laboratory
from tests.exercises.proofs import Mistake, Proofs

LARGEST = 275.0  # 400, where 125 is right
RIGHT = ("litert", "pressure", "layer_3", LARGEST)


def changed(**changes):
    """The right answers, some of them changed."""
    names = ("runtime", "signature", "layer", "largest")
    answer = dict(zip(names, RIGHT, strict=True)) | changes
    return lambda _: tuple(answer.values())


def gaps():
    return laboratory().gaps()["layer_3"]


Q3 = Proofs(
    right={
        "a number of Python": changed(),
        "a number of NumPy": changed(largest=np.float32(LARGEST)),
        "a tensor": changed(largest=tf.constant(LARGEST)),
        "a whole number": changed(largest=275),
        "an array of shape ()": changed(largest=np.array(LARGEST)),
        "texts of NumPy": changed(runtime=np.str_("litert"), layer=np.str_("layer_3")),
        "rounded to four digits": changed(largest=275.1),
    },
    wrong={
        "a runtime that agrees": Mistake(
            changed(runtime="onnx"), "'onnx' gives Python's numbers in every signature"
        ),
        "the one that has one signature": Mistake(
            changed(runtime="openvino-f32"),
            "'openvino-f32' gives Python's numbers in every signature that it can call",
        ),
        "the precision of the processor": Mistake(
            changed(runtime="openvino"), "'openvino' is not one of 'litert', 'onnx'"
        ),
        "a signature that agrees": Mistake(
            changed(signature="light"), "for 'light' it gives Python's numbers in all layers"
        ),
        "the default": Mistake(
            changed(signature="serving_default"), "for 'serving_default' it gives Python's numbers"
        ),
        "the last layer": Mistake(
            changed(layer="layer_4"), "layer_4 differs, but an earlier layer does, too"
        ),
        "the layer before": Mistake(
            changed(layer="layer_2"), "layer_2 gives the same numbers in litert as in Python"
        ),
        "the difference of the last layer": Mistake(
            changed(largest=LARGEST / 4), "68.75 is the largest difference in layer_4"
        ),
        "with its sign": Mistake(changed(largest=-LARGEST), "is a difference with its sign"),
        "the mean": Mistake(
            lambda _: changed(largest=gaps().mean())(_), "is the mean of the differences"
        ),
        "the sum": Mistake(lambda _: changed(largest=gaps().sum())(_), "is the sum of the"),
        "the first row": Mistake(changed(largest=0.0), "is the difference in the first row"),
        "a text": Mistake(changed(largest="275"), "largest should be a number, but is '275'"),
        "not finite": Mistake(changed(largest=np.inf), "largest should be a finite number"),
        "all differences": Mistake(
            lambda _: changed(largest=gaps())(_), "largest should be a number, but is an array"
        ),
    },
    untouched=(..., ..., ..., ...),
    near={
        "1 % too large": changed(largest=LARGEST * 1.01),
        "1 % too small": changed(largest=LARGEST * 0.99),
        "the limit of the layer": changed(largest=400.0),
        "the smaller column": lambda _: changed(largest=gaps().max(axis=0).min())(_),
        "the second row": lambda _: changed(largest=np.sort(gaps().max(axis=1))[-2])(_),
        "relative": changed(largest=LARGEST / 125),
        "in capitals": changed(runtime="LiteRT"),
        "a list": changed(signature=["pressure"]),
        "a number for the layer": changed(layer=3),
        "True": changed(largest=True),
    },
)
