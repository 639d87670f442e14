"""The picture and the table of a sweep over batch sizes."""

import base64
import html

import pytest

from helpers.benchmark.sweep import Sweep
from helpers.benchmark.timing import Ratio
from helpers.widgets.speed_plot import describe, draw, speed_plot


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


def test_what_a_page_stores_of_it_has_no_figure_but_the_picture(made_up):
    data, metadata = speed_plot(made_up)._repr_mimebundle_()
    assert data["text/plain"] == speed_plot(made_up).text
    assert not any(figure in data["text/plain"] for figure in ("1,234", "81", "0.5"))
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == describe(made_up)
