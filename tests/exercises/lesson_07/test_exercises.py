"""Test the exercises of lesson 07: right answers, mistakes, no answer, and their helpers."""

import json
import tempfile
import time

import numpy as np
import pytest

from helpers.exercises.lesson_07 import exercise_server, q5_guard, served_models
from helpers.exercises.lesson_07.exercises import (
    LEFT,
    RIGHT,
    X,
    right_answers,
    wrong_answers,
)
from helpers.exercises.lesson_07.q2_reasons import REASONS
from helpers.exercises.lesson_07.q3_publish import watched
from helpers.exercises.lesson_07.q5_guard import CAUSES, MODEL
from helpers.exercises.outcomes import NOT_YET, PASSED, NotYet
from tests.exercises.lesson_07.answers_calls import (
    PACKED,
    Q1,
    Q2,
    SCORES,
    TOTALS,
    TRUTH,
    ask_by_grpc,
    by_grpc,
)
from tests.exercises.lesson_07.answers_guard import Q5, as_the_hint_says
from tests.exercises.lesson_07.answers_publish import Q3
from tests.exercises.lesson_07.answers_rule import KERNEL, Q4
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


def test_only_several_rows_are_refused_by_the_canary_alone(lesson):
    lesson.exercises["q5"].given()
    for cause, rows in CAUSES.items():
        old, new = (
            exercise_server.ask(f"{MODEL}/versions/{number}:predict", {"instances": rows})[0]
            for number in (1, 2)
        )
        assert (old == 200 and new != 200) == (cause == "several rows"), cause


def has(rows, cause):
    if cause == "several rows":
        return len(rows) > 1
    numbers = np.array(rows, float)
    return bool((numbers < 0).any() if cause == "negative numbers" else (abs(numbers) > 1e5).any())


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_the_given_requests_show_the_cause(lesson, seed):
    """The canary gets requests with and without each property, and refuses one property only."""
    exercise = lesson.exercises["q5"]
    router, requests = exercise.given(seed)
    right = exercise.original().cause
    assert json.loads(json.dumps(requests)), "a learner can send them"
    found = []
    for customer, rows in requests:
        reply = router.predict(customer, {"instances": rows})
        words = "three" in rows[0]
        assert reply.ok == (not words and not (reply.role == "canary" and has(rows, right)))
        if reply.role == "canary" and not words:
            found.append((rows, reply.ok))
    assert sum(ok for _, ok in found) >= 5 <= sum(not ok for _, ok in found)
    for cause in set(q5_guard.CULPRITS) - {right}:
        assert any(not ok and not has(rows, cause) for rows, ok in found) or any(
            ok and has(rows, cause) for rows, ok in found
        ), cause


@pytest.mark.parametrize(
    ("seed", "right"),
    [(1, "large numbers"), (2, "negative numbers"), (-1, "negative numbers"), (3, "several rows")],
)
def test_each_variant_of_exercise_5_has_its_own_cause(lesson, seed, right):
    lesson.exercises["q5"].given(seed)
    orders = lesson.exercises["q5"].original()
    q5_guard.require_cause(right, orders)
    for wrong in CAUSES.keys() - {right}:
        with pytest.raises(NotYet) as refused:
            q5_guard.require_cause(wrong, orders)
        status = 400 if wrong == "words" else 200
        assert f"with status {status}, and version 2 with {status}" in str(refused.value)
    lesson.exercises["q5"].given()


def test_the_guard_of_the_hint_ends_few_good_canaries_of_other_users():
    for nonsense in (0.05, 0.3, 0.4):
        routers = (
            q5_guard.run(as_the_hint_says, nonsense, {"canary": 0, "stable": 0}, seed)[0]
            for seed in range(1000, 1030)
        )
        assert sum(router.canary is None for router in routers) <= 1


def test_orders_is_a_new_router_each_time(lesson):
    exercise = lesson.exercises["q5"]
    (first, requests), server = exercise.given(), exercise_server.server()
    for customer, rows in requests[:20]:
        first.predict(customer, {"instances": rows})
    first.rollback()
    requests.clear()
    second, requests = exercise.given()
    assert (second.canary, second.percent, second.counts()) == (2, 20, {}) and len(requests) == 200
    assert exercise_server.server() is server
    assert len(list(exercise.original().base.parent.iterdir())) == 1, "served once"


@pytest.mark.parametrize("key", ["q1", "q5"])
def test_an_interrupted_start_can_be_repeated(lesson, tmp_path, monkeypatch, key):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    exercise = lesson.exercises[key]
    for name in ("serve_model", "scan_folders", "ask"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(exercise_server, name, interrupted)
            _start(exercise, tmp_path / "given")
            exercise_server.ask("scoring")
    _start(exercise, tmp_path / "given")
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == PASSED
    assert lesson.exercises["q5"].given()[0].predict("ann", served_models.ROW).ok


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
    with watched(tmp_path) as first:
        for name in ("1", "2", "notes"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "early").write_text("e")
        end = time.monotonic() + 60
        while not first and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(0.01)
        (tmp_path / "2" / "late").write_text("l")
    assert first.keys() == {"2"} and "late" not in first["2"]


def test_a_server_that_has_ended_is_started_again(lesson):
    before = exercise_server.server()
    before.stop()
    assert exercise_server.server() is not before
    assert lesson.exercises["q1"].grade(*by_grpc(None)).outcome == PASSED, "at its old address"


TABLE = {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}
globals().update(prove("07_serving", TABLE, lambda: KERNEL))
