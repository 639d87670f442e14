"""HTML tables: texts are escaped, only sentences are broken."""

from helpers.display.html_table import table


def test_texts_are_escaped_and_numbers_written():
    shown = table(("a<b", "n"), [("x & y", 3)])
    assert "a&lt;b</th>" in shown and "x &amp; y</td>" in shown and ">3</td>" in shown
    assert shown.count("<tr>") == 2 and shown.count("scope='col'") == 2


def test_only_sentences_are_broken():
    name, sentence = table(("",), [("n" * 40,)]), table(("",), [("n" * 41,)])
    assert "pre-wrap" not in name and "pre-wrap" in sentence


def test_every_text_of_a_narrow_table_may_be_broken():
    shown = table(["a heading of four words"], [["two words"]], narrow=True)
    assert "nowrap" in table(["a heading of four words"], [["two words"]])
    assert "nowrap" not in shown
    assert shown.count("white-space:normal") == 2
