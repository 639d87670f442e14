"""The HTML form of an outcome: code as code, and shapes on one line."""

import pytest

from helpers.exercises.outcomes import NOT_YET, Result, as_html

WHOLE = "<span style='white-space:nowrap'>{}</span>"
FORMS = {
    "`float32` for ids": "<code>float32</code> for ids",
    "`>=` in place of `>`": "<code>&gt;=</code> in place of <code>&gt;</code>",
    "`<b>`": "<code>&lt;b&gt;</code>",
    "<script>": "&lt;script&gt;",
    "a ` alone": "a ` alone",
    "`f' then `g`": "`f&#x27; then <code>g</code>",
    "``": "``",
    "one\ntwo": "one<br>two",
    "shape (3, 4), not (3,).": f"shape {WHOLE.format('(3, 4)')}, not {WHOLE.format('(3,)')}.",
    "`(None, 2)`": f"<code>{WHOLE.format('(None, 2)')}</code>",
    "(in 3, 4)": "(in 3, 4)",
}


@pytest.mark.parametrize("message", FORMS)
def test_html_has_code_and_whole_shapes(message):
    assert as_html(message) == FORMS[message]


def test_the_box_has_the_html_form_and_the_text_form_stays():
    result = Result(NOT_YET, "x should be `float32`, of shape (3, 4).")
    assert "<code>float32</code>" in result._repr_html_()
    assert str(result) == "✗ not yet: x should be `float32`, of shape (3, 4)."
