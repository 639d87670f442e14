"""A widget for a comparison of runtimes: a picture and a table of what was just measured."""

from collections.abc import Sequence

import ipywidgets
from matplotlib.figure import Figure

from helpers.display.palette import BLUE, ORANGE
from helpers.display.plot_style import TITLE_SIZE, new_figure
from helpers.runtimes.parity import Parity, Row
from helpers.widgets.view import Plot, View, image, png

PANELS = (  # field of a row, title, a limit to compare with
    ("difference", "largest difference from Python (lower is better)", 1e-5),
    ("start", "seconds to the first answer (lower is better)", None),
    ("latency", "seconds for one row (lower is better)", None),
)
LEAST, MOST = 1e-8, 1e4  # a logarithmic scale has no place for 0 and infinity: they stand here
TEXT = (
    "The picture shows what was measured on this computer for each runtime: the largest\n"
    "difference from Python (dashed line: 1e-5), the seconds from its start to the first answer,\n"
    "and the seconds for one row. Lower is better. In Jupyter, a table has the same figures."
)


def draw(rows: Sequence[Row]) -> Figure:
    """Draw a dot for each figure of the rows, in three plots, one below the other.

    Their horizontal axes are logarithmic.

    Parameters
    ----------
    rows : sequence of helpers.runtimes.parity.Row
        At least one. Each has a difference, a start and a latency.

    Returns
    -------
    matplotlib.figure.Figure
    """
    own = 38 * len(rows)  # pixels of one plot; between two are its axis and the next title
    height = len(PANELS) * (own + 76) + 20
    edges = {"bottom": 48 / height, "top": 1 - 48 / height, "hspace": 76 / own}
    figure, plots = new_figure(height, rows=len(PANELS), left=0.24, right=0.95, **edges)
    places = range(len(rows))
    for axes, (name, title, limit) in zip(plots, PANELS, strict=True):
        values = [min(max(getattr(row, name), LEAST), MOST) for row in rows]
        seen = [*values, limit or values[0]]
        axes.plot(values, places, "o", color=BLUE)
        if limit:
            axes.axvline(limit, color=ORANGE, linestyle="--")
            axes.annotate(f"{limit:g}", (limit, -0.5), (4, -14), textcoords="offset points")
        axes.set_title(title, fontsize=TITLE_SIZE)
        axes.set(xscale="log", xlim=(min(seen) / 10, max(seen) * 10))
        axes.set_yticks(places, [row.runtime for row in rows])
        axes.minorticks_off()
        axes.set_ylim(len(rows) - 0.5, -0.5)
    return figure


def describe(rows: Sequence[Row]) -> str:
    """Say in one line what the picture of these rows shows."""
    return "; ".join(
        f"{row.runtime}: largest difference {row.difference:.1e}, start {row.start:.1f} s, one row "
        f"{row.latency:.1e} s"
        for row in rows
    )


def parity_picture(parity: Parity) -> View:
    """Show a comparison of runtimes as a picture and a table.

    Parameters
    ----------
    parity : helpers.runtimes.parity.Parity
        A runtime that gave no answer is in the table, but not in the picture.

    Returns
    -------
    helpers.widgets.view.View
        A `Plot`, or a view of the table alone if no runtime gave an answer.
    """
    rows = [row for row in parity.rows if row.difference is not None]
    if not rows:
        return View([ipywidgets.HTML(parity.as_html())], TEXT)
    code, alt = png(draw(rows)), describe(rows)
    shown = f"{image(code, alt)}{parity.as_html(figures=True)}"
    return Plot([ipywidgets.HTML(shown)], TEXT, code, alt)
