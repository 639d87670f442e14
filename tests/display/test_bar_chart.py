"""Bar charts: a picture and a text that say the same."""

import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import pytest

from helpers.display.bar_chart import Bars


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
    assert widths[1:] == [300, 102, 0]
    assert [t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")][::2] == [
        *bars.percents
    ]


@pytest.mark.parametrize("share", [-0.1, 1.1, 42, float("nan")])
def test_a_bar_that_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match=r"from 0 to 1; given: \{'x':"):
        Bars("", {"x": share})
