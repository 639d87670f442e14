"""Build the website: `make site`, or `python -m helpers.website` where Sphinx is installed."""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.paths import ROOT, SITE
from helpers.website import source

PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PYODIDE += ("pyodide-lock.json",)
# The theme draws its icons with a script of 1.6 MB. docs/_static/course.css draws them with a font.
ICON_SCRIPT = re.compile(r'<script[^>]* src="[^"]*scripts/fontawesome\.js[^"]*"></script>\n?')
# A browser would ask for these only in its developer tools: 4 MB.
MAPS = "*.map"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the website and return the exit status of Sphinx."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.website", description="Build the website in .site/html."
    )
    parser.parse_args(arguments)
    pages, html = SITE / "source", SITE / "html"
    (SITE / "built").unlink(missing_ok=True)
    source.write(pages)
    shutil.rmtree(html, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "sphinx", "-b", "html", "--quiet"),
        *("--fail-on-warning", "--keep-going"),
        *("-c", ROOT / "docs", "-d", SITE / "doctrees", "-D", f"html_static_path={pages}/_static"),
        *(pages, html),
    ]
    status = subprocess.run([str(word) for word in command], cwd=ROOT).returncode
    if status == 0:
        finish(html)
        (SITE / "built").write_text(source.digest(pages))
        print(f"wrote {html.relative_to(ROOT)}: serve it with python -m http.server -d .site/html")
    return status


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
        text, count = ICON_SCRIPT.subn("", page.read_text("utf-8"))
        if count != 1:
            raise ValueError(
                f"{page.name}: expected one script of the theme's icons, found {count}"
            )
        page.write_text(text, encoding="utf-8")
    for file in (html / "_static").rglob(MAPS):
        file.unlink()
    (html / "_static/scripts/fontawesome.js").unlink()
    (html / ".nojekyll").touch()  # else GitHub Pages leaves out the folders that begin with _


def built_pages(html: Path) -> list[Path]:
    """Return the pages of a built website, without the templates that the theme copies."""
    return sorted(p for p in html.rglob("*.html") if p.relative_to(html).parts[0] != "_static")


if __name__ == "__main__":
    sys.exit(main())
