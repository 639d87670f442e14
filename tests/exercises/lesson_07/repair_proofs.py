"""Proofs of exercise 3 of lesson 07: right answers, named mistakes, near misses."""

import tensorflow as tf

from helpers.exercises.lesson_07.exercises import repair_without_code
from tests.exercises.lesson_07 import answers
from tests.exercises.lesson_07 import near_misses as near
from tests.exercises.lesson_07.answers import LISTS
from tests.exercises.proofs import Mistake, Proofs
from tests.exercises.repairs import first_rows, spec, without_column


def pair(scores, lists):
    """The answer of two exports, each made in a folder of its own."""
    return lambda folder: (scores(folder / "scores"), lists(folder / "lists"))


def of(cure, /, *arguments, **options):
    return lambda folder: cure(folder, *arguments, **options)


def scores(cure, /, *arguments, **options):
    """A repair of the scores. The check does not get as far as the lists."""
    return lambda folder: (cure(folder, *arguments, **options), "none")


def lists(cure, /, *arguments, **options):
    """A repair of the lists, after a right one of the scores."""
    return pair(near.scored, of(cure, *arguments, **options))


def mean(scores):
    return tf.reduce_mean(scores, axis=0, keepdims=True)


def counted(scores):
    return tf.reduce_sum(scores) / tf.cast(tf.shape(scores)[0], tf.float32)


def one_less(scores):
    return tf.reduce_sum(scores) / tf.cast(tf.shape(scores)[0] - 1, tf.float32)


def without_bias(kernel, bias):
    return kernel, 0 * bias


def scores_themselves(rows, kernel, bias):
    return {"above": rows @ kernel + bias}


def unnamed(*arguments):
    return answers.above(*arguments)["above"]


Q3 = Proofs(
    right={
        "a new model, and a module": pair(answers.rebuilt, answers.averaged),
        "the class with a build, and an archive": pair(
            answers.of_the_class, answers.averaged_by_an_archive
        ),
        "variables, and a Keras model": pair(answers.of_variables, answers.averaged_by_keras),
        "the loaded variables, and constants": pair(
            answers.of_loaded_variables, of(near.compared, mean)
        ),
        "two layers, and a sum divided by the number of rows": pair(
            answers.of_two_layers, of(near.compared, counted)
        ),
    },
    wrong={
        "as it was": Mistake(
            lambda _: repair_without_code.given(), "should answer -3.88 for the row [-2, 0.25], but"
        ),
        "the other way round": Mistake(
            lambda folder: pair(answers.rebuilt, answers.averaged)(folder)[::-1],
            "repaired_scores: ",
        ),
        "saved again": Mistake(
            scores(answers.saved_again), "should answer -3.88 for the row [-2, 0.25], but"
        ),
        "wrapped": Mistake(
            scores(answers.wrapped), "should answer -3.88 for the row [-2, 0.25], but"
        ),
        "the class once more": Mistake(
            scores(answers.of_the_class, make=answers.Line), "in Python (tf.saved_model.load)"
        ),
        "no bias": Mistake(
            scores(answers.rebuilt, change=without_bias),
            "should answer 1 for the row [1, 1], but answers 2",
        ),
        "the old recipe": Mistake(
            scores(answers.saved_the_old_way), "fails in the session (Python)"
        ),
        "one row": Mistake(
            scores(answers.of_variables, spec=spec("rows", 2, rows=1)),
            "takes rows of shape (1, 2)",
        ),
        "no directory": Mistake(lambda _: (None, "none"), "repaired_scores: directory"),
        "the lists as they were": Mistake(
            pair(near.scored, lambda _: LISTS.given()), "takes rows of shape (4, 2)"
        ),
        "opened, the number still inside": Mistake(
            lists(answers.opened_only), "repaired_lists: serving_default"
        ),
        "two rows": Mistake(
            lists(answers.averaged, spec=spec("rows", 2, rows=2)), "takes rows of shape (2, 2)"
        ),
        "the scores themselves": Mistake(
            lists(answers.averaged, scores_themselves),
            "should answer 2.35 for the row [1, 1], but answers 6. The request was the list "
            "[[1.0, 1.0], [0.5, ",
        ),
        "a different name for the rows": Mistake(
            lists(answers.averaged_by_an_archive, spec=spec("x", 2)),
            "serving_default should have an input named 'rows', but takes x",
        ),
        "no name": Mistake(lists(answers.averaged, unnamed), "should have an output named 'above'"),
    },
    near={
        "a bias a little off": scores(near.scored, weights=near.bias_off),
        "a kernel 1 % off": scores(near.scored, weights=near.kernel_off),
        "a kernel the wrong way round": scores(near.scored, weights=near.kernel_reversed),
        "no negative score": scores(near.scored, tf.nn.relu),
        "whole scores": scores(near.scored, tf.round),
        "scores up to 10": scores(near.scored, lambda score: tf.clip_by_value(score, -10.0, 10.0)),
        "a score without a column": scores(near.scored, without_column),
        "100 rows": scores(near.scored, first_rows),
        "scores of 64 bits": scores(near.scored, lambda score: tf.cast(score, tf.float64)),
        "the median": lists(near.compared, near.median),
        "one article less": lists(near.compared, one_less),
        "the average of the first four": lists(
            near.compared, lambda scores: tf.reduce_mean(scores[:4])
        ),
        "the average of the first 100": lists(
            near.compared, lambda scores: tf.reduce_mean(scores[:100])
        ),
        "a quarter of the sum": lists(near.compared, lambda scores: tf.reduce_sum(scores) / 4),
        "the lowest score": lists(near.compared, tf.reduce_min),
        "the average 1 % off": lists(near.compared, lambda scores: 1.01 * tf.reduce_mean(scores)),
        "a kernel of the lists 1 % off": lists(near.compared, tf.reduce_mean, near.kernel_off),
        "a kernel of the lists the wrong way round": lists(
            near.compared, tf.reduce_mean, near.kernel_reversed
        ),
    },
    untouched=(..., ...),
)
