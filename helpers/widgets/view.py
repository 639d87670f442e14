"""The parts that all widgets share: a text form for pages without a kernel, and pictures."""

import base64
import functools
import html
import io
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets

from helpers.display import PICTURE_WIDTH
from helpers.display.palette import LIGHT_GREY

if TYPE_CHECKING:  # most widgets draw nothing and need not wait for matplotlib
    from matplotlib.figure import Figure


LONG_LABEL = "long-label"


class View(ipywidgets.VBox):
    """A column of controls with a text form, which a page without a kernel shows.

    Parameters
    ----------
    children : sequence of ipywidgets.Widget
        The controls, from top to bottom.
    text : str
        The text form. It replaces the repr of every control.
    """

    def __init__(self, children: Sequence[ipywidgets.Widget], text: str) -> None:
        for child in children:
            child.layout.max_width = "98%"  # some controls are 300 pixels wide everywhere
        super().__init__(children)
        self.text = text

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = self.text
        return bundle


class Plot(View):
    """A widget with a picture, which is also stored for pages without a kernel.

    Parameters
    ----------
    children : sequence of ipywidgets.Widget
        The controls, from top to bottom.
    text : str
        The text form.
    png : str
        The picture as a PNG file in base64, as `png` returns it.
    alt : str
        What the picture shows, in words.
    """

    def __init__(
        self, children: Sequence[ipywidgets.Widget], text: str, png: str, alt: str
    ) -> None:
        super().__init__(children, text)
        self.png, self.alt = png, alt

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        about = {"alt": self.alt, "width": PICTURE_WIDTH}
        return {**data, "image/png": self.png}, {**metadata, "image/png": about}


def one_at_a_time() -> Callable[[Callable], Callable]:
    """Return a decorator for the callbacks of one widget: only one of them runs at a time.

    JupyterLab delivers what is typed on another thread than a click. Without the decorator both
    callbacks run at the same time, and the one with the older value can end last.
    """
    lock = threading.RLock()  # a callback may set a value that another callback observes

    def decorate(function):
        @functools.wraps(function)
        def guarded(*arguments):
            with lock:
                return function(*arguments)

        return guarded

    return decorate


def style() -> ipywidgets.HTML:
    """Return a style for the lists and long buttons of a view, to put among its children.

    A list to choose from gets a light arrow in a dark theme: that of ipywidgets is black in every
    theme. A button with the class LONG_LABEL has as many lines as its label needs. The style itself
    shows nothing.
    """
    colour = LIGHT_GREY.replace("#", "%23")
    svg = (
        "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E"
        f"%3Cpath d='M6 8l4 4 4-4' fill='none' stroke-width='2' stroke='{colour}'/%3E%3C/svg%3E"
    )
    return ipywidgets.HTML(
        "<style>[data-jp-theme-light='false'] .widget-dropdown > select "
        f'{{background-image:url("data:image/svg+xml,{svg}")}}\n'
        f".widget-button.{LONG_LABEL} {{white-space:normal;height:auto;text-align:left}}</style>",
        layout=ipywidgets.Layout(display="none"),
    )


def png(figure: "Figure") -> str:
    """Draw a figure of `helpers.display.plot_style` as a PNG file, encoded in base64."""
    from helpers.display.plot_style import SCALE

    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=SCALE * figure.dpi)
    return base64.b64encode(stream.getvalue()).decode()


def image(png: str, alt: str) -> str:
    """Write an HTML image of a PNG file that `png` returned, as wide as every picture.

    Parameters
    ----------
    png : str
        The PNG file in base64.
    alt : str
        What the picture shows, in words.

    Returns
    -------
    str
        One `<img>` element, at most as wide as the page.
    """
    return (
        f'<img alt="{html.escape(alt)}" width="{PICTURE_WIDTH}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{png}">'
    )
