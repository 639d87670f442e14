"""Figures of the reader's computer, beside an example that a page stores."""

import pytest

from helpers.benchmark.timing import Ratio, Timing
from helpers.widgets.live_figures import figures, in_short


def stored(view):
    data = view._repr_mimebundle_()
    return (data[0] if isinstance(data, tuple) else data)["text/plain"]


def test_figures_are_shown_live_and_an_example_is_stored():
    found = {"a call": Timing((2e-6, 3e-6, 9e-6), 10), "memory": "60 MB"}
    view = figures(found, ("7.5 µs", "41 MB"))
    assert stored(view).splitlines() == [
        "An example. Jupyter also shows the figures of your computer:",
        "a call  7.5 µs",
        "memory  41 MB",
    ]
    shown = view.children[0].value
    assert all(figure in shown for figure in ("3 µs", "7.5 µs", "60 MB", "41 MB"))


def test_without_an_example_only_the_names_are_stored():
    view = figures({"a call": Timing((2e-6, 3e-6), 10)})
    assert stored(view).splitlines()[1:] == ["a call"]
    assert "example" not in view.children[0].value


def test_an_example_of_the_wrong_length():
    with pytest.raises(ValueError, match="2 figures for 1 names"):
        figures({"a call": "1 s"}, ("1 s", "2 s"))


def test_a_ratio_in_short():
    assert in_short(Ratio((3.0,) * 8)) == "3 times"
    assert in_short(Ratio((0.9, 1.1) * 8)) == "inconclusive"
