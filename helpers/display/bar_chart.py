"""Bar charts of shares, as a picture with alternative text and as plain text."""

import base64
import html
from collections.abc import Mapping

from helpers.display.palette import BLUE, ORANGE

ROW, LABEL, BAR = 26, 330, 300  # pixels: height of a row, width of the labels and of 100 %


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
            f'<img alt="{html.escape(alternative)}" src="data:image/svg+xml;base64,{code}">'
        )

    def svg(self) -> str:
        """Draw the chart as the text of an SVG file.

        All lengths are whole pixels, so that every computer writes the same text.
        """
        width, height = LABEL + BAR + 70, ROW * len(self.percents)
        rows = []
        for number, (label, percent) in enumerate(self.percents.items()):
            middle, colour = ROW * number + ROW // 2, ORANGE if number else BLUE
            length = BAR * percent // 100
            rows += [
                f'<text x="{LABEL - 10}" y="{middle + 5}" text-anchor="end">'
                f"{html.escape(label)}</text>",
                f'<rect x="{LABEL}" y="{middle - 9}" width="{length}" height="18" '
                f'fill="{colour}"/>',
                f'<text x="{LABEL + length + 8}" y="{middle + 5}">{percent} %</text>',
            ]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="14">'
            f'<rect width="{width}" height="{height}" fill="white"/>{"".join(rows)}</svg>'
        )
