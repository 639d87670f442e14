"""The palette: the one home of every colour, readable in each theme, told apart in a plot."""

import base64
import io
import itertools
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from helpers.display import PICTURE_WIDTH, palette
from helpers.display.html_table import CHIP, COLOURS
from helpers.display.plot_style import DPI, SCALE, new_figure
from helpers.paths import ROOT
from helpers.widgets.view import png

HEX = re.compile(r"(?<![\w&])#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.I)
TEXTS = {".py", ".html", ".c", ".css", ".sh", ".toml"}
DRAWN = {name: value for name, value in vars(palette).items() if str(value)[:1] == "#"}
PALE = {"LIGHT_GREY", "WHITE"}  # of the grid, which tells nothing, and of the card
# What is left of red, green and blue: Machado, Oliveira and Fernandes, "A physiologically-based
# model for simulation of color vision deficiency" (2009), at full severity.
SIGHTS = {
    "full sight": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(  # from linear sRGB
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def colours_in(path):
    return HEX.findall(path.read_text(encoding="utf-8"))


def test_no_other_file_writes_a_colour_as_a_number():
    files = [path for path in (ROOT / "helpers").rglob("*") if path.suffix in TEXTS]
    home = Path(palette.__file__)
    assert home in files and len(files) > 100
    assert {path.name: found for path in files if (found := colours_in(path))}.keys() == {home.name}
    assert set(colours_in(home)) >= set(palette.SERIES)


@pytest.mark.parametrize("line", ['color="#0072B2"', "style='color:#fff'", 'fill="#d55e00"/>'])
def test_a_colour_is_recognised(tmp_path, line):
    (tmp_path / "page.html").write_text(line)
    assert colours_in(tmp_path / "page.html")


@pytest.mark.parametrize("line", ["tensorflow/serving#173", "&#124;", "# # Title", "keras#20813"])
def test_other_numbers_are_no_colours(tmp_path, line):
    (tmp_path / "page.html").write_text(line)
    assert not colours_in(tmp_path / "page.html")


def linear(colour):
    """Return the light of a colour: red, green and blue from 0 to 1, without the curve of sRGB."""
    parts = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Compute the contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    dark, light = sorted(linear(colour) @ (0.2126, 0.7152, 0.0722) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def as_seen(colour, sight):
    """Return the CIELAB coordinates of a colour, as a reader with a given sight sees it."""
    xyz = TO_XYZ @ np.clip(sight @ linear(colour), 0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_is_that_of_the_definition():
    assert contrast("black", "white") == contrast("white", "black") == 21
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["PASSED", "NOT_YET", "NOT_ATTEMPTED", "RAISED", "FAILED"])
def test_outcomes_can_be_read_on_white_and_under_white_marks(name):
    assert contrast(getattr(palette, name), palette.WHITE) >= 4.5


@pytest.mark.parametrize("mark", COLOURS)
def test_marks_of_tables_can_be_read_in_every_theme(mark):
    """They stand on their own colour, so the theme does not matter."""
    assert contrast(COLOURS[mark], palette.WHITE) >= 4.5
    assert f"color:{palette.WHITE};" in CHIP


@pytest.mark.parametrize("field", ["#424242", "#212121"])
def test_arrow_of_a_list_is_seen_in_the_dark_theme(field):
    assert contrast(palette.LIGHT_GREY, field) >= 4.5


@pytest.mark.parametrize("name", sorted(DRAWN.keys() - PALE))
def test_every_colour_is_seen_on_the_card(name):
    assert contrast(DRAWN[name], palette.WHITE) >= 3


def test_no_colour_is_left_out():
    assert {*palette.SERIES, palette.GREY, *COLOURS.values()} <= set(DRAWN.values())
    assert DRAWN.keys() > PALE


@pytest.mark.parametrize("sight", SIGHTS)
def test_lines_of_one_picture_have_different_colours(sight):
    """A difference of 2.3 in CIELAB is just seen when two areas touch. Lines need much more."""
    assert len(palette.SERIES) == 8
    seen = {colour: as_seen(colour, SIGHTS[sight]) for colour in palette.SERIES}
    for one, other in itertools.combinations(palette.SERIES, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= 12, (one, other)


def test_simulation_takes_red_and_green_for_similar():
    red, green = "#b2482b", "#7f7218"
    differences = {
        sight: np.linalg.norm(as_seen(red, matrix) - as_seen(green, matrix))
        for sight, matrix in SIGHTS.items()
    }
    assert differences["deuteranopia"] < 12 < differences["full sight"] / 3


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 2])
def test_every_plot_of_a_figure_has_the_grid(rows, columns):
    figure, plots = new_figure(250, columns, rows, left=0.1, right=0.9)
    assert (figure.get_size_inches() * DPI).tolist() == pytest.approx([PICTURE_WIDTH, 250])
    assert len(plots) == rows * columns == len(figure.axes)
    for plot in plots:
        assert {line.get_color() for line in plot.get_xgridlines()} == {palette.LIGHT_GREY}
        assert all(line.get_visible() for line in plot.get_ygridlines())
    assert figure.subplotpars.left == 0.1


def test_letters_are_as_large_as_in_the_diagrams():
    assert matplotlib.rcParamsDefault["font.size"] / 72 * DPI >= 15


def test_picture_is_a_white_card_with_transparent_corners():
    code = base64.b64decode(png(new_figure(120, left=0.4, right=0.6, bottom=0.4, top=0.6)[0]))
    pixels = matplotlib.image.imread(io.BytesIO(code))
    assert pixels.shape == (SCALE * 120, SCALE * PICTURE_WIDTH, 4)
    for corner in (pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]):
        assert corner[3] == 0
    assert pixels[20, 20].tolist() == [1, 1, 1, 1]
    edge = pixels[SCALE * 60, 0]
    assert edge[3] > 0.5 and edge[0] < 0.6, "the edge is grey"


def test_no_widget_makes_a_figure_of_its_own():
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py")}
    makers = [path.name for path, text in sources.items() if re.search(r"\bFigure\(", text)]
    assert makers == ["plot_style.py"]
