"""An error in a learner's cell: the same box as one inside a check, and the cell still fails."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.paths import ROOT

START = 'import sys; sys.path.insert(0, "..")\nfrom helpers.exercises import error_box'
CELLS = [
    f"{START}\nerror_box.install()",
    'class Model:\n    pass\n\n\ndef export():\n    raise RuntimeError("You must call build()")',
    "print(1)\nexport()",
    "%tb",
]


@pytest.fixture(scope="module")
def cells():
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, CELLS)])
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(notebook, timeout=120, allow_errors=True, resources=resources).execute()
    return notebook.cells


def test_the_box_has_the_error_the_line_and_the_folded_traceback(cells):
    shown = next(o for o in cells[2].outputs if o.output_type == "display_data")
    text, page = shown.data["text/plain"], shown.data["text/html"]
    assert text.startswith("! raised: RuntimeError: You must call build()")
    assert 'in line 6 of your export: raise RuntimeError("You must call build()")' in text
    assert "Traceback" not in text
    assert "<details" in page and "Traceback (most recent call last)" in page
    assert page.index("raised") < page.index("<details")


def test_the_whole_traceback_can_be_printed(cells):
    assert "RuntimeError" in str(cells[3].outputs)


def test_the_cell_fails_all_the_same():
    """Else Run All would go on, and a test of the notebook would pass."""
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, CELLS)])
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=120, resources=resources).execute()
