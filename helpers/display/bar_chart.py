"""Shares as horizontal bars: a picture with alternative text, and the same in plain text."""

import base64
import html

ROW, LABEL, BAR = 26, 330, 300  # pixels: height of a row, width of the labels and of 100 %
BLUE, ORANGE = "#0072b2", "#d55e00"


class Bars:
    """A bar for each of `shares`; the first is what the others are compared with.

    title : str, what is a share of what
    shares : dict of str to a number from 0 to 1; shown as whole per cents
    """

    def __init__(self, title, shares):
        wrong = {label: share for label, share in shares.items() if not 0 <= share <= 1}
        if wrong:
            raise ValueError(f"a share is a number from 0 to 1; given: {wrong}")
        self.title = title
        self.percents = {label: round(100 * float(share)) for label, share in shares.items()}

    def __str__(self):
        width = max(map(len, self.percents), default=0)
        lines = (
            f"{label:<{width}}  {percent:>3} %  {'■' * round(percent / 4)}"
            for label, percent in self.percents.items()
        )
        return "\n".join([self.title, *lines])

    __repr__ = __str__

    def _repr_html_(self):
        said = ", ".join(f"{label}: {percent} %" for label, percent in self.percents.items())
        code = base64.b64encode(self.svg().encode()).decode()
        # The title is text of the page, so that the output is never a picture alone.
        return (
            f"<p>{html.escape(self.title)}</p>"
            f'<img alt="{html.escape(said)}" src="data:image/svg+xml;base64,{code}">'
        )

    def svg(self):
        """The picture, as the text of an SVG file. Whole numbers only: the same everywhere."""
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
