"""Mutants of a solution: what is changed, and which changes leave the answer right."""

import re
import textwrap

import pytest

from helpers.notebooks import lesson_names, solution_parts
from tests.exercises.equivalent_mutants import EQUIVALENT
from tests.exercises.mutants import mutants

NAMES = {name[:2]: name for name in lesson_names()}


def test_each_piece_is_changed():
    words = dict(mutants("answer = f(2.0, x > 3, key='a')"))
    changes = {change.split(": ", 1)[1] for change in words}
    assert {"2.0 -> 2.02", "x > 3 -> x >= 3", "3 -> 4", "'a' -> 'ax'"} <= changes
    assert "answer = f(2.0, x > 3, key='a') -> removed" in changes
    assert "answer = f(2.0, x > 3)" in words.values()
    assert len(set(words.values())) == len(words)


def test_what_only_prints_or_names_a_folder_is_not_changed():
    code = """
    folder = lesson.scratch / "mine"
    for day in week:
        print(day + 1)
    model.export(folder, verbose=False)
    """
    changed = [text for _, text in mutants(textwrap.dedent(code))]
    assert all("'mine'" in text for text in changed if "folder =" in text)
    assert all("print(day + 1)" in text and "for day in week" in text for text in changed)
    assert not any("verbose=True" in text for text in changed)


@pytest.mark.parametrize("exercise", EQUIVALENT)
def test_each_equivalent_mutant_is_made(exercise):
    lesson, key = exercise.split()
    parts = map(textwrap.dedent, solution_parts(NAMES[lesson], key))
    made = [words for part in parts for words, _ in mutants(part)]
    for pattern in EQUIVALENT[exercise]:
        assert any(re.fullmatch(pattern, words) for words in made), pattern
