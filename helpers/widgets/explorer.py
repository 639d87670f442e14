"""Click through artifacts: files, signatures, operations, variables, and two of them compared."""

import html

import ipywidgets

from helpers.display.html_table import table
from helpers.inspection.contents import capped, findings_table, tree_table
from helpers.inspection.differences import differences
from helpers.inspection.explore import explore
from helpers.text import printable, readable_size
from helpers.widgets.view import View

INTRODUCTION = (
    "Live in Jupyter: choose an artifact and what to look at, and another one to put beside it."
)
EVERYTHING, MAIN = "all operations", "the main graph"
MOST_CHOICES = 200


def files(found, within=EVERYTHING):
    """The tree of an `Explored` with sizes and purposes, as HTML."""
    inside = table(("inside", ""), found.summary()) if found.main else ""
    return tree_table(found) + inside


def signatures(found, within=EVERYTHING):
    """What every signature takes and gives, as an HTML table."""
    rows = [
        (
            printable(s.key),
            way,
            printable(t.name),
            t.dtype,
            "unknown" if t.shape is None else t.shape,
        )
        for s in found.signatures.values()
        for way, tensors in (("in", s.inputs), ("out", s.outputs))
        for t in tensors
    ]
    return table(("signature", "", "name", "dtype", "shape"), capped(rows))


def operations(found, within=EVERYTHING):
    """How many operations of which type: in all, in the main graph or in one function."""
    parts = {EVERYTHING: found.operations, **_parts(found)}
    if within not in parts:
        return f"<p>There is no {html.escape(within)} in this one.</p>"
    types = parts[within]
    rows = [(printable(op), f"{count:,}") for op, count in _most(types)]
    where = "all" if within == EVERYTHING else within
    return table(("operation", f"{types.total():,} in {where}"), capped(rows))


def variables(found, within=EVERYTHING):
    """The entries of the checkpoint, without their values, as an HTML table."""
    rows = [
        (printable(v.name or "(no name)"), v.dtype, v.shape, readable_size(v.size), v.place)
        for v in found.variables
    ]
    return table(("name", "dtype", "shape", "size", "key begins"), capped(rows))


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
    """{name: Counter} of the main graph and each function, in the order of a menu."""
    parts = {MAIN: found.main}
    for function in found.functions[:MOST_CHOICES]:
        name, number = printable(function.name), 2
        while name in parts:
            name, number = f"{printable(function.name)} ({number})", number + 1
        parts[name] = function.types
    return parts


def explorer(*directories):
    """The widget: an artifact, what to look at, another one beside it.

    directories : paths of artifacts, at least one; any other path can be typed
    """
    if not directories:
        raise ValueError("explorer wants at least one directory: explorer(export_dir)")
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

    def choose(_=None):
        found = find(artifact)
        within.options = [EVERYTHING, *_parts(found)] if found.main else [EVERYTHING]
        show()

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
        [artifact, beside, look, within, page], f"{INTRODUCTION}\n\n{explore(known[first])}"
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
        columns.append(f"<div>{heading}{findings_table(one)}{shown}</div>")
    return f"<div style='display:flex;flex-wrap:wrap;gap:1em'>{''.join(columns)}</div>"
