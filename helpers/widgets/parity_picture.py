"""What each runtime costs, as a picture and a table of what was just measured."""

import ipywidgets
from matplotlib.figure import Figure

from helpers.widgets.view import Plot, View, image, png

PANELS = (  # field of a row, title, a limit to compare with
    ("difference", "largest difference from Python", 1e-5),
    ("start", "start, seconds", None),
    ("latency", "one row, seconds", None),
)
LEAST, MOST = 1e-8, 1e4  # 0 and infinity have no place on a logarithmic scale: here they stand
BLUE, ORANGE = "#0072b2", "#d55e00"
TEXT = (
    "Here is a picture of what was measured on this computer, and in Jupyter its table: for each "
    "runtime\nthe largest difference from Python, with a dashed line at 1e-5, the seconds from its "
    "start to the\nfirst answer, and the seconds for one row."
)


def draw(rows):
    """A dot for each figure of `rows`, a sequence of helpers.runtimes.parity.Row."""
    height = 1 + 0.4 * len(rows)  # inches; the layout is fixed, to find one takes most of the time
    figure = Figure(figsize=(10, height))
    figure.subplots_adjust(0.08, 0.4 / height, 0.98, 1 - 0.4 / height, wspace=0.1)
    places = range(len(rows))
    for axes, (name, title, limit) in zip(
        figure.subplots(1, len(PANELS), sharey=True), PANELS, strict=True
    ):
        values = [min(max(getattr(row, name), LEAST), MOST) for row in rows]
        seen = [*values, limit or values[0]]
        axes.plot(values, places, "o", color=BLUE)
        if limit:
            axes.axvline(limit, color=ORANGE, linestyle="--")
        axes.set_title(title, fontsize=10)
        axes.set(xscale="log", xlim=(min(seen) / 10, max(seen) * 10))
        axes.set_yticks(places, [row.runtime for row in rows])
        axes.minorticks_off()
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(color="#dddddd", linewidth=0.6)
    return figure


def describe(rows):
    """The picture in words."""
    return "; ".join(
        f"{row.runtime}: largest difference {row.difference:.1e}, start {row.start:.1f} s, one row "
        f"{row.latency:.1e} s"
        for row in rows
    )


def parity_picture(parity):
    """The view of a helpers.runtimes.parity.Parity; runtimes that gave no answer are in its table
    alone."""
    rows = [row for row in parity.rows if row.difference is not None]
    if not rows:
        return View([ipywidgets.HTML(parity.as_html())], TEXT)
    code, alt = png(draw(rows)), describe(rows)
    shown = f"{image(code, alt)}{parity.as_html(figures=True)}"
    return Plot([ipywidgets.HTML(shown)], TEXT, code, alt)
