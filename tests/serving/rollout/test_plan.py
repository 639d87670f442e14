"""Test experiments with two versions against published tables and simulations."""

import math
from fractions import Fraction

import numpy as np
import pytest

from helpers.serving.rollout.plan import Plan, compare, per_user, users_needed
from helpers.serving.rollout.simulation import simulate, simulate_counting


def test_users_needed_agrees_with_the_textbook():
    assert users_needed(0.10, 0.02) == (3841, 3841)
    assert users_needed(0.5, 0.1) == (388, 388)
    assert users_needed(0.5, 0.1, power=0.9) == (519, 519)
    assert users_needed(0.10, -0.02, alpha=0.01).total > users_needed(0.10, -0.02).total


def test_a_small_canary_needs_more_users_in_all():
    small, half = users_needed(0.1, 0.02, share=0.1), users_needed(0.1, 0.02)
    assert small.total > 2.5 * half.total
    assert small.stable == pytest.approx(9 * small.canary, abs=9)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_users_needed_gives_the_power_that_was_asked_for(share):
    for effect in (0.03, -0.03):
        plan = Plan(0.2, effect, looks=1, share=share)
        assert plan.users == users_needed(0.2, effect, share=share)
        found = simulate(plan, 0.2, 0.2 + effect, experiments=20_000).found
        assert found == pytest.approx(0.8, abs=0.015)
        assert simulate(plan, 0.2, 0.2, experiments=20_000).found == pytest.approx(0.05, abs=0.01)


def test_compare_is_the_score_test_and_its_published_interval():
    """Newcombe (1998) gives the interval of 56 of 70 against 48 of 80 by this method."""
    found = compare((48, 80), (56, 70))
    assert (found.low, found.high) == pytest.approx((0.0533, 0.3377), abs=5e-5)
    pooled = Fraction(104, 150)
    error = math.sqrt(pooled * (1 - pooled) * (Fraction(1, 80) + Fraction(1, 70)))
    assert found.z == pytest.approx(0.2 / error)
    assert found.differs
    assert str(found) == (
        "canary 80.0%, stable 60.0%: +20.0% (+5.3% to +33.8%), p = 0.008: they differ"
    )
    other = compare((56, 70), (48, 80))
    assert (other.low, other.high, other.z) == pytest.approx((-found.high, -found.low, -found.z))


def test_interval_and_p_value_agree():
    for x in range(0, 31, 2):
        for y in range(26):
            found = compare((x, 30), (y, 25))
            assert -1 <= found.low <= found.difference <= found.high <= 1
            assert found.differs == (not found.low < 0 < found.high), found


def test_without_any_success_nothing_differs_and_the_interval_is_wide():
    found = compare((0, 20), (0, 20))
    assert (found.p_value, found.difference) == (1, 0)
    assert found.low == pytest.approx(-found.high) and found.high > 0.1
    assert compare((20, 20), (20, 20)).p_value == 1
    assert compare((0, 1000), (1000, 1000)).differs


def test_the_interval_has_its_nominal_coverage():
    generator = np.random.default_rng(5)
    held = [
        found.low <= 0.07 <= found.high
        for x, y in generator.binomial((200, 120), (0.08, 0.15), (600, 2)).tolist()
        for found in [compare((x, 200), (y, 120), alpha=0.1)]
    ]
    assert np.mean(held) == pytest.approx(0.9, abs=0.03)


def test_thresholds_are_those_of_the_published_tables():
    """Compare the last threshold and the number of users with O'Brien and Fleming's tables."""
    for looks, alpha, power, last, more in [
        (1, 0.05, 0.8, 1.960, 1.000),
        (2, 0.05, 0.8, 1.977, 1.008),
        (5, 0.05, 0.8, 2.040, 1.028),
        (5, 0.05, 0.9, 2.040, 1.026),
        (10, 0.05, 0.8, 2.087, 1.040),
        (5, 0.01, 0.9, 2.621, 1.014),
    ]:
        plan = Plan(0.1, 0.02, looks=looks, alpha=alpha, power=power)
        single = users_needed(0.1, 0.02, alpha=alpha, power=power)
        assert plan.thresholds[-1] == pytest.approx(last, abs=1e-3)
        assert plan.thresholds[0] == pytest.approx(plan.thresholds[-1] * math.sqrt(looks))
        assert plan.users.total / single.total == pytest.approx(more, abs=1e-3)
        assert plan.schedule[-1] == plan.users and len(plan.schedule) == looks


