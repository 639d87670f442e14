"""The error clinic in a real browser: the answers of Python, and nothing leaves the page."""

import textwrap
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.errors.find import find
from helpers.errors.known_error import known_errors
from tests.support.website import open_page

FOLDER = Path(__file__).parents[1] / "errors/pasted"
TEXTS = [
    text["text"]
    for file in sorted(FOLDER.glob("*.toml"))
    for text in tomllib.loads(file.read_text(encoding="utf-8"))["text"]
]
ASK = """async texts => {
    const all = [];
    for (const text of texts) all.push(await window.clinic.ask(text));
    return all;
}"""
# As they stand on a screen: with prompts, with lines that a terminal or a chat has broken.
PASTED = {
    "save-writes-no-export": """\
        >>> model.save("exported/1")
        Traceback (most recent call last):
          File "<stdin>", line 1, in <module>
          File "/opt/app/venv/lib/python3.12/site-packages/keras/src/utils/traceback_utils.py",
        line 122, in error_handler
            raise e.with_traceback(filtered_tb) from None
          File "/opt/app/venv/lib/python3.12/site-packages/keras/src/saving/saving_api.py", line
        114, in save_model
            raise ValueError(
        ValueError: Invalid filepath extension for saving. Please add either a `.keras`
        extension for the native Keras format (recommended) or a `.h5` extension. Use
        `model.export(filepath)` if you want to export a SavedModel for use with
        TFLite/TFServing/etc. Received: filepath=exported/1.
        >>>
        """,
    "never-built": """\
        (venv) ana@lab:~/nets$ python export.py
        Traceback (most recent call last):
          File "/home/ana/nets/export.py", line 19, in <module>
            Scorer().export("scorer")
          File "/home/ana/nets/venv/lib/python3.11/site-packages/keras/src/models/model.py", line
         580, in export
            export_saved_model(
        ValueError: The model provided has never called. It must be called at least once b
        efore export.
        (venv) ana@lab:~/nets$
        """,
    "no-input-signature": """\
        In [7]: tf.saved_model.save(m, "double", signatures=m.double)
        ---------------------------------------------------------------------------
        ValueError                                Traceback (most recent call last)
        Cell In[7], line 1
        ----> 1 tf.saved_model.save(m, "double", signatures=m.double)

        ValueError: Only `tf.functions` with an input signature or concrete functions
        can be used as a signature. Got <tensorflow.python.eager.polymorphic_function.
        polymorphic_function.Function object at 0x7f2b1c0d5e10>
        """,
}


@pytest.fixture(scope="module")
def page(address):
    """The page of the clinic, with every request that it makes."""
    with open_page() as page:
        page.goto(f"{address}/clinic/index.html")
        assert not any("pyodide" in url for url in page.requested), "loaded before it is used"
        page.focus("#clinic-text")
        page.wait_for_selector("body[data-clinic=ready]")
        page.wait_for_load_state("networkidle")
        assert {urlsplit(url).netloc for url in page.requested} == {urlsplit(address).netloc}
        page.requested.clear()
        yield page


@pytest.mark.weekly
def test_every_text_of_the_tests_gets_the_answer_that_python_gives(page):
    assert len(TEXTS) >= 700
    wrong = []
    for text, answer in zip(TEXTS, page.evaluate(ASK, TEXTS), strict=True):
        found = find(text)
        expected = {
            "key": found.case.key if found.case else "",
            "line": found.line,
            "words": found.words,
            "nearest": [case.key for case in found.nearest],
            "next_step": found.next_step,
        }
        if answer != expected:
            wrong.append((text[:80], answer, expected))
    assert wrong == []
    assert page.requested == []


@pytest.mark.parametrize("key", PASTED)
def test_a_pasted_traceback_shows_its_case_with_both_codes(page, key):
    page.fill("#clinic-text", textwrap.dedent(PASTED[key]))
    page.wait_for_selector(f"#clinic-answer caption:has-text('({key})')")
    answer = page.inner_text("#clinic-answer")
    error = known_errors()[key]
    for words in (error.cause, error.cure, "Broken (raises ValueError)", "Cured (gives the"):
        assert words in answer
    assert page.get_attribute("#clinic-answer p a", "href") == f"{key}.html"
    assert page.requested == []


def test_an_unknown_error_gets_the_next_step_and_an_issue_with_its_text(page):
    text = "Traceback (most recent call last):\nRuntimeError: the left valve & 3 others are closed"
    page.evaluate(
        "name => document.head.insertAdjacentHTML('beforeend',"
        " `<meta name='course-repository' content='${name}'>`)",
        "owner/course",
    )
    page.fill("#clinic-text", text)
    page.wait_for_selector("#clinic-answer strong:has-text('Not in this clinic')")
    assert find(text).next_step in page.inner_text("#clinic-answer")
    link = urlsplit(page.get_attribute("#clinic-answer a", "href"))
    assert link.path.endswith("/issues/new")
    fields = parse_qs(link.query)
    assert fields["template"] == ["error-not-in-the-clinic.yml"]
    assert fields["traceback"] == [text]
    assert fields["title"] == ["Error: RuntimeError: the left valve & 3 others are closed"]
    assert page.requested == []


def test_a_similar_error_opens_with_a_key(page):
    text = next(text for text in TEXTS if find(text).nearest)
    page.fill("#clinic-text", text)
    page.wait_for_selector("#clinic-answer li button")
    page.focus("#clinic-answer li button")
    page.keyboard.press("Enter")
    assert find(text).nearest[0].key in page.inner_text("#near-case caption")


def test_an_empty_box_has_no_answer(page):
    page.fill("#clinic-text", "?!")
    page.wait_for_selector("#clinic-answer:has-text('no error')")
    page.fill("#clinic-text", "")
    page.wait_for_function("() => !document.getElementById('clinic-answer').children.length")
