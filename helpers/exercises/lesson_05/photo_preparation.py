"""The code that prepared the photos of exercise 5 for the training, and what an export needs of it.

The code is a text, because learners read it and do not call it.
"""

from typing import NamedTuple

import numpy as np

CODE = """\
def prepare_photo(photo):
    def scale(image):  # NumPy
        return {scale}

    image = tf.io.decode_image(photo, channels=3, expand_animations=False)
    image = tf.image.resize(image, ({size}, {size}))
    image = {random}
    return tf.numpy_function(scale, [image], tf.float32)
"""


class Preparation(NamedTuple):
    """How one variant prepares a photo: (image - shift) / divisor, for images of one size."""

    size: int
    divisor: float
    shift: float
    scale: str
    random: str

    @property
    def code(self) -> str:
        """The code of the training, with its random step."""
        return CODE.format(size=self.size, scale=self.scale, random=self.random)

    def prepare(self, photo: bytes) -> np.ndarray:
        """Prepare one encoded photo without the random step."""
        import tensorflow as tf

        image = tf.io.decode_image(photo, channels=3, expand_animations=False)
        image = tf.image.resize(image, (self.size, self.size))
        return (image.numpy() - np.float32(self.shift)) / np.float32(self.divisor)


PREPARATIONS = (
    Preparation(
        32,
        127.5,
        127.5,
        "image / 127.5 - 1.0",
        "tf.image.random_brightness(image, max_delta=60.0)",
    ),
    Preparation(
        40,
        255.0,
        0.0,
        "image / 255.0",
        "tf.image.random_contrast(image, lower=0.7, upper=1.3)",
    ),
    Preparation(
        48,
        64.0,
        128.0,
        "(image - 128.0) / 64.0",
        "tf.image.random_saturation(image, lower=0.5, upper=1.5)",
    ),
)
