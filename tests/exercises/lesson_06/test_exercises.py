"""Lesson 06: right answers, named mistakes, untouched, variants."""

import functools
import re

import nbformat
import pytest

from helpers import readers
from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06 import variants
from helpers.exercises.lesson_06.exercises import repair_the_names, repair_the_path
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.paths import ROOT
from tests.exercises.lesson_06 import price_answers
from tests.exercises.lesson_06.price_proofs import NAMES, PATH, Q1, Q2
from tests.exercises.proofs import prove
from tests.exercises.repairs import KEY

NAME = "06_error_clinic"


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
}


@pytest.mark.parametrize("key", VARIANTS)
def test_the_answer_of_a_variant_is_right_for_that_variant_only(key, lesson, tmp_path, monkeypatch):
    exercise, diagnosis, repair = VARIANTS[key]
    first = repair(tmp_path / "first")
    given = exercise.given
    for seed in (1, 2):
        monkeypatch.setattr(exercise, "given", functools.partial(given, seed))
        repaired = repair(tmp_path / str(seed))
        passed = exercise.grade(diagnosis, repaired, notebook={})
        assert passed.outcome == PASSED, passed
        assert f"lesson.{key}.given({seed + 1})" in passed.message
        refused = exercise.grade(diagnosis, first, notebook={})
        assert refused.outcome == NOT_YET, refused
    given()
    answer = diagnosis, first
    assert exercise.grade(*answer, notebook={}).outcome == PASSED


def test_a_room_costs_more_than_a_square_metre_in_each_variant():
    for seed in (None, *range(100)):
        houses = variants.houses(seed)
        assert houses.rooms > houses.area


def test_the_lesson_says_what_the_clinic_says():
    """The lesson's cases and threads are the clinic's.

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
    assert len(taught) >= 10
    shown = "\n".join(o.get("text", "") for cell in cells for o in cell.get("outputs", ()))
    errors = re.findall(r"^\w+Error: .*(?:\n    .*)*", shown, re.M)
    assert len(errors) >= 10
    for error in errors:
        found = find(error).case
        assert found and found.key in taught, error


globals().update(prove(NAME, {"q1": Q1, "q2": Q2}))
