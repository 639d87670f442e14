"""The lints of `make lint`: words, public signatures, types."""

import os
import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.util import find_spec

import pytest

from helpers.paths import ROOT
from tests.support import language, signatures
from tests.support.language import find, find_in_course, read_rules

RULES = read_rules()
LINTS = ("ruff check", "ruff format --check", "pyrefly check")
LINTS += ("tests.support.signatures", "tests.support.language", "codespell_lib")


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


@pytest.mark.parametrize("word", RULES.words, ids=lambda word: word.instead[:20])
def test_each_word_is_found_with_its_line_and_what_to_write(word, tmp_path):
    write(tmp_path, {"helpers/room/file.py": f"one = 1\n\n{word.example}\n"})
    (found,) = find_in_course(tmp_path, RULES)
    assert (found.file, found.line) == ("helpers/room/file.py", 3)
    assert str(found).startswith("helpers/room/file.py:3: ")
    assert str(found).endswith(f" -> {word.instead}")


LIST = """
read = ["*.md", "helpers/**/*.py"]
exempt = []
allow = ["ZebraError"]

[[word]]
pattern = "zebras?"
instead = "horse"
example = "a zebra"

[[word]]
pattern = "blue zoo"
instead = "park"
example = "a blue zoo"
"""


@pytest.fixture
def rules(tmp_path):
    """The rules of a list with two words."""
    return read_rules(write(tmp_path, {"list.toml": LIST}) / "list.toml")


@pytest.mark.parametrize(
    "text", ["old_zebra", "OldZebra", "zebra_2", "ZEBRAS", "theZebras", "zebras2", "x.zebra()"]
)
def test_parts_of_names_are_words(rules, text):
    assert [found.instead for found in find(text, rules)] == ["horse"]


@pytest.mark.parametrize(
    "text", ["blue zoo", "Blue\n    # zoo", '"blue "\n    "zoo"', "blue_zoo()"]
)
def test_phrases_may_be_broken(rules, text):
    assert [(found.instead, found.line) for found in find(text, rules)] == [("park", 1)]


@pytest.mark.parametrize("text", ["zebrafish", "azebra", "ZebraError", "blue, zoo", "a zoo"])
def test_parts_of_words_and_allowed_phrases_are_left_out(rules, text):
    assert find(text, rules) == []


def test_words_in_each_place_are_found_once(tmp_path):
    text = RULES.words[0].example
    places = ("README.md", "Makefile", "tests/a/test_b.py", "helpers/errors/known/a.toml")
    write(tmp_path, dict.fromkeys(places, f"\n{text}\n"))
    write(tmp_path, {"notebooks/a.ipynb": text, "helpers/x.csv": text})
    found = [(finding.file, finding.line) for finding in find_in_course(tmp_path, RULES)]
    assert found == [(name, 2) for name in sorted(places)]


def test_file_names_are_read(rules, tmp_path):
    write(tmp_path, {"helpers/zebras.py": ""})
    (found,) = find_in_course(tmp_path, rules)
    assert str(found) == "helpers/zebras.py:0: zebras -> horse"


def test_clean_course_is_silent(tmp_path, monkeypatch, capsys):
    write(tmp_path, {"README.md": "The function returns the expected number.\n"})
    monkeypatch.setattr(language, "find_in_course", lambda: find_in_course(tmp_path))
    assert language.main() == 0
    assert capsys.readouterr() == ("", "")
    write(tmp_path, {"helpers/a.py": RULES.words[0].example})
    assert language.main() == 1
    said = capsys.readouterr()
    assert said.out.startswith("helpers/a.py:1: ")
    assert "1 words to replace: see tests/support/language.toml" in said.err


def test_exempted_files_phrases_and_places_are_left_out(tmp_path):
    word = next(word for word in RULES.words if word.allowed_in)
    (elsewhere, *_), allowed = RULES.words, word.allowed_in[0]
    write(
        tmp_path,
        {
            "tests/support/language.toml": elsewhere.example,
            "helpers/allow.py": "\n".join(RULES.allow),
            allowed: word.example,
            "helpers/not_allowed.py": word.example,
        },
    )
    assert {found.file for found in find_in_course(tmp_path, RULES)} == {"helpers/not_allowed.py"}


