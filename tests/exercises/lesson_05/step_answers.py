"""Repaired exports of exercise 4, right and wrong."""

import shutil

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_05.exercises import put_the_step_inside
from helpers.exercises.lesson_05.q4_left_out import means, trained_model
from helpers.models import COLUMNS, PenguinModel
from helpers.penguins.data import ISLANDS, MEASUREMENTS, SEXES, SPECIES, penguins
from tests.exercises.lesson_05 import answers

MEANS = [float(value) for value in means(penguins()).values()]  # of the file


def repaired(change, left_out="capitals", seed=None, after=lambda answer: answer, **options):
    """Make an endpoint that changes the columns, calls the given export and changes the answer."""

    def answer(folder):
        found = tf.saved_model.load(put_the_step_inside.given(seed)[0])

        def endpoint(*columns):
            return after(found.classify(*change(*columns)))

        made = answers.archive(folder, answers.with_names(endpoint), tracked=found, **options)
        return left_out, made

    return answer


def upper(bill, mass, island, sex):
    return bill, mass, tf.strings.upper(island), tf.strings.upper(sex)


def lower(bill, mass, island, sex):
    return bill, mass, tf.strings.lower(island), tf.strings.lower(sex)


def in_kilograms(bill, mass, *words):
    return bill, mass / 1000, *words


def by_the_mean(bill, mass, *words):
    """Fill gaps by the means of the file, as the step by hand does."""
    bill, mass = (
        tf.where(tf.math.is_nan(column), mean, column)
        for column, mean in zip((bill, mass), MEANS, strict=True)
    )
    return bill, mass, *words


def by_the_mean_of_training(bill, mass, *words):
    mean = trained_model().normalization.mean[0]
    bill, mass = (
        tf.where(tf.math.is_nan(column), mean[number], column)
        for number, column in enumerate((bill, mass))
    )
    return bill, mass, *words


def by_zero(bill, mass, *words):
    return (
        tf.where(tf.math.is_nan(bill), 0.0, bill),
        tf.where(tf.math.is_nan(mass), 0.0, mass),
        *words,
    )


def by_the_mean_of_the_batch(bill, mass, *words):
    def mean(column):
        known = tf.boolean_mask(column, ~tf.math.is_nan(column))
        return tf.math.divide_no_nan(tf.reduce_sum(known), tf.cast(tf.size(known), tf.float32))

    bill, mass = (tf.where(tf.math.is_nan(c), mean(c), c) for c in (bill, mass))
    return bill, mass, *words


def both(first, second):
    return lambda *columns: second(*first(*columns))


def by_table(spellings, unknown=""):
    """Make a change that replaces some spellings by the word in capitals."""

    def capitals(word, words):
        known = [unknown, *(spelling for w in words for spelling in spellings(w))]
        new = [unknown, *(w.upper() for w in words for _ in spellings(w))]
        where = tf.argmax(tf.cast(word[:, tf.newaxis] == tf.constant(known), tf.int32), axis=1)
        return tf.gather(tf.constant(new), where)

    def change(bill, mass, island, sex):
        return bill, mass, capitals(island, ISLANDS), capitals(sex, SEXES)

    return change


def another_model(folder):
    """Use the trained model itself, with words that are compared in small letters."""
    put_the_step_inside.given()

    def as_in_the_file(word, words):
        same = tf.strings.lower(word)[:, tf.newaxis] == tf.constant([w.lower() for w in words])
        place = tf.where(tf.reduce_any(same, axis=1), 1 + tf.argmax(same, axis=1), 0)
        return tf.gather(tf.constant(["", *words]), place)

    def endpoint(bill, mass, island, sex):
        words = as_in_the_file(island, ISLANDS), as_in_the_file(sex, SEXES)
        return answers.compared(bill, mass, *words)

    return "capitals", answers.archive(folder, answers.with_names(endpoint))


def other_weights(folder):
    """Use a model that names the penguins of the file as well, with other probabilities."""
    put_the_step_inside.given()
    model = PenguinModel(penguins())
    model.build((None, 7))
    model.set_weights(trained_model().get_weights())

    def endpoint(bill, mass, island, sex):
        words = [
            tf.gather(
                tf.constant(["", *known]),
                tf.reduce_sum(
                    tf.cast(
                        tf.strings.lower(word)[:, tf.newaxis] == [w.lower() for w in known],
                        tf.int32,
                    )
                    * tf.range(1, len(known) + 1),
                    axis=1,
                ),
            )
            for word, known in ((island, ISLANDS), (sex, SEXES))
        ]
        return model.classify(bill, mass, *words)

    return "capitals", answers.archive(folder, answers.with_names(endpoint), tracked=model)


def by_position(answer):
    """Name the species of the file's row with the same number."""
    species = tf.constant(penguins()["species"])
    number = tf.range(tf.shape(answer["species"])[0]) % len(penguins()["species"])
    return answer | {"species": tf.gather(species, number)}


def surer(answer):
    return answer | {"probability": tf.minimum(answer["probability"] + 0.005, 1.0)}


def unsure(answer):
    """Name the last species wherever the probability is below 0.6."""
    last = tf.fill(tf.shape(answer["species"]), SPECIES[-1])
    species = tf.where(answer["probability"] < 0.6, last, answer["species"])
    return answer | {"species": species}


def in_python(bill, mass, island, sex):
    def capitals(words):
        return np.array([word.upper() for word in words], object)

    words = (
        tf.ensure_shape(tf.numpy_function(capitals, [w], tf.string), (None,)) for w in (island, sex)
    )
    return bill, mass, *words


def saved_as_module(folder):
    saved = tf.Module()
    saved.found = tf.saved_model.load(put_the_step_inside.given()[0])
    saved.endpoint = tf.function(
        lambda *columns: saved.found.classify(*upper(*columns)), input_signature=COLUMNS
    )
    tf.saved_model.save(saved, str(folder / "export"), signatures={"classify": saved.endpoint})
    return np.str_("capitals"), str(folder / "export")


def over_found_dir(folder):
    """Write the right repair over the given export."""
    left_out, repaired_dir = repaired(upper)(folder)
    found_dir = put_the_step_inside.handed[-1]
    shutil.rmtree(found_dir)
    shutil.copytree(repaired_dir, found_dir)
    return left_out, found_dir


def without_found_dir(folder):
    answer = repaired(upper)(folder)
    shutil.rmtree(put_the_step_inside.handed[-1])
    return answer


def as_it_was(folder, left_out="capitals", seed=None):
    return left_out, put_the_step_inside.given(seed)[0]


def only_the_file(bill, mass, island, sex):
    """Write the file's spelling in capitals, and every other word as an unknown one."""
    return by_table(lambda word: [word])(bill, mass, island, sex)


def columns_moved(*columns):
    assert len(columns) == len(MEASUREMENTS) + 2
    bill, mass, island, sex = columns
    return bill * 1.01, mass, tf.strings.upper(island), tf.strings.upper(sex)
