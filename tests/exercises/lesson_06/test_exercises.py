"""Lesson 06: right answers, named mistakes, untouched, variants."""

import functools
import re

import nbformat
import numpy as np
import pytest

from helpers import readers
from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06 import variants
from helpers.exercises.lesson_06.exercises import (
    repair_for_the_phone,
    repair_the_names,
    repair_the_number_of_rows,
    repair_the_path,
    repair_the_threshold,
    repair_the_weights,
)
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.paths import ROOT
from tests.exercises.lesson_06 import answers, price_answers
from tests.exercises.lesson_06.answers import KEY
from tests.exercises.lesson_06.price_proofs import NAMES, PATH, Q1, Q2
from tests.exercises.lesson_06.score_proofs import (
    CUT,
    FROZEN,
    GARBAGE,
    PREDICTION,
    Q3,
    Q4,
    Q5,
    Q6,
    STATE,
)
from tests.exercises.proofs import prove

NAME = "06_error_clinic"

BROKEN = {  # the reader that does not give the right answer, or None for an error in it
    "nonsense on the phone": (
        repair_for_the_phone,
        "inputs",
        "litert",
        variants.phone().score,
    ),
    "restored weights": (repair_the_weights, "rows", "python", variants.restored().score),
    "two articles": (repair_the_number_of_rows, "rows", "python", variants.average().above),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_silently_wrong(name, lesson):
    exercise, key, reader, right = BROKEN[name]
    rows = variants.ROWS[:2]
    (got,) = readers.run(exercise.given(), KEY, {key: rows}, reader).values()
    assert got.shape == (2, 1)
    assert abs(got - right(rows)).max() > 0.1


def test_prices_of_colours_need_the_file(lesson, tmp_path):
    """As on the server: the export is whole, and the file is not there."""
    directory = made.with_a_path(tmp_path / "made")
    request = KEY, {"colour": [["red"]]}
    assert readers.run(directory, *request)["price"].item() == 3
    (directory.parent / "colours.txt").unlink()
    moved = directory.rename(tmp_path / "moved")  # the reader remembers what it has read
    with pytest.raises(readers.ReaderError, match="No such file or directory"):
        readers.run(moved, *request)


VARIANTS = {  # repairs that read what was given, and so are right for each variant
    "q1": (repair_the_names, NAMES, price_answers.renamed_by_probing),
    "q2": (repair_the_path, PATH, price_answers.of_an_asset),
    "q3": (
        repair_for_the_phone,
        GARBAGE,
        functools.partial(answers.rebuilt, exercise=repair_for_the_phone),
    ),
    "q4": (repair_the_weights, CUT, answers.of_variables),
    "q5": (repair_the_number_of_rows, FROZEN, answers.averaged),
    "q6": (repair_the_threshold, STATE, answers.of_the_restored_function),
}


def predicted(exercise, seed):
    if exercise is not repair_the_threshold:
        return ()
    drawn, row = variants.labelled(seed), variants.ROWS[:1]
    old, new = (int(drawn.score(row).item() > limit) for limit in (drawn.before, drawn.after))
    return (dict(zip(PREDICTION, (old, new, new), strict=True)),)


@pytest.mark.parametrize("key", VARIANTS)
def test_the_answer_of_a_variant_is_right_for_that_variant_only(key, lesson, tmp_path, monkeypatch):
    exercise, diagnosis, repair = VARIANTS[key]
    first = repair(tmp_path / "first")
    given = exercise.given
    for seed in (1, 2):
        monkeypatch.setattr(exercise, "given", functools.partial(given, seed))
        prediction = predicted(exercise, seed)
        repaired = repair(tmp_path / str(seed))
        passed = exercise.grade(diagnosis, *prediction, repaired, notebook={})
        assert passed.outcome == PASSED, passed
        assert f"lesson.{key}.given({seed + 1})" in passed.message
        refused = exercise.grade(diagnosis, *prediction, first, notebook={})
        assert refused.outcome == NOT_YET, refused
    given()
    answer = diagnosis, *predicted(exercise, None), first
    assert exercise.grade(*answer, notebook={}).outcome == PASSED


def test_each_variant_tells_a_right_answer_from_the_nearest_wrong_ones():
    assert predicted(repair_the_threshold, None) == (PREDICTION,)
    for seed in (None, *range(100)):
        houses, labels = variants.houses(seed), variants.labelled(seed)
        assert houses.rooms > houses.area
        scores = labels.score(labels.many_rows())
        for threshold in (labels.before, labels.after):
            assert np.float32(threshold) in scores
        assert labels.score(variants.ROWS[:1]).item() == pytest.approx(0.6)
        assert seed is None or predicted(repair_the_threshold, seed) != (PREDICTION,)
        articles = variants.average(seed)
        assert abs(articles.score(articles.many_rows()).mean()) > 1


def test_the_lesson_says_what_the_clinic_says():
    """The lesson's cases and threads are the clinic's, and all silent cases are among them.

    For each error that the lesson shows, the clinic finds one of the lesson's cases.
    """
    cells = nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    taught = set()
    for point in re.findall(r"^- (`[\s\S]*?)\n(?=\S|\n|$)", prose, re.M):
        keys = re.findall(r"`(.+?)`", point.split(":")[0])
        threads = re.findall(r"github\.com/([^)]+)/issues/(\d+)\)", point)
        known = [thread for key in keys for thread in CASES[key].reported]
        assert {f"{repository}#{number}" for repository, number in threads} <= set(known), point
        assert bool(threads) != ("No thread known" in point), point
        taught.update(keys)
    assert len(taught) >= 15
    assert {key for key, case in CASES.items() if case.group == "silent"} <= taught
    shown = "\n".join(o.get("text", "") for cell in cells for o in cell.get("outputs", ()))
    errors = re.findall(r"^\w+Error: .*(?:\n    .*)*", shown, re.M)
    assert len(errors) >= 15
    for error in errors:
        found = find(error).case
        assert found and found.key in taught, error


globals().update(prove(NAME, {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5, "q6": Q6}))
