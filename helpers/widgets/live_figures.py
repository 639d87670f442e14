"""Show measured figures of the reader's computer live, beside an example that the page stores."""

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from helpers.benchmark.timing import Ratio, Timing, duration, rounded
from helpers.display.html_table import table
from helpers.widgets.view import View

HEAD = "", "yours", "example"  # short, for a narrow window


def figures(found: Mapping[str, Any], example: Sequence[str] = ()) -> View:
    """Show a table of names and measured figures.

    Parameters
    ----------
    found : dict of str to Timing, Ratio or str
        What was measured on this computer.
    example : sequence of str
        The same figures of another computer, in the same order.

    Returns
    -------
    View
        Its text form, which a page stores, has the names and the example.

    Raises
    ------
    ValueError
        `example` has the wrong length.
    """
    if example and len(example) != len(found):
        raise ValueError(f"example has {len(example)} figures for {len(found)} names")
    if not example:
        example = [""] * len(found)
    rows = [
        (name, in_short(value), figure)
        for (name, value), figure in zip(found.items(), example, strict=True)
    ]
    columns = 3 if any(example) else 2
    shown = table(HEAD[:columns], [row[:columns] for row in rows])
    width = max(map(len, found), default=0)
    lines = (f"{name:<{width}}  {figure}".rstrip() for name, _, figure in rows)
    head = "An example. Jupyter also shows the figures of your computer:"
    return View([ipywidgets.HTML(shown)], "\n".join([head, *lines]))


def in_short(value: Any) -> str:
    """Write a measured figure in one or two words.

    Parameters
    ----------
    value : Timing, Ratio or any other object that prints itself

    Returns
    -------
    str
        The median of a Timing or a Ratio.
    """
    if isinstance(value, Timing):
        return duration(value.median)
    if isinstance(value, Ratio):
        return f"{rounded(value.median)} times" if value.clear else "inconclusive"
    return str(value)
