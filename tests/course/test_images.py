"""The diagrams in notebooks/images have one look, and can be read in both themes at any width."""

import re
import xml.etree.ElementTree as ET

import pytest

from helpers.display import palette
from helpers.notebooks import derive, lesson_names
from helpers.paths import ROOT

IMAGES = sorted((ROOT / "notebooks" / "images").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 600  # a narrow window shows a wider picture smaller, and its letters too
LETTER = 0.6  # mean width of a letter, of the size of the font
COLOURS = {
    value for value in vars(palette).values() if isinstance(value, str) and value[:1] == "#"
} | {"#ffffff", "#f5f5f5", "#1a1a1a", "none"}
EVERY_IMAGE = pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)


def parsed(path):
    return ET.parse(path).getroot()


def test_there_are_images():
    assert IMAGES


@EVERY_IMAGE
def test_image_is_described(path):
    root = parsed(path)
    assert root.get("role") == "img"
    assert len(root.findtext(f"{SVG}title") or "") >= 10
    assert len(root.findtext(f"{SVG}desc") or "") >= 60
    used = re.compile(rf"!\[([^]]+)\]\([^)]*/{re.escape(path.name)}\)")
    texts = [cell.source for name in lesson_names() for cell in derive(name, "notebooks").cells]
    for words in used.findall("\n".join(texts)):
        assert len(words) >= 60, "the alternative text says what the picture shows"


@EVERY_IMAGE
def test_image_has_the_size_and_the_card(path):
    root = parsed(path)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert (width, root.get("width"), root.get("height")) == (WIDTH, str(WIDTH), f"{height:g}")
    card = next(root.iter(f"{SVG}rect"))
    assert (card.get("fill"), card.get("rx")) == ("#ffffff", "12")
    assert float(card.get("width")) >= WIDTH - 2
    assert root.get("font-family") == "sans-serif"


@EVERY_IMAGE
def test_letters_are_large_enough_and_inside(path):
    root = parsed(path)

    def check(element, size, anchor):
        size = float(element.get("font-size") or size)
        anchor = element.get("text-anchor") or anchor
        if element.tag == f"{SVG}text":
            words = "".join(element.itertext()).strip()
            assert size >= 15, f"{words!r} has {size:g} px; at least 15"
            length, x = LETTER * size * len(words), float(element.get("x"))
            left = {"start": x, "middle": x - length / 2, "end": x - length}[anchor]
            assert left >= 4 and left + length <= WIDTH - 4, f"{words!r} may leave the picture"
        for child in element:
            check(child, size, anchor)

    check(root, root.get("font-size"), "start")


@EVERY_IMAGE
def test_image_has_the_colours_of_the_palette_and_nothing_that_runs(path):
    text = path.read_text(encoding="utf-8")
    used = set(re.findall(r"(?:fill|stroke)=\"([^\"]+)\"", text))
    assert used <= COLOURS, used - COLOURS
    assert not re.search(r"<script|<style|<image|foreignObject|href|style=|url\((?!#)", text)
