"""Slides of a lesson for an instructor, made from its headings and pictures: `make slides`.

A slide has one heading of the lesson and the picture below it, a diagram or a stored output.
Further pictures have slides of their own. The text of the section is the speaker's note. A file has
all that it needs, and opens without the internet.
"""

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.paths import NOTEBOOKS, ROOT, SITE

if TYPE_CHECKING:
    from nbformat import NotebookNode

REVEAL = SITE / "npm/node_modules/reveal.js/dist"  # where `make slides` installs reveal.js
STYLES = ("reset.css", "reveal.css", "theme/white.css")
SCRIPTS = ("reveal.js", "plugin/notes.js")
TARGET = ROOT / "dist" / "slides"
# A heading, unless it is a comment between the lines of a code block.
PARTS = re.compile(r"^(?:```.*?^```|(?P<heading>#{1,3} .*?)$)", re.M | re.S)
PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\([^)]*\)")
# An exercise lies below the slide of its section. All other headings follow one another.
BELOW = {"#": "slide", "##": "slide", "###": "subslide"}


class NotInstalled(Exception):
    """reveal.js is not installed. The message says what to do."""


def slides(notebook: "NotebookNode") -> "NotebookNode":
    """Return a notebook that has a cell for each slide, and one for each speaker's note.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A lesson with its outputs. Its first cell begins with a heading.

    Returns
    -------
    nbformat.NotebookNode
        For nbconvert: the metadata of a cell has its `slide_type`.

    Raises
    ------
    ValueError
        If something stands before the first heading.
    """
    from nbformat.v4 import new_markdown_cell, new_notebook

    found: list[tuple[str, list[str], list[str]]] = []  # heading, pictures, texts
    for cell in notebook.cells:
        parts = _parts(cell.source) if cell.cell_type == "markdown" else [("", "")]
        for heading, text in parts:
            if heading:
                found.append((heading, [], []))
            elif not found and (text or cell.cell_type == "code"):
                raise ValueError(f"a lesson begins with a heading, not with {cell.source[:40]!r}")
            if found:
                found[-1][1].extend(PICTURE.findall(text))
                found[-1][2].append(PICTURE.sub("", text).strip())
        for output in cell.get("outputs", []):
            found[-1][1].extend(_pictures(output))
    cells = []
    for heading, pictures, texts in found:
        kind = BELOW[heading.split(" ")[0]]
        note = LINK.sub(r"\1", "\n\n".join(filter(None, texts)))
        first, *further = pictures or [""]
        shown = [(f"{heading}\n\n{first}".strip(), kind), (note, "notes")]
        shown += [(picture, "subslide") for picture in further]
        for source, slide_type in shown:
            if source:
                metadata = {"slideshow": {"slide_type": slide_type}}
                cells.append(new_markdown_cell(source, metadata=metadata))
    return new_notebook(cells=cells)


def write(name: str, target: Path = TARGET) -> Path:
    """Write the slides of a lesson as one HTML file.

    Parameters
    ----------
    name : str
        The name of the lesson: "01_basic_export".
    target : Path
        The folder of the file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NotInstalled
        If reveal.js is not installed.
    """
    import nbformat
    from nbconvert import SlidesExporter

    if not all((REVEAL / file).is_file() for file in STYLES + SCRIPTS):
        raise NotInstalled("reveal.js is not installed: make slides")
    exporter = SlidesExporter(
        raw_template=(Path(__file__).parent / "page.html.j2").read_text("utf-8"),
        embed_images=True,
        exclude_anchor_links=True,
    )
    found = slides(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))
    title = found.cells[0].source.split("\n")[0].removeprefix("# ")
    resources = {
        "metadata": {"path": str(NOTEBOOKS), "name": name},
        "title": title,
        "styles": [(REVEAL / file).read_text("utf-8") for file in STYLES],
        "scripts": [(REVEAL / file).read_text("utf-8") for file in SCRIPTS],
    }
    text, _ = exporter.from_notebook_node(found, resources)
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"{name}.html"
    file.write_text(text, encoding="utf-8")
    return file


def _parts(text):
    """Yield each heading of a text, or "", with the text below it."""
    heading, begin = "", 0
    for match in PARTS.finditer(text):
        if match["heading"]:
            if heading or text[begin : match.start()].strip():
                yield heading, text[begin : match.start()]
            heading, begin = match["heading"], match.end()
    yield heading, text[begin:]


def _pictures(output):
    """Yield the pictures that a cell has stored, as HTML."""
    data = output.get("data", {})
    if png := data.get("image/png"):
        alternative = output.metadata.get("image/png", {}).get("alt", "")
        code = "".join(png.split())
        yield f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{code}">'
    elif "<img" in data.get("text/html", ""):
        yield data["text/html"]
