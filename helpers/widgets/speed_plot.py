"""Show a sweep over batch sizes as a picture and a table of the times just measured."""

import html
from collections.abc import Sequence

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers.benchmark.sweep import BASELINE, Sweep
from helpers.benchmark.timing import rounded
from helpers.display.html_table import table
from helpers.display.palette import GREY, SERIES
from helpers.display.plot_style import new_figure
from helpers.widgets.view import Plot, image, png

TEXT = (
    "A picture of the times on one computer, with a table in Jupyter: each way has a line over "
    "the\nnumber of rows in one call. Its height is the time as a multiple of NumPy's, so lower is "
    "better."
)
# Colours that colour-blind people can tell apart, and a mark for readers without colour.
STYLES = tuple(zip(SERIES, "os^vDxP*", strict=True))
GAP = 0.07  # between the labels of two lines, as a share of the height of the plot


def draw(sweep: Sweep) -> Figure:
    """Draw the time over the number of rows, on two logarithmic axes, with a label at each line.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    matplotlib Figure
    """
    figure, (axes,) = new_figure(440, left=0.34, right=0.87, bottom=0.14, top=0.89)
    figure.text(0.03, 0.94, f"Time as a multiple of {BASELINE}'s: lower is better", va="center")
    rows = list(sweep.ratios)
    axes.axhline(1, color=GREY, linewidth=1.5, linestyle="--", label=BASELINE)
    begins, colours = {f"{BASELINE} = 1": 1.0}, [GREY]
    for way, (colour, mark) in zip(sweep.ways, STYLES, strict=False):
        middles = [sweep.middle(way, size) for size in rows]
        axes.plot(rows, middles, color=colour, marker=mark, label=way)
        begins[way] = middles[0]
        colours.append(colour)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="rows in one call",
        xticks=rows,
        xticklabels=[f"{size:,}" for size in rows],
    )
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.yaxis.tick_right()  # on the left, the labels stand where the lines are farthest apart
    low, high = np.log(axes.get_ylim())
    places = apart([(np.log(begin) - low) / (high - low) for begin in begins.values()])
    for (label, begin), place, colour in zip(begins.items(), places, colours, strict=True):
        axes.annotate(
            label,
            (rows[0], begin),
            (-0.08, place),
            textcoords="axes fraction",
            ha="right",
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "relpos": (1, 0.5)},
        )
    return figure


def apart(places: Sequence[float], gap: float = GAP) -> list[float]:
    """Move places so far apart that a label at each can be read.

    Parameters
    ----------
    places : sequence of float
        From 0 to 1.
    gap : float
        The least distance of two.

    Returns
    -------
    list of float
        In the same order as `places`, none above 1.
    """
    order = np.argsort(places, kind="stable")
    moved = np.array(places, float)[order]
    for number in range(1, len(moved)):
        moved[number] = max(moved[number], moved[number - 1] + gap)
    moved[-1:] = np.minimum(moved[-1:], 1)
    for number in range(len(moved) - 2, -1, -1):
        moved[number] = min(moved[number], moved[number + 1] - gap)
    found = np.empty_like(moved)
    found[order] = moved
    return found.tolist()


def describe(sweep: Sweep) -> str:
    """Say in words where each line of the picture begins and ends.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    str
    """
    first, *_, last = sweep.ratios
    lines = (
        f"{way} from {rounded(sweep.middle(way, first))} to {rounded(sweep.middle(way, last))}"
        for way in sweep.ways
    )
    return (
        f"Time as a multiple of {BASELINE}'s, from {first:,} to {last:,} rows in one call: "
        f"{'; '.join(lines)}"
    )


def speed_plot(sweep: Sweep) -> Plot:
    """Show the picture, the table, and, if ONNX Runtime is missing, the reason.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    Plot
    """
    code, alt = png(draw(sweep)), describe(sweep)
    head, *cells = sweep.cells()
    notes = f"<p>ONNX Runtime: {html.escape(sweep.missing)}</p>" if sweep.missing else ""
    words = (
        f"The table shows {BASELINE}'s time for one call, and the other times as multiples of it. "
        "Below 1 is faster."
    )
    shown = f"{image(code, alt)}<p>{words}</p>{table(head, cells)}{notes}"
    return Plot([ipywidgets.HTML(shown)], TEXT, code, alt)
