"""What the command says about getting an export works: each recipe is followed and compared."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.readers import compare, model_files

layers, v1 = keras.layers, tf.compat.v1
ROWS = np.float32([[1, 2, 3], [4, 5, 6]])


def model():
    return keras.Sequential([keras.Input((3,), name="x"), layers.Dense(2, "tanh")])


def answers(directory, name="x"):
    loaded = tf.saved_model.load(str(directory)).signatures["serving_default"]
    (answer,) = loaded(**{name: tf.constant(ROWS)}).values()
    return answer.numpy()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_the_line_for_a_keras_file(tmp_path, monkeypatch, ending, compiled):
    monkeypatch.chdir(tmp_path)
    made = model()
    if compiled:
        made.compile("adam", "mse", metrics=["mae"])
        made.fit(ROWS, ROWS[:, :2], verbose=0)
    made.save(f"price.{ending}")
    text = model_files.describe(f"price.{ending}")
    (line,) = re.findall(r"tf\.keras\.models\..*?DIRECTORY\)", text)
    line = line.rstrip(".").replace("DIRECTORY", "'export', verbose=False")
    exec(line, {"tf": tf})
    assert compare.compare("export").ok
    np.testing.assert_allclose(answers("export"), made(ROWS).numpy(), rtol=1e-5)


def test_the_lines_for_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made, built = model(), model()
    made.save_weights("price.weights.h5")
    (line,) = re.findall(r"model\.load_weights\([^)]*\)", model_files.describe("price.weights.h5"))
    exec(line, {"model": built})
    built.export("export", verbose=False)
    np.testing.assert_allclose(answers("export"), made(ROWS).numpy(), rtol=1e-5)


def test_the_lines_for_an_architecture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = model()
    (tmp_path / "price.json").write_text(made.to_json())
    text = model_files.describe("price.json")
    (line,) = re.findall(r"tf\.keras\.models\.model_from_json\(.*?\)\)", text)
    built = eval(line, {"tf": tf, "open": open})
    built.set_weights(made.get_weights())
    np.testing.assert_allclose(built(ROWS), made(ROWS), rtol=1e-5)


def test_the_lines_for_a_checkpoint_of_tensorflow_2(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made, built = model(), model()
    tf.train.Checkpoint(model=made).write("model.ckpt")
    assert 'tf.train.Checkpoint(...).restore("model.ckpt")' in model_files.describe("model.ckpt")
    tf.train.Checkpoint(model=built).restore("model.ckpt")
    np.testing.assert_allclose(built(ROWS), made(ROWS), rtol=1e-5)


def doubled():
    """Add a variable and y = 2 x to the default graph of TensorFlow 1; return x and y."""
    x = v1.placeholder(tf.float32, [None, 3], name="x")
    return x, tf.multiply(x, v1.get_variable("w", initializer=2.0), name="y")


def save_simply(session):
    """Save x and y of the session's graph, as the recipes say."""
    x, y = (session.graph.get_tensor_by_name(f"{name}:0") for name in "xy")
    v1.saved_model.simple_save(session, "export", {"x": x}, {"y": y})


def test_the_lines_for_a_checkpoint_of_tensorflow_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default(), v1.Session() as session:
        doubled()
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, "./model.ckpt")
    text = model_files.describe("model.ckpt")
    read, restore = re.findall(r"tf\.compat\.v1\.train\.\S+?\(.*?\)(?:\.restore\(.*?\))?", text)
    assert read == 'tf.compat.v1.train.import_meta_graph("model.ckpt.meta")'
    assert restore == 'tf.compat.v1.train.Saver().restore(session, "model.ckpt")'
    with tf.Graph().as_default(), v1.Session() as session:
        exec(f"{read}\n{restore}", {"tf": tf} | locals())
        save_simply(session)
    assert compare.compare("export").ok
    assert answers("export").tolist() == (2 * ROWS).tolist()


def test_the_lines_for_a_frozen_graph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default() as graph:
        tf.multiply(v1.placeholder(tf.float32, [None, 3], name="x"), 3.0, name="y")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    text = model_files.describe("frozen.pb")
    assert "It takes x and gives y" in text and "tf.graph_util.import_graph_def" in text
    with tf.Graph().as_default(), v1.Session() as session:
        graph_def = v1.GraphDef.FromString((tmp_path / "frozen.pb").read_bytes())
        tf.graph_util.import_graph_def(graph_def, name="")
        save_simply(session)
    assert compare.compare("export").ok
    assert answers("export").tolist() == (3 * ROWS).tolist()


@pytest.mark.parametrize("given", ["", "a" * 5000, "\0"])
def test_what_is_no_path_is_left_to_the_readers(given):
    assert model_files.describe(given) == ""
