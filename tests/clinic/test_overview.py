"""The table of some cases: what the message says, and the first sentence of the cure."""

import re

import pytest
from IPython.core.formatters import DisplayFormatter

from helpers.clinic import CASES
from helpers.clinic.overview import WIDTH, overview

KEYS = ("never-built", "untracked-resource", "missing-asset", "tensor-dtype")


def test_each_case_has_its_text_and_a_cure_in_one_sentence():
    shown = overview(*KEYS)
    page, text = shown.as_html(), str(shown)
    for key in KEYS:
        case = CASES[key]
        assert key in page and key in text
        assert " ".join(case.text.split())[:20] in " ".join(text.split())
    assert "Call the model once on rows with the right number of columns, or train it." in page
    assert "Then export it" not in page
    assert max(map(len, text.splitlines())) <= WIDTH


def test_each_group_has_a_heading():
    assert re.findall(r"scope='rowgroup'[^>]*>(\w+)<", overview(*KEYS).as_html()) == [
        "saving",
        "loading",
        "calling",
    ]
    assert [line for line in str(overview(*KEYS)).splitlines() if line[0] != " "] == [
        "saving",
        "loading",
        "calling",
    ]


@pytest.mark.parametrize("key", CASES)
def test_each_cure_begins_with_a_whole_sentence(key):
    last = " ".join(line.strip() for line in str(overview(key)).splitlines())
    assert last.endswith(".")


def test_it_shows_itself_in_a_notebook():
    shown = overview(*KEYS)
    bundle, _ = DisplayFormatter().format(shown)
    assert bundle["text/html"] == shown.as_html()
    assert bundle["text/plain"] == str(shown)


def test_an_unknown_case_is_refused():
    with pytest.raises(KeyError, match="no-case"):
        overview("no-case")
