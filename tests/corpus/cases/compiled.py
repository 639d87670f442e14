"""Compiled functions and operations that only some readers have."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, keras_export, module_export, numbers
from tests.corpus.record import export

X = tf.TensorSpec((None, 4), tf.float32, name="x")


@export(
    family="compiled",
    verdict=SAME_IN_ALL,
    why="A Keras model with the exact gelu. LiteRT has an operation for it.",
)
def gelu_exact(directory: Path):
    stack = [keras.Input((4,), name="x"), layers.Dense(6, activation="gelu"), layers.Dense(2)]
    return keras_export(keras.Sequential(stack), directory, {"x": numbers(3, 4)})


@export(
    family="compiled",
    verdict=SAME_IN_ALL,
    why="The approximate gelu is a tanh of a product.",
    quick=True,
)
def gelu_approximate(directory: Path):
    weights = tf.constant(numbers(4, 3))

    def compute(x):
        return {"y": tf.nn.gelu(tf.matmul(x, weights), approximate=True)}

    return module_export(compute, directory, [X], numbers(3, 4, seed=2))


@export(
    family="compiled",
    verdict=NO_LITERT,
    why="LiteRT has NON_MAX_SUPPRESSION for a number of boxes, but not the combined operation.",
    quick=True,
)
def nms_combined(directory: Path):
    def compute(boxes, scores):
        found = tf.image.combined_non_max_suppression(
            boxes[:, :, None, :], scores, 4, 4, iou_threshold=0.5, score_threshold=0.1
        )
        return {"boxes": found.nmsed_boxes, "count": found.valid_detections}

    spec = [
        tf.TensorSpec((None, 6, 4), tf.float32, name="boxes"),
        tf.TensorSpec((None, 6, 2), tf.float32, name="scores"),
    ]
    corners = np.random.default_rng(1).uniform(0, 1, (2, 6, 4)).astype("float32")
    boxes = np.concatenate([corners[..., :2], corners[..., :2] + 0.3], -1)
    return module_export(compute, directory, spec, boxes, np.abs(numbers(2, 6, 2)))


@export(
    family="compiled",
    verdict={"python": "same", "session": "same", "litert": "other"},
    why="The graph returns as many places as there are. LiteRT returns four and fills up with 0.",
)
def nms_places(directory: Path):
    def compute(boxes, scores):
        return {"places": tf.image.non_max_suppression(boxes, scores, 4, score_threshold=0.2)}

    spec = [
        tf.TensorSpec((6, 4), tf.float32, name="boxes"),
        tf.TensorSpec((6,), tf.float32, name="scores"),
    ]
    boxes = np.array([[i, i, i + 1, i + 1] for i in range(6)], "float32")
    scores = np.array([0.9, 0.1, 0.8, 0.05, 0.1, 0.1], "float32")
    return module_export(compute, directory, spec, boxes, scores)


@export(
    family="compiled",
    verdict=SAME_IN_ALL,
    why="A custom gradient changes the training only. The export has the forward computation.",
    quick=True,
)
def custom_gradient(directory: Path):
    @tf.custom_gradient
    def clipped(x):
        return tf.clip_by_value(x, -1.0, 1.0), lambda upstream: upstream

    return module_export(lambda x: {"y": clipped(2 * x)}, directory, [X], numbers(3, 4))


@export(
    family="compiled",
    verdict=SAME_IN_ALL,
    why="The two best of five with their places, and all of them sorted: LiteRT has TOPK_V2.",
)
def two_best(directory: Path):
    def compute(x):
        best = tf.math.top_k(x, 2)
        return {"values": best.values, "places": best.indices, "order": tf.argsort(x)}

    spec = [tf.TensorSpec((None, 5), tf.float32, name="x")]
    return module_export(compute, directory, spec, numbers(3, 5))


@export(
    family="compiled",
    verdict={"python": "same", "session": "fails", "litert": "same"},
    why="TensorFlow Serving leaves XLA off unless a flag turns it on, so it refuses the function.",
)
def jit_compiled(directory: Path):
    weights = tf.constant(numbers(4, 3))

    def compute(x):
        return {"y": tf.nn.relu(tf.matmul(x, weights))}

    return module_export(compute, directory, [X], numbers(3, 4, seed=2), jit_compile=True)
