"""Grading from the notebook to the verdict, and what a notebook cannot do to it."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from helpers.exercises.exercise import exercise
from helpers.exercises.outcomes import require
from helpers.notebooks import derive
from helpers.teaching.grade.answers import encode
from helpers.teaching.grade.box import why_no_box
from helpers.teaching.grade.check_run import (
    APART,
    BESIDE,
    Names,
    dangerous_operation,
    read_events,
    verdict_of,
)
from helpers.teaching.grade.grading import Grader, grade_all
from helpers.teaching.grade.integrity import CourseState
from helpers.teaching.grade.limits import Limits
from helpers.teaching.grade.notebook_run import signature
from helpers.teaching.grade.submissions import find_submissions
from tests.teaching.grade import simulated
from tests.teaching.grade.cheats import code_of

SECRET = bytes(32)
WHY = why_no_box()
boxed = pytest.mark.skipif(bool(WHY), reason=WHY or "boxes work")


@exercise("q1", "number", hints=["Count."])
def count(number):
    """Give the number 3"""
    require(number == 3, f"number should be 3, but is {number}.")
    return "it is 3."


def verdict(event, beside=()):
    return verdict_of(count, event, set(beside), SECRET, Names("00_start_here"))


def answer(value, **more):
    event = {"answer": "q1", "data": [encode(value)], "needs": {}, "seed": None, "handed": []}
    return verdict({**event, **more})


def signed(outcome, message="", key="q1", secret=SECRET):
    mark = signature(secret, key, outcome, message)
    return {"verdict": "q1", "outcome": outcome, "message": message, "signature": mark}


def test_data_is_checked_with_the_words_of_the_lesson():
    for value in (3, 4, ...):
        result, where = answer(value)
        assert (result, where) == (count.grade(value, notebook={}), APART)
    result, _ = answer(3, refused="your cells should stay in the working directory.")
    assert result.outcome == "not yet" and "working directory" in result.message
    result, _ = answer(..., refused="your cells should stay in the working directory.")
    assert result.outcome == "not attempted"


@pytest.mark.parametrize(
    "event",
    [
        {"answer": "q1"},
        {"answer": "q1", "data": 3, "needs": [], "seed": None, "handed": []},
        {"answer": "q1", "data": [{"kind": "no"}], "needs": {}, "seed": None, "handed": []},
        {"answer": "q1", "data": [], "needs": {}, "seed": None, "handed": []},
        {"answer": "q1", "data": [3], "needs": {}, "seed": "x", "handed": []},
        {"verdict": "q1", "outcome": "passed", "message": "", "signature": "00"},
        {"verdict": "q1", "outcome": "passed", "message": ""},
        {"verdict": "q1", "outcome": 3, "signature": None},
        signed("passed", secret=b"guessed"),
        signed("passed", key="q2"),
        signed("passed") | {"message": "other"},
        signed("perfect"),
    ],
    ids=str,
)
def test_forged_events_are_no_pass(event):
    assert verdict(event, beside=["q1"])[0].outcome == "not yet"


def test_verdicts_beside_count_only_where_answers_are_no_data():
    assert verdict(signed("passed"), ["q1"])[0].outcome == "passed"
    assert verdict(signed("passed"))[0].outcome == "not yet"
    result, where = verdict(signed("raised", "NameError"))
    assert (result.outcome, result.message, where) == ("raised", "NameError", BESIDE)
    assert verdict({"raised": "q1", "words": "ZeroDivisionError"})[0].outcome == "raised"


def test_events_that_are_no_events(tmp_path):
    file = tmp_path / "events"
    file.write_bytes(b'{"begun": 1}\n[1]\n\xff\n' + b"[" * 100_000 + b'\n{"ended": true}\n{"be')
    assert list(read_events(file)) == [{"begun": 1}, {"ended": True}]
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing", "."):
        assert list(read_events(tmp_path / name)) == [], name


def test_changes_of_the_course_are_noticed(monkeypatch):
    import numpy as np

    from helpers.exercises import exercise as module
    from helpers.exercises import outcomes
    from helpers.serving.protocol import text_messages  # its classes have no module

    assert text_messages
    state = CourseState()
    assert state.changes() == []
    with monkeypatch.context() as patch:
        patch.setattr(module.Exercise, "grade", lambda *_: None)
        assert "helpers.exercises.exercise.Exercise.grade" in state.changes()
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "require", print)
        patch.setattr(np, "allclose", lambda *_: True)
        found = state.changes()
        assert {"helpers.exercises.outcomes.require", "numpy.allclose"} <= {*found}
    code = outcomes.require.__code__
    try:
        outcomes.require.__code__ = (lambda condition, message: None).__code__
        assert "helpers.exercises.outcomes.require" in state.changes()
    finally:
        outcomes.require.__code__ = code
    assert state.changes() == []


def test_an_export_that_writes_files_is_not_run(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec((None, 1), tf.float32)

    def write(x):
        tf.io.write_file(str(tmp_path / "found"), "found")
        return x

    for name, function in (("harmless", lambda x: x + 1), ("writes", write)):
        module.serve = tf.function(function, input_signature=[spec])
        tf.saved_model.save(module, str(tmp_path / "exports" / name))
    expected = "WriteFile, which writes files"
    assert dangerous_operation([str(tmp_path / "exports" / "harmless"), 3]) == ""
    assert dangerous_operation({"a": tmp_path / "exports" / "writes"}) == expected
    assert dangerous_operation(tmp_path / "exports") == expected, "the folder of the versions"
    assert dangerous_operation(b"...FlexWriteFile\0") == expected
    result, _ = answer(tmp_path / "exports" / "writes")
    assert "number contains WriteFile" in result.message
    assert not (tmp_path / "found").exists()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade two notebooks of lesson 00 and 01: an honest one, and one with several cheats."""
    folder = tmp_path_factory.mktemp("submissions")
    outside = folder.parent / "written outside"
    honest = derive("00_start_here", "solutions")
    nbformat.write(honest, folder / "ada.ipynb")
    cheats = ("check is redefined", "the helpers are patched", "files outside are written")
    cell = "\n".join(code_of(name, str(outside), "/course") for name in cheats)
    nbformat.write(simulated.notebook("notebooks", cell), folder / "cheat.ipynb")
    with Grader(limits=Limits(seconds=300)) as grader:
        found = grade_all(find_submissions(folder), grader, jobs=2)
        results = {one.learner: one for one in found}
    assert not Path(grader.course).exists(), "the copy of the course is removed"
    return results, outside


@boxed
def test_honest_answers_pass_with_the_words_of_the_lesson(graded):
    (row,) = graded[0]["ada"].rows
    assert (row.outcome, row.checked) == ("passed", "apart")
    stored = nbformat.read("solutions/00_start_here.ipynb", 4)
    shown = "".join(json.dumps(cell.get("outputs", "")) for cell in stored.cells)
    assert " ".join(row.words.split()[:12]).replace("`", "") in " ".join(
        shown.replace("\\n", " ").replace("<code>", "").replace("</code>", "").split()
    ).replace("`", "")


@boxed
def test_cheats_do_not_pass(graded):
    results, outside = graded
    assert [row.outcome for row in results["cheat"].rows].count("passed") == 0
    assert len(results["cheat"].rows) == 5
    assert not outside.exists()
