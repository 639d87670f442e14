"""Figures of the reader's computer, which a page does not store."""

from helpers.benchmark.timing import measure
from helpers.widgets.live_figures import figures


def test_figures_are_shown_live_and_not_stored():
    found = {"a call": measure(lambda: None, timings=2), "memory": "60 MB"}
    view = figures(found)
    data = view._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert data["text/plain"] == "Live in Jupyter: the figures of your computer for a call, memory."
    assert "median" in view.children[0].value and "60 MB" in view.children[0].value
