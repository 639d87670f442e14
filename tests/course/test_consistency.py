"""What is written in two places is the same in both: names of answers, minutes, the map."""

import re
from importlib import import_module

import pytest

from helpers.exercises.exercise import Exercise
from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT

EVERY_LESSON = pytest.mark.parametrize("name", lesson_names())


@EVERY_LESSON
def test_notebook_and_check_call_the_answers_alike(name):
    """A message that names an answer must name the learner's own variable."""
    module = import_module(f"helpers.exercises.lesson_{name[:2]}.exercises")
    exercises = {each.key: each for each in vars(module).values() if isinstance(each, Exercise)}
    code = "\n".join(cell.source for cell in derive(name, "notebooks").cells)
    found = re.findall(r"lesson\.(\w+)\.check\((.*?)\)", code)
    assert found
    for key, answers in found:
        assert tuple(answers.split(", ")) == exercises[key].answers


@EVERY_LESSON
def test_readme_lists_the_lesson_with_its_minutes(name):
    minutes = re.search(r"\*\*(\d+) minutes", derive(name, "notebooks").cells[0].source)[1]
    row = rf"\| {name[:2]} \| \[[^]]+\]\(notebooks/{name}\.ipynb\) \| {minutes} \|"
    assert re.search(row, (ROOT / "README.md").read_text(encoding="utf-8"))
