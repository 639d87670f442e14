"""What is done with the pages after Sphinx has written them."""

import re
import shutil
from pathlib import Path

from helpers.paths import SITE

PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PYODIDE += ("pyodide-lock.json",)
# The theme draws its icons with a script of 1.6 MB. docs/_static/course.css draws them with a font.
ICON_SCRIPT = re.compile(r'<script[^>]* src="[^"]*scripts/fontawesome\.js[^"]*"></script>\n?')
# (what the theme and myst-nb write, what a screen reader needs in its place): a button must have a
# name, and the name must have the words that are seen, because people say them.
NAMES = (
    (re.compile(r'(<button class="btn search-button-field[^>]*) aria-label="Search"'), r"\1"),
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Show the pages of this part">',
    ),
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
)
# A browser would ask for these only in its developer tools: 4 MB.
MAPS = "*.map"


def finish(html: Path) -> None:
    """Add Pyodide to a built website, and remove what its pages do not need.

    Parameters
    ----------
    html : Path
        The folder that Sphinx wrote.

    Raises
    ------
    ValueError
        If a page does not have the script of the theme's icons, as in another version of the theme.
    """
    target = html / "_static" / "pyodide"
    target.mkdir()
    for name in PYODIDE:
        shutil.copy(SITE / "npm/node_modules/pyodide" / name, target)
    for page in built_pages(html):
        page.write_text(adapted(page.read_text("utf-8"), page.name), encoding="utf-8")
    for file in (html / "_static").rglob(MAPS):
        file.unlink()
    (html / "_static/scripts/fontawesome.js").unlink()
    (html / ".nojekyll").touch()  # else GitHub Pages leaves out the folders that begin with _


def adapted(page: str, name: str) -> str:
    """Return a page without the script of the icons, and with names that can be spoken.

    Parameters
    ----------
    page : str
        The HTML that Sphinx wrote.
    name : str
        The name of the page, for the error.

    Raises
    ------
    ValueError
        If the theme does not write exactly one of these scripts.
    """
    page, count = ICON_SCRIPT.subn("", page)
    if count != 1:
        raise ValueError(f"{name}: expected one script of the theme's icons, found {count}")
    for pattern, new in NAMES:
        page = pattern.sub(new, page)
    return page


def built_pages(html: Path) -> list[Path]:
    """Return the pages of a built website, without the templates that the theme copies."""
    return sorted(p for p in html.rglob("*.html") if p.relative_to(html).parts[0] != "_static")
