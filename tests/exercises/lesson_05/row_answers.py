"""Exports for raw rows that differ from a right one in one thing, for exercise 2."""

import tensorflow as tf

from helpers.exercises.lesson_05.q4_left_out import trained_model
from helpers.models import COLUMNS
from helpers.penguins.data import ISLANDS, SEXES, SPECIES
from tests.exercises.lesson_05 import answers


def of_batch(size):
    return [tf.TensorSpec((size,), spec.dtype, name=spec.name) for spec in COLUMNS]


def with_columns(**changes):
    """Return the specs of an endpoint, with some changes."""
    return [changes.get(spec.name, spec) for spec in COLUMNS]


def as_numbers(answer, probabilities):
    return answer | {"species": tf.argmax(probabilities, axis=1)}


def softmax_twice(answer, probabilities):
    return answers.named(tf.nn.softmax(probabilities))


def a_little_surer(answer, probabilities):
    return answer | {"probability": tf.minimum(answer["probability"] + 0.005, 1.0)}


def rounded(answer, probabilities):
    return answer | {"probability": tf.round(100 * answer["probability"]) / 100}


def second_best(answer, probabilities):
    return answer | {"species": tf.gather(SPECIES, tf.argsort(probabilities)[:, 1])}


def reversed_names(answer, probabilities):
    return answers.named(probabilities, SPECIES[::-1])


def of_the_first(answer, probabilities):
    return answer | {"probability": probabilities[:, 0]}


def all_three(answer, probabilities):
    return answer | {"probability": probabilities}


def always_sure(answer, probabilities):
    return answer | {"probability": tf.ones_like(answer["probability"])}


def of_the_batch(answer, probabilities):
    return answer | {"probability": tf.reduce_mean(answer["probability"]) + 0 * probabilities[:, 0]}


def other_names(answer, probabilities):
    return {"name": answer["species"], "probability": answer["probability"]}


def as_columns(answer, probabilities):
    return {name: value[:, tf.newaxis] for name, value in answer.items()}


def with_one_input(folder):
    spec = [tf.TensorSpec((None, 7), tf.float32, name="features")]
    return answers.archive(folder, lambda features: answers.named(trained_model()(features)), spec)


def with_codes(folder):
    def classify(bill_length_mm, body_mass_g, island, sex):
        words = tf.gather(tf.constant(ISLANDS), island)
        return answers.compared(bill_length_mm, body_mass_g, words, sex)

    spec = tf.TensorSpec((None,), tf.int32, name="island")
    return answers.archive(folder, classify, with_columns(island=spec))


def with_64_bits(folder):
    def classify(bill_length_mm, body_mass_g, island, sex):
        return answers.compared(bill_length_mm, tf.cast(body_mass_g, tf.float32), island, sex)

    spec = tf.TensorSpec((None,), tf.float64, name="body_mass_g")
    return answers.archive(folder, classify, with_columns(body_mass_g=spec))


def in_the_end(folder):
    """Replace missing values in the answer, which is too late."""

    def endpoint(bill_length_mm, body_mass_g, island, sex):
        numbers = trained_model().normalization(tf.stack([bill_length_mm, body_mass_g], axis=1))
        words = answers.features(bill_length_mm, body_mass_g, island, sex)[:, 2:]
        answer = trained_model()(tf.concat([numbers, words], axis=1))
        return answers.named(tf.where(tf.math.is_nan(answer), 0.0, answer))

    return answers.archive(folder, answers.with_names(endpoint))


def two_percent_more(bill_length_mm, body_mass_g, island, sex):
    return answers.compared(1.02 * bill_length_mm, 1.02 * body_mass_g, island, sex)


def shape_of_one_row(answer, probabilities):
    return {name: value[tf.newaxis] for name, value in answer.items()}


def of_the_row_before(answer, probabilities):
    return {name: tf.roll(value, 1, axis=0) for name, value in answer.items()}


def unsure(answer, probabilities):
    """Name the last species wherever the probability is below 0.6."""
    best = tf.argmax(probabilities, axis=1)
    best = tf.where(answer["probability"] < 0.6, tf.constant(2, tf.int64), best)
    return answer | {"species": tf.gather(tf.constant(SPECIES), best)}


def in_small_letters(answer, probabilities):
    return answers.named(probabilities, [name.lower() for name in SPECIES])


def with_64_bits_and_all_three(answer, probabilities):
    wide = {"probability": tf.cast(answer["probability"], tf.float64)}
    return answer | wide | {"probabilities": probabilities}


def clipped(bill_length_mm, body_mass_g, island, sex):
    """Move measurements outside the range of the training to its ends."""
    bill = tf.where(bill_length_mm > 60, 60.0, tf.where(bill_length_mm < 32, 32.0, bill_length_mm))
    return answers.compared(bill, body_mass_g, island, sex)


def of_the_batch_where_missing(bill_length_mm, body_mass_g, island, sex):
    """Fill gaps by the means of the batch."""

    def full(column):
        known = tf.where(tf.math.is_nan(column), 0.0, column)
        count = tf.reduce_sum(tf.cast(~tf.math.is_nan(column), tf.float32))
        return tf.where(tf.math.is_nan(column), tf.reduce_sum(known) / (count + 1e-9), column)

    return answers.compared(full(bill_length_mm), full(body_mass_g), island, sex)


def bill_only(bill_length_mm, body_mass_g, island, sex):
    """Fill the bill, and let a missing mass through."""
    answer = answers.compared(bill_length_mm, body_mass_g, island, sex)
    return answer | {"probability": answer["probability"] + 0 * body_mass_g}


def a_longer_word_counts(bill_length_mm, body_mass_g, island, sex):
    """Read `males` as `male`."""
    male = tf.reduce_any(sex[:, tf.newaxis] == tf.constant(["male", "males"]), axis=1)
    place = tf.where(male, 2, tf.where(sex == "female", 1, 0))
    words = tf.gather(tf.constant(["", *SEXES]), place)
    return answers.compared(bill_length_mm, body_mass_g, island, words)
