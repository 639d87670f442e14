"""Claims in the prose of lesson 01, which no cell of the page shows, hold for what is installed."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from helpers import artifact, readers, runtimes
from helpers.artifact.saved_model import saved_model
from helpers.models import LinearModel
from helpers.penguins.trained import trained_penguin_model
from helpers.readers.compare import make_inputs
from helpers.readers.litert_interpreter import open_litert
from helpers.readers.verdicts import OTHER, SAME, verdicts

KEY = "serving_default"
X = np.array([[0.0], [1.0], [2.0]], np.float32)


def built():
    model = LinearModel()
    model(X)
    return model


@pytest.fixture(scope="module")
def penguins():
    return trained_penguin_model()


@pytest.fixture(scope="module")
def popular(penguins, tmp_path_factory):
    folder = tmp_path_factory.mktemp("popular") / "first"
    tf.saved_model.save(penguins[0], str(folder))
    return folder


def test_litert_never_gives_the_numbers_of_the_popular_export(penguins, popular, tmp_path):
    model, rows = penguins
    for number in range(5):  # each copy is converted anew, and its memory differs
        copy = shutil.copytree(popular, tmp_path / f"{number}")
        *_, litert = verdicts(copy, rows, model(rows))
        assert (litert.reader, litert.status, litert.error) == ("litert", OTHER, "")


@pytest.mark.weekly
@pytest.mark.skipif(bool(runtimes.missing("c")), reason=runtimes.missing("c"))
def test_c_library_fails_as_the_session_does(penguins, popular, tmp_path):
    """The C library has the loader of TensorFlow Serving."""
    model, rows = penguins
    with pytest.raises(readers.ReaderError, match="Could not find variable"):
        runtimes.run(popular, KEY, {"inputs": rows}, "c")
    model.export(tmp_path / "exported", verbose=False)
    answer = runtimes.run(tmp_path / "exported", KEY, {"args_0": rows}, "c")
    np.testing.assert_allclose(answer["output_0"], model(rows), atol=1e-5)


def test_python_does_not_use_the_restore_of_the_graph(tmp_path):
    """It fills one variable for each weight, which it makes from the stored objects."""
    model = built()
    tf.saved_model.save(model, str(tmp_path))
    parsed = saved_model(tmp_path)
    (graph,) = parsed.meta_graphs
    graph.saver_def.restore_op_name = "no_such_operation"
    (tmp_path / "saved_model.pb").write_bytes(parsed.SerializeToString())
    assert sum(node.HasField("variable") for node in graph.object_graph_def.nodes) == 2
    loaded = tf.saved_model.load(tmp_path)
    signature = loaded.signatures[KEY]
    assert len(signature.variables) == 2
    np.testing.assert_allclose(signature(tf.constant(X))["output_0"], model(X), atol=1e-5)


def test_compare_sends_the_declared_number_of_rows(tmp_path):
    four = tf.TensorSpec((4, 1), tf.float32, name="x")
    built().export(tmp_path, input_signature=[four], verbose=False)
    (feed,) = make_inputs(artifact.read(tmp_path).signatures[KEY])
    assert feed["x"].shape == (4, 1)


def test_keras_file_needs_the_code_of_own_classes(tmp_path):
    sequential = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    sequential.save(tmp_path / "layers.keras")
    again = tf.keras.models.load_model(tmp_path / "layers.keras")
    np.testing.assert_allclose(again(X), sequential(X))
    built().save(tmp_path / "own.keras")
    with pytest.raises(TypeError, match="Could not locate class 'LinearModel'"):
        tf.keras.models.load_model(tmp_path / "own.keras")


def test_weights_file_and_checkpoint_need_a_built_model(tmp_path):
    model, other = built(), LinearModel()
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="not yet been built"):
        other.load_weights(tmp_path / "m.weights.h5")
    other(X)
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(other(X), model(X))
    written = tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    other = built()
    tf.train.Checkpoint(model=other).read(written).assert_consumed()
    np.testing.assert_allclose(other(X), model(X))


def test_training_goes_on_after_a_keras_file(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, X, epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = tf.keras.models.load_model(tmp_path / "m.keras")
    assert again.optimizer.iterations.numpy() == 2
    again.fit(X, X, verbose=0)


def test_keras_writes_a_litert_file_with_one_signature(tmp_path):
    built().export(tmp_path / "m.tflite", format="litert", verbose=False)
    assert list(open_litert(tmp_path / "m.tflite").get_signature_list()) == [KEY]


def test_a_loaded_export_is_no_keras_model(tmp_path, popular):
    model = built()
    model.export(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    assert tf.is_tensor(loaded.serve(X))
    assert isinstance(loaded.signatures[KEY](args_0=X), dict)
    with pytest.raises(TypeError, match="not callable"):
        loaded(X)
    assert not hasattr(tf.saved_model.load(popular), "serve")


def test_the_popular_recipe_declares_the_shape_of_the_first_call(tmp_path):
    tf.saved_model.save(built(), str(tmp_path))
    assert artifact.read(tmp_path).signatures[KEY].inputs[0].shape == (3, 1)


def test_readers_agree_on_a_wrong_number_of_rows(tmp_path):
    x = tf.keras.Input((1,), batch_size=4, name="x")
    model = tf.keras.Model(x, tf.keras.ops.sum(x) / x.shape[0])
    model.export(tmp_path, verbose=False)
    assert artifact.read(tmp_path).signatures[KEY].inputs[0].shape == (None, 1)
    for reader in readers.READERS:
        assert readers.run(tmp_path, KEY, {"x": np.ones((2, 1))}, reader)["output_0"] == 0.5


def test_a_mean_by_shape_cannot_be_exported_for_any_number_of_rows(tmp_path):
    class Mean(tf.keras.Model):
        def call(self, x):
            return tf.reduce_sum(x) / x.shape[0]

    class Better(tf.keras.Model):
        def call(self, x):
            return tf.reduce_mean(x)

    mean, better = Mean(), Better()
    mean(X), better(X)
    with pytest.raises(ValueError, match="None values not supported"):
        mean.export(tmp_path / "mean", verbose=False)
    better.export(tmp_path / "better", verbose=False)
    for rows in (X, X[:2]):
        assert {v.status for v in verdicts(tmp_path / "better", rows, rows.mean())} == {SAME}


def test_inputs_without_a_name_are_counted(tmp_path):
    names = []
    for number in range(2):
        x = tf.keras.Input((1,))
        model = tf.keras.Model(x, tf.keras.layers.Dense(1)(x))
        model.export(tmp_path / f"{number}", verbose=False)
        names += [
            tensor.name for tensor in artifact.read(tmp_path / f"{number}").signatures[KEY].inputs
        ]
    assert len(set(names)) == 2 and all(name.startswith("keras_tensor") for name in names)


def test_a_second_export_replaces_the_first_without_an_error(tmp_path):
    first, second = built(), built()
    second.set_weights([weight + 1 for weight in first.get_weights()])
    for model in (first, second):
        model.export(tmp_path, verbose=False)
    answer = readers.run(tmp_path, KEY, {"args_0": X})
    np.testing.assert_allclose(answer["output_0"], second(X), atol=1e-5)
