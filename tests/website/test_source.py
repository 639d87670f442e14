"""The source of the website: each lesson, its solutions, each known error, the start page."""

import json
import re
import sys
import zipfile
from itertools import pairwise

import nbformat
import pytest
import yaml

from helpers.clinic import CASES
from helpers.errors.known_error import GENERAL, known_errors
from helpers.notebooks import lesson_names, solution_parts
from helpers.paths import ROOT
from helpers.website import source
from helpers.website.clinic_pages import GROUP_TITLES, case_page, escaped, page_errors
from helpers.website.lesson_pages import lesson_page, solution_page

EVERY_LESSON = pytest.mark.parametrize("name", lesson_names())


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "source"
    source.write(folder)
    return folder


def cells(notebook):
    return [(cell.cell_type, cell.source, cell.get("outputs")) for cell in notebook.cells]


@EVERY_LESSON
def test_lesson_is_as_learners_get_it(name):
    original = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
    page = lesson_page(name)
    text = str(cells(original)[1:]).replace('.ipynb"', '.html"')
    assert str(cells(page)[1:]) == text
    assert page.cells[0].source == original.cells[0].source.replace("# ", f"# {name[:2]} ", 1)


@EVERY_LESSON
def test_each_solution_is_folded_under_its_exercise(name):
    page = solution_page(name)
    text = "\n".join(cell.source for cell in page.cells)
    keys = re.findall(r"^lesson\.(q\d)\.check\(", text, re.M)
    original = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
    asked = re.findall(r"^### (Exercise .+)", "\n".join(c.source for c in original.cells), re.M)
    assert re.findall(r"^## (Exercise .+)", text, re.M) == asked
    assert len(keys) == len(asked) > 0
    for key in keys:
        for part in solution_parts(name, key):
            (cell,) = (c for c in page.cells if part in c.source and f".{key}.check" in c.source)
            assert cell.metadata["tags"] == ["hide-cell"]


def test_stored_pictures_keep_their_alternative_texts():
    described = [
        cell.metadata["mystnb"]["image"]["alt"]
        for name in lesson_names()
        for cell in lesson_page(name).cells
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]
    assert len(described) >= 3
    assert min(map(len, described)) >= 60


@pytest.mark.parametrize("error", page_errors(), ids=lambda error: error.key)
def test_each_known_error_has_a_page_with_its_words_in_the_title(error, pages):
    text = (pages / f"clinic/{error.key}.md").read_text("utf-8")
    assert text == case_page(error)
    (title,) = re.findall(r"^# (.+)", text.split("## ")[0], re.M)
    words = f"{error.exception}: {error.text}" if error.exception else error.title
    assert re.sub(r"\\(.)", r"\1", title) == " ".join(words.split())
    description = yaml.safe_load(text.split("---")[1])["myst"]["html_meta"]["description"]
    assert 40 <= len(description) <= 160
    assert escaped(error.cure) in text
    assert ("## Which code works?" in text) is (error.key in CASES)
    assert f"({error.key}.md)" in (pages / "clinic/index.md").read_text("utf-8")


def test_pages_of_the_clinic_are_the_errors_that_a_text_can_belong_to():
    keys = [error.key for error in page_errors()]
    assert set(CASES) < set(keys) <= set(known_errors())
    assert {e.key for e in known_errors().values() if e.group != GENERAL} <= set(keys)
    assert {error.group for error in page_errors()} == set(GROUP_TITLES)


def test_the_page_loads_the_same_finder_and_table(pages):
    with zipfile.ZipFile(pages / "_static/clinic.zip") as archive:
        names = archive.namelist()
        assert all(archive.read(name) == (ROOT / name).read_bytes() for name in names)
    tables = {name for name in names if name.endswith(".toml")}
    assert tables == {f"helpers/errors/known/{p.name}" for p in known_tables()}
    assert "helpers/errors/find.py" in names
    # Pyodide has Python's standard library and nothing else.
    code = "\n".join((ROOT / name).read_text("utf-8") for name in names if name.endswith(".py"))
    top = re.findall(r"^(?:import|from) (\w+)", code, re.M)
    assert {name for name in top if name not in sys.stdlib_module_names} == {"helpers"}
    cases = json.loads((pages / "_static/clinic_cases.json").read_text("utf-8"))
    assert cases.keys() == known_errors().keys()


def known_tables():
    return (ROOT / "helpers/errors/known").glob("*.toml")


def test_start_page_is_the_readme_with_every_page_in_its_menu(pages):
    text = (pages / "index.md").read_text("utf-8")
    for before, after in pairwise([source.ON_THIS_SITE, "**This course is for you**", "## Cite"]):
        assert text.index(before) < text.index(after)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.partition("**This course is for you**")[2] in text
    trees = re.findall(r"```\{toctree\}\n(?::.*\n)+\n([^`]+)```", text)
    menu = {page for tree in trees for page in tree.split()}
    assert menu >= {f"notebooks/{name}" for name in lesson_names()}
    every = {p.relative_to(pages).with_suffix("").as_posix() for p in pages.rglob("*.md")}
    every |= {p.relative_to(pages).with_suffix("").as_posix() for p in pages.rglob("*.ipynb")}
    assert {page for page in every - menu if not page.startswith("clinic/")} == {"index"}


def test_citation_has_the_title_and_the_version():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    text = source.citation()
    assert f"title = {{{cff['title']}}}" in text
    assert f"version = {{{cff['version']}}}" in text


def test_a_file_that_changes_changes_the_digest(tmp_path):
    (tmp_path / "a.md").write_text("one")
    before = source.digest(tmp_path)
    (tmp_path / "a.md").write_text("two")
    assert source.digest(tmp_path) != before
    (tmp_path / "a.md").write_text("one")
    assert source.digest(tmp_path) == before
