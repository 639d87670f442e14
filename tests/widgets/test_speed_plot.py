"""The picture and the table of a sweep over batch sizes."""

import base64
import html

import numpy as np
import pytest

from helpers.benchmark.sweep import Sweep
from helpers.benchmark.timing import Ratio
from helpers.widgets.speed_plot import GAP, apart, describe, draw, speed_plot


@pytest.fixture
def made_up():
    """Make pairs whose medians are 1,234 and 0.5, and then 2 and 0.25."""
    ratios = {
        1: {"model.predict": Ratio((1234.0,) * 8), "LiteRT": Ratio((0.5,) * 8)},
        65536: {"model.predict": Ratio((1.0, 3.0) * 4), "LiteRT": Ratio((0.25,) * 8)},
    }
    return Sweep(ratios, {1: 6.6e-6, 65536: 0.081}, "It is <not> there: make runtimes")


def test_the_plot_shows_what_was_measured(made_up):
    view = speed_plot(made_up)
    words = (
        "Time as a multiple of NumPy's, from 1 to 65,536 rows in one call: model.predict from "
        "1,234 to 2; LiteRT from 0.5 to 0.25"
    )
    assert describe(made_up) == words
    shown = view.children[0].value
    assert f'<img alt="{html.escape(words)}"' in shown
    assert "1,234" in shown and "81 ms" in shown
    assert "ONNX Runtime: It is &lt;not&gt; there: make runtimes" in shown
    lines = {line.get_label(): line.get_ydata() for line in draw(made_up).axes[0].lines}
    assert [*lines["model.predict"]] == [1234, 2] and [*lines["LiteRT"]] == [0.5, 0.25]


def test_each_line_has_a_label_beside_its_beginning(made_up):
    figure = draw(made_up)
    (axes,) = figure.axes
    assert [text.get_text() for text in figure.texts] == [
        "Time as a multiple of NumPy's: lower is better"
    ]
    labels = {text.get_text(): text for text in axes.texts}
    assert {name: label.xy for name, label in labels.items()} == {
        "NumPy = 1": (1, 1.0),
        "model.predict": (1, 1234),
        "LiteRT": (1, 0.5),
    }
    heights = sorted(label.get_position()[1] for label in labels.values())
    assert heights[-1] <= 1 and min(np.diff(heights)) >= GAP - 1e-9
    assert axes.get_legend() is None


@pytest.mark.parametrize(
    ("places", "moved"),
    [
        ([0.5, 0.1, 0.9], [0.5, 0.1, 0.9]),
        ([0.5, 0.5, 0.45], [0.55, 0.65, 0.45]),
        ([0.98, 0.2, 0.97], [1, 0.2, 0.9]),
        ([], []),
    ],
)
def test_labels_are_moved_apart(places, moved):
    assert apart(places, 0.1) == pytest.approx(moved)


def test_what_a_page_stores_of_it_has_no_figure_but_the_picture(made_up):
    data, metadata = speed_plot(made_up)._repr_mimebundle_()
    assert data["text/plain"] == speed_plot(made_up).text
    assert not any(figure in data["text/plain"] for figure in ("1,234", "81", "0.5"))
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == describe(made_up)
