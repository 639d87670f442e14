"""Exports for raw penguins as learners of lesson 05 make them, right and wrong."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from helpers.exercises.lesson_05.q4_left_out import trained_model
from helpers.models import COLUMNS, PenguinModel
from helpers.penguins.data import ISLANDS, SEXES, SPECIES, penguins


@functools.cache
def from_a_file():
    """The same model, its islands in a file."""
    words = Path(tempfile.mkdtemp()) / "islands.txt"
    words.write_text("\n".join(ISLANDS) + "\n")
    model = PenguinModel(penguins(), islands=str(words))
    model.build((None, 7))
    model.set_weights(trained_model().get_weights())
    return model


def one_hot(word, words):
    return tf.cast(word[:, tf.newaxis] == tf.constant(words), tf.float32)


def features(
    bill_length_mm,
    body_mass_g,
    island,
    sex,
    gap=None,
    filled=0.0,
    shift=0.0,
    spread=1.0,
    first=(),
    islands=ISLANDS,
    sexes=SEXES,
):
    """Compute the features by comparison, without a lookup.

    gap : a number in place of a missing one; the mean by default
    filled : a normalized number in place of a missing one
    shift, spread : what is added to the normalized numbers and multiplied with them
    first : for which of "island" and "sex" an unknown word counts as the first one
    """
    numbers = tf.stack([bill_length_mm, body_mass_g], axis=1)
    if gap is not None:
        numbers = tf.where(tf.math.is_nan(numbers), gap, numbers)
    numbers = trained_model().normalization(numbers) * spread + shift
    numbers = tf.where(tf.math.is_nan(numbers), filled, numbers)
    words = {"island": one_hot(island, islands), "sex": one_hot(sex, sexes)}
    for name in first:
        count = words[name].shape[1]
        words[name] = tf.one_hot(tf.argmax(words[name], axis=1), count)
    return tf.concat([numbers, *words.values()], axis=1)


def named(probabilities, names=SPECIES):
    best = tf.argmax(probabilities, axis=1)
    return {
        "species": tf.gather(tf.constant(names), best),
        "probability": tf.reduce_max(probabilities, axis=1),
    }


def compared(*columns):
    return named(trained_model()(features(*columns)))


def archive(folder, function=None, columns=COLUMNS, key="classify", tracked=None):
    """Write the export of one endpoint; without a function, of PenguinModel's own."""
    model = tracked or trained_model()
    export = tf.keras.export.ExportArchive()
    export.track(model)
    export.add_endpoint(key, function or model.classify, *([columns] if function else []))
    export.write_out(folder / "export", verbose=False)
    return folder / "export"


def module(folder, function=compared, key="classify"):
    saved = tf.Module()
    saved.weights = [weight.value for weight in trained_model().variables]
    saved.endpoint = tf.function(function, input_signature=COLUMNS)
    tf.saved_model.save(saved, str(folder / "export"), signatures={key: saved.endpoint})
    return folder / "export"


def changed(change, **options):
    """Make an endpoint that computes the right answers and then changes its dict of outputs."""

    def endpoint(*columns):
        return change(compared(*columns), trained_model()(features(*columns)))

    return lambda folder: archive(folder, with_names(endpoint), **options)


def prepared(**options):
    """Make an endpoint with a different preparation; see `features`."""
    return lambda folder: archive(
        folder, with_names(lambda *columns: named(trained_model()(features(*columns, **options))))
    )


def with_names(endpoint):
    """Keras names the inputs after the arguments."""

    def classify(bill_length_mm, body_mass_g, island, sex):
        return endpoint(bill_length_mm, body_mass_g, island, sex)

    return classify


def with_the_lookups_of_the_page(folder, gaps=False):
    """num_oov_indices=0, and gaps that become nan."""
    options = {"output_mode": "one_hot", "num_oov_indices": 0}
    holder = tf.keras.layers.Layer()
    holder.parts = [
        tf.keras.layers.StringLookup(vocabulary=words, **options) for words in (ISLANDS, SEXES)
    ]
    model = trained_model()

    def classify(bill_length_mm, body_mass_g, island, sex):
        numbers = model.normalization(tf.stack([bill_length_mm, body_mass_g], axis=1))
        if gaps:
            numbers = tf.where(tf.math.is_nan(numbers), 0.0, numbers)
        words = [part(word) for part, word in zip(holder.parts, (island, sex), strict=True)]
        words = tf.cast(tf.concat(words, axis=1), tf.float32)
        return named(model(tf.concat([numbers, words], axis=1)))

    classify([40.0], [4000.0], tf.constant(["Dream"]), tf.constant(["male"]))
    export = tf.keras.export.ExportArchive()
    for part in (model, *holder.parts):
        export.track(part)
    export.add_endpoint("classify", classify, COLUMNS)
    export.write_out(folder / "export", verbose=False)
    return folder / "export"


def through_numpy(bill_length_mm, body_mass_g, island, sex):
    def find(words):
        return np.array([[word == name.encode() for name in ISLANDS] for word in words], np.float32)

    islands = tf.ensure_shape(tf.numpy_function(find, [island], tf.float32), (None, 3))
    prepared = features(bill_length_mm, body_mass_g, island, sex)
    return named(trained_model()(tf.concat([prepared[:, :2], islands, prepared[:, 5:]], axis=1)))


def without_preparation(bill_length_mm, body_mass_g, island, sex):
    numbers = tf.stack([bill_length_mm, body_mass_g], axis=1)
    prepared = features(bill_length_mm, body_mass_g, island, sex)
    return named(trained_model()(tf.concat([numbers, prepared[:, 2:]], axis=1)))


def rows_with_gaps_left_out(bill_length_mm, body_mass_g, island, sex):
    whole = ~(tf.math.is_nan(bill_length_mm) | tf.math.is_nan(body_mass_g))
    columns = (bill_length_mm, body_mass_g, island, sex)
    return compared(*(tf.boolean_mask(column, whole) for column in columns))
