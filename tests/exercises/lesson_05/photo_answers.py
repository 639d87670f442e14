"""Exports of encoded photos, right and wrong, for exercise 5."""

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from helpers.exercises.lesson_05.exercises import export_for_photos
from helpers.penguins.data import SPECIES

TEXTS = tf.TensorSpec((None,), tf.string)


def tiny_network(size):
    """Make a small network in place of MobileNet, whose export takes seconds."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((size, size, 3)),
            tf.keras.layers.Conv2D(8, 3, strides=4, activation="relu"),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.Flatten(),
        ]
    )


def decoded(photo):
    return tf.io.decode_image(photo, channels=3, expand_animations=False)


def as_floats(photo):
    return tf.cast(decoded(photo), tf.float32)


def prepared(photo, decode=decoded, method="bilinear", size=None, scale=None, change=None):
    """Prepare one photo as the variant in use does, with changes."""
    right = export_for_photos.original().preparation
    size = size or right.size
    image = tf.cast(tf.image.resize(decode(photo), (size, size), method=method), tf.float32)
    image = (change or tf.identity)(image)
    return (scale or (lambda x: (x - right.shift) / right.divisor))(image)


def named(probabilities, names=None):
    names = names or export_for_photos.original().names
    return {
        "species": tf.gather(tf.constant(names), tf.argmax(probabilities, axis=1)),
        "probability": tf.reduce_max(probabilities, axis=1),
    }


def mapped(photos, function):
    size = export_for_photos.original().preparation.size
    spec = tf.TensorSpec((size, size, 3), tf.float32)
    return tf.map_fn(function, photos, fn_output_signature=spec)


def exported(folder, endpoint, spec=TEXTS, key="classify", parts=None):
    archive = tf.keras.export.ExportArchive()
    for part in parts or [export_for_photos.original().model]:
        archive.track(part)
    archive.add_endpoint(key, endpoint, [spec])
    archive.write_out(folder / "export", verbose=False)
    return folder / "export"


def photos(seed=None, after=named, function=None, call=None, export=None, **options):
    """Make an answer: prepare each photo with changes, ask the model, and change the answer."""

    def answer(folder):
        export_for_photos.given(seed)
        model = export_for_photos.original().model

        def used(pixels):
            return model(pixels, training=False)

        def classify(photos):
            pixels = mapped(photos, function or (lambda photo: prepared(photo, **options)))
            return after((call or used)(pixels))

        return (exported(folder, classify, **(export or {})),)

    return answer


def as_in_training(folder):
    """Use the code of the training as it is."""
    _, _, code = export_for_photos.given()
    names = {"tf": tf}
    exec(code, names)
    return photos(function=names["prepare_photo"])(folder)


def without_scale_of_numpy(folder):
    """Use the code of the training with its random steps, and the scale in TensorFlow."""
    _, _, code = export_for_photos.given()
    names = {"tf": tf}
    exec(code.replace("tf.numpy_function(scale, [image], tf.float32)", "scale(image)"), names)
    return photos(function=names["prepare_photo"])(folder)


def by_layers(folder):
    """Resize and scale with layers of Keras."""
    export_for_photos.given()
    right = export_for_photos.original()
    size, model = right.preparation.size, right.model
    scale = tf.keras.layers.Rescaling(
        1 / right.preparation.divisor, -right.preparation.shift / right.preparation.divisor
    )
    resize = tf.keras.layers.Resizing(size, size)

    def classify(photos):
        pixels = mapped(photos, lambda photo: scale(resize(as_floats(photo))))
        return named(model(pixels, training=False))

    return (exported(folder, classify, parts=[model]),)


def as_module(folder):
    export_for_photos.given()
    right, saved = export_for_photos.original(), tf.Module()
    saved.weights = [weight.value for weight in right.model.variables]
    saved.endpoint = tf.function(
        lambda photos: named(right.model(mapped(photos, prepared), training=False)),
        input_signature=[tf.TensorSpec((None,), tf.string, name="photos")],
    )
    signatures = {"classify": saved.endpoint}
    tf.saved_model.save(saved, str(folder / "export"), signatures=signatures)
    return (str(folder / "export"),)


def with_constants(folder):
    """Write the weights into the graph as constants."""
    export_for_photos.given()
    model = export_for_photos.original().model
    size = export_for_photos.original().preparation.size
    spec = tf.TensorSpec((None, size, size, 3), tf.float32)
    used = tf.function(lambda pixels: model(pixels, training=False))
    frozen = convert_variables_to_constants_v2(used.get_concrete_function(spec))
    return photos(call=lambda pixels: frozen(pixels)[0])(folder)


def of_pixels(folder):
    """Take prepared photos in place of encoded ones."""
    export_for_photos.given()
    right = export_for_photos.original()
    size = right.preparation.size
    spec = tf.TensorSpec((None, size, size, 3), tf.float32)
    return (exported(folder, lambda photos: named(right.model(photos, training=False)), spec),)


def of_one_photo(folder):
    export_for_photos.given()
    right = export_for_photos.original()

    def classify(photos):
        return named(right.model(prepared(photos)[tf.newaxis], training=False))

    return (exported(folder, classify, tf.TensorSpec((), tf.string)),)


def of_images(folder):
    """Give the input another name."""
    export_for_photos.given()
    right = export_for_photos.original()

    def classify(images):
        return named(right.model(mapped(images, prepared), training=False))

    return (exported(folder, classify),)


def as_columns(probabilities):
    return {name: value[:, tf.newaxis] for name, value in named(probabilities).items()}


def as_numbers(probabilities):
    return named(probabilities) | {"species": tf.argmax(probabilities, axis=1)}


def as_labels(probabilities):
    answer = named(probabilities)
    return {"label": answer["species"], "probability": answer["probability"]}


def in_order_of_the_page(probabilities):
    return named(probabilities, SPECIES)


def a_little_surer(probabilities):
    answer = named(probabilities)
    return answer | {"probability": tf.minimum(answer["probability"] + 0.005, 1.0)}


def all_probabilities(probabilities):
    return named(probabilities) | {"probability": probabilities}


def of_the_batch(probabilities):
    answer = named(probabilities)
    return answer | {"probability": 0 * answer["probability"] + tf.reduce_max(probabilities)}


def by_jpeg(photo):
    return tf.io.decode_jpeg(photo, channels=3)


def of_known_files(folder):
    """Look the answers up by the bytes of the photos, without a model."""
    export_for_photos.given()
    right = export_for_photos.original()
    known = tf.constant(np.array(right.photos, object))
    species = tf.constant(right.answers.species)
    sure = tf.constant(right.answers.probability, tf.float32)

    def classify(photos):
        place = tf.argmax(tf.cast(photos[:, tf.newaxis] == known, tf.int32), axis=1)
        return {"species": tf.gather(species, place), "probability": tf.gather(sure, place)}

    return (exported(folder, classify),)
