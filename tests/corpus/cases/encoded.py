"""Bytes: encoded images and sounds, raw numbers, and serialized tensors."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.corpus.record import export

NO_LITERT = {"python": "same", "session": "same", "litert": "fails"}


def texts(name):
    """Return the signature of a function of one input of texts."""
    return [tf.TensorSpec([None], tf.string, name=name)]


class Encoded(tf.Module):
    """Functions that decode what they get."""

    def __init__(self):
        self.w = tf.Variable(tf.random.stateless_normal([3, 2], seed=[1, 2]))

    def _scores(self, decode, encoded):
        def one(image):
            return tf.image.resize(tf.image.convert_image_dtype(decode(image), tf.float32), [8, 8])

        images = tf.map_fn(one, encoded, fn_output_signature=tf.float32)
        return {"scores": tf.reduce_mean(images, axis=[1, 2]) @ self.w}

    @tf.function(input_signature=texts("image_bytes"))
    def jpeg(self, image_bytes):
        return self._scores(lambda image: tf.io.decode_jpeg(image, channels=3), image_bytes)

    @tf.function(input_signature=texts("image_bytes"))
    def png(self, image_bytes):
        def corner(image):
            return tf.cast(tf.io.decode_png(image, channels=1)[:4, :4, 0], tf.float32)

        spec = tf.TensorSpec([None, None], tf.float32)
        return {"corner": tf.map_fn(corner, image_bytes, fn_output_signature=spec)}

    @tf.function(input_signature=texts("image_base64"))
    def base64(self, image_base64):
        def decode(image):
            return tf.io.decode_jpeg(tf.io.decode_base64(image), channels=3)

        return self._scores(decode, image_base64)

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="image")])
    def one_image(self, image):
        pixels = tf.image.decode_image(image, channels=3, expand_animations=False)
        return {"colour": tf.reduce_mean(tf.cast(pixels, tf.float32), axis=[0, 1])}

    @tf.function(input_signature=texts("raw"))
    def raw(self, raw):
        return {"y": tf.reshape(tf.io.decode_raw(raw, tf.float32), [-1, 3]) @ self.w}

    @tf.function(input_signature=texts("wav"))
    def wav(self, wav):
        def loudness(sound):
            return tf.reduce_mean(tf.abs(tf.audio.decode_wav(sound, desired_channels=1)[0]))

        return {"loudness": tf.map_fn(loudness, wav, fn_output_signature=tf.float32)}

    @tf.function(input_signature=texts("tensor"))
    def tensor(self, tensor):
        def row(one):
            return tf.ensure_shape(tf.io.parse_tensor(one, tf.float32), [3])

        return {"y": tf.map_fn(row, tensor, fn_output_signature=tf.float32) @ self.w}


def pixels(seed, channels=3):
    """Return a small image of noise."""
    return np.random.default_rng(seed).integers(0, 255, (9, 11, channels)).astype("uint8")


def save(directory, name, values):
    """Save one of the functions, and return what it answers in this process."""
    module = Encoded()
    function = getattr(module, name)
    tf.saved_model.save(module, directory, signatures=function)
    given = {function.input_signature[0].name: np.array(values, object)}
    answer = function(*(tf.constant(value) for value in given.values()))
    return {"serving_default": (given, {key: value.numpy() for key, value in answer.items()})}


@export(
    family="encoded",
    verdict=NO_LITERT,
    why="LiteRT decodes no images. Bytes that are no JPEG are refused by every reader.",
    quick=True,
)
def jpeg_bytes(directory: Path):
    return save(directory, "jpeg", [tf.io.encode_jpeg(pixels(s)).numpy() for s in (1, 2)])


@export(family="encoded", verdict=NO_LITERT, why="LiteRT decodes no images.")
def png_bytes_of_one_channel(directory: Path):
    return save(directory, "png", [tf.io.encode_png(pixels(s, 1)).numpy() for s in (1, 2)])


@export(family="encoded", verdict=NO_LITERT, why="LiteRT decodes neither base64 nor images.")
def base64_images(directory: Path):
    encoded = [tf.io.encode_base64(tf.io.encode_jpeg(pixels(s))).numpy() for s in (1, 2)]
    return save(directory, "base64", encoded)


@export(family="encoded", verdict=NO_LITERT, why="LiteRT decodes no images. The input is a scalar.")
def one_image_of_any_kind(directory: Path):
    return save(directory, "one_image", tf.io.encode_png(pixels(1)).numpy())


@export(
    family="encoded",
    verdict=NO_LITERT,
    why="LiteRT has no operation DecodeRaw. A text whose length is no multiple of 12 is refused by "
    "every reader.",
    quick=True,
)
def raw_bytes(directory: Path):
    rows = np.float32([[1, 2, 3], [4, 5, 6]])
    return save(directory, "raw", [row.tobytes() for row in rows])


@export(family="encoded", verdict=NO_LITERT, why="LiteRT has no operation DecodeWav.")
def wav_bytes(directory: Path):
    noise = [np.random.default_rng(s).uniform(-1, 1, (100, 1)).astype("float32") for s in (1, 2)]
    return save(directory, "wav", [tf.audio.encode_wav(one, 8000).numpy() for one in noise])


@export(family="encoded", verdict=NO_LITERT, why="LiteRT has no operation ParseTensor.")
def serialized_tensors(directory: Path):
    rows = np.float32([[1, 2, 3], [2, 2, 3]])
    return save(directory, "tensor", [tf.io.serialize_tensor(row).numpy() for row in rows])
