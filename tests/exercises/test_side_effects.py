"""What an answer does besides answering is seen, told and taken back."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet
from helpers.exercises.side_effects import digest, unchanged


def made(folder):
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "file").write_text("content")
    return folder


def model():
    built = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    built.set_weights([np.ones((2, 1)), np.zeros(1)])
    return built


THINGS = {
    # name: (function of a folder that makes it, function that changes it)
    "array": (lambda _: np.zeros(3), lambda x: x.fill(1)),
    "nan": (lambda _: np.array([np.nan, 1]), lambda x: x.fill(np.nan)),
    "texts": (lambda _: np.array(["a", "b"], object), lambda x: x.sort() or x.fill("c")),
    "list": (lambda _: [1, 2], lambda x: x.append(3)),
    "dict": (lambda _: {"a": np.zeros(2)}, lambda x: x.pop("a")),
    "array in a dict": (lambda _: {"a": np.zeros(2)}, lambda x: x["a"].fill(1)),
    "order of a dict": (lambda _: {"a": 1, "b": 2}, lambda x: x.update(a=x.pop("a"))),
    "set": (lambda _: {1, 2}, lambda x: x.add(3)),
    "variable": (lambda _: tf.Variable([1.0]), lambda x: x.assign([2.0])),
    "model": (lambda _: model(), lambda x: x.set_weights([np.ones((2, 1)), np.ones(1)])),
    "file": (made, lambda x: (x / "inside" / "file").write_text("CONTENT")),
    "new file": (made, lambda x: (x / "inside" / "new").touch()),
    "empty folder": (made, lambda x: (x / "new").mkdir()),
    "deleted": (made, lambda x: (x / "inside" / "file").unlink()),
}


@pytest.mark.parametrize("name", THINGS)
def test_a_change_is_seen_and_named(name, tmp_path):
    make, change = THINGS[name]
    value = make(tmp_path / "made")
    assert digest(value) == digest(value)
    assert digest(value) == digest(make(tmp_path / "again"))
    with unchanged("your function", {"thing": value}):
        pass
    said = pytest.raises(NotYet, match="your function should leave thing as it is, but changed it")
    with said, unchanged("your function", {"thing": value}):
        change(value)


def test_the_working_directory_is_told_and_restored():
    folder = os.getcwd()
    with pytest.raises(NotYet, match="working directory as it is, but changed it to '/'"):
        call(os.chdir, "/")
    assert os.getcwd() == folder


def test_a_deleted_working_directory_is_no_error_of_ours(tmp_path):
    folder = os.getcwd()

    def lost():
        (tmp_path / "lost").mkdir()
        os.chdir(tmp_path / "lost")
        (tmp_path / "lost").rmdir()

    with pytest.raises(NotYet, match="working directory"):
        call(lost)
    assert os.getcwd() == folder


def test_environment_variables_are_told_and_restored(monkeypatch):
    monkeypatch.setenv("COURSE_A", "1")
    monkeypatch.setenv("COURSE_B", "1")
    before = dict(os.environ)

    def change():
        os.environ["COURSE_A"] = "2"
        del os.environ["COURSE_B"]
        os.environ["COURSE_C"] = "3"

    with pytest.raises(NotYet, match="but changed COURSE_A, COURSE_B, COURSE_C"):
        call(change)
    assert dict(os.environ) == before


def test_an_argument_is_named_as_the_function_names_it():
    def scale(rows, factor):
        rows *= factor
        return rows

    with pytest.raises(NotYet, match="your function should leave rows as it is"):
        call(scale, np.ones(2), 2)
    assert call(scale, np.ones(2), 2, may_change=[0]).tolist() == [2, 2]


def test_an_error_of_the_function_is_not_hidden_by_its_changes():
    folder = os.getcwd()

    def fails(rows):
        rows.fill(0)
        os.chdir("/")
        raise ValueError("mine")

    with pytest.raises(Exception) as raised:
        call(fails, np.ones(2))
    assert str(raised.value.error) == "mine"
    assert os.getcwd() == folder


def test_objects_of_other_libraries_count_as_unchanged():
    assert digest(Path) == digest(Path)
