"""Claims in the prose of lesson 03 hold for the installed versions.

`test_lesson_claims.py` has two more: weights that are stored twice, and a lookup table.
"""

import inspect
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact, readers
from helpers.models import MultiSignatureModel
from helpers.notebooks import derive
from helpers.readers import ReaderError
from helpers.readers.compare import compare
from helpers.readers.outcomes import ANSWERS, FAILS, OTHER

keras = tf.keras
X = np.random.default_rng(0).normal(3, 2, (64, 2)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)
TWO = [tf.TensorSpec((None, 2), tf.float32, name="x")]


def write(folder, endpoints, track=None):
    """Write an ExportArchive of {name: (function, specs)}."""
    archive = keras.export.ExportArchive()
    if track is not None:
        archive.track(track)
    for name, endpoint in endpoints.items():
        archive.add_endpoint(name, *endpoint)
    archive.write_out(folder, verbose=False)
    return folder


@pytest.fixture(scope="module")
def model():
    made = MultiSignatureModel()
    made.build((None, 2))
    made.set_weights([np.array([[2.0], [2.0]]), np.array([1.0])])
    return made


@pytest.fixture(scope="module")
def export_dir(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two") / "two"
    return write(folder, {"predict_two": (model.predict_first_two_features,)}, track=model)


def layer(export_dir, **options):
    return keras.layers.TFSMLayer(export_dir, call_endpoint="predict_two", **options)


def test_the_method_on_the_page_is_the_one_in_the_helpers():
    page = "\n".join(cell.source for cell in derive("03_many_signatures", "notebooks").cells)
    (shown,) = re.findall(r"^@tf\.function\(.*?^    return .*?$", page, re.M | re.S)
    lines = [line.strip() for line in inspect.getsource(MultiSignatureModel).splitlines()]
    assert all(line.strip() in lines for line in shown.splitlines())


def test_save_writes_no_default_and_python_alone_reads_the_weights(model, tmp_path):
    signatures = {"predict_two": model.predict_first_two_features}
    tf.saved_model.save(model, str(tmp_path), signatures=signatures)
    loaded = tf.saved_model.load(str(tmp_path))
    assert list(loaded.signatures) == ["predict_two"]
    assert not hasattr(loaded, "predict_two")
    assert loaded.predict_first_two_features(X[:1]).shape == (1, 1)
    told = {row.reader: row.status for row in compare(tmp_path).rows}
    assert told == {"python": ANSWERS, "session": FAILS, "litert": OTHER}


def test_an_endpoint_for_a_single_row_refuses_two(model, tmp_path):
    spec = [tf.TensorSpec((2,), tf.float32, name="x")]
    write(tmp_path, {"predict_single": (lambda x: model(x[tf.newaxis])[0], spec)})
    one = readers.run(tmp_path, "predict_single", {"x": X[0]}, "session")
    assert one["output_0"].shape == (1,)
    with pytest.raises(ReaderError, match="Cannot feed value of shape"):
        readers.run(tmp_path, "predict_single", {"x": X[:2]}, "session")


def with_if(x):
    if tf.reduce_sum(x) > 0:
        return x
    return -x


def test_an_if_needs_autograph_and_then_every_reader_chooses(tmp_path):
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        write(tmp_path / "plain", {"serve": (with_if, TWO)})
    folder = write(tmp_path / "decorated", {"serve": (tf.function(with_if), TWO)})
    for reader in readers.READERS:
        for x in X, -X:
            got = readers.run(folder, "serve", {"x": x}, reader)["output_0"]
            np.testing.assert_array_equal(got, X)


def test_both_copies_of_a_weight_are_loaded_and_one_is_read(export_dir):
    loaded = tf.saved_model.load(export_dir)
    listed, more = (
        {id(weight.handle) for weight in weights}
        for weights in (loaded.trainable_variables, loaded._all_variables)
    )
    assert len(listed) == len(more) == 2 and not listed & more
    assert {id(weight.handle) for weight in loaded.signatures["predict_two"].variables} == listed
    restored, read = artifact.restored_and_read(export_dir, "predict_two")
    assert (len(restored), len(read)) == (4, 2)


def test_without_track_each_weight_is_stored_once_and_none_is_listed(model, tmp_path):
    write(tmp_path, {"predict_two": (model, TWO)})
    assert len(tf.train.list_variables(tmp_path / "variables" / "variables")[1:]) == 2
    assert len(tf.saved_model.load(tmp_path).trainable_variables) == 0


def test_the_first_trace_stays(model, tmp_path):
    scored = tf.function(lambda x: model(x))
    for rows in 1, 3, 5:
        scored(X[:rows])
    write(tmp_path / "first", {"serve": (scored,)})
    assert artifact.read(tmp_path / "first").signatures["serve"].inputs[0].shape == (1, 2)
    write(tmp_path / "spec", {"serve": (scored, TWO)})
    assert artifact.read(tmp_path / "spec").signatures["serve"].inputs[0].shape == (None, 2)


# Training further


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_new_layers_behind_a_frozen_layer_train(export_dir, tmp_path, optimizer):
    made = keras.Sequential(
        [keras.Input((2,)), layer(export_dir, trainable=False), keras.layers.Dense(1)]
    )
    made.compile(optimizer, "mse")
    before = made.get_weights()
    made.fit(X, Y, verbose=0)
    changed = [not np.array_equal(*pair) for pair in zip(before, made.get_weights(), strict=True)]
    assert changed == [False, False, True, True]  # in the order of the layers
    made.export(tmp_path, verbose=False)
    assert compare(tmp_path).ok


def trained(export_dir, optimizer, build=False):
    made = keras.Sequential([keras.Input((2,)), layer(export_dir)])
    made.compile(optimizer, "mse")
    if build:
        made.optimizer.build(made.trainable_variables)
    losses = made.fit(X, Y, epochs=3, verbose=0).history["loss"]
    return made, losses


def test_the_weights_of_a_layer_train_with_sgd(export_dir):
    _, losses = trained(export_dir, keras.optimizers.SGD(0.001))
    assert losses[-1] < losses[0]


def test_adam_raises_unless_it_is_built_before(export_dir, tmp_path):
    with pytest.raises(ValueError, match="is not a valid scope name"):
        trained(export_dir, "adam")
    made, losses = trained(export_dir, "adam", build=True)
    assert losses[-1] < losses[0]
    made.export(tmp_path, verbose=False)
    assert compare(tmp_path).ok
    (given,) = artifact.read(tmp_path).signatures["serve"].inputs
    got = readers.run(tmp_path, "serve", {given.name: X}, "session")["output_0"]
    np.testing.assert_allclose(got, made(X), rtol=1e-5)


def test_a_loop_on_a_loaded_export_leaves_statistics_and_dropout_alone(tmp_path):
    layers = keras.layers
    made = keras.Sequential(
        [keras.Input((2,)), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)]
    )
    made.export(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    np.testing.assert_array_equal(loaded.serve(X), loaded.serve(X))  # nothing is dropped
    weights = loaded.trainable_variables
    before = {v.name: v.numpy() for v in loaded.variables}
    losses = []
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((loaded.serve(X) - Y) ** 2)
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.01 * gradient)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2
    still = {v.name.split("/")[-1] for v in loaded.variables if np.array_equal(before[v.name], v)}
    assert still - {"seed_generator_state:0"} == {"moving_mean:0", "moving_variance:0"}


