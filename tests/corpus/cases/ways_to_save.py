"""One model, saved in each way that people use."""

import shutil
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.readers.rescue import rescue
from tests.corpus.record import export

EVERYWHERE = {"python": "same", "session": "same", "litert": "same"}
ONLY_PYTHON = {"python": "same", "session": "fails", "litert": "other"}
X = np.float32([[1, 2, 3], [0.5, -1, 0], [2, 2, -2]])
SPEC = tf.TensorSpec((None, 3), tf.float32, name="x")
WHY = (
    "tf.saved_model.save with a Keras model writes each weight twice: the restore operation fills "
    "one variable, and the signature reads the other."
)


def made():
    """Return the model, and what it answers for X."""
    model = keras.Sequential(
        [
            keras.Input((3,), name="x"),
            layers.Dense(4, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )
    return model, model(X).numpy()


@export(
    family="ways to save",
    verdict=EVERYWHERE,
    why="model.export writes each weight once.",
    quick=True,
)
def way_model_export(directory: Path):
    model, right = made()
    model.export(directory, verbose=False)
    return {"serving_default": ({"x": X}, {"output_0": right})}


@export(
    family="ways to save",
    verdict=EVERYWHERE,
    why="An ExportArchive that tracks the model writes each weight once.",
)
def way_export_archive(directory: Path):
    model, right = made()
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict", model.call, [SPEC])
    archive.write_out(directory, verbose=False)
    return {key: ({"x": X}, {"output_0": right}) for key in ("predict", "serving_default")}


@export(
    family="ways to save",
    verdict=EVERYWHERE,
    why="The .keras file keeps the weights, and the model that is loaded from it is exported.",
)
def way_keras_file_and_export(directory: Path):
    model, right = made()
    file = directory.with_name("model.keras")
    model.save(file)
    keras.models.load_model(file).export(directory, verbose=False)
    file.unlink()
    return {"serving_default": ({"x": X}, {"output_0": right})}


@export(
    family="ways to save",
    verdict=ONLY_PYTHON,
    why=WHY,
    cure=rescue,
    told=("model.export",),
    quick=True,
)
def way_saved_model_save(directory: Path):
    model, right = made()
    tf.saved_model.save(model, directory)
    return {"serving_default": ({"inputs": X}, {"output_0": right})}


@export(
    family="ways to save",
    verdict=ONLY_PYTHON,
    why=f"{WHY} A signature of one's own changes nothing about that.",
    cure=rescue,
    told=("model.export",),
)
def way_saved_model_save_with_signature(directory: Path):
    model, right = made()
    serve = tf.function(lambda x: {"y": model(x)}, input_signature=[SPEC])
    tf.saved_model.save(model, directory, signatures=serve)
    return {"serving_default": ({"x": X}, {"y": right})}


@export(
    family="ways to save",
    verdict=EVERYWHERE,
    why="A tf.Module that holds the variables of the model writes each of them once.",
)
def way_module_of_the_variables(directory: Path):
    model, right = made()
    module = tf.Module()
    module.model_variables = [variable.value for variable in model.variables]
    module.serve = tf.function(lambda x: {"y": model(x)}, input_signature=[SPEC])
    tf.saved_model.save(module, directory, signatures=module.serve)
    return {"serving_default": ({"x": X}, {"y": right})}


@export(
    family="ways to save",
    verdict=EVERYWHERE,
    why="Loaded in Python and saved again, an export of model.export stays whole.",
)
def way_loaded_and_saved_again(directory: Path):
    model, right = made()
    first = directory.with_name("first")
    model.export(first, verbose=False)
    loaded = tf.saved_model.load(first)
    tf.saved_model.save(loaded, directory, signatures=dict(loaded.signatures))
    shutil.rmtree(first)
    return {"serving_default": ({"x": X}, {"output_0": right})}
