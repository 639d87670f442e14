"""Each lesson has the page of the course: first screen, recipe, picture, size, language."""

import ast
import os
import re
import subprocess
import sys

import pytest

from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT

WORDS, CODE_LINES, HELPER_NAMES, MINUTES, RECIPE_LINES = 1600, 130, 12, 45, 10
LONGER = {"12_capstone": 60}  # minutes: most of them are for one export
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
PICTURE = re.compile(r"!\[([^]]+)\]\(((?:\.\./)?notebooks/images/[\w-]+\.svg)\)")
RECIPE = "## The recipe\n"
EVERY_PAGE = pytest.mark.parametrize("name", lesson_names())


def fail(name, what):
    pytest.fail(f"solutions/{name}.py: {what}.", pytrace=False)


def prose(name):
    """Return the text cells of a lesson without their code."""
    cells = [cell for cell in derive(name, "notebooks").cells if cell.cell_type == "markdown"]
    return [re.sub(r"`[^`]*`", "`code`", FENCE.sub("", cell.source)) for cell in cells]


def code(name):
    """Return the source of each code cell of a solved lesson."""
    cells = derive(name, "solutions").cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def recipe(name):
    """Return the code of the recipe of a lesson, or ""."""
    for cell in derive(name, "notebooks").cells:
        if cell.cell_type == "markdown" and cell.source.startswith(RECIPE):
            return "\n".join(text for _, text in FENCE.findall(cell.source))
    return ""


def points(cell):
    """Return the points of a list in a text cell, each on one line."""
    return [" ".join(point.split()) for point in re.findall(r"^- (.*(?:\n  .+)*)", cell, re.M)]


@EVERY_PAGE
def test_first_screen_has_a_picture_and_says_how_long_it_takes(name):
    opening = derive(name, "notebooks").cells[0].source
    pictures = PICTURE.findall(opening)
    if not pictures:
        fail(name, "the first cell has a picture: ![words](../notebooks/images/name.svg)")
    stated = re.search(r"\*\*(\d+) minutes\*\*, (\d+) of them for the exercises?\b", opening)
    if not stated:
        fail(name, "the first cell says **35 minutes**, 20 of them for the exercises")
    whole, exercises = map(int, stated.groups())
    pages = "\n".join(prose(name))
    each = [int(minutes) for minutes in re.findall(r"^### Exercise .*\((\d+) min\)$", pages, re.M)]
    if len(each) != len(re.findall(r"^### Exercise ", pages, re.M)) or sum(each) != exercises:
        fail(name, f"the exercises' minutes, {each}, do not add up to the {exercises} of the page")
    most = LONGER.get(name, MINUTES)
    if not exercises < whole <= most:
        fail(name, f"a lesson takes at most {most} minutes; this one says {whole}")


@EVERY_PAGE
def test_each_opening_point_has_an_exercise(name):
    opening = points(derive(name, "notebooks").cells[0].source)
    pages = "\n".join(prose(name))
    if name.startswith("00"):  # its one exercise does not practise how to find the way
        headings = set(re.findall(r"^## (.+)$", pages, re.M))
        sections = [re.findall(r'\(section "(.+)"\)$', point) for point in opening]
        if missing := {title for titles in sections for title in titles} - headings:
            fail(name, f"the opening names sections that the page does not have: {missing}")
        opening = [point for point, titles in zip(opening, sections, strict=True) if not titles]
    named = [re.findall(r"\(exercises? ([\d, and]+)\)$", point.rstrip(".")) for point in opening]
    if not all(named):
        fail(name, "each point of the opening ends with its exercise: (exercise 2)")
    numbers = {int(number) for texts in named for number in re.findall(r"\d+", texts[0])}
    count = len(re.findall(r"^### Exercise (\d+)", pages, re.M))
    if numbers != set(range(1, count + 1)):
        fail(name, f"the opening names the exercises {sorted(numbers)} of {count}")


@pytest.mark.share(3)
@EVERY_PAGE
def test_recipe_runs_alone(name, tmp_path):
    """Without the course, in a fresh process."""
    text = recipe(name)
    lines = [line for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= RECIPE_LINES:
        fail(name, f"a recipe has 1 to {RECIPE_LINES} lines in one ```python block: {len(lines)}")
    assert "helpers" not in text
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", text],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@EVERY_PAGE
def test_page_is_small(name):
    words = sum(len(re.findall(r"\w[\w'’-]*", text)) for text in prose(name))
    lines = [line for cell in code(name) for line in cell.splitlines()]
    lines = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    modules = [node for cell in code(name) for node in ast.walk(ast.parse(cell))]
    names = {
        alias.name
        for node in modules
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers")
        for alias in node.names
    }
    sizes = {
        "words": (words, WORDS),
        "lines of code": (len(lines), CODE_LINES),
        "names from helpers": (len(names), HELPER_NAMES),
    }
    for what, (size, limit) in sizes.items():
        if size > limit:
            fail(name, f"a page has at most {limit} {what}; this one has {size}")


@EVERY_PAGE
def test_prose_has_no_semicolon_and_no_drawn_characters(name):
    for text in prose(name):
        if found := re.search(r".*(?:;|[─│┌┐└┘├┤┼▶]).*", text):
            fail(name, f"no semicolon and no picture of characters: {found[0].strip()!r}")


@EVERY_PAGE
def test_page_ends_with_official_links(name):
    links = re.findall(r"\]\((https://[^)\s]+)\)", prose(name)[-1])
    if not 2 <= len(links) <= 4:
        fail(name, f"a page ends with 2 to 4 links to official documents; found: {len(links)}")


@EVERY_PAGE
def test_recap_answers_the_opening(name):
    opening = points(derive(name, "notebooks").cells[0].source)
    (recap,) = [text for text in prose(name) if re.search(r"^## What you can do now$", text, re.M)]
    answers = points(recap.split("## What you can do now")[1])
    if len(answers) != len(opening):
        fail(name, f"{len(opening)} points open the page, and {len(answers)} close it")


def test_each_picture_is_used():
    pages = [cell.source for name in lesson_names() for cell in derive(name, "notebooks").cells]
    pages.append((ROOT / "README.md").read_text())
    used = {picture.rpartition("/")[2] for page in pages for _, picture in PICTURE.findall(page)}
    assert {path.name for path in (ROOT / "notebooks" / "images").glob("*")} == used
