"""What else a learner's own cell raises: the broken and the cured code."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.errors.cells import ANSWERS, ROW, ROWS, check, keys_of, lookup, make_model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells") / "export"
    model.export(folder, verbose=False)
    return folder


def litert(export):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(export))
    return tf.lite.Interpreter(model_content=converter.convert())


def named(name):
    def build(model, export, folder):
        x = keras.Input((2,), name="x")
        prices = keras.Model(x, keras.layers.Dense(1, kernel_initializer="ones", name=name)(x))
        prices.export(folder / "named", verbose=False)
        loaded = tf.saved_model.load(folder / "named")
        return loaded.serve(ROWS), ROWS.sum(axis=1, keepdims=True)

    return build


def train_on_top(**options):
    def train(model, export, folder):
        layer = keras.layers.TFSMLayer(export, call_endpoint="serve", **options)
        above = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(1)])
        above.compile("adam", "mse")
        above.fit(ROWS, np.zeros((3, 1)), verbose=0)
        return layer(ROWS), ANSWERS

    return train


def vectorize(**options):
    def look(model, export, folder):
        return keras.layers.TextVectorization(**options)(tf.constant(["a b"])), [[2, 3]]

    return look


def serve(rows):
    def ask(model, export, folder):
        loaded = tf.saved_model.load(export)
        return loaded.serve(rows), ANSWERS

    return ask


def attribute(model, export, folder):
    return tf.saved_model.load(export).serving_default(ROWS)


def call_the_dict(model, export, folder):
    return tf.saved_model.load(export).signatures(x=ROWS)


def other_key(model, export, folder):
    return tf.saved_model.load(export).signatures["predict"]


def key_of_a_dict(model, export, folder):
    loaded = tf.saved_model.load(export)
    return loaded.signatures["serving_default"](x=ROWS)["output_0"], ANSWERS


def predict_of_a_layer(model, export, folder):
    return keras.layers.TFSMLayer(export, call_endpoint="serve").predict(ROWS)


def predict_of_a_model_around(model, export, folder):
    layer = keras.layers.TFSMLayer(export, call_endpoint="serve")
    return keras.Sequential([keras.Input((2,)), layer]).predict(ROWS, verbose=0), ANSWERS


def named_output(folder):
    archive = keras.export.ExportArchive()
    archive.add_endpoint("serve", lambda x: {"score": x}, [ROW])
    archive.write_out(folder / "named_output", verbose=False)
    return keras.layers.TFSMLayer(folder / "named_output", call_endpoint="serve")


def dict_into_a_layer(model, export, folder):
    keras.Sequential([keras.Input((2,)), named_output(folder), keras.layers.Dense(1)])


def tensor_of_the_dict(model, export, folder):
    layer, inputs = named_output(folder), keras.Input((2,))
    ones = keras.layers.Dense(1, kernel_initializer="ones")
    return keras.Model(inputs, ones(layer(inputs)["score"]))(ROWS), ROWS.sum(1, keepdims=True)


def inputs_by_themselves(model, export, folder):
    keras.layers.Concatenate()(tf.constant(ROWS), tf.constant(ROWS))


def inputs_in_a_list(model, export, folder):
    joined = keras.layers.Concatenate()([tf.constant(ROWS), tf.constant(ROWS)])
    return joined, np.concatenate([ROWS, ROWS], axis=1)


def checkpoint(*parts):
    def read(model, export, folder):
        reader = tf.train.load_checkpoint(export.joinpath(*parts))
        kernels = [
            reader.get_tensor(key)
            for key, shape in reader.get_variable_to_shape_map().items()
            if shape == [2, 1]
        ]
        return kernels[0], [[1.0], [2.0]]

    return read


def runner(*positions, **inputs):
    def run(model, export, folder):
        answer = litert(export).get_signature_runner()(*positions, **inputs)
        return next(iter(answer.values())), ANSWERS

    return run


def invoke(allocated):
    def run(model, export, folder):
        interpreter = litert(export)
        if allocated:
            interpreter.allocate_tensors()
        interpreter.invoke()
        place = interpreter.get_output_details()[0]["index"]
        return interpreter.get_tensor(place).shape, (1, 1)

    return run


def convert(kind):
    def make(model, export, folder):
        blob = tf.lite.TFLiteConverter.from_saved_model(kind(export)).convert()
        return len(blob) > 100, True

    return make


# what the learner writes: (key, broken, cured)
CELLS = {
    "a name with a space": ("layer-name", named("the price"), named("the_price")),
    "a name with an accent": ("layer-name", named("größe"), named("groesse")),
    "Adam": ("export-layer-with-adam", train_on_top(), train_on_top(trainable=False)),
    "no vocabulary": ("lookup-without-vocabulary", lookup(), lookup(vocabulary=["a", "b"])),
    "serving_default": ("signature-as-an-attribute", attribute, key_of_a_dict),
    "all signatures": ("signature-as-an-attribute", call_the_dict, key_of_a_dict),
    "another signature": ("no-such-signature", other_key, key_of_a_dict),
    "predict of a layer": (
        "export-layer-is-no-model",
        predict_of_a_layer,
        predict_of_a_model_around,
    ),
    "a dict for a layer": ("dict-into-a-layer", dict_into_a_layer, tensor_of_the_dict),
    "two inputs": ("inputs-not-in-a-list", inputs_by_themselves, inputs_in_a_list),
    "load_checkpoint of an export": (
        "checkpoint-of-an-export",
        checkpoint(),
        checkpoint("variables", "variables"),
    ),
    "load_checkpoint of a file": (
        "checkpoint-of-an-export",
        checkpoint("variables", "variables.data-00000-of-00001"),
        checkpoint("variables", "variables"),
    ),
    "a runner by position": ("litert-runner-by-name", runner(ROWS), runner(x=ROWS)),
    "a runner with another name": ("litert-runner-by-name", runner(rows=ROWS), runner(x=ROWS)),
    "TextVectorization": (
        "lookup-without-vocabulary",
        vectorize(),
        vectorize(vocabulary=["a", "b"]),
    ),
    "rows of unequal length": ("rows-of-unequal-length", serve([[1.0, 2.0], [3.0]]), serve(ROWS)),
    "invoke": ("litert-not-allocated", invoke(False), invoke(True)),
    "a Path for the converter": ("path-object", convert(lambda path: path), convert(str)),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_broken_cell_finds_its_entry_and_the_cured_one_answers(cell, model, export, tmp_path):
    check(*CELLS[cell], model, export, tmp_path)


def test_every_entry_of_the_file_has_a_cell():
    assert keys_of("notebook_cells") <= {key for key, *_ in CELLS.values()}
