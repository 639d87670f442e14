"""HTML tables: texts are escaped, words stay whole, marks have a colour, scrollers a name."""

import re

import pytest

from helpers.display.html_table import COLOURS, ROOM, FullRow, marked, table
from helpers.display.palette import FAILED, PASSED

SENTENCE = "A sentence of more than forty characters, which may break between words."


def test_texts_are_escaped_and_numbers_written():
    shown = table(("a<b", "n"), [("x & y", 3), FullRow("<i>", heading=True), FullRow("<i>")])
    assert "a&lt;b</th>" in shown and "x &amp; y</th>" in shown and ">3</td>" in shown
    assert "<i>" not in shown and shown.count("&lt;i&gt;") == 2
    assert "&lt;b" in marked("<b ✓ <b") and "<b" not in marked("<b ✓ <b")


def test_every_head_says_of_what():
    shown = table(("reader", "answer"), [FullRow("serve", heading=True), ("python", "answers")])
    assert shown.count("scope='col'") == 2
    assert shown.count("scope='rowgroup' colspan='2'") == 1
    assert shown.count("scope='row'") == 1 == shown.count("<td")
    assert table(("", "n"), [("", 1)]).count("<th ") == 1, "no head is empty"
    assert "scope='row'" not in table(("findings",), [("one",)]), "one column has no names"


def test_only_short_texts_stay_on_one_line():
    short, long = table(("",), [("n" * 15,)]), table(("",), [("n" * 16,)])
    assert "nowrap" in short and "nowrap" not in long and "pre-wrap" in long
    wide = table(["n"] * 3, [["three words and", "two_and words", "1,200 kB"]])
    assert wide.count("nowrap") == 1 and "overflow-x" not in wide, "it fits if the longer break"


def test_words_break_after_a_slash_and_otherwise_only_if_long():
    assert "<wbr>" not in table(("",), [("variables.data-00000-of-00001",)])
    assert "variables/<wbr>variables.index" in table(("",), [("variables/variables.index",)])
    long = "a_name_of_a_variable_that_is_very_long"
    assert "a_<wbr>name_<wbr>of_" in table(("",), [(long,)])
    text = re.sub("<[^>]+>", "", table(("",), [(f"/{long}//\u00a0{SENTENCE}\n\n x ",)]))
    assert text == f"/{long}//\u00a0{SENTENCE}\n\n x ", "nothing is lost"


def test_shape_stays_on_one_line():
    shown = table(("",), [("float32 (None, 10) and (f (x))",)])
    assert ">float32 <span style='white-space:nowrap'>(None, 10)</span> and (f (x))<" in shown
    text = re.sub("<[^>]+>", "", table(("",), [("(a, b)(c) (d, e) f(g, h)\n(i, j)",)]))
    assert text == "(a, b)(c) (d, e) f(g, h)\n(i, j)", "nothing is lost"


@pytest.mark.parametrize("mark", COLOURS)
def test_mark_at_the_start_of_a_cell_has_its_colour(mark):
    chip = f"background-color:{COLOURS[mark]}'>{mark}</span>"
    assert f"{chip} words" in table(("",), [(f"{mark} words",)])
    assert chip in table(("",), [FullRow(f"{mark} words")])
    assert chip not in table(("",), [(f"{mark}words",)])
    assert chip not in table(("",), [(f"words {mark}",)])


def test_first_tick_or_cross_of_a_line_has_its_colour():
    assert marked("a: ✗ b ✓").endswith(f"{FAILED}'>✗</span> b ✓")
    assert f"{PASSED}'>✓</span>" in marked("✓ two\nlines")
    assert marked("= none") == "= none"


def test_sentence_is_not_a_column_of_single_words():
    assert "min-width:11em" in table(("",), [(SENTENCE,)])
    assert "min-width:11em" in table(("",), [FullRow(SENTENCE)])
    assert "min-width:11em" not in table(("",), [("x" * 80,)])


def test_only_a_table_that_is_too_wide_scrolls_and_then_by_keyboard_too():
    narrow = table(("part", "what"), [("fingerprint", SENTENCE)])
    assert narrow.startswith("<table") and "overflow-x" not in narrow
    wide = table(("n<1>", "", *"abcdef"), [("a name of a row",) * 8])
    assert wide.startswith("<div tabindex='0' role='group' aria-label='Table: n&lt;1&gt;, a, b")
    assert "overflow-x:auto" in wide and wide.count("<table") == 1
    assert ROOM < 8 * 15 * 6, "what the eight columns need"


def test_sentences_of_the_last_column_get_rows_of_their_own_where_room_is_missing():
    head, first = ("reader", "result", "answer"), ("python", "✓ same numbers", "short")
    assert table(head, [first]).count("<th scope='col'") == 3
    wide = table(head, [first, FullRow("note"), ("session", "✗ other numbers", SENTENCE)])
    assert wide.startswith("<table") and wide.count("<th scope='col'") == 2
    assert ">short</td>" in wide and f">{SENTENCE}</td>" in wide
    assert wide.count("colspan='2'") == 3
    assert ">note</td>" in wide and "></td>" not in wide


def test_long_text_in_a_row_of_its_own_needs_no_room():
    assert "overflow-x" not in table(("a", "b"), [FullRow("word " * 100), ("x", "y")])
