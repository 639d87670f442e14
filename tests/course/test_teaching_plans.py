"""The plans of docs/teaching_plans.md: their minutes are those of the lessons."""

import re

import pytest

from helpers.notebooks import lesson_names, opening_of
from helpers.paths import ROOT, SOLUTIONS

TEXT = (ROOT / "docs/teaching_plans.md").read_text(encoding="utf-8")
PLANS = re.findall(r"^## A course of (\d+) minutes\n(.*?)(?=^## )", TEXT, re.M | re.S)
EXERCISE = re.compile(r"### Exercise (\d+): [^#]*?\((\d+) min\)")


def minutes(number: str) -> tuple[int, dict[str, int]]:
    """Return the minutes of a lesson, and those of each exercise by its number."""
    (name,) = (name for name in lesson_names() if name.startswith(number))
    whole = int(re.search(r"\*\*(\d+) minutes", opening_of(name))[1])
    source = (SOLUTIONS / f"{name}.py").read_text(encoding="utf-8").replace("\n# ", " ")
    return whole, {key: int(value) for key, value in EXERCISE.findall(source)}


def rows(part: str) -> list[list[str]]:
    """Return the cells of the rows of a table, without its head."""
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_there_are_three_plans():
    assert len(PLANS) == 3 and PLANS[0][0] == "90"


@pytest.mark.parametrize(("whole", "part"), PLANS, ids=[whole for whole, _ in PLANS])
def test_a_plan_fits_the_clock(whole, part):
    clock = 0
    for begins, what, told in rows(part):
        hours, after = map(int, begins.split(":"))
        assert 60 * hours + after == clock, f"{what} begins at the wrong time"
        if found := re.fullmatch(r"lesson (\d\d)(?: without exercises (.+))?", what):
            time, exercises = minutes(found[1])
            left_out = re.findall(r"\d", found[2] or "")
            assert int(told) == time - sum(exercises[key] for key in left_out), what
        clock += int(told)
    assert clock == int(whole)


def test_weeks_have_every_lesson_once():
    part = TEXT.partition("## A course of four weeks")[2].partition("\n## ")[0]
    seen = []
    for _, lessons, told in rows(part):
        numbers = lessons.split(", ")
        assert int(told) == sum(minutes(number)[0] for number in numbers)
        seen += numbers
    assert sorted(seen) == [name[:2] for name in lesson_names()]


def test_minutes_of_each_exercise():
    part = TEXT.partition("## The minutes of each exercise")[2].partition("\n## ")[0]
    *lessons, total = rows(part)
    assert [row[0] for row in lessons] == [name[:2] for name in lesson_names()]
    reading = together = 0
    for number, read, *each, whole in lessons:
        time, exercises = minutes(number)
        found = {str(key): int(value) for key, value in enumerate(each, 1) if value}
        assert found == exercises and int(whole) == time
        assert int(read) == time - sum(exercises.values())
        reading, together = reading + int(read), together + time
    assert [int(cell) for cell in total if cell.isdigit()] == [reading, together]


def test_each_lesson_has_notes():
    part = TEXT.partition("## Notes on each lesson")[2]
    notes = re.findall(r"^### (\d\d) ([^\n]+)\n(.*?)(?=^### |\Z)", part, re.M | re.S)
    assert [number for number, *_ in notes] == [name[:2] for name in lesson_names()]
    for number, title, note in notes:
        named = ["Purpose", "What goes wrong", "Ask", "Skip", "Together"]
        assert re.findall(r"^- \*\*([^*]+):\*\*", note, re.M) == named, title
        exercises = minutes(number)[1]
        for key in re.findall(r"[Ee]xercises? (\d)", note):
            assert key in exercises, f"{title} has no exercise {key}"
