"""The twelve exports: each fault shows where it should, and no file tells the answers."""

import json
import os
import random

import nbformat
import numpy as np
import pytest

from helpers import readers
from helpers.artifact import saved_model
from helpers.teaching import faults
from helpers.teaching.faults import __main__ as command
from helpers.teaching.faults.exports import KEY, MAKERS, RIGHT, write
from helpers.teaching.faults.subjects import Ids, Rows, Words

SEED = 3
RIGHT_ANSWER, OTHER, FAILS = "right", "other", "fails"
# What Python, the session (Python) and LiteRT answer to the requests of the promise.
SHOWS = {
    "dtype": (OTHER, OTHER, OTHER),
    "xla": (RIGHT_ANSWER, FAILS, RIGHT_ANSWER),
    "frozen": (OTHER, OTHER, OTHER),
    "guard": (RIGHT_ANSWER, RIGHT_ANSWER, RIGHT_ANSWER),
    "stale": (OTHER, OTHER, OTHER),
    "skew": (OTHER, OTHER, OTHER),
    "asset": (OTHER, OTHER, FAILS),
    "tags": (FAILS, FAILS, FAILS),
    "disconnected": (OTHER, OTHER, OTHER),
    "custom operation": (FAILS, FAILS, FAILS),
    "damage": (FAILS, FAILS, FAILS),
    "healthy": (RIGHT_ANSWER, RIGHT_ANSWER, RIGHT_ANSWER),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("faults") / "twelve"
    faults.make(made, SEED)
    return made


def answer_of(directory, reader, promise):
    """Return how a reader answers the requests of a promise: right, other or fails."""
    for request in promise["right answers"]:
        ((name, value),) = request["inputs"].items()
        dtype = {"rows": np.float32, "ids": np.int32, "kinds": object}[name]
        sent = {name: np.array(value, dtype)}
        if name == "ids" and saved_model.read(directory).signatures[KEY].inputs[0].dtype != "int32":
            sent = {name: sent[name].astype(np.float32)}
        try:
            found = readers.run(directory, KEY, sent, reader)
        except (readers.ReaderError, saved_model.NotAnArtifact):
            return FAILS
        for output, right in request["outputs"].items():
            if not np.allclose(found[output], np.array(right), rtol=1e-3, atol=1e-3):
                return OTHER
    return RIGHT_ANSWER


def promise_of(directory):
    text = (directory / "assets.extra" / faults.PROMISE).read_text(encoding="utf-8")
    return json.loads(text)


@pytest.mark.parametrize("fault", faults.FAULTS)
def test_a_fault_shows_in_the_readers_that_it_should(folder, fault):
    name = next(name for name, one in faults.truth(SEED).items() if one == fault)
    promise = promise_of(folder / name)
    found = [answer_of(folder / name, reader, promise) for reader in readers.READERS]
    expected = [*SHOWS[fault]]
    if "kinds" in promise["input"] or "a phone" not in promise["programs"]:
        expected[2] = FAILS  # LiteRT cannot look texts up, and the promise does not name it
    assert found == expected


def test_only_litert_answers_for_a_wrong_number_of_columns(folder):
    name = next(name for name, one in faults.truth(SEED).items() if one == "guard")
    wrong = {"rows": np.ones((2, 3), np.float32)}
    for reader in ("python", "session"):
        with pytest.raises(readers.ReaderError, match="rows must have 2 columns"):
            readers.run(folder / name, KEY, wrong, reader)
    assert np.isfinite(readers.run(folder / name, KEY, wrong, "litert")["score"]).all()


@pytest.mark.parametrize("kind", RIGHT)
def test_an_export_without_a_fault_gives_the_right_answers(tmp_path, kind):
    chance = random.Random(f"{kind}")
    subject = kind.draw(chance)
    RIGHT[kind](tmp_path / "export", subject, chance)
    for request in subject.requests(chance):
        sent = {{Rows: "rows", Ids: "ids", Words: "kinds"}[kind]: request}
        found = readers.run(tmp_path / "export", KEY, sent)
        for output, right in subject.answers(request).items():
            assert found[output].dtype == right.dtype
            assert np.allclose(found[output], right, rtol=1e-4, atol=1e-4)


def test_each_seed_has_its_own_order_and_numbers(tmp_path):
    assert [*faults.truth(1).values()] != [*faults.truth(2).values()]
    assert sorted(faults.truth(1).values()) == sorted(faults.FAULTS)
    drawn = {write(tmp_path / "export", "healthy", random.Random(seed)) for seed in range(3)}
    assert len(drawn) == 3
    assert faults.FAULTS.keys() == MAKERS.keys()


def test_the_folder_does_not_tell_the_answers(folder):
    for directory, _, files in os.walk(folder):
        for file in files:
            if file not in (faults.ANSWERS, faults.NOTEBOOK):
                text = (folder / directory / file).read_bytes().decode("latin-1").lower()
                told = [word for word in ("skew", "disconnect", "stale", "healthy") if word in text]
                assert not told, f"{file} tells {told}"


def answer(folder, answers):
    lines = [f'{name} = "{word}"' for name, word in answers.items()]
    (folder / faults.ANSWERS).write_text("\n".join(lines), encoding="utf-8")


def test_the_grade_counts_right_answers(folder, capsys):
    right = faults.truth(SEED)
    answer(folder, right)
    assert command.main(["--grade", str(folder)]) == command.DONE
    assert capsys.readouterr().out == "12 of 12 right\n"
    first, second = [*right][:2]
    answer(folder, {**right, first: right[second], second: ""})
    grade = faults.grade(folder)
    assert grade.right == 10
    assert f"{first}: {right[second]}. Right: {right[first]}, " in str(grade)
    assert f"{second}: no answer. Right: {right[second]}, " in str(grade)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('export_01 = "rusty"', "export_01 in answers.toml should be one of dtype, xla"),
        ("export_01 = 3", "should be one of dtype"),
        ('export_99 = "xla"', "has 'export_99', but the exports are export_01"),
        ("export_01: dtype", "answers.toml cannot be read"),
    ],
)
def test_an_answer_that_is_none_is_named(folder, capsys, written, words):
    (folder / faults.ANSWERS).write_text(written, encoding="utf-8")
    assert command.main(["--grade", str(folder)]) == command.BAD_USE
    assert words in capsys.readouterr().err


def test_a_folder_that_holds_something_stays_as_it_is(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert command.main([str(tmp_path)]) == command.BAD_USE
    assert "is not an empty folder" in capsys.readouterr().err
    assert command.main([str(tmp_path), "--grade"]) == command.BAD_USE
    assert "has no seed.json" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_notebook_runs_and_writes_the_answers(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    cells = nbformat.read(folder / faults.NOTEBOOK, as_version=4).cells
    names = {}
    for cell in cells:
        if cell.cell_type == "code":
            exec(cell.source.replace('"export_05"] = ""', '"export_05"] = "tags"'), names)
    assert capsys.readouterr().out.count("right answers: ") >= 24
    assert (folder / faults.ANSWERS).read_text(encoding="utf-8").count('= ""') == 11
    assert faults.grade(folder).found["export_05"][0] == "tags"