def test_python_reads_one_copy_of_the_weights_and_a_server_the_other(export_dir, tmp_path):
    copy = shutil.copytree(export_dir, tmp_path / "copy")
    prefix = str(copy / "variables" / "variables")
    stored = tf.train.load_checkpoint(prefix)
    tensors = {name: stored.get_tensor(name) for name, _ in tf.train.list_variables(prefix)}
    for name, value in tensors.items():
        if name.startswith("_all_variables"):
            tensors[name] = np.zeros_like(value)
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=list(tensors),
        shape_and_slices=[""] * len(tensors),
        tensors=list(tensors.values()),
    )

    def ask(reader):
        return readers.run(copy, "predict_two", {"x": X}, reader)["output_0"]

    np.testing.assert_allclose(ask("python"), 2 * Y + 1, rtol=1e-5)
    assert not ask("session").any() and not ask("litert").any()


def test_training_a_layer_leaves_statistics_and_dropout_alone(tmp_path):
    layers = keras.layers
    made = keras.Sequential(
        [keras.Input((2,)), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)]
    )
    made.export(tmp_path, verbose=False)
    loaded = layers.TFSMLayer(tmp_path, call_endpoint="serve")
    around = keras.Sequential([keras.Input((2,)), loaded])
    np.testing.assert_array_equal(around(X, training=True), around(X, training=False))
    statistics = [v for v in loaded.non_trainable_variables if "moving" in v.name]
    before = [v.numpy() for v in statistics]
    around.compile("sgd", "mse")
    around.fit(X, Y, verbose=0)
    assert len(statistics) == 2
    assert all(map(np.array_equal, statistics, before))


def test_a_layer_of_a_mere_signature_returns_a_dict(export_dir):
    assert tf.is_tensor(layer(export_dir)(X))
    of_signature = keras.layers.TFSMLayer(export_dir, call_endpoint="serving_default")
    assert list(of_signature(X)) == ["output_0"]


def test_a_layer_has_its_own_copy_of_the_weights(export_dir):
    loaded, made = tf.saved_model.load(export_dir), layer(export_dir)
    before = made(X).numpy()
    for weight in loaded.trainable_variables:
        weight.assign(tf.zeros_like(weight))
    assert not np.any(loaded.predict_two(X))
    np.testing.assert_array_equal(made(X), before)
