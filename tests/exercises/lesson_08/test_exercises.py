"""Test the exercises of lesson 08: right answers, mistakes, no answer, and their helpers."""

import ast
import tempfile
import time

import numpy as np
import pytest

from helpers.exercises import exercise_server
from helpers.exercises.lesson_08 import q4_replacement, served_models
from helpers.exercises.lesson_08.exercises import (
    LEFT,
    RIGHT,
    X,
    right_answers,
    wrong_answers,
)
from helpers.exercises.lesson_08.q2_reasons import REASONS
from helpers.exercises.lesson_08.q3_publish import watched
from helpers.exercises.outcomes import NOT_YET, PASSED
from tests.exercises.lesson_08.answers_calls import (
    PACKED,
    Q1,
    Q2,
    SCORES,
    TOTALS,
    TRUTH,
    ask_by_grpc,
    by_grpc,
)
from tests.exercises.lesson_08.answers_publish import Q3
from tests.exercises.lesson_08.answers_replacement import Q4, by_rules
from tests.exercises.proofs import prove


def test_the_check_of_exercise_1_expects_these_numbers():
    page = served_models.Scoring.of(None)
    assert np.allclose(list(right_answers(page).values()), [SCORES, TOTALS, PACKED])


def test_no_mistake_in_exercise_1_gives_the_numbers_of_another():
    for seed in (None, *range(200)):
        variant = served_models.Scoring.of(seed)
        rights = list(right_answers(variant).values())
        for mistakes in wrong_answers(variant).values():
            numbers = [*rights, *mistakes.values()]
            assert len({tuple(np.round(pair, 4)) for pair in numbers}) == len(numbers), seed


@pytest.mark.parametrize("seed", [1, 2, 3, None])
def test_each_variant_of_exercise_1_has_its_own_answers(lesson, seed):
    exercise = lesson.exercises["q1"]
    server, before = exercise.given(seed), (SCORES, TOTALS, PACKED)
    result = exercise.grade(*ask_by_grpc(server))
    assert result.outcome == PASSED, result
    assert exercise.grade(*before).outcome == (PASSED if seed is None else NOT_YET)


def test_the_server_gives_the_answers_that_the_check_expects(lesson):
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == PASSED
    found = exercise_server.ask("scoring:predict", {"instances": X})
    assert np.allclose(found[1]["predictions"], np.array(SCORES)[:, None])
    for left, right, name in ((LEFT, RIGHT, "total"), (RIGHT, LEFT, "total"), (LEFT, RIGHT, "gap")):
        body = {"signature_name": "both", "inputs": {"left": left, "right": right}}
        numbers = exercise_server.ask("scoring:predict", body)[1]["outputs"][name]
        page = served_models.Scoring.of(None)
        expected = page.totals(left, right) if name == "total" else page.gaps(left, right)
        assert np.allclose(numbers, expected)


def test_each_wrong_prediction_has_a_reason():
    for event, answer in TRUTH.items():
        assert REASONS[event].keys() == {1, 2, 3, "error"} - {answer}
    assert REASONS.keys() == served_models.EVENTS.keys()


def test_the_server_gives_the_outcomes_of_exercise_2():
    assert served_models.outcomes() == TRUTH


def test_an_interrupted_start_can_be_repeated(lesson, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    exercise = lesson.exercises["q1"]
    for name in ("serve_model", "scan_folders", "ask"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(exercise_server, name, interrupted)
            _start(exercise, tmp_path / "given")
            exercise_server.ask("scoring")
    _start(exercise, tmp_path / "given")
    assert exercise.grade(*by_grpc(None)).outcome == PASSED


def _start(exercise, folder):
    exercise.fresh(exercise.maker(folder))


def test_an_interrupted_server_leaves_no_folder(tmp_path, monkeypatch):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(exercise_server, "_state", {})
    monkeypatch.setattr(exercise_server, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exercise_server.server()
    assert not list(tmp_path.iterdir())


def test_watched_keeps_the_first_state_of_a_version(tmp_path):
    (tmp_path / "1").mkdir()
    with watched(tmp_path) as seen:
        for name in ("1", "2", "notes"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "early").write_text("e")
        end = time.monotonic() + 60
        while not seen.first and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(0.01)
        (tmp_path / "2" / "late").write_text("l")
    assert seen.first.keys() == {"2"} and "late" not in seen.first["2"]
    assert not seen.gone


def test_watched_sees_a_version_that_goes_away_for_a_moment(tmp_path):
    (tmp_path / "1").mkdir()
    with watched(tmp_path) as seen:
        (tmp_path / "1").rename(tmp_path / "kept")
        end = time.monotonic() + 60
        while not seen.gone and time.monotonic() < end:
            time.sleep(0.001)
        (tmp_path / "kept").rename(tmp_path / "1")
    assert seen.gone == {"1"} and not seen.first


def test_a_server_that_has_ended_is_started_again(lesson):
    before = exercise_server.server()
    before.stop()
    assert exercise_server.server() is not before
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == PASSED, "at its old address"


@pytest.mark.parametrize("seed", [None, *range(20)])
def test_each_variant_of_exercise_4_has_one_kind_of_breaking_change(lesson, seed):
    exercise = lesson.exercises["q4"]
    old, new = exercise.given(seed)
    assert not by_rules(old, new)
    drawn = exercise.original()
    right = q4_replacement.CHANGES[drawn.changes[-1]].cause
    assert all(not q4_replacement.CHANGES[key].cause for key in drawn.changes[:-1])
    for cause in q4_replacement.CAUSES:
        result = exercise.grade(cause, by_rules)
        assert result.outcome == (PASSED if cause == right else NOT_YET), result
    assert ast.literal_eval(str(old)) == old, "it prints what Python can read"
    old.clear()
    assert exercise.given(seed)[0], "a copy"
    exercise.given()


def test_every_change_of_exercise_4_is_tried():
    tried = {key for one in q4_replacement.cases() for key in one.changes}
    assert tried == q4_replacement.CHANGES.keys()
    assert {one.right for one in q4_replacement.cases()} == {True, False}


globals().update(prove("08_serving", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))
