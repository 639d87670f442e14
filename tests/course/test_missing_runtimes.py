"""Without the runtimes of lesson 10, the cells that need them are skipped and do not fail."""

import nbformat
import pytest

from helpers import notebooks as lessons
from helpers.paths import ROOT
from tests.course.test_notebook_plugin import CELL, FILES, NAME, replace, run
from tests.support.tiny_course import tiny_course

RUNTIMES = """
RUNTIMES, MORE = {"here": ""}, {"onnx": ""}


def missing(runtime):
    return "" if runtime == "here" else "ONNX Runtime is not installed: make runtimes"
"""
SENTENCE = "print('onnx', 'ONNX Runtime is not installed: make runtimes')"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A course whose fifth cell has the stored output 25."""
    course = tiny_course(tmp_path_factory.mktemp("missing") / "course")
    (course / "helpers" / "runtimes.py").write_text(RUNTIMES, encoding="utf-8")
    lessons.make([NAME], course=course)
    return {file: (course / f"{file}.ipynb").read_text("utf-8") for file in FILES}, course


def now_says(stored, code):
    """Return the stored course with another code in its fifth cell."""
    notebooks, course = stored
    for file, text in notebooks.items():
        (course / f"{file}.ipynb").write_text(text, encoding="utf-8")
    replace(course, CELL, code, [f"{file}.ipynb" for file in FILES])
    return course


@pytest.mark.parametrize("required", ["", "1"])
def test_cell_that_says_what_is_missing_is_skipped_with_its_sentence(stored, monkeypatch, required):
    monkeypatch.setenv("REQUIRE_RUNTIMES", required)
    said, status = run(now_says(stored, SENTENCE), "--numprocesses=0", "notebooks")
    assert status == (1 if required else 0), said
    skipped = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert skipped == [] if required else "ONNX Runtime is not installed" in skipped[0]


def test_cell_that_differs_and_does_not_say_so_fails(stored, monkeypatch):
    monkeypatch.delenv("REQUIRE_RUNTIMES", raising=False)
    said, status = run(now_says(stored, "print(26)"), "--numprocesses=0", "notebooks")
    assert status == 1 and "SKIPPED" not in said, said


def test_lesson_is_stored_with_every_runtime():
    for folder in ("notebooks", "solutions"):
        path = ROOT / folder / "10_other_runtimes.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        texts = [o.get("text", "") for cell in cells for o in cell.get("outputs", [])]
        (listing,) = (text for text in texts if "openvino-f32  ready" in text)
        assert listing.count(" ready\n") == len(listing.splitlines()) == 6, listing
