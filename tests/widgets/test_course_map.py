"""The map of the course: the entries, and the view by clicking its button."""

import pytest

from helpers.exercises import progress
from helpers.notebooks import lesson_names
from helpers.widgets.course_map import as_text, course, course_map


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def test_the_map_has_every_lesson_with_its_title_minutes_and_exercises():
    entries = course()
    assert [entry.number for entry in entries] == [name[:2] for name in lesson_names()]
    assert all(entry.title and entry.minutes >= 5 and entry.passed for entry in entries)


def test_the_map_shows_what_was_passed_after_a_refresh():
    view = course_map()
    table, button = view.children
    assert "5 passed" in table.value
    assert "1 of 5" not in table.value
    progress.add("01_basic_export", "q2")
    button.click()
    assert "1 of 5 passed" in table.value
    assert "○●○○" in as_text()
