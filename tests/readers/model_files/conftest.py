"""What the tests of model files share: a model, its export, and the command."""

import keras
import pytest
import tensorflow as tf

from helpers.readers.__main__ import main

layers = keras.layers


def forbidden(*_, **__):
    raise AssertionError("the model was loaded")


@pytest.fixture(scope="module")
def model():
    stack = [keras.Input((8,), name="x"), layers.Dense(4), layers.Dense(2)]
    model = keras.Sequential(stack)
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "price" / "1"
    model.export(folder, verbose=False)
    return folder


@pytest.fixture
def said(capsys, monkeypatch):
    """A function of a path: what the command prints, with exit status 2 and nothing loaded."""
    monkeypatch.setattr(keras.models, "load_model", forbidden)
    monkeypatch.setattr(keras.saving, "load_model", forbidden)
    monkeypatch.setattr(tf.saved_model, "load", forbidden)

    def ask(path):
        capsys.readouterr()
        assert main([str(path)]) == 2
        out, error = capsys.readouterr()
        assert "Traceback" not in out + error and not error
        return out

    return ask