def test_peeking_causes_false_positives_and_planned_looks_do_not():
    peeking = Plan(0.1, 0.02, looks=20, corrected=False)
    planned = Plan(0.1, 0.02, looks=20)
    wrong = simulate(peeking, 0.1, 0.1, experiments=5000)
    assert 0.2 < wrong.found < 0.3
    assert wrong.by_look[0] < 0.08 and list(wrong.by_look) == sorted(wrong.by_look)
    assert wrong.by_look[-1] == wrong.found
    right = simulate(planned, 0.1, 0.1, experiments=5000)
    assert 0.035 < right.found < 0.065
    power = simulate(planned, 0.1, 0.12, experiments=5000)
    assert 0.77 < power.found < 0.83
    assert power.users < 0.9 * users_needed(0.1, 0.02).total  # it can stop early
    assert simulate(planned, 0.1, 0.12, experiments=5000) == power  # the same seed


def test_planned_looks_work_with_a_small_canary():
    plan = Plan(0.2, 0.04, looks=5, share=0.1)
    assert simulate(plan, 0.2, 0.2, experiments=10_000).found == pytest.approx(0.05, abs=0.01)
    assert simulate(plan, 0.2, 0.24, experiments=10_000).found == pytest.approx(0.8, abs=0.025)


def test_requests_of_one_user_are_not_independent():
    found = simulate_counting()
    assert found.requests > 0.25
    assert 0.02 < found.users < 0.08
    one = simulate_counting(requests=1)
    assert 0.02 < one.requests == one.users < 0.08


def test_looks_decide_by_their_own_threshold():
    plan = Plan(0.1, 0.02)
    early = plan.look(1, (60, 800), (90, 800))
    assert early.comparison.differs and not early.stop
    assert str(early).startswith("look 1 of 5: canary 11.2%, stable 7.5%, z = 2.57 of ±4.56: go on")
    assert plan.look(5, (400, 4000), (480, 4000)).verdict == "canary is better"
    assert plan.look(3, (480, 3000), (360, 3000)).verdict == "stable is better"
    last = plan.look(5, (400, 4000), (410, 4000))
    assert last.stop and last.verdict == "no difference shown"
    with pytest.raises(ValueError, match="look 2 is due at 3,162 users, but there are 1,600"):
        plan.look(2, (60, 800), (90, 800))
    for number in (0, 6, 1.5):
        with pytest.raises(ValueError, match="looks 1 to 5"):
            plan.look(number, (60, 8000), (90, 8000))


def test_a_user_counts_once_and_in_one_arm():
    rows = [("ann", "stable", 0), ("ann", "stable", 1), ("ann", "stable", 1), ("bo", "stable", 0)]
    assert per_user([*rows, (7, "canary", True)]) == {"stable": (1, 2), "canary": (1, 1)}
    assert per_user([]) == {"stable": (0, 0), "canary": (0, 0)}
    with pytest.raises(
        ValueError, match="user 'bo' got both versions: do not change the percentage"
    ):
        per_user([*rows, ("bo", "canary", 1)])
    with pytest.raises(ValueError, match="a role must be stable or canary, not 'blue'"):
        per_user([("ann", "blue", 1)])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: users_needed(10, 2), "baseline must be between 0 and 1, not 10"),
        (lambda: users_needed(0.1, 0), "effect must not be 0"),
        (lambda: users_needed(0.1, -0.2), "effect is -0.2, baseline is 0.1"),
        (lambda: users_needed(0.1, 1e-300), "effect must not be 0"),
        (lambda: users_needed(0.1, "2"), "effect must not be 0"),
        (lambda: users_needed(0.1, 0.1, alpha=0), "alpha must be between"),
        (lambda: users_needed(0.1, 0.1, alpha=float("nan")), "alpha must be between"),
        (lambda: users_needed(0.1, 0.1, power=0.01), "power must be larger than alpha"),
        (lambda: compare((5, 4), (1, 2)), "stable must be .successes, users.*not .5, 4"),
        (lambda: compare((0.5, 4), (1, 2)), "stable must be .successes, users"),
        (lambda: compare((1, 2), 0.5), "canary must be .successes, users.*not 0.5"),
        (lambda: compare((1, 2), (0, 0)), "canary has no users yet"),
        (lambda: Plan(0.1, 0.02, looks=0), "looks must be from 1 to 50, not 0"),
        (lambda: Plan(0.1, 0.02, looks=2.5), "looks must be from 1 to 50, not 2.5"),
        (lambda: simulate(Plan(0.1, 0.02), 0.1, 1.5), "canary_rate must be between"),
        (
            lambda: simulate(Plan(0.1, 0.02), 0.1, 0.1, experiments=0),
            "experiments must be an integer",
        ),
        (lambda: simulate(Plan(0.1, 0.02), 0.1, 0.1, experiments=10**12), "too many at once"),
        (lambda: simulate_counting(users=10**9), "too many at once"),
        (lambda: simulate_counting(requests=0), "requests must be from 1 to"),
    ],
)
def test_the_error_names_a_bad_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_simulate_refuses_an_argument_that_is_not_a_plan():
    with pytest.raises(TypeError, match="plan must be a Plan, not 5"):
        simulate(5, 0.1, 0.1)
