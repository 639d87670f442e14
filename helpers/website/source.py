"""The source of the website: pages in MyST Markdown and notebooks, as Sphinx reads them."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import yaml

from helpers.display import palette
from helpers.paths import ROOT
from helpers.website import api_page, clinic_pages, lesson_pages

# The pages of docs/ that stand in the menu, in this order. Other pages of docs/ come after them.
GUIDES = ("glossary", "readers_in_ci", "beyond_one_machine", "promise_matrix")
PROJECT_PAGES = ("CONTRIBUTING", "CHANGELOG")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
ON_THIS_SITE = """\
**On this site** you can read every lesson with its outputs, starting with
[lesson 00](notebooks/00_start_here.ipynb). The [error clinic](clinic/index.md) names the cause of
an error that you paste. To run the lessons and answer the exercises, [start the course](#start) on
your computer.
"""


def write(target: Path) -> None:
    """Write the source of the website.

    Parameters
    ----------
    target : Path
        The folder to write. What it contained before is removed.
    """
    import nbformat

    shutil.rmtree(target, ignore_errors=True)
    for folder in ("notebooks", "solutions", "docs", "clinic"):
        (target / folder).mkdir(parents=True)
    shutil.copytree(ROOT / "docs/_static", target / "_static")
    shutil.copytree(ROOT / "notebooks/images", target / "notebooks/images")
    write_mark(target / "_static/mark.png")
    titles = lesson_pages.titles()
    for name in titles:
        nbformat.write(lesson_pages.lesson_page(name), target / f"notebooks/{name}.ipynb")
        nbformat.write(lesson_pages.solution_page(name), target / f"solutions/{name}.ipynb")
    for error in clinic_pages.page_errors():
        _write(target / f"clinic/{error.key}.md", clinic_pages.case_page(error))
    box = (ROOT / "docs/website/clinic_box.html").read_text("utf-8")
    _write(target / "clinic/index.md", clinic_pages.clinic_page(box))
    clinic_pages.write_data(target / "_static")
    _write(target / "docs/api.md", api_page.api_page())
    for page in (ROOT / "docs").glob("*.md"):
        shutil.copy(page, target / "docs")
    for name in PROJECT_PAGES:
        shutil.copy(ROOT / f"{name}.md", target)
    _write(target / "index.md", start_page(titles))
    _copy_linked_files(target)


def write_mark(file: Path) -> None:
    """Write the sign on the cards that programs show with a link: four squares of the palette."""
    import matplotlib.image
    from matplotlib.colors import to_rgb

    squares = [[palette.BLUE, palette.ORANGE], [palette.PLUM, palette.TEAL]]
    pixels = np.kron([[to_rgb(colour) for colour in row] for row in squares], np.ones((64, 64, 1)))
    matplotlib.image.imsave(file, pixels, format="png")


def digest(source: Path) -> str:
    """Return a hash of all files of a source, which tells whether a built website is up to date."""
    found = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(source)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def start_page(titles: dict[str, str]) -> str:
    """Return the first page: the README, how to cite the course, and the menu of all pages.

    Parameters
    ----------
    titles : dict of str to str
        The title of each lesson by its name.
    """
    readme = (ROOT / "README.md").read_text("utf-8")
    before, mark, after = readme.partition("**This course is for you**")
    guides = [f"docs/{name}" for name in _guides()]
    menus = {
        "Lessons": [f"notebooks/{name}" for name in titles],
        "Tools": ["clinic/index", *guides, "docs/api"],
        "Solutions": [f"solutions/{name}" for name in titles],
        "The project": [*PROJECT_PAGES, "helpers/penguins/README"],
    }
    trees = (
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```"
        for caption, pages in menus.items()
    )
    return "\n\n".join([f"{before}{ON_THIS_SITE}\n{mark}{after}", citation(), *trees]) + "\n"


def citation() -> str:
    """Return how to cite the course, as `CITATION.cff` tells."""
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    authors = " and ".join(author["name"] for author in cff["authors"])
    fields = {
        "title": f"{{{cff['title']}}}",
        "author": f"{{{{{authors}}}}}",
        "version": f"{{{cff['version']}}}",
        "license": f"{{{cff['license']}}}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    bibtex = f"@software{{exporting_tensorflow_models,\n{lines}\n}}"
    return f"## Cite this course\n\n{cff['message']}\n\n```bibtex\n{bibtex}\n```"


def _guides():
    """The names of the pages of docs/, those of GUIDES first."""
    found = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
    return [*(name for name in GUIDES if name in found), *(n for n in found if n not in GUIDES)]


def _copy_linked_files(target):
    """Copy the files of the course that a page links to, and what these link to."""
    pages = [path for path in target.rglob("*") if path.suffix in (".md", ".ipynb")]
    while pages:
        page = pages.pop()
        for link in LINK.findall(_text(page)):
            file = (page.parent / link).resolve()
            if "://" in link or file.exists() or not file.is_relative_to(target.resolve()):
                continue
            source = ROOT / file.relative_to(target.resolve())
            if source.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, file)
                pages += [file] if file.suffix == ".md" else []


def _text(page):
    text = page.read_text("utf-8")
    if page.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def _write(path, text):
    path.write_text(text, encoding="utf-8")
