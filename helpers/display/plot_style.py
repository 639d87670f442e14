"""The style of every matplotlib picture: its card, its width, its resolution, its fonts, its grid.

Every picture stands on a white card with round corners and a grey edge, as the diagrams of the
lessons do. Outside of the card it is transparent. So a picture looks the same in every theme, and
in the dark theme it is a card and not a white block. Its colours need a contrast on white alone.

A picture is PICTURE_WIDTH pixels wide, and its letters are 17 pixels high. A
narrow window shows it smaller: beside the file browser of a window of 800 pixels, the letters have
10 pixels. The file has twice as many pixels, so that it stays sharp at a zoom of 200 %.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.display import PICTURE_WIDTH
from helpers.display.palette import GREY, LIGHT_GREY, WHITE

DPI = 122  # pixels of a page per inch: a text of 10 points has 17 pixels
SCALE = 2  # pixels of the file per pixel of the page
TITLE_SIZE = 10  # points, for the title of each plot: the size of all other texts
CORNER = 12 / DPI  # inches, the radius


def new_figure(
    height: float, columns: int = 1, rows: int = 1, **margins: float
) -> tuple[Figure, np.ndarray]:
    """Make an empty figure on its card, with plots that each have the grid of the course.

    The figure is independent of pyplot, so nothing is shown twice and no state is shared.

    Parameters
    ----------
    height : float
        In pixels of a page. The width is always PICTURE_WIDTH.
    columns, rows : int
        The number of plots side by side and one below the other.
    **margins : float
        The edges of the plots as shares of the figure: what `Figure.subplots_adjust` accepts.
        Fixed edges are much faster than a layout that matplotlib has to compute.

    Returns
    -------
    figure : matplotlib.figure.Figure
    plots : (rows * columns,) array of matplotlib.axes.Axes
        Row by row.
    """
    figure = Figure(figsize=(PICTURE_WIDTH / DPI, height / DPI), dpi=DPI, facecolor="none")
    figure.add_artist(_card(height, figure.dpi_scale_trans))
    figure.subplots_adjust(**margins)
    plots = figure.subplots(rows, columns, squeeze=False).ravel()
    for plot in plots:
        plot.grid(color=LIGHT_GREY, linewidth=0.6)
        plot.set_axisbelow(True)
    return figure, plots


def _card(height, transform):
    half = 0.5 / DPI  # inches, of a line of one pixel
    width, height = PICTURE_WIDTH / DPI - 2 * half, height / DPI - 2 * half
    style = f"round,pad=0,rounding_size={CORNER}"
    return FancyBboxPatch(
        (half, half),
        width,
        height,
        boxstyle=style,
        facecolor=WHITE,
        edgecolor=GREY,
        linewidth=72 / DPI,
        zorder=-1,
        transform=transform,
    )
