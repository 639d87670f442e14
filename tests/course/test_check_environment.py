"""`check_environment` passes here, and says what to do when a condition fails."""

import sys

import pytest

from helpers.check_environment import check_environment, locked_versions


def test_green_here():
    checks = check_environment()
    assert checks.ok, checks
    assert str(checks).endswith("Ready.")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"keras": "2.15.0"}, "✗ keras 3.15.1: found 2.15.0. Close JupyterLab"),
        ({"ai-edge-litert": None}, "ai-edge-litert 2.3.0: not installed"),
        ({"tensorflow": None, "tensorflow-cpu": None}, "✗ TensorFlow 2.21.0: not installed"),
        ({"tensorflow": None, "tensorflow-cpu": "2.15.1"}, "found 2.15.1"),
        ({"tensorflow": "2.21.0", "tensorflow-cpu": "2.21.0"}, "fill one folder"),
        ({"tensorflow": "2.21.0+cpu", "tensorflow-cpu": None}, "2.21.0: not installed"),
    ],
)
def test_red_says_what_was_found_and_what_to_do(found, words):
    checks = check_environment(found)
    assert not checks.ok
    assert words in str(checks)
    assert "make lab" in str(checks)
    assert "✗" in checks._repr_html_()


def test_another_python_is_red(monkeypatch):
    class Version(tuple):
        major, minor = 3, 14

    monkeypatch.setattr(sys, "version_info", Version((3, 14)))
    assert "✗ Python 3.11 to 3.13" in str(check_environment())


def test_a_folder_that_cannot_be_written_is_red(monkeypatch):
    def refuse(**_):
        raise PermissionError("Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "✗ this folder can be written: Permission denied" in str(check_environment())


def test_an_incomplete_copy_is_red(monkeypatch, tmp_path):
    monkeypatch.setattr("helpers.check_environment.ROOT", tmp_path)
    assert "✗ the course is complete: no pyproject.toml. Copy the whole" in str(check_environment())


def test_the_lock_is_read():
    assert {"tensorflow", "tensorflow-cpu", "keras", "numpy"} <= locked_versions().keys()
