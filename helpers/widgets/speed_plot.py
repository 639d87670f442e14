"""Show a sweep over batch sizes as a picture and a table of the times just measured."""

import html

import ipywidgets
from matplotlib.figure import Figure

from helpers.benchmark.sweep import BASELINE, Sweep
from helpers.benchmark.timing import rounded
from helpers.display.html_table import table
from helpers.display.palette import GREY, SERIES
from helpers.display.plot_style import new_figure
from helpers.widgets.view import Plot, image, png

TEXT = (
    "A picture of the times on this computer, with a table in Jupyter: each way has a line over "
    "the\nnumber of rows in one call. Its height is the time as a multiple of NumPy's."
)
# Colours that colour-blind people can tell apart, and a mark for readers without colour.
STYLES = tuple(zip(SERIES, "os^vDxP*", strict=True))


def draw(sweep: Sweep) -> Figure:
    """Draw the time over the number of rows, on two logarithmic axes.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    matplotlib Figure
        A bar at each point goes from the least to the largest of the pairs.
    """
    figure, (axes,) = new_figure(560, left=0.15, right=0.94, bottom=0.12, top=0.73)
    rows = list(sweep.ratios)
    axes.axhline(1, color=GREY, linewidth=1.5, linestyle="--", label=BASELINE)
    for way, (colour, mark) in zip(sweep.ways, STYLES, strict=False):
        middles = [sweep.middle(way, size) for size in rows]
        pairs = [sweep[way, size].pairs for size in rows]
        low, high = list(map(min, pairs)), list(map(max, pairs))
        axes.vlines(rows, low, high, color=colour, alpha=0.35, linewidth=3)
        axes.plot(rows, middles, color=colour, marker=mark, label=way)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="rows in one call",
        ylabel=f"time / {BASELINE}'s (less is better)",
        xticks=rows,
        xticklabels=[f"{size:,}" for size in rows],
    )
    axes.minorticks_off()
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.01), ncols=2, frameon=False)
    return figure


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
        "The pale bars go from the least to the largest of the pairs. The table shows "
        f"{BASELINE}'s time for one call, and the other times as multiples of it"
    )
    shown = f"{image(code, alt)}<p>{words}</p>{table(head, cells)}{notes}"
    return Plot([ipywidgets.HTML(shown)], TEXT, code, alt)
