"""The palette: the one home of every colour, readable in each theme, told apart in a plot."""

import base64
import io
import re
from pathlib import Path

import matplotlib.image
import pytest

from helpers.display import PICTURE_WIDTH, palette
from helpers.display.html_table import CHIP, COLOURS
from helpers.display.plot_style import DPI, SCALE, new_figure
from helpers.paths import ROOT
from helpers.widgets.view import png

HEX = re.compile(r"(?<![\w&])#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.I)
TEXTS = {".py", ".html", ".c", ".css", ".sh", ".toml"}


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


def contrast(one, other):
    """Compute the contrast of two colours as WCAG 2 defines it, from 1 to 21."""

    def luminance(colour):
        parts = matplotlib.colors.to_rgb(colour)
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


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


@pytest.mark.parametrize("name", ["BLUE", "ORANGE", "TEAL", "PLUM", "BLACK", "GREY"])
def test_lines_are_seen_on_the_card(name):
    assert contrast(getattr(palette, name), palette.WHITE) >= 3


def test_lines_of_one_picture_have_different_colours():
    assert len(set(palette.SERIES)) == len(palette.SERIES) == 8


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
