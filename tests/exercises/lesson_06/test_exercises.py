"""Lesson 06: right answers, named mistakes, untouched, variants."""

import functools
import re

import nbformat
import pytest

from helpers import readers
from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.exercises.lesson_06 import broken_exports as made
from helpers.exercises.lesson_06 import served_houses, tracebacks, variants
from helpers.exercises.lesson_06.exercises import CHAIN_FACTS, repair_the_names, repair_the_path
from helpers.exercises.outcomes import NOT_YET, PASSED
from helpers.paths import ROOT
from tests.exercises.lesson_06 import parcel_proofs, price_answers
from tests.exercises.lesson_06.chain_proofs import Q1
from tests.exercises.lesson_06.parcel_proofs import Q2
from tests.exercises.lesson_06.price_proofs import NAMES, PATH, Q3, Q4
from tests.exercises.lesson_06.request_proofs import Q5
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
    "q3": (repair_the_names, NAMES, price_answers.renamed_by_probing),
    "q4": (repair_the_path, PATH, price_answers.of_an_asset),
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


SEEDS = (None, *range(8))


def test_each_chain_has_two_errors_of_two_types_and_a_case_that_the_page_shows(tmp_path):
    seen = set()
    for seed in (None, *{tracebacks.drawn(seed)[0]: seed for seed in range(99)}.values()):
        text = tracebacks.chained(tmp_path / str(seed), seed)
        chain = tracebacks.chain_of(text)
        assert text.count("Traceback (most recent call last)") == 2
        first, last = re.split(r"^(?:During|The above) .*$", text, flags=re.M)
        assert re.search(rf"^(?:[\w.]+\.)?{chain.first}: ", first, re.M)
        assert re.search(rf"^{chain.last}: ", last, re.M)
        assert chain.first != chain.last
        numbers = re.findall(r'File "shop.py", line (\d+)', first)
        assert int(numbers[-1]) == chain.line
        own = map(int, re.findall(r'File "shop.py", line (\d+)', text))
        assert {chain.line, *chain.others} == set(own)
        assert find(text).case.key == find(first).case.key == chain.case
        assert chain.case in CHAIN_FACTS
        assert not re.search(r"/tmp|\.venv|0x|__inference_\w+_\d", text)
        seen.add(chain.case)
    assert seen == tracebacks.KINDS.keys()


def test_each_request_has_three_faults_that_the_clinic_knows(tmp_path):
    """The server names the next fault after each correction."""
    for seed in SEEDS:
        made = served_houses.served(tmp_path / str(seed), seed)
        send, path, body = served_houses.client_of(made)
        drawn = made[1]
        said = [send(path, body)]
        kept = list(drawn.faults)
        while kept:
            part = drawn.body()
            for fault in kept:
                fault(part)
            said.append(send(served_houses.PATH, part))
            kept.remove(_named_by(said[-1][1], kept))
        assert len({text for _, text in said}) == len(said) == 3, said
        for status, text in said:
            assert status in (400, 404)
            assert find(text).case.group == "serving", text
        status, text = send(served_houses.PATH, drawn.body())
        assert (status, served_houses.prices_in(text)) == (200, drawn.prices().tolist())
        swapped = drawn.prices([house[::-1] for house in drawn.houses])
        assert not set(swapped) & set(drawn.prices())


def _named_by(text, faults):
    """The fault that a text of the server is about."""
    words = {
        "_plain": "plain list",
        "_rows": "Missing 'inputs'",
        "_signature": "signature name",
        "_name": "named input",
        "_texts": "is not of expected type",
    }
    return next(fault for fault in faults if words[fault.__name__] in text)


def test_the_parcels_of_a_variant_need_their_own_table(lesson, tmp_path):
    first = parcel_proofs.of_given()(tmp_path)
    exercise = lesson.exercises["q2"]
    exercise.given(1)
    assert exercise.grade(*first, notebook={}).outcome == NOT_YET
    exercise.given()
    assert exercise.grade(*first, notebook={}).outcome == PASSED


def cells():
    return nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", as_version=4).cells


def test_the_lesson_says_what_the_clinic_says():
    """The clinic finds each error that the lesson shows, and names threads about its cases."""
    (table,) = [cell for cell in cells() if cell.source.startswith("overview(")]
    taught = set(re.findall(r'"([\w-]+)"', table.source)) | {"variables-deleted"}
    assert len(taught) >= 12
    assert sum(bool(CASES[key].reported) for key in taught) >= 9
    assert {"saving", "loading", "calling"} == {CASES[key].group for key in taught}
    shown = "\n".join(o.get("text", "") for cell in cells() for o in cell.get("outputs", ()))
    errors = re.findall(r"^\w+Error: .*(?:\n    .*)*", shown, re.M)
    errors = [error for error in errors if not error.startswith("KeyError")]
    assert len(errors) >= 4
    for error in errors:
        found = find(error).case
        assert found and found.key in taught, error


globals().update(prove(NAME, {"q1": Q1, "q2": Q2, "q3": Q3, "q4": Q4, "q5": Q5}))
