"""Test the exercises of lesson 09: right answers, mistakes, no answer, and their helpers."""

import json

import numpy as np
import pytest

from helpers.exercises import exercise_server
from helpers.exercises.lesson_09 import q2_guard
from helpers.exercises.lesson_09.q2_guard import CAUSES, MODEL
from helpers.exercises.lesson_09.q3_experiments import (
    BETTER,
    BROKEN,
    EQUAL,
    SPLIT,
    split_z,
    verdict,
)
from helpers.exercises.lesson_09.q4_alarm import NUMBERS, cases, live_rows
from helpers.exercises.numbered_export import ROW
from helpers.exercises.outcomes import NotYet
from helpers.penguins.data import penguins
from helpers.serving.rollout.plan import compare
from tests.exercises.lesson_09.answers_alarm import Q4
from tests.exercises.lesson_09.answers_experiments import Q3, TRUTH
from tests.exercises.lesson_09.answers_guard import Q2, as_the_hint_says
from tests.exercises.lesson_09.answers_rule import KERNEL, Q1
from tests.exercises.proofs import prove


def test_only_several_rows_are_refused_by_the_canary_alone(lesson):
    lesson.exercises["q2"].given()
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
    exercise = lesson.exercises["q2"]
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
    for cause in set(q2_guard.CULPRITS) - {right}:
        assert any(not ok and not has(rows, cause) for rows, ok in found) or any(
            ok and has(rows, cause) for rows, ok in found
        ), cause


@pytest.mark.parametrize(
    ("seed", "right"),
    [(1, "large numbers"), (2, "negative numbers"), (-1, "negative numbers"), (3, "several rows")],
)
def test_each_variant_of_exercise_2_has_its_own_cause(lesson, seed, right):
    lesson.exercises["q2"].given(seed)
    orders = lesson.exercises["q2"].original()
    q2_guard.require_cause(right, orders)
    for wrong in CAUSES.keys() - {right}:
        with pytest.raises(NotYet) as refused:
            q2_guard.require_cause(wrong, orders)
        status = 400 if wrong == "words" else 200
        assert f"with status {status}, and version 2 with {status}" in str(refused.value)
    lesson.exercises["q2"].given()


def test_the_guard_of_the_hint_ends_few_good_canaries_of_other_users():
    for nonsense in (0.05, 0.3, 0.4):
        routers = (
            q2_guard.run(as_the_hint_says, nonsense, {"canary": 0, "stable": 0}, seed)[0]
            for seed in range(1000, 1030)
        )
        assert sum(router.canary is None for router in routers) <= 1


def test_orders_is_a_new_router_each_time(lesson):
    exercise = lesson.exercises["q2"]
    (first, requests), server = exercise.given(), exercise_server.server()
    for customer, rows in requests[:20]:
        first.predict(customer, {"instances": rows})
    first.rollback()
    requests.clear()
    second, requests = exercise.given()
    assert (second.canary, second.percent, second.counts()) == (2, 20, {}) and len(requests) == 200
    assert exercise_server.server() is server
    assert len(list(exercise.original().base.parent.iterdir())) == 1, "served once"


def test_an_interrupted_start_can_be_repeated(lesson, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    exercise = lesson.exercises["q2"]
    for name in ("serve_model", "scan_folders", "ask"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(exercise_server, name, interrupted)
            _start(exercise, tmp_path / "given")
            exercise_server.ask(MODEL)
    _start(exercise, tmp_path / "given")
    assert exercise.given()[0].predict("ann", ROW).ok


def _start(exercise, folder):
    exercise.fresh(exercise.maker(folder))


def test_the_experiments_of_the_page_have_these_verdicts(lesson):
    made = lesson.exercises["q3"].given()
    assert {name: verdict(arms) for name, arms in made.items()} == TRUTH


def test_each_variant_of_exercise_3_has_an_equal_pair_a_gain_and_a_broken_split(lesson):
    seen = set()
    for seed in range(12):
        made = lesson.exercises["q3"].given(seed)
        found = {name: verdict(arms) for name, arms in made.items()}
        assert {EQUAL, BETTER, BROKEN} <= set(found.values())
        assert all(abs(abs(split_z(*arms)) - SPLIT) > 1 for arms in made.values())
        assert all(abs(abs(compare(*arms).z) - 1.96) > 0.5 for arms in made.values())
        seen.add(tuple(found.values()))
    assert len(seen) > 6, "the place does not tell the verdict"
    lesson.exercises["q3"].given()


def test_the_alarm_is_asked_about_both_sides_of_its_limit():
    made = [*cases(*[live_rows(penguins(), seed) for seed in (1, 2)])]
    columns = [name for case in made for name in case.statistics or NUMBERS]
    named = sum(len(case.expected) for case in made)
    assert 0.2 < named / len(columns) < 0.6


globals().update(prove("09_rollout", {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}, lambda: KERNEL))
