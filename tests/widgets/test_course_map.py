"""The map of the course: the entries, the links, and the view by clicking its button."""

import re

import pytest

from helpers.display.html_table import linked
from helpers.exercises import progress
from helpers.notebooks import lesson_names
from helpers.paths import NOTEBOOKS
from helpers.widgets.course_map import as_html, as_text, course, course_map, next_lesson


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def shown(view):
    """The HTML that the widget shows."""
    (output,) = view.children[0].outputs
    return output["data"]["text/html"]


def pass_all(entries):
    for entry in entries:
        for key in entry.passed:
            progress.add(entry.name, key)


def test_the_map_has_every_lesson_with_its_title_minutes_and_exercises():
    entries = course()
    assert [entry.name for entry in entries] == lesson_names()
    assert all(entry.title and entry.minutes >= 5 and entry.passed for entry in entries)


def test_the_map_shows_what_was_passed_after_a_refresh():
    view = course_map()
    four = next(entry for entry in course() if len(entry.passed) == 4)
    assert "0 of 4 ○○○○" in shown(view)
    assert "1 of 4" not in shown(view)
    progress.add(four.name, list(four.passed)[1])
    view.children[1].click()
    assert "1 of 4 ○●○○" in shown(view)
    assert "1 of 4 ○●○○" in as_text()


def test_a_page_without_a_kernel_stores_the_links_and_the_text():
    bundle = course_map()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/html"] == as_html()
    assert data["text/plain"] == as_text()


def test_each_name_is_a_link_to_its_notebook():
    links = re.findall(r'<th[^>]*><a href="([^"]+)">(\d\d) [^<]+</a></th>', as_html())
    assert [target.removesuffix(".ipynb") for target, _ in links] == lesson_names()
    assert all((NOTEBOOKS / target).exists() and target[:2] == number for target, number in links)


def test_every_column_has_a_heading_which_explains_the_dots():
    headings = re.findall(r"<th scope='col'[^>]*>(.*?)</th>", as_html())
    headings = [re.sub("<[^>]+>", "", heading) for heading in headings]
    assert all(heading.strip() for heading in headings) and len(headings) == 3
    assert "exercises (● passed)" in headings
    assert "exercises (● passed)" in as_text().splitlines()[0]


def test_next_is_the_first_lesson_with_an_exercise_that_is_not_passed():
    entries = course()
    assert f"Next: {entries[0].label}" in as_text()
    pass_all(entries[:2])
    third = entries[2]
    assert next_lesson(course()).name == third.name
    assert as_text().splitlines()[-1] == f"Next: {third.label}"
    assert as_html().endswith(f"<p>Next: {linked(third.link)}</p>")

    progress.add(third.name, next(iter(third.passed)))
    pass_all(entries[3:])
    assert next_lesson(course()).name == third.name, "one of its exercises is not passed"
    pass_all([third])
    assert next_lesson(course()) is None
    assert as_text().splitlines()[-1] == "You have passed every exercise of the course."
    assert "Next:" not in as_html()


def test_the_columns_of_the_text_stand_below_each_other():
    head, *rows, _ = as_text().splitlines()
    assert {row.index(" min") + 4 for row in rows} == {head.index("time") + 4}
    assert {re.search(r"\d of", row).start() for row in rows} == {head.index("exercises")}
