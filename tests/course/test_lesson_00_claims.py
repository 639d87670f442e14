"""What lesson 00 says and no cell of its page shows."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers
from helpers.check_environment import check_environment
from helpers.notebooks import derive

ROWS = np.array([[0.0], [1.0], [10.0]], np.float32)
RIGHT = [[1.0], [3.0], [21.0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The exports of y = 2x + 1 with the popular recipe and with `model.export`."""
    model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    folder = tmp_path_factory.mktemp("exports")
    tf.saved_model.save(model, folder / "popular")
    model.export(folder / "good", verbose=False)
    return folder


def ask(export, reader):
    (tensor,) = readers.signatures(export)["serving_default"].inputs
    (answer,) = readers.run(export, "serving_default", {tensor.name: ROWS}, reader).values()
    return answer


def test_popular_recipe_is_right_in_python_fails_in_the_session_and_is_wrong_in_litert(folder):
    np.testing.assert_allclose(ask(folder / "popular", "python"), RIGHT, rtol=1e-6)
    with pytest.raises(readers.ReaderError, match="Could not find variable"):
        ask(folder / "popular", "session")
    assert not np.allclose(ask(folder / "popular", "litert"), RIGHT, rtol=0.01)


def test_model_export_is_right_in_all_readers(folder):
    for reader in readers.READERS:
        np.testing.assert_allclose(ask(folder / "good", reader), RIGHT, rtol=1e-6)


def test_a_failed_line_of_the_environment_check_is_as_the_page_says():
    text = "\n".join(cell.source for cell in derive("00_start_here", "notebooks").cells)
    (line,) = [
        line for line in str(check_environment({"keras": "2.15.0"})).splitlines() if "keras" in line
    ]
    assert line in " ".join(text.split())
