"""Loops and branches in the graph."""

from pathlib import Path

import tensorflow as tf

from tests.corpus.making import NO_LITERT, SAME_IN_ALL, module_export, numbers, whole
from tests.corpus.record import export

X = tf.TensorSpec((None, 3), tf.float32, name="x")


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="The loop keeps one tensor of the shape of x. LiteRT has WHILE.",
    quick=True,
)
def while_with_maximum(directory: Path):
    def compute(x):
        found = tf.while_loop(
            lambda y: tf.reduce_max(tf.abs(y)) > 0.5,
            lambda y: (y * 0.7,),
            (x,),
            maximum_iterations=20,
        )
        return {"y": found[0]}

    return module_export(compute, directory, [X], numbers(4, 3))


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="Both branches return the shape of x. LiteRT has IF.",
    quick=True,
)
def cond_on_a_sum(directory: Path):
    def compute(x):
        return {"y": tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2, lambda: x - 1)}

    return module_export(compute, directory, [X], numbers(4, 3))


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="The list of the loop has an open length, but its elements have the fixed shape (3,).",
)
def loop_over_rows(directory: Path):
    def compute(x):
        return {"y": tf.map_fn(lambda row: tf.reduce_sum(row) * row, x)}

    return module_export(compute, directory, [X], numbers(4, 3))


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="The number of steps is an input. The loop keeps one number for each row.",
)
def steps_as_input(directory: Path):
    def compute(x, steps):
        y = tf.reduce_sum(x, -1)
        for _ in tf.range(steps):
            y = tf.sin(y) + 1.0
        return {"y": y}

    spec = [X, tf.TensorSpec((), tf.int32, name="steps")]
    return module_export(compute, directory, spec, numbers(4, 3), tf.constant(5).numpy())


@export(
    family="control flow",
    verdict=NO_LITERT,
    why="LiteRT has IF for two branches, but no operation for a case of three.",
)
def switch_of_three(directory: Path):
    def compute(x, mode):
        branches = [lambda: x + 1, lambda: x * 3, lambda: -x]
        return {"y": tf.switch_case(mode, branches)}

    spec = [X, tf.TensorSpec((), tf.int32, name="mode")]
    return module_export(compute, directory, spec, numbers(4, 3), tf.constant(1).numpy())


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="Five steps of the most likely next token: argmax, a lookup and a concatenation.",
)
def greedy_decoding(directory: Path):
    table = tf.constant(numbers(12, 12))

    def compute(ids):
        for _ in range(5):
            following = tf.argmax(tf.gather(table, ids[:, -1]), -1, tf.int32)
            ids = tf.concat([ids, following[:, None]], 1)
        return {"ids": ids}

    spec = [tf.TensorSpec((None, 2), tf.int32, name="ids")]
    return module_export(compute, directory, spec, whole(12, 3, 2))


@export(
    family="control flow",
    verdict=SAME_IN_ALL,
    why="The places of positive numbers: LiteRT returns as many as there are, too.",
)
def places_of_positive_numbers(directory: Path):
    def compute(x):
        return {"places": tf.where(x > 0), "sorted": tf.sort(tf.reshape(x, [-1]))}

    return module_export(compute, directory, [X], numbers(4, 3))
