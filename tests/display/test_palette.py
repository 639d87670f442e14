"""The palette: the one home of every colour, readable on white, told apart in a plot."""

import re
from pathlib import Path

import matplotlib
import pytest

from helpers.display import palette
from helpers.display.plot_style import DPI, WIDTH, new_figure
from helpers.paths import ROOT

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


@pytest.mark.parametrize("name", ["PASSED", "NOT_YET", "NOT_ATTEMPTED", "RAISED", "FAILED"])
def test_outcomes_can_be_read_on_white(name):
    parts = matplotlib.colors.to_rgb(getattr(palette, name))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_lines_of_one_picture_have_different_colours():
    assert len(set(palette.SERIES)) == len(palette.SERIES) == 8


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_figure_fits_the_page_and_every_plot_has_the_grid(columns):
    figure, plots = new_figure(2.5, columns, left=0.1, right=0.9)
    assert figure.get_size_inches().tolist() == [WIDTH, 2.5] and WIDTH * DPI <= 800
    assert len(plots) == columns == len(figure.axes)
    for plot in plots:
        assert {line.get_color() for line in plot.get_xgridlines()} == {palette.LIGHT_GREY}
        assert all(line.get_visible() for line in plot.get_ygridlines())
    assert figure.subplotpars.left == 0.1


def test_plots_share_the_vertical_axis_on_request():
    _, (left, right) = new_figure(2, columns=2, share_y=True)
    left.set_ylim(0, 7)
    assert right.get_ylim() == (0, 7)
    _, (left, right) = new_figure(2, columns=2)
    left.set_ylim(0, 7)
    assert right.get_ylim() != (0, 7)


def test_no_widget_makes_a_figure_of_its_own():
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py")}
    makers = [path.name for path, text in sources.items() if re.search(r"\bFigure\(", text)]
    assert makers == ["plot_style.py"]
