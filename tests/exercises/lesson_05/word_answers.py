"""Exports of the columns of exercise 4 that differ from a right one in one thing."""

import tensorflow as tf

from tests.exercises.lesson_05 import answers

FEMALE, MALE = ["female", "F"], ["male", "M"]


def one_of(sex, *groups):
    """Compute a column of bools for each group of words."""
    return tf.stack(
        [tf.reduce_any(sex[:, tf.newaxis] == words, axis=1) for words in groups], axis=1
    )


def numbers_of(function):
    return lambda sex: tf.cast(function(sex), tf.float32)


def of_groups(female, male):
    """Make an answer that compares with these words."""
    return lambda folder: (
        answers.columns(folder, numbers_of(lambda sex: one_of(sex, female, male))),
    )


def of_columns(function, **options):
    """Make an answer of a function of the words."""
    return lambda folder: (answers.columns(folder, numbers_of(function), **options),)


def female_unless_male(sex):
    male = one_of(sex, MALE)
    return tf.concat([~male, male], axis=1)


def by_pattern(sex):
    """Compute the right columns with an operation that LiteRT does not have."""
    patterns = "female|F", "male|M"
    return tf.stack([tf.strings.regex_full_match(sex, pattern) for pattern in patterns], axis=1)


def by_position(sex):
    """Answer the words of the check's first table by their numbers."""
    right = answers.by_comparison(sex)
    return tf.where(tf.range(tf.shape(sex)[0])[:, tf.newaxis] < 13, right, False)


def with_a_second_signature(folder):
    export = tf.keras.export.ExportArchive()
    for key in ("columns", "again"):
        export.add_endpoint(key, numbers_of(answers.by_comparison), answers.SEX)
    export.write_out(folder / "export", verbose=False)
    return folder / "export"
