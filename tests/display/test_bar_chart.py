"""Bar charts: a picture and a text that say the same."""

import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import pytest

from helpers.display import PICTURE_WIDTH
from helpers.display.bar_chart import Bars
from helpers.display.palette import GREY, WHITE


def test_bars_are_a_picture_and_a_text():
    bars = Bars("Right <of 10>", {"as in training": 1.0, "in <kg>": 0.336, "none": 0})
    assert str(bars).splitlines() == [
        "Right <of 10>",
        f"as in training  100 %  {'■' * 25}",
        f"in <kg>          34 %  {'■' * 8}",
        "none              0 %  ",
    ]
    shown = bars._repr_html_()
    assert 'alt="as in training: 100 %, in &lt;kg&gt;: 34 %, none: 0 %"' in shown
    assert "<p>Right &lt;of 10&gt;</p>" in shown
    picture = ElementTree.fromstring(b64decode(re.search('base64,([^"]+)', shown)[1]))
    widths = [int(r.get("width")) for r in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[1:] == [490, 166, 0]
    assert [t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")][::2] == [
        *bars.percents
    ]
    assert picture.get("viewBox") == "0 0 600 176" and picture.get("font-size") == "16"


def test_nothing_leaves_the_card():
    picture = ElementTree.fromstring(Bars("", {"x" * 40: 1}).svg())
    for text in picture.iter("{http://www.w3.org/2000/svg}text"):
        assert int(text.get("x")) + 0.6 * 16 * len(text.text) < PICTURE_WIDTH
    card = next(picture.iter("{http://www.w3.org/2000/svg}rect"))
    assert card.get("fill") == WHITE and card.get("stroke") == GREY and card.get("rx") == "12"


@pytest.mark.parametrize("share", [-0.1, 1.1, 42, float("nan")])
def test_a_bar_that_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match=r"from 0 to 1; given: \{'x':"):
        Bars("", {"x": share})
