"""A large export is in the memory of the clean process for one reader at a time."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import readers

KEY = "serving_default"
ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")
FEED = {"x": np.ones((2, 1), np.float32)}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    def export(number):
        module = tf.Module()
        module.weight = tf.Variable(number)
        module.f = tf.function(lambda x: {"y": module.weight * x}, input_signature=[ROWS])
        directory = tmp_path_factory.mktemp("large") / "export"
        tf.saved_model.save(module, str(directory), signatures=module.f)
        return directory

    return export(1.0), export(2.0)


def ask(directory, reader):
    answer = readers.run(directory, KEY, FEED, reader)
    assert answer["y"].shape == (2, 1)
    return readers._process._child.pid


def test_each_reader_of_a_large_export_has_a_process_of_its_own(exports, monkeypatch):
    monkeypatch.setattr(readers, "LARGE", 1)
    first, second = exports
    python = ask(first, "python")
    assert ask(first, "python") == python, "it is loaded once"
    readers.signatures(first, "python")
    readers.run_with_zeros(first, KEY, FEED)
    assert ask(first, "python") == python
    session = ask(first, "session")
    assert session != python
    assert ask(second, "session") != session


def test_what_saves_a_large_export_again_holds_no_other_copy(exports, tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "LARGE", 1)
    python = ask(exports[0], "python")
    readers.save_again(exports[0], tmp_path / "new")
    assert readers._process._child.pid != python


def test_small_exports_share_a_process(exports):
    first, second = exports
    asked = {ask(where, reader) for where in (first, second) for reader in readers.READERS}
    assert len(asked) == 1


def test_a_process_with_a_large_export_is_replaced_for_a_small_one(exports, monkeypatch):
    small, large = exports
    with monkeypatch.context() as patch:
        patch.setattr(readers, "LARGE", 1)
        held = ask(large, "python")
    assert ask(small, "python") != held
    assert ask(large, "python") == ask(small, "python")
