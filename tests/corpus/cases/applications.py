"""Models of keras.applications with random weights, for small images."""

from pathlib import Path

import keras

from tests.corpus.making import SAME_IN_ALL, keras_export, numbers
from tests.corpus.record import export

CONVOLUTIONS = "Convolutions, poolings and products of float32: every reader has them."


def pictures(size, rows=2):
    """Return pictures with values from about -300 to 300."""
    return 100 * numbers(rows, size, size, 3)


def application(name, directory, size=32, shown=32, **options):
    """Export a model of keras.applications for pictures of `size` pixels, open if it is None."""
    image = keras.Input((size, size, 3), name="image")
    function = getattr(keras.applications, name)
    model = function(weights=None, input_tensor=image, **options)
    return keras_export(model, directory, {"image": pictures(shown)})


@export(family="applications", verdict=SAME_IN_ALL, why=CONVOLUTIONS)
def mobilenet_v3_small(directory: Path):
    image = keras.Input((32, 32, 3), name="image")
    model = keras.applications.MobileNetV3Small(weights=None, input_tensor=image, classes=5)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(pictures(32, rows=8), training=True)  # the averages become those of these pictures
    return keras_export(model, directory, {"image": pictures(32)})


@export(
    family="applications",
    verdict=SAME_IN_ALL,
    why="Before any training, this model answers 0.2 for each of five classes and every picture. "
    "The values before its softmax differ from picture to picture: the readers compare them.",
)
def mobilenet_v3_small_untrained(directory: Path):
    return application("MobileNetV3Small", directory, classes=5)


@export(
    family="applications",
    verdict=SAME_IN_ALL,
    why=f"{CONVOLUTIONS} Any height and width: the padding of this model does not depend on it.",
)
def mobilenet_v2_open_size(directory: Path):
    return application("MobileNetV2", directory, None, include_top=False, pooling="avg")


@export(family="applications", verdict=SAME_IN_ALL, why=CONVOLUTIONS)
def resnet50(directory: Path):
    return application("ResNet50", directory, classes=5)


@export(family="applications", verdict=SAME_IN_ALL, why=CONVOLUTIONS)
def efficientnet_v2_b0(directory: Path):
    return application("EfficientNetV2B0", directory, 64, 64, classes=5)


@export(family="applications", verdict=SAME_IN_ALL, why=CONVOLUTIONS)
def nasnet_mobile(directory: Path):
    return application("NASNetMobile", directory, include_top=False, pooling="avg")


@export(family="applications", verdict=SAME_IN_ALL, why=CONVOLUTIONS)
def densenet121(directory: Path):
    return application("DenseNet121", directory, classes=5)
