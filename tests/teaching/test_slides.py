"""The slides of a lesson: each heading, each picture, and nothing from other computers."""

import os
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.notebooks import lesson_names
from helpers.paths import NOTEBOOKS
from helpers.teaching import slides
from helpers.teaching.slides.__main__ import main
from tests.support.website import open_page

# Diagrams, a stored PNG file, and two pictures below one heading.
NAME = "10_other_runtimes"
PNG = new_output("display_data", {"image/png": "iVBO\n"}, metadata={"image/png": {"alt": "a < b"}})
BARS = new_output("execute_result", {"text/html": "<p>bars</p><img alt='bars' src='data:,'>"})
TABLE = new_output("execute_result", {"text/html": "<table></table>"})
# What asks another computer for something, in HTML, in CSS and in a script.
ELSEWHERE = re.compile(
    r"""(?:\b(?:src|href)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?|\bfrom\s*["'])"""
    r"""(?:https?:)?//[^"')\s]*"""
)


def kinds(notebook):
    return [(cell.metadata.slideshow.slide_type, cell.source) for cell in notebook.cells]


def headings(name):
    """Return the headings of a lesson, as a reader of its notebook sees them."""
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.findall(r"^#{1,3} (.+)$", text, re.M)


def test_headings_and_pictures_are_slides_and_texts_are_notes():
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A\n\nText, see [b](b.ipynb).\n\n![one](images/1.svg)\n\nMore."),
            new_code_cell("1", outputs=[TABLE]),
            new_markdown_cell("## B\n\n```\n# no heading\n```\n\n### Exercise 1: C\n\nDo it."),
            new_code_cell("2", outputs=[PNG, BARS]),
            new_markdown_cell("Only text."),
        ]
    )
    found = kinds(slides.slides(notebook))
    assert found == [
        ("slide", "# A\n\n![one](images/1.svg)"),
        ("notes", "Text, see b.\n\n\n\nMore."),
        ("slide", "## B"),
        ("notes", "```\n# no heading\n```"),
        ("subslide", '### Exercise 1: C\n\n<img alt="a &lt; b" src="data:image/png;base64,iVBO">'),
        ("notes", "Do it.\n\nOnly text."),
        ("subslide", "<p>bars</p><img alt='bars' src='data:,'>"),
    ]


@pytest.mark.parametrize("cell", [new_markdown_cell("text"), new_code_cell("1")])
def test_a_lesson_begins_with_a_heading(cell):
    with pytest.raises(ValueError, match="a lesson begins with a heading"):
        slides.slides(new_notebook(cells=[cell]))


@pytest.mark.parametrize("name", lesson_names())
def test_each_heading_of_a_lesson_is_a_slide(name):
    notebook = slides.slides(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))
    shown = [source for kind, source in kinds(notebook) if kind != "notes"]
    firsts = [source.split("\n")[0] for source in shown]
    assert [re.sub("^#+ ", "", line) for line in firsts if line[0] == "#"] == headings(name)
    assert all(len(slides.PICTURE.findall(source)) <= 1 for source in shown)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The slides of a lesson."""
    try:
        return slides.write(NAME, tmp_path_factory.mktemp("slides"))
    except slides.NotInstalled as error:
        if os.environ.get("REQUIRE_SITE", "") not in ("", "0"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def test_the_file_has_all_that_it_needs(file):
    text = file.read_text("utf-8")
    assert ELSEWHERE.findall(text) == []
    assert text.count("<section>") > len(headings(NAME))
    shown = text[text.index('<div class="slides">') : text.index("<script>")]
    pictures = re.findall(r'<img[^>]* src="([^"]{0,22})', shown)
    assert len(pictures) >= 4 and all(source.startswith("data:image/") for source in pictures)
    assert not re.search(r"<img(?![^>]* alt=\"[^\"]{10})", shown), "a picture says what it shows"
    # What the search above would find.
    for asked in ("<script src='https://a.test/b.js'>", "url(//a.test/c)", 'from "https://a.test"'):
        assert ELSEWHERE.search(asked), asked


def test_a_browser_shows_each_slide_whole_without_the_internet(file):
    with open_page(viewport={"width": 1280, "height": 800}) as page:
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_function("Reveal.isReady()")
        first = page.locator("section.present h1")
        assert first.is_visible() and first.inner_text() == headings(NAME)[0]
        picture = page.locator("section.present img")
        assert picture.is_visible() and picture.evaluate("image => image.naturalWidth") > 100
        seen = page.evaluate(
            """() => [...Array(Reveal.getTotalSlides())].map(() => {
                const slide = Reveal.getCurrentSlide();
                const heading = slide.querySelector('h1, h2, h3')?.innerText;
                const found = [heading, slide.scrollHeight, slide.scrollWidth];
                Reveal.next();
                return found;
            })"""
        )
        assert page.requested == [file.as_uri()] and errors == []
    assert [heading for heading, *_ in seen if heading] == headings_as_shown()
    assert len(seen) > len(headings(NAME)), "the second picture below a heading has its own slide"
    for heading, height, width in seen:
        assert height <= 700 and width <= 960, f"{heading}: {width} x {height}"


def headings_as_shown():
    return [re.sub(r"[`*]", "", heading) for heading in headings(NAME)]


def test_without_reveal_the_command_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(slides, "REVEAL", tmp_path)
    with pytest.raises(SystemExit, match=r"reveal\.js is not installed: make slides"):
        main(["01"])


def test_an_unknown_lesson_is_named_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["77"])
    assert "no lesson '77': there are 00, 01" in capsys.readouterr().err