def test_list_is_in_use():
    """Each exemption names files or phrases that exist: the list does not grow old."""
    for pattern in RULES.exempt:
        assert any(ROOT.glob(pattern)), f"exempt: no file {pattern}"
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("solutions/*.py"))
    text += "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("helpers/**/*.py"))
    for phrase in RULES.allow:
        assert phrase in text, f"allow: {phrase!r} is not in the course"


def test_wrong_pattern_is_named(tmp_path):
    write(tmp_path, {"list.toml": LIST.replace("zebras?", "zebras(")})
    with pytest.raises(ValueError, match=r"'zebras\(' is not a regular expression"):
        read_rules(tmp_path / "list.toml")


COURSE = {
    "helpers/__init__.py": "",
    "helpers/room/__init__.py": "from helpers.room.inner import shared as renamed",
    "helpers/room/inner.py": """
        def shared(x): ...
        def from_a_lesson(a, *b, c: int, **d) -> int: ...
        def not_used_elsewhere(x): ...
        def complete(a: int, *, b: str = "") -> None: ...
        class Thing:
            def __init__(self, size): ...
            def method(self) -> int: ...
            def other(self, value: int): ...
            def _private(self, value): ...
            @staticmethod
            def static(value) -> int: ...
    """,
    "helpers/room/neighbour.py": "from helpers.room.inner import not_used_elsewhere",
    "helpers/other.py": "from helpers.room import renamed\nfrom helpers.room.inner import Thing",
    "solutions/01_a.py": "from helpers.room import inner\ninner.from_a_lesson(inner.complete(1))",
}
MISSING = [
    "2: shared has no type hint for what it returns",
    "2: shared has no type hint for x",
    "3: from_a_lesson has no type hint for a",
    "3: from_a_lesson has no type hint for b",
    "3: from_a_lesson has no type hint for d",
    "7: Thing.__init__ has no type hint for size",
    "9: Thing.other has no type hint for what it returns",
    "12: Thing.static has no type hint for value",
]


def test_missing_type_hints_of_public_signatures_are_named(tmp_path):
    write(tmp_path, COURSE)
    found = signatures.find(tmp_path, not_yet=())
    assert found == [f"helpers/room/inner.py:{line}" for line in MISSING]
    assert signatures.find(tmp_path, not_yet=("helpers/room/*",)) == []


def test_public_signatures_of_the_course_are_complete():
    assert signatures.find() == []
    names = signatures.public_names(signatures.read_modules(ROOT))
    assert ("helpers.notebooks", "lesson_names") in names and len(names) > 100


@pytest.mark.skipif(not find_spec("pyrefly"), reason="pyrefly is not installed: make env")
def test_type_checker_finds_a_wrong_call(tmp_path):
    code = "def double(number: int) -> int:\n    return 2 * number\n\n\ndouble('3')\n"
    write(tmp_path, {"helpers/__init__.py": "", "helpers/wrong.py": code})
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pyrefly", "check", "--output-format", "min-text"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1, done.stderr
    assert "helpers/wrong.py:5" in done.stdout and "bad-argument-type" in done.stdout


def test_make_lint_runs_every_lint():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint: .*\n((?:\t.*\n)+)", makefile, re.M)[1].splitlines()
    for line, lint in zip(recipe, LINTS, strict=True):
        assert line.startswith(f"\t@$(run) {lint}"), line
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert settings["pyrefly"]["project-includes"] == ["helpers"]


def test_a_misspelled_word_is_found(tmp_path):
    write(tmp_path, {"docs/page.md": "The readers reci" + "eve an export.\n"})
    command = [sys.executable, "-m", "codespell_lib", "--toml", ROOT / "pyproject.toml"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode and "docs/page.md:1: reci" in said.stdout
