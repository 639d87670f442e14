"""What a learner's own cell raises: the broken and the cured code on the installed versions."""

import tomllib
import traceback

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.errors.cure import entry
from helpers.errors.find import find
from helpers.errors.known_error import FOLDER, known_errors
from helpers.errors.messages import describe

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)
ROW = tf.TensorSpec((None, 2), tf.float32, name="x")
OPEN = tf.TensorSpec((None, None), tf.float32, name="x")
WORDS = tf.TensorSpec((None,), tf.string, name="s")


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(1)])
    model.set_weights([np.array([[1.0], [2.0]]), np.array([0.5])])
    return model


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells") / "export"
    model.export(folder, verbose=False)
    return folder


ANSWERS = ROWS @ np.array([[1.0], [2.0]], np.float32) + 0.5


def endpoint(function, spec, folder, tracked=None, rows=ROWS):
    """Export a function of one argument and return the loaded endpoint's answer."""
    archive = keras.export.ExportArchive()
    if tracked is not None:
        archive.track(tracked)
    archive.add_endpoint("f", function, [spec])
    archive.write_out(folder / "written", verbose=False)
    loaded = tf.saved_model.load(folder / "written")
    return next(iter(loaded.f(tf.constant(rows)).values()))


def litert(export):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(export))
    return tf.lite.Interpreter(model_content=converter.convert())


def predict_inside(model, export, folder):
    return endpoint(lambda x: {"y": model.predict(x, verbose=0)}, ROW, folder, model)


def call_inside(model, export, folder):
    return endpoint(lambda x: {"y": model(x)}, ROW, folder, model), ANSWERS


def predict_in_a_graph(model, export, folder):
    return tf.function(lambda x: model.predict(x, verbose=0))(ROWS)


def call_in_a_graph(model, export, folder):
    return tf.function(lambda x: model(x))(ROWS), ANSWERS


def size_of_the_graph(model, export, folder):
    def mean(x):
        return {"mean": tf.where(tf.shape(x)[1] > 1, tf.reduce_mean(x, 1), 0.0)}

    return endpoint(mean, OPEN, folder), ROWS.mean(axis=1)


def open_axis(function):
    return lambda model, export, folder: endpoint(function, OPEN, folder)


def compare_shape(x):
    return {"mean": tf.where(x.shape[1] > 1, tf.reduce_mean(x, 1), 0.0)}


def branch_by_shape(x):
    return {"mean": tf.reduce_mean(x, 1) if x.shape[1] >= 2 else x[:, 0]}


def divide_by_shape(x):
    return {"mean": tf.reduce_sum(x, 1) / x.shape[1]}


def loop_over_shape(x):
    return {"sum": sum(x[:, axis] for axis in range(x.shape[1]))}


def count_with_len(x):
    return {"mean": tf.reduce_sum(x, 0) / len(x)}


def zeros_of_shape(x):
    return {"zeros": tf.zeros(x.shape)}


def reshape_to_shape(x):
    return {"x": tf.reshape(x, (x.shape[0], 2))}


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


def lookup(**options):
    def look(model, export, folder):
        layer = keras.layers.StringLookup(**options)
        return layer(tf.constant(["a", "b"])), [1, 2]

    return look


def vectorize(**options):
    def look(model, export, folder):
        return keras.layers.TextVectorization(**options)(tf.constant(["a b"])), [[2, 3]]

    return look


def serve(rows):
    def ask(model, export, folder):
        loaded = tf.saved_model.load(export)
        return loaded.serve(rows), ANSWERS

    return ask


def answer_of(function, spec=ROW, rows=ROWS, expected=None):
    def ask(model, export, folder):
        return endpoint(lambda x: {"y": function(x)}, spec, folder, rows=rows), expected

    return ask


