"""What an exercise starts from is copied, or made again where a copy would not be the same."""

from pathlib import Path

import numpy as np
import pytest

from helpers.exercises.exercise import exercise
from helpers.exercises.handed_out import CannotCopy, copied


@pytest.fixture
def folders(tmp_path):
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "number").write_text("7")
    return source, tmp_path / "target"


def test_paths_and_arrays_of_the_copy_are_new(folders):
    source, target = folders
    made = {"a": (source / "inner", [source]), "x": np.ones(3), "other": Path("/elsewhere"), "n": 1}
    copy = copied(made, *folders)
    assert copy["a"] == (target / "inner", [target]) and copy["other"] == Path("/elsewhere")
    assert (target / "inner" / "number").read_text() == "7"
    copy["x"][0] = 5
    assert made["x"][0] == 1 and copy["n"] == 1


@pytest.mark.parametrize("of", [lambda source: object(), lambda source: [print], str])
def test_what_cannot_be_copied_is_refused(folders, of):
    with pytest.raises(CannotCopy):
        copied(of(folders[0]), *folders)
    assert not folders[1].exists()


def test_a_file_that_names_its_folder_cannot_be_copied(folders):
    (folders[0] / "saved").write_bytes(b"\x0a" + str(folders[0]).encode() + b"\x12")
    with pytest.raises(CannotCopy):
        copied(folders[0], *folders)
    assert not folders[1].exists()


def test_a_file_and_nothing_are_copied(tmp_path):
    (tmp_path / "one").write_text("1")
    assert copied(tmp_path / "one", tmp_path / "one", tmp_path / "two").read_text() == "1"
    assert copied(3, tmp_path / "none", tmp_path / "three") == 3


@pytest.mark.parametrize(("model", "times"), [(False, 1), (True, 3)])
def test_an_exercise_makes_it_once_if_it_can_be_copied(tmp_path, model, times):
    calls = []

    def maker(folder):
        calls.append(folder)
        folder.mkdir()
        return (object(), folder) if model else folder

    @exercise("q1", "answer", hints=[], given=maker)
    def look(answer):
        """Look"""
        look.original()
        return "right."

    first, second = look.given(), look.given()
    assert look.grade(1).outcome == "passed" and len(calls) == times
    assert first != second
