"""A widget that shows the content of exports, and compares two of them."""

import difflib
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

INTRODUCTION = "Live in Jupyter: choose an export, what to look at, and a second export beside it."
EVERYTHING, MAIN = "all operations", "the main graph"
NOTHING = "nothing"  # beside the export
MOST_CHOICES = 200
MOST_TYPED = 100  # characters that are compared with the known names


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
        The exports to choose from, at least one. The last one is beside the first one when the
        widget opens. The path of any other export can be typed.

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
    known: dict[str, str | os.PathLike] = {}
    for directory in directories:
        name = _free_name(explore(directory).name, directory, known)
        known[name] = directory
    first, last = next(iter(known)), [*known][-1]
    export = ipywidgets.Dropdown(options=[*known], value=first, description="export")
    beside = ipywidgets.Dropdown(
        options=[NOTHING, *known], value=NOTHING if last == first else last, description="beside it"
    )
    path = ipywidgets.Text(
        description="add",
        placeholder="the path of another export",
        continuous_update=False,  # half a path is not an error
    )
    problem = ipywidgets.HTML()
    look = ipywidgets.ToggleButtons(options=[*VIEWS, COMPARE], tooltips=[""] * (len(VIEWS) + 1))
    within = ipywidgets.Dropdown(options=[EVERYTHING], description="in")
    page = ipywidgets.HTML()
    guarded = one_at_a_time()

    @guarded
    def choose(_=None):
        found = explore(known[export.value])
        within.options = [EVERYTHING, *_parts(found)] if found.main else [EVERYTHING]
        show()

    @guarded
    def show(_=None):
        within.layout.display = "" if look.value == "operations" else "none"
        names = [export.value, *([] if beside.value == NOTHING else [beside.value])]
        found = [explore(known[name]) for name in names]
        if look.value == COMPARE:
            page.value = _compared(found)
        else:
            page.value = _side_by_side(found, VIEWS[look.value], within.value)

    @guarded
    def add(_=None):
        typed, problem.value = path.value.strip(), ""
        if not typed:
            return
        found = explore(known.get(typed, typed))
        if found.directory is None:
            problem.value = _refused(found, typed, known)
            return
        name = typed if typed in known else _name_of(found, known)
        if name is None:
            name = _free_name(found.name, typed, known)
            known[name] = typed
            second = beside.value
            # A list chooses its first entry when its options change.
            export.options, beside.options = [*known], [NOTHING, *known]
            beside.value = second
        export.value = name

    export.observe(choose, "value")
    path.observe(add, "value")
    for control in (beside, look, within):
        control.observe(show, "value")
    choose()
    controls = [export, beside, look, within, page, path, problem, style()]
    return View(controls, _text_form(known[first], None if last == first else known[last]))


def _text_form(first, last):
    """Write what a page without a kernel shows: the first export, and how the last one differs."""
    text = f"{INTRODUCTION}\n\n{explore(first)}"
    if last is None:
        return text
    found = differences(first, last)
    return f"{text}\n\n{found.names[0]}/ and {found.names[1]}/: {found.verdict}"


def _free_name(name, directory, known):
    """Return the name of an export in the lists: its own one, unless another export has it."""
    return str(directory) if name in known or name == NOTHING else name


def _name_of(found, known):
    """Return the name that an export already has in the lists, or None."""
    same = (name for name, path in known.items() if explore(path).directory == found.directory)
    return next(same, None)


def _refused(found, typed, known):
    """Say why a typed path is not added, and which known name is similar."""
    similar = difflib.get_close_matches(typed, known, n=1) if len(typed) < MOST_TYPED else []
    hint = f"<p>Did you mean {html.escape(similar[0])}? It is in the list.</p>" if similar else ""
    return findings_table(found) + hint


def _compared(found):
    if len(found) < 2:
        return "<p>Choose another export beside it to compare the two.</p>"
    return differences(*found)._repr_html_() + "".join(map(findings_table, found))


def _side_by_side(found, view, within):
    columns = []
    for one in found:
        heading = f"<p><strong>{html.escape(one.name)}/</strong></p>" if one.directory else ""
        shown = view(one, within) if one.directory else ""
        style = "flex:1 1 20em;min-width:0"
        columns.append(f"<div style='{style}'>{heading}{findings_table(one)}{shown}</div>")
    return f"<div style='display:flex;flex-wrap:wrap;gap:1em'>{''.join(columns)}</div>"
