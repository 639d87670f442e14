"""The style of every matplotlib picture: its width, its resolution, its fonts and its grid."""

import numpy as np
from matplotlib.figure import Figure

from helpers.display.palette import LIGHT_GREY

DPI = 80  # pixels per inch
WIDTH = 9.0  # inches: 720 pixels, which fit a page of 800 pixels beside its margins
TITLE_SIZE = 10  # points, for the title of each plot: the size of all other texts


def new_figure(
    height: float, columns: int = 1, share_y: bool = False, **margins: float
) -> tuple[Figure, np.ndarray]:
    """Make an empty figure with plots side by side, each with the grid of the course.

    The figure is independent of pyplot, so nothing is shown twice and no state is shared.

    Parameters
    ----------
    height : float
        In inches. The width is always WIDTH.
    columns : int
        The number of plots in the one row of the figure.
    share_y : bool
        Whether all plots have the same y axis.
    **margins : float
        The edges of the plots as shares of the figure: what `Figure.subplots_adjust` accepts.
        Fixed edges are much faster than a layout that matplotlib has to compute.

    Returns
    -------
    figure : matplotlib.figure.Figure
    plots : (columns,) array of matplotlib.axes.Axes
    """
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    figure.subplots_adjust(**margins)
    plots = figure.subplots(1, columns, sharey=share_y, squeeze=False)[0]
    for plot in plots:
        plot.grid(color=LIGHT_GREY, linewidth=0.6)
        plot.set_axisbelow(True)
    return figure, plots
