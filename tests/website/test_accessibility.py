"""The pages of the website for readers with a keyboard, a screen reader, or weak sight."""

import pytest

from helpers.notebooks import lesson_names
from helpers.website.finish import built_pages
from tests.support.axe import CONTRAST, violations
from tests.support.website import open_page
from tests.website.test_clinic_page import PASTED

FORMS = (
    *(f"clinic/{name}.html" for name in ("index", "never-built", "server-no-instances")),
    "solutions/03_many_signatures.html",
)
PHONE = {"width": 390, "height": 844}
MOVES = """() => [...document.querySelectorAll('*')].filter(element => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0;
}).map(element => element.outerHTML.slice(0, 100))"""
WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def names(site):
    """All pages, and of known errors and solutions those in FORMS: the others have their form."""
    pages = [path.relative_to(site).as_posix() for path in built_pages(site)]
    assert set(FORMS) < set(pages)
    kept = [name for name in pages if not name.startswith(("clinic/", "solutions/"))]
    assert len(kept) > len(lesson_names()) + 8
    return [*kept, *FORMS]


@pytest.mark.share(3)
@pytest.mark.parametrize("third", range(3))
@pytest.mark.parametrize(("theme", "rules"), [("light", None), ("dark", CONTRAST)])
def test_no_page_breaks_a_rule_of_level_a_or_aa(address, names, theme, rules, third):
    found = {}
    with open_page(color_scheme=theme, reduced_motion="reduce") as page:
        for name in names[third::3]:
            page.goto(f"{address}/{name}")
            chosen = {"rules": rules} if rules else {}
            found[name] = list(map(str, violations(page, **chosen)))
        assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert {name: each for name, each in found.items() if each} == {}


def test_axe_finds_what_is_wrong(address):
    """The test above would pass with an axe that finds nothing."""
    with open_page(color_scheme="light", reduced_motion="reduce") as page:
        page.goto(f"{address}/index.html")
        page.evaluate(
            "() => document.querySelector('article').insertAdjacentHTML('beforeend',"
            " '<img src=x><button></button><p style=\"color:#999\">pale words</p>')"
        )
        rules = {each.rule for each in violations(page)}
    assert rules == {"image-alt", "button-name", "color-contrast"}


@pytest.mark.weekly
def test_no_page_is_wider_than_a_phone(address, names):
    with open_page(viewport=PHONE) as page:
        wider = {}
        for name in names:
            page.goto(f"{address}/{name}")
            wider[name] = page.evaluate(WIDER)
    assert {name: pixels for name, pixels in wider.items() if pixels > 0} == {}


def test_nothing_moves_for_readers_who_ask_for_that(address):
    with open_page(reduced_motion="reduce") as page:
        page.goto(f"{address}/index.html")
        assert page.evaluate(MOVES) == []
    with open_page(reduced_motion="no-preference") as page:
        page.goto(f"{address}/index.html")
        assert page.evaluate(MOVES) != []


def test_the_keyboard_reaches_the_box_of_the_clinic(address):
    with open_page() as page:
        page.goto(f"{address}/clinic/index.html")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
        page.keyboard.press("Enter")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "clinic-text":
                break
        page.keyboard.insert_text(PASTED["no-input-signature"])
        page.wait_for_selector("#clinic-answer caption:has-text('(no-input-signature)')")