SPECIES = ["red", "green"]
LARGEST = np.array([b"green"] * 3)


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
    "predict in an endpoint": ("predict-in-an-endpoint", predict_inside, call_inside),
    "predict in a graph": ("predict-in-an-endpoint", predict_in_a_graph, call_in_a_graph),
    "an axis, compared": ("open-axis", open_axis(compare_shape), size_of_the_graph),
    "an axis in an if": ("open-axis", open_axis(branch_by_shape), size_of_the_graph),
    "an axis in a division": ("open-axis", open_axis(divide_by_shape), size_of_the_graph),
    "an axis in a loop": ("open-axis", open_axis(loop_over_shape), size_of_the_graph),
    "len": ("open-axis", open_axis(count_with_len), size_of_the_graph),
    "zeros of an open shape": ("open-axis", open_axis(zeros_of_shape), size_of_the_graph),
    "reshape to an open shape": ("open-axis", open_axis(reshape_to_shape), size_of_the_graph),
    "a name with a space": ("layer-name", named("the price"), named("the_price")),
    "a name with an accent": ("layer-name", named("größe"), named("groesse")),
    "Adam": ("export-layer-with-adam", train_on_top(), train_on_top(trainable=False)),
    "no vocabulary": ("lookup-without-vocabulary", lookup(), lookup(vocabulary=["a", "b"])),
    "np.sum": (
        "numpy-in-a-graph",
        answer_of(lambda x: np.sum(x, axis=1)),
        answer_of(lambda x: tf.reduce_sum(x, 1), expected=ROWS.sum(axis=1)),
    ),
    "np.isnan": (
        "numpy-in-a-graph",
        answer_of(np.isnan),
        answer_of(tf.math.is_nan, expected=np.isnan(ROWS)),
    ),
    "whole times float": (
        "two-dtypes",
        answer_of(lambda x: x * tf.constant(2)),
        answer_of(lambda x: x * tf.cast(tf.constant(2), tf.float32), expected=ROWS * 2),
    ),
    "concat": (
        "two-dtypes",
        answer_of(lambda x: tf.concat([x, tf.ones((1, 2), tf.int64)], 0)),
        answer_of(
            lambda x: tf.concat([x, tf.cast(tf.ones((1, 2), tf.int64), tf.float32)], 0),
            expected=np.concatenate([ROWS, np.ones((1, 2))]),
        ),
    ),
    "x.mean": (
        "no-method-of-a-tensor",
        answer_of(lambda x: x.mean(axis=1)),
        answer_of(lambda x: tf.reduce_mean(x, axis=1), expected=ROWS.mean(axis=1)),
    ),
    "x.astype": (
        "no-method-of-a-tensor",
        answer_of(lambda x: x.astype("float64")),
        answer_of(lambda x: tf.cast(x, tf.float64), expected=ROWS),
    ),
    "s.upper": (
        "no-method-of-a-tensor",
        answer_of(lambda s: s.upper(), WORDS, ["a"]),
        answer_of(tf.strings.upper, WORDS, ["a"], np.array([b"A"])),
    ),
    "a list, indexed": (
        "tensor-as-an-index",
        answer_of(lambda x: SPECIES[tf.argmax(x, 1)]),
        answer_of(lambda x: tf.gather(tf.constant(SPECIES), tf.argmax(x, 1)), expected=LARGEST),
    ),
    "a dict, indexed": (
        "tensor-as-an-index",
        answer_of(lambda s: {"a": 1}[s], WORDS, ["a"]),
        lookup(vocabulary=["a", "b"]),
    ),
    "serving_default": ("signature-as-an-attribute", attribute, key_of_a_dict),
    "all signatures": ("signature-as-an-attribute", call_the_dict, key_of_a_dict),
    "another signature": ("no-such-signature", other_key, key_of_a_dict),
    "where with a whole number": (
        "two-dtypes",
        answer_of(lambda x: tf.where(x > 2, 1, 0.5)),
        answer_of(lambda x: tf.where(x > 2, 1.0, 0.5), expected=np.where(ROWS > 2, 1.0, 0.5)),
    ),
    "upper of numbers": (
        "operation-of-another-dtype",
        answer_of(tf.strings.upper),
        answer_of(
            lambda x: tf.strings.to_number(tf.strings.as_string(x)),
            expected=ROWS,
        ),
    ),
    "is_nan of words": (
        "operation-of-another-dtype",
        answer_of(tf.math.is_nan, WORDS, ["2"]),
        answer_of(lambda s: tf.math.is_nan(tf.strings.to_number(s)), WORDS, ["2"], [False]),
    ),
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
    key, broken, cured = CELLS[cell]
    with pytest.raises(Exception) as caught:
        broken(model, export, tmp_path / "broken")
    text = "".join(traceback.format_exception(caught.value))
    found = find(text).case
    assert found and found.key == key, text[-600:]
    frames = "".join(traceback.format_tb(caught.value.__traceback__))
    assert entry(describe(caught.value), frames) is found
    got, expected = cured(model, export, tmp_path / "cured")
    got = np.asarray(got)
    if got.dtype.kind == "f":
        np.testing.assert_allclose(got, expected, rtol=1e-5)
    else:
        np.testing.assert_array_equal(got, expected)


def test_every_entry_of_the_file_has_a_cell():
    content = tomllib.loads((FOLDER / "notebook_cells.toml").read_text(encoding="utf-8"))
    assert {error["key"] for error in content["error"]} <= {key for key, *_ in CELLS.values()}
    assert {key for key, *_ in CELLS.values()} <= set(known_errors())


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: '>' not supported between instances of 'NoneType' and 'int'",
        "TypeError: int() argument must be a string, a bytes-like object or a real number, not "
        "'NoneType'",
        "TypeError: too many positional arguments",
        "KeyError: -1",
        'Traceback (most recent call last):\n  File "a.py", line 2, in f\n    if found > 3:\n'
        "TypeError: '>' not supported between instances of 'NoneType' and 'int'",
    ],
)
def test_the_same_words_of_plain_python_are_not_claimed(text):
    assert find(text).case is None
