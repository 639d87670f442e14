"""The built website: complete, small, and without anything from another website."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

import matplotlib.image
import pytest

from helpers.errors.known_error import known_errors
from helpers.notebooks import lesson_names
from helpers.website.clinic_pages import page_errors
from helpers.website.finish import built_pages

WEIGHT = 1_500_000  # bytes of a lesson with everything that it loads
CARD_WEIGHT = 100_000  # bytes of the picture that programs show with a link
LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}


class Page(HTMLParser):
    """What a page loads, links to, and names."""

    def __init__(self, path):
        super().__init__()
        self.path, self.text = path, path.read_text("utf-8")
        self.loads, self.links, self.names, self.images, self.meta = [], [], set(), [], {}
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if values.get("id"):
            self.names.add(values["id"])
        if tag == "meta":
            self.meta[values.get("name") or values.get("property")] = values.get("content")
        if tag == "img":
            self.images.append(values)
        loads = values.get(LOADS.get(tag, ""))
        if loads and values.get("rel") not in ("next", "prev", "index", "search", "canonical"):
            self.loads.append(loads)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in built_pages(site)}


def test_every_page_is_there(pages):
    for name in lesson_names():
        assert {f"notebooks/{name}.html", f"solutions/{name}.html"} <= pages.keys()
    assert {f"clinic/{error.key}.html" for error in page_errors()} <= pages.keys()
    assert {"index.html", "docs/glossary.html", "docs/api.html", "CHANGELOG.html"} <= pages.keys()
    assert {"clinic/index.html", "CONTRIBUTING.html", "search.html"} <= pages.keys()


def test_nothing_comes_from_another_website(pages):
    for name, page in pages.items():
        outside = [load for load in page.loads if re.match(r"(\w+:)?//", load)]
        assert outside == [], name
    for file in next(iter(pages.values())).path.parent.rglob("_static/*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", file.read_text("utf-8")), file


def test_every_link_inside_leads_somewhere(pages, site):
    """Sphinx checks the links of texts. This also reads the theme and the stored outputs."""
    broken = []
    for name, page in pages.items():
        for link in [*page.links, *page.loads]:
            target, part = urldefrag(unquote(html.unescape(link)).split("?")[0])
            if re.match(r"[\w+.-]+:|//", link):
                continue
            file = (page.path.parent / target).resolve() if target else page.path
            known = pages.get(file.relative_to(site.resolve()).as_posix()) if target else page
            if not file.exists() or (part and known and part not in known.names):
                broken.append((name, link))
    assert broken == []


def test_title_of_each_known_error_has_its_words(pages):
    for key in ("never-built", "no-input-signature"):
        error = known_errors()[key]
        (title,) = re.findall(r"<title>(.*?)</title>", pages[f"clinic/{key}.html"].text, re.S)
        assert " ".join(error.text.split()) in html.unescape(title)


def test_every_page_says_what_it_is(pages):
    for name, page in pages.items():
        if name == "search.html":
            continue
        assert len(page.meta.get("description") or "") >= 20, name
        assert page.meta["og:title"] and page.meta["og:description"], name


def test_every_lesson_has_a_card_for_links(pages, site):
    cards = {}
    for name in lesson_names():
        meta = pages[f"notebooks/{name}.html"].meta
        file = site / meta["og:image"][meta["og:image"].index("_images/") :]
        cards[name] = file.read_bytes()
        height, width, _ = matplotlib.image.imread(file).shape
        assert (str(width), str(height)) == (meta["og:image:width"], meta["og:image:height"])
        assert width >= 1000 and 1.8 < width / height < 2
        assert len(cards[name]) <= CARD_WEIGHT, name
        assert meta["og:image:alt"] == meta["og:description"]
    assert len(set(cards.values())) == len(cards)


def test_every_picture_has_words(pages):
    for name, page in pages.items():
        for image in page.images:
            words = image.get("alt") or ""
            assert words and not re.fullmatch(r"\S*\.\w{2,4}", words), (name, image.get("src"))


def test_a_lesson_is_small(pages, site):
    for name in lesson_names():
        page = pages[f"notebooks/{name}.html"]
        files = {(page.path.parent / load.split("?")[0]).resolve() for load in page.loads}
        files |= set((site / "_static/vendor/fontawesome/webfonts").glob("fa-solid*"))
        weight = page.path.stat().st_size + sum(f.stat().st_size for f in files if f.is_file())
        assert len(files) >= 10
        assert weight <= WEIGHT, f"{name}: {weight} bytes"


def test_every_icon_has_a_rule(pages, site):
    style = (site / "_static/course.css").read_text("utf-8")
    used = {
        icon
        for page in pages.values()
        for words in re.findall(r'<i class="(?:fa[sb]|fa-\w+) ([\w -]+)"', page.text)
        for icon in words.split()
        if icon.startswith("fa-")
    }
    assert len(used) >= 8
    assert {icon for icon in used if f".{icon}" not in style} == set()


def test_solutions_are_folded(pages):
    for name in lesson_names():
        text = pages[f"solutions/{name}.html"].text
        assert text.count('<details class="admonition hide') == text.count("tag_hide-cell") >= 1
