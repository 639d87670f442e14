"""Lesson 07: right answers, named mistakes, untouched, variants."""

import functools
import textwrap

import numpy as np
import pytest

from helpers import artifact, readers
from helpers.exercises.lesson_07 import faults, faulty_exports, golden_checks, variants
from helpers.exercises.lesson_07.exercises import predict_the_labels, repair_without_code
from helpers.exercises.lesson_07.meter import meter
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.notebooks import solution_parts
from helpers.readers.compare import compare
from tests.exercises.lesson_07 import answers
from tests.exercises.lesson_07.answers import LISTS, SCORES
from tests.exercises.lesson_07.diagnosis_proofs import PREDICTION, Q1, Q2
from tests.exercises.lesson_07.golden_proofs import Q4
from tests.exercises.lesson_07.repair_proofs import Q3
from tests.exercises.proofs import prove
from tests.exercises.repairs import KEY

NAME = "07_silent_failures"

BROKEN = {  # an export, and the right answers
    "restored weights": (SCORES, variants.restored().score),
    "two articles": (LISTS, variants.average().above),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_silently_wrong(name, lesson):
    exercise, right = BROKEN[name]
    rows = variants.ROWS[:2]
    (got,) = readers.run(exercise.given(), KEY, {"rows": rows}, "python").values()
    assert got.shape == (2, 1)
    assert abs(got - right(rows)).max() > 0.1


def predicted(seed):
    drawn, row = variants.labelled(seed), variants.ROWS[:1]
    old, new = (int(drawn.score(row).item() > limit) for limit in (drawn.before, drawn.after))
    return dict(zip(PREDICTION, (old, new, new), strict=True))


def test_a_prediction_is_right_for_its_variant_only(lesson):
    for seed in (1, 2):
        predict_the_labels.given(seed)
        passed = predict_the_labels.grade(predicted(seed), notebook={})
        assert passed.outcome == PASSED, passed
        assert f"lesson.q1.given({seed + 1})" in passed.message
        assert predict_the_labels.grade(PREDICTION, notebook={}).outcome == NOT_YET
    predict_the_labels.given()


def test_a_repair_is_right_for_its_variant_only(lesson, tmp_path, monkeypatch):
    def repaired(folder):
        return answers.of_variables(folder / "scores"), answers.averaged(folder / "lists")

    first, given = repaired(tmp_path / "first"), repair_without_code.given
    for seed in (1, 2):
        monkeypatch.setattr(repair_without_code, "given", functools.partial(given, seed))
        again = repaired(tmp_path / str(seed))
        assert repair_without_code.grade(*again, notebook={}).outcome == PASSED
        assert repair_without_code.grade(*first, notebook={}).outcome == NOT_YET
    given()
    assert repair_without_code.grade(*first, notebook={}).outcome == PASSED


def test_each_variant_tells_a_right_answer_from_the_nearest_wrong_ones():
    assert predicted(None) == PREDICTION
    for seed in (None, *range(100)):
        labels = variants.labelled(seed)
        assert labels.score(variants.ROWS[:1]).item() == pytest.approx(0.6)
        assert seed is None or predicted(seed) != PREDICTION
        articles = variants.average(seed)
        assert abs(articles.score(articles.many_rows()).mean()) > 1


# The five exports of exercise 2


def test_one_export_has_no_fault_and_one_has_two():
    seen = set()
    for seed in range(300):
        drawn = faults.draw(seed)
        assert sorted(len(one.faults) for one in drawn.values()) == [0, 1, 1, 1, 2]
        found = [fault for one in drawn.values() for fault in one.faults]
        assert len(found) == len(set(found)) and set(found) <= set(faults.FAULTS)
        seen |= {tuple(sorted(one.faults)) for one in drawn.values()}
    pairs = {tuple(sorted(pair)) for pair in faults.PAIRS}
    assert seen == {(), *pairs, *((fault,) for fault in faults.FAULTS)}


def test_without_a_seed_each_kernel_draws_other_exports(monkeypatch):
    def shown(drawn):
        return {name: (one.faults, one.limit) for name, one in drawn.items()}

    first = shown(faults.draw())
    assert shown(faults.draw()) == first
    monkeypatch.setattr(faults, "_of_this_process", 4711)
    assert shown(faults.draw()) != first
    assert shown(faults.draw(1)) == shown(faults.draw(1)) != shown(faults.draw(2))


def one_of_each_kind():
    """Draw one export of each kind, by the names of its faults."""
    found = {}
    for seed in range(300):
        for one in faults.draw(seed).values():
            found.setdefault(" ".join(sorted(one.faults)) or "none", one)
    return found


KINDS = one_of_each_kind()


@pytest.mark.share(3)
@pytest.mark.parametrize("kind", KINDS)
def test_the_tools_of_the_page_find_exactly_the_faults(kind, tmp_path, monkeypatch):
    """The solution of the page, on an export of each kind."""
    drawn = KINDS[kind]
    monkeypatch.setattr(faulty_exports, "draw", lambda seed: {"a": drawn})
    exports, golden = faulty_exports.five_exports(tmp_path)
    names = {"artifact": artifact, "compare": compare, "np": np, "readers": readers}
    names |= {"exports": exports, "golden": golden}
    (solution,) = solution_parts(NAME, "q2")
    exec(textwrap.dedent(solution), names)
    assert set(names["diagnosis"]["a"]) == drawn.faults


# Golden answers


def test_each_wrong_meter_differs_from_the_right_one():
    for seed in (None, *range(30)):
        machine = meter(seed)
        minutes = [machine.free, machine.free + 0.5, 10 * machine.day]
        plates = [machine.member, machine.member + 1, 16_777_220 + machine.member]
        cars = np.int32(plates * 3), np.repeat(np.float32(minutes), 3)
        right = golden_checks.fees(machine, *cars)
        np.testing.assert_allclose(machine(*cars)["fee"], right)
        for words, (function, advice) in golden_checks.faulty(machine).items():
            assert abs(function(*cars) - right).max() > 0.05, words
            assert advice.startswith("Store a car")


globals().update(prove(NAME, {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4}))
