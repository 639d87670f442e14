"""What all widgets share: the size of pictures, and arrows that are seen in the dark theme."""

import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import ipywidgets
import pytest

from helpers.display import PICTURE_WIDTH
from helpers.display.palette import LIGHT_GREY
from helpers.paths import ROOT
from helpers.widgets.view import LONG_LABEL, Plot, image, style

WIDGETS = [p for p in (ROOT / "helpers" / "widgets").glob("*.py") if not p.name.startswith("_")]


def test_picture_is_as_wide_as_every_other_and_shrinks_with_its_page():
    shown = image("AAAA", 'a <b> "c"')
    assert f'width="{PICTURE_WIDTH}"' in shown and "max-width:100%" in shown
    assert 'alt="a &lt;b&gt; &quot;c&quot;"' in shown
    metadata = Plot([ipywidgets.HTML(shown)], "text", "AAAA", "alt")._repr_mimebundle_()[1]
    assert metadata["image/png"] == {"alt": "alt", "width": PICTURE_WIDTH}


def test_arrows_are_light_in_the_dark_theme_alone():
    text = style().value
    assert text.startswith("<style>[data-jp-theme-light='false'] ")
    svg = ElementTree.fromstring(unquote(re.search(r'svg\+xml,([^"]+)"', text)[1]))
    assert svg[0].get("stroke") == LIGHT_GREY
    assert f".{LONG_LABEL} {{white-space:normal" in text


@pytest.mark.parametrize("path", WIDGETS, ids=lambda path: path.stem)
def test_controls_have_a_name_and_lists_an_arrow(path):
    """ipywidgets gives no accessible name to a slider, and cuts a long label."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"ipywidgets\.(\w*Slider|Label)\(", text)
    if "ipywidgets.Dropdown(" in text:
        assert "style()" in text
