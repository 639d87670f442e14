"""The clinic's widget, by setting `.value`."""

import pytest

from helpers.clinic import CASES
from helpers.errors.find import find
from helpers.errors.known_error import known_errors
from helpers.errors.show import as_html
from helpers.widgets.error_clinic import clinic

KNOWN = "AttributeError: '_UserObject' object has no attribute 'predict'"
UNKNOWN = "the answers of the first, random <b>score weights, whatever is trained or loaded"
FAR = "KeyError: 'price'"
SERVER = '{"error": "Servable not found for request: Latest(churn)"}'


@pytest.fixture
def view():
    return clinic()


def test_at_first_it_says_what_to_do(view):
    error, choice, verdict, nearest, answer, _ = view.children
    assert error.continuous_update  # A paste shows its case at once.
    assert verdict.value == "Paste an error, or choose a case."
    assert choice.label == "none"
    assert not nearest.children and not answer.value


def test_a_pasted_error_shows_its_case(view):
    error, choice, verdict, nearest, answer, _ = view.children
    error.value = KNOWN
    assert choice.value == "not-a-keras-model"
    assert answer.value == CASES["not-a-keras-model"].as_html()
    assert verdict.value == (
        "<div style='line-height:1.4'>found in your text: <b>&#x27;_UserObject&#x27; object has no "
        "attribute &#x27;predict&#x27;</b></div>"
    )
    assert not nearest.children


def test_it_opens_with_an_error():
    view = clinic(f"Traceback (most recent call last):\n{KNOWN}")
    error, choice, verdict, _, answer, _ = view.children
    assert error.value.endswith(KNOWN)
    assert choice.value == "not-a-keras-model"
    assert answer.value == CASES["not-a-keras-model"].as_html()
    assert "found in your text" in verdict.value
    error.value = ""
    assert verdict.value == "Paste an error, or choose a case." and not answer.value


def test_the_words_that_were_found_go_when_another_case_is_chosen(view):
    error, choice, verdict, _, answer, _ = view.children
    error.value = KNOWN
    choice.value = "columns"
    assert answer.value == CASES["columns"].as_html() and not verdict.value


def test_an_unknown_error_shows_the_nearest_to_click(view):
    error, choice, verdict, nearest, answer, _ = view.children
    error.value = KNOWN
    error.value = UNKNOWN
    assert "not in this clinic" in verdict.value
    assert choice.label == "none" and not answer.value
    cases = find(UNKNOWN).nearest
    assert [button.description for button in nearest.children] == [case.title for case in cases]
    for button, case in zip(nearest.children, cases, strict=True):
        button.click()
        assert choice.value == case.key
        assert answer.value == CASES[case.key].as_html()
    assert len(nearest.children) == len(cases) >= 1  # The other cases can still be opened.


def test_an_error_far_from_all_cases_shows_none(view):
    error, choice, verdict, nearest, answer, _ = view.children
    error.value = KNOWN
    error.value = FAR
    step = "Paste the whole traceback: the functions above the last line tell similar errors apart."
    assert verdict.value == f"<b>not in this clinic</b><div>{step}</div>"
    assert not nearest.children and not answer.value and choice.label == "none"


def test_an_error_without_code_is_shown(view):
    error, choice, verdict, nearest, answer, _ = view.children
    error.value = SERVER
    assert answer.value == as_html(known_errors()["server-unknown-model"])
    assert "Servable not found for request: Latest(churn)" in verdict.value
    assert choice.label == "none" and not nearest.children
    error.value = ""
    assert not answer.value


def test_without_an_error_again_it_says_what_to_do(view):
    error, choice, verdict, nearest, answer, _ = view.children
    error.value = UNKNOWN
    nearest.children[0].click()
    error.value = ""
    assert verdict.value == "Paste an error, or choose a case."
    assert choice.label == "none"
    assert not nearest.children and not answer.value


def test_every_case_can_be_chosen(view):
    _, choice, _, _, answer, _ = view.children
    assert [key for _, key in choice.options] == ["", *CASES]
    for label, key in choice.options[1:]:
        choice.value = key
        assert label == f"{CASES[key].group}: {CASES[key].title}"
        assert answer.value == CASES[key].as_html()


def test_of_the_error_only_a_short_escaped_part_is_sent_back(view):
    error, _, verdict, nearest, answer, _ = view.children
    for text in (
        UNKNOWN,
        f"{KNOWN} <script>\ud800",
        "\ud800",
        "x" * 10**6,
        f"{KNOWN} {'x' * 10**4}",
    ):
        error.value = text
        shown = f"{verdict.value}{answer.value}{[b.description for b in nearest.children]}"
        assert shown.encode()
        assert "<script" not in shown and "<b>score" not in shown
        assert len(verdict.value) < 1000


def test_every_control_has_a_name(view):
    error, choice, _, nearest, _, _ = view.children
    error.value = UNKNOWN
    assert error.description == "error" and choice.description == "case"
    assert all(button.description and button.tooltip for button in nearest.children)


def test_it_stands_as_text_where_there_is_no_kernel(view):
    bundle = view._repr_mimebundle_()
    text = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"]
    for case in CASES.values():
        assert f"  {case.group}: {case.title}\n" in f"{text}\n"
    assert max(map(len, text.splitlines())) <= 98


def test_with_an_error_its_case_stands_as_text():
    bundle = clinic(KNOWN)._repr_mimebundle_()
    text = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"]
    assert "found in your text: '_UserObject' object has no attribute 'predict'" in text
    assert str(find(KNOWN)) in text
    bundle = clinic(FAR)._repr_mimebundle_()
    text = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"]
    assert "not in this clinic" in text
