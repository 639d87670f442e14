"""Each stored notebook is derived from its source, executed and complete, and is a lesson.

nbval compares the outputs. These tests check what nbval ignores: sources, missing counts, markers
that switch the comparison off, and the shape of a lesson. Each failure is one line.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import find_comment_markers, find_metadata_tags

from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT
from tests.support.notebook_plugin import advice

LESSONS = lesson_names()
NOTEBOOKS = [(folder, name) for name in LESSONS for folder in ("notebooks", "solutions")]
PRIVATE = re.compile(
    r"/(home|Users|root|tmp|private|workspace)/|/var/folders/|\b[A-Z]:\\"  # somebody's machine
    r"|pypi|pythonhosted|anaconda|npmjs|artifactory|index-url"  # where packages come from
)
IMAGE = re.compile(
    r"(data:image/[a-z+]+;base64,|'image/png': ')[A-Za-z0-9+/=]*"
)  # any letters may occur in it
EVERY_NOTEBOOK = pytest.mark.parametrize(("folder", "name"), NOTEBOOKS)
EVERY_LESSON = pytest.mark.parametrize("name", LESSONS)


def read(folder, name):
    path = ROOT / folder / f"{name}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # whatever is wrong with it
        fail(folder, name, "it is missing or damaged")


def fail(folder, name, what):
    pytest.fail(f"{folder}/{name}.ipynb: {what}. {advice(name)}", pytrace=False)


def fail_source(name, what):
    pytest.fail(
        f"solutions/{name}.py: {what}. Edit it, then `make notebooks LESSON={name[:2]}`.",
        pytrace=False,
    )


def texts(cell):
    """Yield the text of each output of a cell."""
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield output.get("data", {}).get("text/plain", "")


def test_there_are_lessons():
    assert LESSONS, "no solutions/NN_name.py, so the other tests here check nothing"


@EVERY_NOTEBOOK
def test_notebook_is_what_its_source_gives(folder, name):
    stored, derived = read(folder, name), derive(name, folder)
    if len(stored.cells) != len(derived.cells):
        fail(folder, name, f"{len(stored.cells)} cells, its source gives {len(derived.cells)}")
    for number, (cell, right) in enumerate(zip(stored.cells, derived.cells, strict=True)):
        for field in ("cell_type", "source", "id", "metadata"):
            if cell.get(field) != right.get(field):
                fail(folder, name, f"the {field} of cell {number} is not what its source gives")
    if stored.metadata != derived.metadata:
        fail(folder, name, "its metadata are not what its source gives")


@EVERY_NOTEBOOK
def test_notebook_was_run_from_top_to_bottom(folder, name):
    cells = [cell for cell in read(folder, name).cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        fail(folder, name, "it was not run once from top to bottom (see its execution counts)")


@EVERY_NOTEBOOK
def test_no_cell_is_exempt_and_no_error_is_stored(folder, name):
    for number, cell in enumerate(read(folder, name).cells):
        tags = cell.metadata.get("tags", [])
        if "raises-exception" in tags or [*find_metadata_tags(cell.metadata)]:
            fail(folder, name, f"cell {number} has a tag that weakens the comparison: {tags}")
        if [*find_comment_markers(cell.source)]:
            fail(folder, name, f"cell {number} has a comment that weakens the comparison")
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            fail(folder, name, f"cell {number} stores an error; show errors with show_error()")


@EVERY_NOTEBOOK
def test_every_check_says_what_it_should(folder, name):
    expected, other = r"^\S passed: ", r"^\S not attempted: "
    if folder == "notebooks":
        expected, other = other, expected
    checks = [cell for cell in read(folder, name).cells if ".check(" in cell.source]
    for cell in checks:
        said = "\n".join(texts(cell))
        if not re.search(expected, said, re.M) or re.search(other, said, re.M):
            key = re.search(r"(\w+)\.check\(", cell.source)[1]
            fail(folder, name, f"{key} does not say{expected[4:-2]} here")


@EVERY_NOTEBOOK
def test_nothing_tells_where_it_was_made(folder, name):
    for number, cell in enumerate(read(folder, name).cells):
        text = IMAGE.sub("", cell.source + str(cell.get("outputs", "")))
        if found := PRIVATE.search(text) or re.search(re.escape(str(Path.home()) + "/"), text):
            fail(folder, name, f"cell {number} says {found[0]!r}, which is only so on one machine")


@EVERY_NOTEBOOK
def test_links_lead_somewhere(folder, name):
    for cell in read(folder, name).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", cell.source)):
                file = target.split("#")[0]
                if file and "://" not in file and not (ROOT / folder / file).exists():
                    fail_source(name, f"the link to {file} leads nowhere from {folder}/")


@EVERY_LESSON
def test_lesson_has_the_shape_of_a_lesson(name):
    cells = derive(name, "notebooks").cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    titles = re.findall(r"^# .+", "\n".join(prose), re.M)
    opening = cells[0].source
    if len(titles) != 1 or not opening.startswith(titles[0]):
        fail_source(name, f"it has one title (# ...), at the top; found: {titles}")
    if "you can\n" not in opening or not 3 <= len(re.findall(r"^- ", opening, re.M)) <= 5:
        fail_source(name, "it opens with 'After this lesson you can' and 3 to 5 points")
    if not re.search(r"\*\*\d+ minutes", opening):
        fail_source(name, "it says how long it takes: **25 minutes.**")
    if not 15 <= len(cells) <= 45:
        fail_source(name, f"it has 15 to 45 cells; found: {len(cells)}")
    keys = re.findall(r"lesson\.(\w+)\.check\(", "\n".join(cell.source for cell in cells))
    if len(keys) != len(set(keys)):
        fail_source(name, f"each exercise is checked in one cell: {keys}")
    if not (1 if name.startswith("00") else 3) <= len(keys) <= 6:
        fail_source(name, f"it has 3 to 6 exercises; found: {len(keys)}")


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_no_file_without_its_source(folder):
    files = [*(ROOT / folder).glob("*.ipynb"), *(ROOT / folder).glob("*.py")]
    kept = re.compile(r"\.mine-\d+$")  # a learner's copy, see `make reset`
    for path in files:
        if path.stem not in LESSONS and not kept.search(path.stem):
            pytest.fail(
                f"{folder}/{path.name}: no lesson has this name (solutions/NN_name.py). Remove or "
                "rename it.",
                pytrace=False,
            )
    numbers = [name[:2] for name in LESSONS]
    if len(numbers) != len(set(numbers)):
        pytest.fail(f"solutions/: two lessons share a number: {LESSONS}", pytrace=False)
