"""Show measured figures of the reader's computer live. They are not stored with the page."""

from collections.abc import Mapping
from typing import Any

import ipywidgets

from helpers.display.html_table import table
from helpers.widgets.view import View


def figures(found: Mapping[str, Any]) -> View:
    """Show a table of names and measured figures.

    Parameters
    ----------
    found : dict of str to Timing, Ratio or any other object that prints itself

    Returns
    -------
    View
        Its text form, which a page stores, has the names and no figures.
    """
    rows = [(name, str(value)) for name, value in found.items()]
    names = ", ".join(found)
    text = f"Live in Jupyter: the figures of your computer for {names}."
    return View([ipywidgets.HTML(table(("", "on this computer"), rows))], text)
