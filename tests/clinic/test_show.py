"""A case with its broken and its cured code, as text and as HTML."""

import ast
import html
import inspect
import re
from html.parser import HTMLParser

import pytest
from IPython.core.formatters import DisplayFormatter

from helpers.clinic import CASES
from helpers.clinic.show import code_of, shared_code
from helpers.errors import show

EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@EACH
def test_text_has_the_known_error_then_the_broken_then_the_cured_code(case):
    text = case.as_text()
    parts = [show.as_text(case), code_of(case.broken), code_of(case.cured)]
    places = [text.index(part) for part in parts]
    assert places == sorted(places) and places[0] == 0
    assert max(map(len, text.splitlines())) <= 100


@EACH
def test_html_has_both_codes_escaped_and_named(case):
    page = case.as_html()
    assert page.startswith(show.as_html(case))
    codes = [html.unescape(code) for code in re.findall(r"<pre [^>]*>(.*?)</pre>", page, re.S)]
    assert codes[:2] == [code_of(case.broken), code_of(case.cured)]
    labels = re.findall(r"role='region' aria-label='([^']+)'", page)
    captions = re.findall(r"<figcaption><b>([^<]+)</b></figcaption>", page)
    assert labels == [f"Code: {caption}" for caption in captions]
    assert captions[0] == f"Broken ({f'raises {case.exception}' if case.exception else WRONG})"
    assert captions[1].startswith("Cured (")
    assert len(codes) == len(captions) == page.count("tabindex='0'")
    assert captions[2:] == (["Used above"] if shared_code(case.broken, case.cured) else [])


WRONG = "gives a wrong answer"


@EACH
def test_html_is_well_formed(case):
    class Checker(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attributes):
            if tag != "wbr":  # it has no end
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(case.as_html())
    assert checker.open == []


def test_code_is_escaped():
    pages = [case.as_html() for case in CASES.values()]
    codes = [code for page in pages for code in re.findall(r"<pre [^>]*>(.*?)</pre>", page, re.S)]
    assert any("&quot;" in code for code in codes) and any("-&gt;" in code for code in codes)
    assert not [code for code in codes if re.search("[<>\"']", code)]


def test_columns_stand_side_by_side_and_all_code_is_seen():
    page = CASES["columns"].as_html()
    assert "display:flex;flex-wrap:wrap" in page
    assert "overflow-x:auto" in page and page.count("white-space:pre-wrap") >= 2
    for colour in re.findall(r"(?:color|background):([^;']+)", page):
        assert colour == "none" or re.fullmatch(r"var\(--jp-[\w-]+,#[0-9a-f]{6}\)", colour)


@EACH
def test_shared_code_defines_every_name_of_the_clinic_that_the_code_uses(case):
    shared = shared_code(case.broken, case.cured)
    both = ast.parse("\n\n".join((shared, code_of(case.broken), code_of(case.cured))))
    defined = {node.name for node in both.body if isinstance(node, ast.FunctionDef)}
    defined |= {node.targets[0].id for node in both.body if isinstance(node, ast.Assign)}
    used = {node.id for node in ast.walk(both) if isinstance(node, ast.Name)}
    module = inspect.getmodule(case.broken)
    ours = {
        name
        for name, value in vars(module).items()
        if (getattr(value, "__module__", "") or "").startswith("helpers.clinic.line_model")
        or getattr(value, "__module__", "") == module.__name__
        or name in ("ROWS", "ANSWERS")
    }
    assert (used & ours) - defined == set()


def test_shared_code_stands_before_its_use_and_once():
    shared = shared_code(CASES["litert-tensor"].broken, CASES["litert-tensor"].cured)
    names = ("line_model", "exported_line", "interpreter_of", "converted_line")
    places = [shared.index(f"def {name}(") for name in names]
    assert places[0] < places[1] < places[3] and places[2] < places[3]
    assert all(shared.count(f"def {name}(") == 1 for name in names)
    assert "ROWS = np.array" in shared


def test_a_case_shows_itself_in_a_notebook():
    case = CASES["never-built"]
    bundle, _ = DisplayFormatter().format(case)
    assert bundle["text/plain"] == case.as_text()
    assert bundle["text/html"] == case.as_html()
