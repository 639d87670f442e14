"""The parts that all widgets share: a text form for pages without a kernel, and pictures."""

import base64
import functools
import html
import io
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets

if TYPE_CHECKING:  # most widgets draw nothing and need not wait for matplotlib
    from matplotlib.figure import Figure


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
        return {**data, "image/png": self.png}, {**metadata, "image/png": {"alt": self.alt}}


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


def png(figure: "Figure") -> str:
    """Draw a matplotlib figure as a PNG file, encoded in base64."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi="figure")
    return base64.b64encode(stream.getvalue()).decode()


def picture(figure: "Figure", alt: str) -> str:
    """Draw a matplotlib figure as an HTML image.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the picture shows, in words.

    Returns
    -------
    str
        One `<img>` element.
    """
    return image(png(figure), alt)


def image(code: str, alt: str) -> str:
    """Write an HTML image of a PNG file that `png` returned.

    Parameters
    ----------
    code : str
        The PNG file in base64.
    alt : str
        What the picture shows, in words.

    Returns
    -------
    str
        One `<img>` element, at most as wide as the page.
    """
    return (
        f'<img alt="{html.escape(alt)}" style="max-width: 100%" src="data:image/png;base64,{code}">'
    )
