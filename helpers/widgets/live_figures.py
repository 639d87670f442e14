"""Figures of the computer that the page runs on: shown live, and not stored with the page."""

import ipywidgets

from helpers.display.html_table import table
from helpers.widgets.view import View


def figures(found):
    """The view: a table of names and what was measured for each.

    found : dict of str to helpers.benchmark.Timing or Ratio, or anything that prints itself
    """
    rows = [(name, str(value)) for name, value in found.items()]
    names = ", ".join(found)
    text = f"Live in Jupyter: the figures of your computer for {names}."
    return View([ipywidgets.HTML(table(("", "on this computer"), rows))], text)
