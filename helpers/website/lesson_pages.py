"""The notebooks of a lesson as pages: the lesson, and its solutions on a page of their own."""

import re
from typing import TYPE_CHECKING

from helpers.notebooks import lesson_names
from helpers.paths import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXERCISE = re.compile(r"^### (?=Exercise )", re.M)
NOTEBOOK = re.compile(r"(?<=[\w])\.ipynb(?=[\"'#])")  # the end of a link's target
FOLDED = {"tags": ["hide-cell"]}  # myst-nb folds a cell with this tag


def titles() -> dict[str, str]:
    """Return the title of each lesson by its name, in order."""
    return {name: _title(_read("notebooks", name)) for name in lesson_names()}


def lesson_page(name: str) -> "NotebookNode":
    """Return a lesson as learners get it. Links of its outputs lead to pages.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".
    """
    notebook = _read("notebooks", name)
    first = notebook.cells[0]
    first.source = re.sub(r"^# ", f"# {name[:2]} ", first.source, count=1)
    for cell in notebook.cells:
        _adapt_outputs(cell)
    return notebook


def solution_page(name: str) -> "NotebookNode":
    """Return the exercises of a lesson with their solutions and outputs, each folded.

    Parameters
    ----------
    name : str
        Of the lesson: "01_basic_export".

    Raises
    ------
    ValueError
        If the cell that checks an exercise does not follow its text.
    """
    import nbformat

    notebook = _read("solutions", name)
    unsolved = {cell.id: cell.source for cell in _read("notebooks", name).cells}
    heading = (
        f"# Solutions of lesson {name[:2]}: {_title(notebook)}\n\n"
        f"Try the exercises of [the lesson](../notebooks/{name}.ipynb) first. Each solution is one "
        "of many: the checks accept every answer that does what the exercise asks for."
    )
    cells = [nbformat.v4.new_markdown_cell(heading, id="heading")]
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (start := EXERCISE.search(cell.source)):
            if inside:
                raise ValueError(f"{name}: no cell checks the exercise before {cell.id}")
            inside = True
            cell.source = EXERCISE.sub("## ", cell.source[start.start() :])
        if not inside:
            continue
        if cell.source != unsolved[cell.id]:
            cell.metadata.update(FOLDED)
        _adapt_outputs(cell)
        cells.append(cell)
        inside = not re.search(r"^lesson\.q\d\.check\(", cell.source, re.M)
    if inside:
        raise ValueError(f"{name}: no cell checks the last exercise")
    notebook.cells = cells
    return notebook


def _read(folder, name):
    import nbformat

    return nbformat.read(ROOT / folder / f"{name}.ipynb", as_version=4)


def _title(notebook):
    return re.match(r"# (.+)", notebook.cells[0].source)[1]


def _adapt_outputs(cell):
    """Let the links of tables lead to pages, and hand on the alternative texts of pictures."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = NOTEBOOK.sub(".html", data["text/html"])
        if about := output.get("metadata", {}).get("image/png"):
            image = {"alt": about["alt"], "width": f"{about['width']}px"}
            cell.metadata["mystnb"] = {"image": image}  # where myst-nb looks for them
