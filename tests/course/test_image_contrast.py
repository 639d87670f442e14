"""The contrast of every colour of every picture, computed as WCAG 2 defines it.

Texts need 4.5 to 1, and large ones 3 to 1. Lines and shapes that tell something need 3 to 1.
"""

import base64
import io
import xml.etree.ElementTree as ET
from collections import Counter

import matplotlib.image
import nbformat
import pytest

from helpers.display.palette import LIGHT_GREY
from helpers.notebooks import lesson_names
from helpers.paths import ROOT
from tests.course.test_images import EVERY_IMAGE, IMAGES, SVG, parsed
from tests.display.test_palette import contrast

TEXT, SHAPE = 4.5, 3
WHITE = "#ffffff"
SHARE = 0.0005  # of the pixels: less are the blurred edges of letters and lines


def drawn(element, inherited):
    """Yield (element, its attributes with those of its groups) in the order of drawing."""
    if element.tag in (f"{SVG}defs", f"{SVG}marker"):
        return
    own = {name: value for name, value in element.attrib.items() if name in inherited}
    style = inherited | own
    yield element, style
    for child in element:
        yield from drawn(child, style)


def problems(root):
    """Yield each text and each shape whose colour is too near to what lies under it."""
    start = {"fill": "#000000", "stroke": "none", "font-size": "16", "font-weight": "normal"}
    boxes = []
    for element, style in drawn(root, start):
        kind, fill, stroke = element.tag.removeprefix(SVG), style["fill"], style["stroke"]
        at = {name: float(element.get(name, 0)) for name in ("x", "y", "cx", "cy", "r")}
        if kind == "text":
            under = ground(boxes, at["x"], at["y"])
            large = float(style["font-size"]) >= (19 if style["font-weight"] == "bold" else 24)
            if contrast(fill, under) < (SHAPE if large else TEXT):
                yield f"{''.join(element.itertext())!r}: {fill} on {under}"
        elif kind in ("rect", "circle"):
            width, height = (float(element.get(n, 2 * at["r"])) for n in ("width", "height"))
            left, top = at["x"] + at["cx"] - at["r"], at["y"] + at["cy"] - at["r"]
            under = ground(boxes, left, top)
            if boxes and max(contrast(c, under) for c in (fill, stroke) if c != "none") < SHAPE:
                yield f"a {kind} at {left:g}, {top:g}: {fill}, {stroke} on {under}"
            if fill != "none":
                boxes.append((left, top, left + width, top + height, fill))
        elif kind in ("line", "path", "polyline", "polygon"):
            colours = {fill if kind == "polygon" else stroke} - {LIGHT_GREY}
            if any(contrast(colour, WHITE) < SHAPE for colour in colours):
                yield f"a {kind}: {colours}"


def ground(boxes, x, y):
    """The colour of the last shape that was drawn under a point."""
    under = (fill for x0, y0, x1, y1, fill in reversed(boxes) if x0 <= x <= x1 and y0 <= y <= y1)
    return next(under, WHITE)


@EVERY_IMAGE
def test_colours_of_a_diagram_differ_enough(path):
    assert list(problems(parsed(path))) == []


def test_a_pale_word_is_found():
    text = IMAGES[0].read_text("utf-8")
    pale = text.replace("</svg>", '<text x="9" y="9" fill="#999999">pale</text></svg>')
    assert list(problems(ET.fromstring(pale))) == ["'pale': #999999 on #ffffff"]


def stored_pictures():
    for name in lesson_names():
        for cell in nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4).cells:
            for output in cell.get("outputs", []):
                if code := output.get("data", {}).get("image/png"):
                    yield pytest.param(base64.b64decode(code), id=f"{name}-{cell['id']}")


@pytest.mark.share(3)
@pytest.mark.parametrize("code", list(stored_pictures()))
def test_colours_of_a_stored_picture_differ_enough(code):
    pixels = matplotlib.image.imread(io.BytesIO(code))[..., :3].reshape(-1, 3)
    counts = Counter(map(tuple, (pixels * 255).round().astype(int).tolist()))
    colours = {
        "#{:02x}{:02x}{:02x}".format(*colour): count / len(pixels)
        for colour, count in counts.items()
        if count / len(pixels) > SHARE and len(set(colour)) > 1  # greys are edges of letters
    }
    assert colours
    # An area paler than 1.1 to 1 is a tint of the card behind its lines.
    pale = {colour for colour in colours if 1.1 < contrast(colour, WHITE) < SHAPE}
    assert pale <= {LIGHT_GREY}, pale  # the grid tells nothing
