"""A widget that shows the content of exports, and compares two of them."""

import html
import os

import ipywidgets

from helpers.artifact.saved_model import SIGNATURE_HEAD, signature_rows
from helpers.display.html_table import table
from helpers.inspection.contents import Explored, capped, findings_table, tree_table
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.text import printable, readable_size
from helpers.widgets.view import View, one_at_a_time, style

INTRODUCTION = (
    "Live in Jupyter: choose an artifact and what to look at, and another one to put beside it."
)
EVERYTHING, MAIN = "all operations", "the main graph"
MOST_CHOICES = 200


def files(found: Explored, within: str = EVERYTHING) -> str:
    """Write the tree of an export with sizes and purposes as HTML."""
    inside = table(("inside", ""), found.summary()) if found.main else ""
    return tree_table(found) + inside


def signatures(found: Explored, within: str = EVERYTHING) -> str:
    """Write the inputs and outputs of every signature as an HTML table."""
    return table(SIGNATURE_HEAD, capped(signature_rows(found.signatures)))


def operations(found: Explored, within: str = EVERYTHING) -> str:
    """Write how many operations of each type there are as an HTML table.

    Parameters
    ----------
    found : Explored
    within : str
        EVERYTHING, MAIN or the name of a function: where to count.

    Returns
    -------
    str
    """
    parts = {EVERYTHING: found.operations, **_parts(found)}
    if within not in parts:
        return f"<p>This export does not contain {html.escape(within)}.</p>"
    types = parts[within]
    rows = [(printable(op), f"{count:,}") for op, count in _most(types)]
    where = "all" if within == EVERYTHING else within
    return table(("operation", f"{types.total():,} in {where}"), capped(rows))


def variables(found: Explored, within: str = EVERYTHING) -> str:
    """Write the entries of the checkpoint, without their values, as an HTML table."""
    rows = [
        (f"{printable(v.name or '(no name)')}\n{v.place}", v.dtype, v.shape, readable_size(v.size))
        for v in found.variables
    ]
    return table(("name, and how its key begins", "dtype", "shape", "size"), capped(rows))


VIEWS = {
    "files": files,
    "signatures": signatures,
    "operations": operations,
    "variables": variables,
}
COMPARE = "compare"


def _most(types):
    return sorted(types.items(), key=lambda item: (-item[1], item[0]))


def _parts(found):
    """Return {name: Counter} of the main graph and each function, in the order of the menu."""
    parts = {MAIN: found.main}
    for function in found.functions[:MOST_CHOICES]:
        name, number = printable(function.name), 2
        while name in parts:
            name, number = f"{printable(function.name)} ({number})", number + 1
        parts[name] = function.types
    return parts


def explorer(*directories: str | os.PathLike) -> View:
    """Make the widget: an export, what to show of it, and a second export beside it.

    Parameters
    ----------
    *directories : str or path
        The exports to choose from, at least one. Any other path can be typed.

    Returns
    -------
    View

    Raises
    ------
    ValueError
        If no directory is given.
    """
    if not directories:
        raise ValueError("explorer needs at least one directory: explorer(export_dir)")
    known = {}
    for directory in directories:
        name = explore(directory).name
        known[name if name not in known else str(directory)] = directory
    first = next(iter(known))
    artifact = ipywidgets.Combobox(first, options=list(known), description="artifact")
    beside = ipywidgets.Combobox("", options=list(known), description="beside it")
    for box in (artifact, beside):
        box.continuous_update = False  # half a path is not an error
        box.placeholder = "a name or a path"
    look = ipywidgets.ToggleButtons(options=[*VIEWS, COMPARE], tooltips=[""] * (len(VIEWS) + 1))
    within = ipywidgets.Dropdown(options=[EVERYTHING], description="in")
    page = ipywidgets.HTML()

    def find(box):
        return explore(known.get(box.value, box.value))

    guarded = one_at_a_time()

    @guarded
    def choose(_=None):
        found = find(artifact)
        within.options = [EVERYTHING, *_parts(found)] if found.main else [EVERYTHING]
        show()

    @guarded
    def show(_=None):
        within.layout.display = "" if look.value == "operations" else "none"
        found = [find(box) for box in (artifact, beside) if box.value.strip() or box is artifact]
        if look.value == COMPARE:
            page.value = _compared(found)
        else:
            page.value = _side_by_side(found, VIEWS[look.value], within.value)

    artifact.observe(choose, "value")
    for control in (beside, look, within):
        control.observe(show, "value")
    choose()
    return View(
        [artifact, beside, look, within, page, style()],
        f"{INTRODUCTION}\n\n{explore(known[first])}",
    )


def _compared(found):
    if len(found) < 2:
        return "<p>Choose another artifact beside it to compare the two.</p>"
    return differences(*found)._repr_html_() + "".join(map(findings_table, found))


def _side_by_side(found, view, within):
    columns = []
    for one in found:
        heading = f"<p><strong>{html.escape(one.name)}/</strong></p>" if one.directory else ""
        shown = view(one, within) if one.directory else ""
        style = "flex:1 1 20em;min-width:0"
        columns.append(f"<div style='{style}'>{heading}{findings_table(one)}{shown}</div>")
    return f"<div style='display:flex;flex-wrap:wrap;gap:1em'>{''.join(columns)}</div>"
