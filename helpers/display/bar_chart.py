"""Bar charts of shares, as a picture with alternative text and as plain text."""

import base64
import html
from collections.abc import Mapping

from helpers.display import PICTURE_WIDTH as WIDTH
from helpers.display.palette import BLACK, BLUE, GREY, ORANGE, WHITE

# Pixels: the height of a label and its bar, the edge around them, and the length of 100 %.
ROW, EDGE, BAR = 52, 20, 490


class Bars:
    """A horizontal bar chart. The first bar is blue: the others are compared with it.

    Parameters
    ----------
    title : str
        What is a share of what.
    shares : mapping of str to float
        The label of each bar and its share, a number from 0 to 1. Shown in whole per cents.

    Raises
    ------
    ValueError
        If a share is below 0, above 1 or NaN.
    """

    def __init__(self, title: str, shares: Mapping[str, float]) -> None:
        wrong = {label: share for label, share in shares.items() if not 0 <= share <= 1}
        if wrong:
            raise ValueError(f"a share must be a number from 0 to 1; given: {wrong}")
        self.title = title
        self.percents = {label: round(100 * float(share)) for label, share in shares.items()}

    def __str__(self) -> str:
        width = max(map(len, self.percents), default=0)
        lines = (
            f"{label:<{width}}  {percent:>3} %  {'■' * round(percent / 4)}"
            for label, percent in self.percents.items()
        )
        return "\n".join([self.title, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        alternative = ", ".join(f"{label}: {percent} %" for label, percent in self.percents.items())
        code = base64.b64encode(self.svg().encode()).decode()
        # The title stands outside the picture, so that a search of the page finds it.
        return (
            f"<p>{html.escape(self.title)}</p>"
            f'<img alt="{html.escape(alternative)}" style="max-width:100%" '
            f'src="data:image/svg+xml;base64,{code}">'
        )

    def svg(self) -> str:
        """Draw the chart as the text of an SVG file, on the same card as the other pictures.

        Each label stands above its bar, so that the letters are large in a narrow window too. All
        lengths are whole pixels, so that every computer writes the same text.
        """
        height = ROW * len(self.percents) + EDGE
        rows = []
        for number, (label, percent) in enumerate(self.percents.items()):
            top, colour = ROW * number + EDGE // 2, ORANGE if number else BLUE
            length = BAR * percent // 100
            rows += [
                f'<text x="{EDGE}" y="{top + 18}">{html.escape(label)}</text>',
                f'<rect x="{EDGE}" y="{top + 25}" width="{length}" height="18" fill="{colour}"/>',
                f'<text x="{EDGE + length + 8}" y="{top + 40}">{percent} %</text>',
            ]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="16" '
            f'fill="{BLACK}"><rect x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="12" '
            f'fill="{WHITE}" stroke="{GREY}"/>{"".join(rows)}</svg>'
        )
