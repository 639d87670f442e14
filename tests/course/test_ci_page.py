"""The page docs/readers_in_ci.md: its code runs, its options exist, its workflow can be read."""

import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

from helpers.paths import ROOT
from helpers.readers import command
from helpers.readers.golden_files import read_golden

PAGE = (ROOT / "docs" / "readers_in_ci.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


@pytest.fixture
def export(tmp_path, monkeypatch):
    """A right export of identifiers in the working folder, as the page names it."""
    monkeypatch.chdir(tmp_path)
    ids = keras.Input((), dtype="int32", name="ids")
    model = keras.Model(ids, tf.keras.ops.mod(ids, 1000))
    model.export("my_export", verbose=False)
    return model


def test_the_code_runs(export, tmp_path, capsys):
    first, last = blocks("python")
    exec(first, {"model": export, "ids": np.int32([16_777_217, 5])})
    assert read_golden(tmp_path / "golden.npz")["serve"][0].outputs["output_0"].tolist() == [217, 5]
    exec(last, {})
    assert capsys.readouterr().out.count("same numbers") == 2 * 6  # two signatures, three readers


def test_the_golden_file_can_be_read(tmp_path):
    (text,) = blocks("json")
    (tmp_path / "golden.json").write_text(text)
    assert read_golden(tmp_path / "golden.json").keys() == json.loads(text).keys()


def test_the_options_exist():
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*(?![a-z_-])", PAGE))
    assert {"--golden", "--write-golden", "--keep-golden", "--against", "--retrained"} <= named
    assert all(option in command.USAGE for option in named)


def test_the_workflow_can_be_read():
    (text,) = blocks("yaml")
    steps = yaml.safe_load(text)["steps"]
    assert steps[-1]["working-directory"] == "course" and "helpers.readers" in steps[-1]["run"]
    assert "http" not in PAGE  # the page needs no address
