"""The glossary: sorted, one paragraph for each term, and only terms that the course uses."""

import re
from functools import cache

import pytest

from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT

ENTRY = re.compile(r"^## (.+)\n\n((?:.+\n)+)", re.M)
# One word for each thing: every page of the course uses these terms in one meaning only.
FIXED = {
    *("artifact", "asset", "canary", "endpoint", "export", "reader", "session (Python)"),
    *("signature", "tracing", "untrusted export", "variable"),
}

PATTERNS = {"Keras file (.keras)": r"\.keras(?![.\w])"}
# Lessons that will be rewritten use these terms. Then they leave this list.
COMING = {"compute dtype", "concrete function"}


def text():
    return (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def entries():
    return dict(ENTRY.findall(text()))


@cache
def pages():
    """Return the text of all lessons and the README, with blanks only between words."""
    cells = [cell.source for name in lesson_names() for cell in derive(name, "solutions").cells]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return " ".join("\n".join([*cells, readme]).split())


def test_terms_are_sorted_and_each_is_explained_in_one_paragraph():
    terms = list(entries())
    assert terms == sorted(terms, key=str.lower)
    assert len(terms) == len(set(map(str.lower, terms))) == text().count("\n## ")
    parts = re.split(r"^#.*\n", text(), flags=re.M)
    assert all(part.strip().count("\n\n") == 0 for part in parts)
    for term, words in entries().items():
        assert 15 <= len(words.split()) <= 70, f"{term}: {len(words.split())} words"


def test_the_fixed_terms_are_explained():
    assert entries().keys() >= FIXED


@pytest.mark.parametrize("term", [term for term in entries() if term not in COMING])
def test_term_is_used_in_a_lesson_or_the_readme(term):
    word = re.sub(r" \(.*\)$", "", term)
    pattern = PATTERNS.get(term, rf"(?<![a-z]){re.escape(word)}")
    assert re.search(pattern, pages(), re.I), f"no page says {word!r}"


def test_no_semicolon_and_no_long_line():
    assert ";" not in text()
    assert max(map(len, text().splitlines())) <= 120


def test_first_lesson_links_to_the_glossary():
    (first,) = [name for name in lesson_names() if name.startswith("00")]
    cells = derive(first, "notebooks").cells
    assert any("](../docs/glossary.md)" in cell.source for cell in cells)
