"""The model of photos for exercise 5 of lesson 05, some photos, and what it answers to them."""

from typing import NamedTuple

import numpy as np

from helpers.exercises.export_checks import SAME_ANSWER
from helpers.exercises.lesson_05.photo_preparation import PREPARATIONS, Preparation
from helpers.penguins.data import SPECIES

PHOTOS = 20
SMALLEST, LARGEST = 20, 64  # pixels of a side
CLEAR = 2 * SAME_ANSWER  # least distance of the two largest probabilities


class Answers(NamedTuple):
    """What the model answers to prepared photos."""

    species: np.ndarray  # (n,) str
    probability: np.ndarray  # (n,) float


class PhotoModel(NamedTuple):
    """A model, how its photos are prepared, and its golden answers."""

    model: object  # tf.keras.Model
    names: tuple[str, ...]
    preparation: Preparation
    photos: tuple[bytes, ...]
    answers: Answers
    wrong: dict[str, Answers]  # what near mistakes in the preparation answer, by their words


def network(size: int):
    """Make a MobileNet with random weights for photos of size x size pixels."""
    import tensorflow as tf

    return tf.keras.applications.MobileNet(
        input_shape=(size, size, 3),
        alpha=0.25,
        include_top=False,
        weights=None,
        pooling="avg",
    )


def with_a_photo_model(folder: object, seed: int | None = None) -> PhotoModel:
    """Make the model of a seed, and compute its golden answers.

    Parameters
    ----------
    folder : object
        Is not used: the exercise starts from objects.
    seed : int, optional
        Another seed gives another preparation, other weights and another order of the names.

    Returns
    -------
    PhotoModel
    """
    import tensorflow as tf

    number = seed or 0
    chance = np.random.default_rng([abs(number), int(number < 0)])
    preparation = PREPARATIONS[number % len(PREPARATIONS)]
    photos = tuple(_photo(chance, place) for place in range(PHOTOS))
    pixels = np.stack([preparation.prepare(photo) for photo in photos])
    tf.keras.utils.set_random_seed(abs(number) + 1)
    base = network(preparation.size)
    _settle(base, pixels)
    out = tf.keras.layers.Dense(len(SPECIES), activation="softmax")
    flip = tf.keras.layers.RandomFlip("horizontal", seed=1)
    model = tf.keras.Sequential([tf.keras.Input(pixels.shape[1:]), flip, base, out])
    out.set_weights(_weights(np.asarray(base(pixels)), chance))
    names = SPECIES
    while names == SPECIES:
        names = tuple(chance.permutation(SPECIES).tolist())
    answers = _answers(model(pixels, training=False), names)
    wrong = {
        words: _answers(model(changed, training=False), names)
        for words, changed in _near(pixels, preparation)
    }
    return PhotoModel(model, names, preparation, photos, answers, wrong)


def hand_out(made: PhotoModel) -> tuple:
    """Return what the learner gets: the model, the names and the code of the training."""
    return made.model, list(made.names), made.preparation.code


def _photo(chance, place):
    """Draw a photo with large coloured areas. Every third one is a JPEG, and two are grey."""
    import tensorflow as tf

    height, width = chance.integers(SMALLEST, LARGEST, 2)
    coarse = chance.integers(0, 256, (4, 5, 1 if place in (4, 11) else 3)).astype(np.float32)
    image = tf.cast(tf.round(tf.image.resize(coarse, (height, width))), tf.uint8)
    encode = tf.io.encode_jpeg if place % 3 == 2 else tf.io.encode_png
    return encode(image).numpy()


def _settle(base, pixels):
    """Give the batch normalization the statistics of the photos, so that no layer answers 0."""
    norms = [layer for layer in base.layers if hasattr(layer, "moving_mean")]
    for norm in norms:
        norm.momentum = 0.0
    base(pixels, training=True)
    for norm in norms:
        norm.momentum = 0.99


def _weights(features, chance):
    """Draw a last layer for which each species is named, and no photo is undecided."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    least = len(features) // 6
    while True:
        kernel = chance.normal(size=(features.shape[1], len(SPECIES))) / deviation[:, np.newaxis]
        scores = (features - mean) @ kernel
        kernel *= 2.0 / scores.std()
        scores = np.sort((features - mean) @ kernel, axis=1)
        counts = np.bincount(((features - mean) @ kernel).argmax(axis=1), minlength=len(SPECIES))
        if counts.min() >= least and (scores[:, -1] - scores[:, -2]).min() > 0.05:
            return [kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)]


def _answers(probabilities, names):
    each = np.asarray(probabilities, float)
    return Answers(np.array(names)[each.argmax(axis=1)], each.max(axis=1))


def _near(pixels, preparation):
    """Yield (words, prepared photos) for mistakes that are near to the right preparation."""
    right = pixels * preparation.divisor + preparation.shift
    if preparation.divisor != 255.0:
        yield "`image / 255.0` as the scale", right / 255.0
    yield "the photos mirrored", pixels[:, :, ::-1]
    yield "red and blue exchanged", pixels[..., ::-1]
    yield "each photo 5 units brighter", (right + 5.0 - preparation.shift) / preparation.divisor
