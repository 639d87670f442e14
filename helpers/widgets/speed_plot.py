"""A sweep over batch sizes as a picture and a table, both made from what was just measured."""

import html

import ipywidgets

from helpers.benchmark.sweep import BASELINE
from helpers.benchmark.timing import rounded
from helpers.display.html_table import table
from helpers.display.palette import GREY, SERIES
from helpers.display.plot_style import new_figure
from helpers.widgets.view import Plot, image, png

TEXT = (
    "Here is a picture of what was measured on this computer, and in Jupyter its table: for each "
    "way\na line over the number of rows in one call, its height the time as a multiple of NumPy's."
)
# Told apart by colour (also by colour-blind people), by mark, and by a place in the legend.
STYLES = tuple(zip(SERIES, "os^vDxP*", strict=True))


def draw(sweep):
    """Time over rows, both axes logarithmic; a matplotlib Figure. Bars: the least to the most."""
    figure, (axes,) = new_figure(4.6, left=0.09, right=0.76, bottom=0.13, top=0.97)
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
        ylabel=f"time, as a multiple of {BASELINE}'s",
        xticks=rows,
        xticklabels=[f"{size:,}" for size in rows],
    )
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def describe(sweep):
    """The picture in words: where each line begins and ends."""
    first, *_, last = sweep.ratios
    lines = (
        f"{way} from {rounded(sweep.middle(way, first))} to {rounded(sweep.middle(way, last))}"
        for way in sweep.ways
    )
    return (
        f"Time as a multiple of {BASELINE}'s, from {first:,} to {last:,} rows in one call: "
        f"{'; '.join(lines)}"
    )


def speed_plot(sweep):
    """The view: picture, table, and why ONNX Runtime is not in them, if it is not."""
    code, alt = png(draw(sweep)), describe(sweep)
    head, *cells = sweep.cells()
    notes = f"<p>ONNX Runtime: {html.escape(sweep.missing)}</p>" if sweep.missing else ""
    words = (
        "The pale bars go from the least to the most of the pairs. Below: "
        f"{BASELINE}'s time for one call, and the others as multiples of it"
    )
    shown = f"{image(code, alt)}<p>{words}</p>{table(head, cells)}{notes}"
    return Plot([ipywidgets.HTML(shown)], TEXT, code, alt)
