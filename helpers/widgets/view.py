"""What all widgets share: a text form for pages without a kernel, and pictures with a text."""

import base64
import html
import io

import ipywidgets


class View(ipywidgets.VBox):
    """A column of controls whose text form is `text`, not the repr of every control."""

    def __init__(self, children, text):
        super().__init__(children)
        self.text = text

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = self.text
        return bundle


class Plot(View):
    """A widget with a picture in it, and for the pages without a kernel the plain picture.

    png : str, base64; alt : str, what the picture shows
    """

    def __init__(self, children, text, png, alt):
        super().__init__(children, text)
        self.png, self.alt = png, alt

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "image/png": self.png}, {**metadata, "image/png": {"alt": self.alt}}


def png(figure):
    """A matplotlib figure as a PNG file in base64."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=80)
    return base64.b64encode(stream.getvalue()).decode()


def picture(figure, alt):
    """A matplotlib figure as an HTML image with alternative text."""
    return image(png(figure), alt)


def image(code, alt):
    """The same for a picture that `png` gave."""
    return (
        f'<img alt="{html.escape(alt)}" style="max-width: 100%" src="data:image/png;base64,{code}">'
    )
