"""Two notebooks derived from one source, and `make reset`."""

import nbformat
import pytest

from helpers import notebooks
from tests.support.tiny_course import NAME, tiny_course

CELL = """\
before = 1
# > answer = ...  # say what
# > other = ...
# <solution>
answer = before + 1
other = {"a": [before]}
# </solution>
lesson.q1.check(answer, other)"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tiny_course(tmp_path_factory.mktemp("a course"))
    notebooks.make([NAME], ["notebooks"], folder)
    return folder


def test_solved_keeps_the_solution_and_no_mark():
    assert notebooks.solved(CELL) == (
        'before = 1\nanswer = before + 1\nother = {"a": [before]}\nlesson.q1.check(answer, other)'
    )


def test_unsolved_keeps_the_stub_and_nothing_of_the_solution():
    assert notebooks.unsolved(CELL) == (
        "before = 1\nanswer = ...  # say what\nother = ...\nlesson.q1.check(answer, other)"
    )


def test_indented_regions_and_several_in_one_cell():
    inside = "def f(x):\n    # > return ...\n    # <solution>\n    return 2 * x\n    # </solution>"
    both = f"{inside}\n\n\n{inside.replace('f(x)', 'g(x)')}"
    assert notebooks.unsolved(both) == "def f(x):\n    return ...\n\n\ndef g(x):\n    return ..."
    assert notebooks.solved(both) == "def f(x):\n    return 2 * x\n\n\ndef g(x):\n    return 2 * x"


@pytest.mark.parametrize("code", ["x = 1", "x > 1  # > 2?", "", "a\n\n# a comment\nb"])
def test_cells_without_a_solution_stay_as_they_are(code):
    assert notebooks.solved(code) == notebooks.unsolved(code) == code


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_derived_twice_is_the_same_and_shows_no_mark(course, folder):
    once, twice = (notebooks.derive(NAME, folder, course) for _ in range(2))
    assert nbformat.writes(once) == nbformat.writes(twice)
    text = nbformat.writes(once)
    assert "<solution>" not in text and "# >" not in text
    assert ("sum(numbers)" in text) == (folder == "solutions")
    assert len({cell.id for cell in once.cells}) == len(once.cells)
    nbformat.validate(once)


@pytest.mark.parametrize(
    "left",
    ["# <solution>\nx = 1", "# > x = ...\n# <solution>\nx = 1", "# > x = ...", "# </solution>"],
)
def test_half_a_region_is_refused(course, left, tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "01_half.py").write_text(f"# %%\n{left}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_half.*<solution>"):
        notebooks.derive("01_half", "notebooks", tmp_path)


def test_solution_of_is_the_text_between_the_marks(course):
    assert notebooks.solution_of(NAME, "q1", course) == "answer = sum(numbers)"
    with pytest.raises(ValueError, match=r"no cell that calls lesson\.q2\.check"):
        notebooks.solution_of(NAME, "q2", course)


@pytest.mark.parametrize("given", ["00", "0", NAME])
def test_find_takes_number_and_name(course, given):
    assert notebooks.find(given, course) == NAME


def test_find_names_the_lessons_there_are(course):
    with pytest.raises(SystemExit, match=f"no lesson '07': there are {NAME}"):
        notebooks.find("07", course)


def test_reset_gives_a_fresh_notebook_and_keeps_every_copy(course, capsys):
    notebook = course / "notebooks" / f"{NAME}.ipynb"
    fresh = notebook.read_bytes()
    for number in (1, 2):
        notebook.write_text(f"my work {number}")
        kept = notebooks.reset(NAME, course)
        assert kept.name in capsys.readouterr().out
        assert kept.read_text() == f"my work {number}"
        assert notebook.read_bytes() == fresh
    copies = sorted(path.name for path in notebook.parent.glob("*.mine-*"))
    assert copies == [f"{NAME}.mine-{number}.ipynb" for number in (1, 2)]
