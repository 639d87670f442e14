"""The table of known errors: what it holds, and what the loader says of a mistake in it."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

from helpers.errors.known_error import (
    FIELDS,
    FILES,
    FOLDER,
    GENERAL,
    GROUPS,
    PATTERNS,
    PLACES,
    READER_PLACES,
    SERVING,
    TableError,
    known_errors,
)
from helpers.paths import ROOT
from helpers.readers import READERS

ERRORS = known_errors()
EACH = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)


def test_table_holds_every_entry_of_every_file():
    count = sum(
        path.read_text(encoding="utf-8").count("[[error]]\n") for path in FOLDER.glob("*.toml")
    )
    assert len(ERRORS) == count >= 85
    assert [error.key for error in ERRORS.values()] == list(ERRORS)
    assert {error.group for error in ERRORS.values()} == {*GROUPS, SERVING, GENERAL}


@EACH
def test_entry_has_a_cause_and_a_cure(error):
    for text in (error.cause, error.experiment, error.cure):
        assert text.strip()
        assert text == " ".join(text.split())
        assert 30 <= len(text) <= 320
    assert error.marks or error.framed_marks or error.broad_marks or not error.exception


@EACH
def test_entries_of_the_clinic_promise_readers_and_the_others_do_not(error):
    assert bool(error.promised) is error.in_clinic
    assert error.in_clinic is (error.group in GROUPS and not error.not_reproduced)


def test_cause_and_cure_have_one_home():
    """To change the cure of an error, you change one file."""
    sentences = {
        (error.key, sentence)
        for error in ERRORS.values()
        for text in (error.cause, error.cure)
        for sentence in re.split(r"(?<=[.:]) ", text)
        if len(sentence) >= 30
    }
    assert {key for key, _ in sentences} == set(ERRORS)
    sources = list((ROOT / "helpers").rglob("*.py"))
    assert len(sources) > 100
    texts = [text for path in sources for text in texts_of(path.read_text(encoding="utf-8"))]
    assert [pair for pair in sentences if any(pair[1] in text for text in texts)] == []


def texts_of(source):
    """Every string and comment of Python source, on one line each."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())
    for line in source.splitlines():
        if "#" in line:
            yield line


def test_places_name_every_reader():
    assert list(READER_PLACES) == list(READERS)
    assert set(READERS) < set(PLACES)


def test_errors_are_read_without_the_rooms_above():
    code = (
        "import sys, helpers.errors.find, helpers.errors.cure, helpers.errors.show\n"
        "helpers.errors.find.find('ValueError: x'); helpers.errors.cure.cure('NameError: x')\n"
        "above = ('helpers.clinic', 'helpers.readers', 'tensorflow')\n"
        "sys.exit(' '.join(name for name in sys.modules if name.startswith(above)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# Mistakes in the table

ENTRY = {
    "key": '"no-luck"',
    "title": '"No luck"',
    "group": '"general"',
    "exception": '"LuckError"',
    "met_in": '"python"',
    "text": '"no luck"',
    "marks": '["no luck"]',
    "cause": '"The luck is gone."',
    "experiment": '"Look for it."',
    "cure": '"Try again."',
}


@pytest.fixture
def folder(tmp_path):
    """A copy of the table to make a mistake in."""
    copy = tmp_path / "known"
    shutil.copytree(FOLDER, copy)
    return copy


def add(folder, **values):
    """Add ENTRY with the changed `values` to general.toml; None leaves a field out."""
    lines = [f"{name} = {value}" for name, value in (ENTRY | values).items() if value is not None]
    with open(folder / "general.toml", "a", encoding="utf-8") as file:
        file.write("\n".join(("\n[[error]]", *lines, "")))


def test_a_new_entry_is_read(folder):
    add(folder)
    table = known_errors(folder)
    assert list(table) == [*ERRORS, "no-luck"]
    assert table["no-luck"].cure == "Try again."
    assert table["no-luck"].reported == table["no-luck"].promised == ()


def test_a_changed_cure_is_changed_in_one_place(folder):
    path = folder / "calling.toml"
    old = "Load the export with a SavedModel loader, or run the operation"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, "Fill it with"), encoding="utf-8")
    assert known_errors(folder)["table-not-initialized"].cure.startswith("Fill it with ")


MISTAKES = {
    # what: (the values of the entry, words of the error)
    "an unknown field": ({"cures": '"x."'}, "no-luck: cures: there is no such field"),
    **{
        f"no {name}": ({name: None}, f"{name}: the field is missing")
        for name in ENTRY
        if name != "marks"
    },
    "a number as title": ({"title": "5"}, "no-luck: title: expected a string, found 5"),
    "a string as marks": ({"marks": '"x"'}, "no-luck: marks: expected an array of strings"),
    "numbers as marks": ({"marks": "[1]"}, "no-luck: marks: expected an array of strings"),
    "a key with capitals": ({"key": '"No-Luck"'}, "No-Luck: key: use lower case"),
    "an unknown group": ({"group": '"bad"'}, "no-luck: group: 'bad' is not one of saving,"),
    "an unknown place": ({"met_in": '"spark"'}, "no-luck: met_in: 'spark' is not one of saving,"),
    "an empty title": ({"title": '" "'}, "no-luck: title: the field is empty"),
    "an empty cure": ({"cure": '""'}, "no-luck: cure: the text must be sentences"),
    "an empty cause": ({"cause": '""'}, "no-luck: cause: the text must be sentences"),
    "a half sentence": ({"cure": '"Try"'}, "no-luck: cure: the text must be sentences"),
    "a bad mark": ({"marks": '["("]'}, "no-luck: marks: '(' is not a regular expression"),
    "a bad frame": ({"frames": '["("]', "framed_marks": '["x"]'}, "no-luck: frames: '(' is not a"),
    "a bad unless": ({"unless": '["*"]'}, "no-luck: unless: '*' is not a regular expression"),
    "framed marks without frames": ({"framed_marks": '["x"]'}, "frames: framed_marks and frames"),
    "a server's error that was reproduced": ({"group": '"serving"'}, "not_reproduced: say which"),
    "a bad broad mark": ({"broad_marks": '["["]'}, "no-luck: broad_marks: '[' is not a regular"),
    "a thread as an address": ({"reported": '["x.y/1"]'}, "no-luck: reported: 'x.y/1' is not"),
    "an unknown reader": ({"promised": '["spark"]'}, "no-luck: promised: 'spark' is not one of"),
    "refines itself": ({"refines": '"no-luck"'}, "no-luck: refines: an entry cannot refine itself"),
    "refines nothing": ({"refines": '"luck"'}, "no-luck: refines: there is no entry 'luck'"),
    "a key twice": ({"key": '"columns"'}, "columns: another entry has the same key"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_names_file_key_and_field(folder, what):
    values, words = MISTAKES[what]
    add(folder, **values)
    with pytest.raises(TableError) as error:
        known_errors(folder)
    assert str(error.value).startswith("general.toml: ")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[error]\n", "general.toml: "),
        (b"\xff", "general.toml: 'utf-8' codec"),
        (b"", "general.toml: the file must consist of [[error]] entries"),
        (b"error = 5\n", "general.toml: the file must consist of [[error]] entries"),
        (b"error = [5]\n", "general.toml: an entry without a key: expected a table, found 5"),
        (b"[[errors]]\nkey = 'x'\n", "general.toml: the file must consist of [[error]] entries"),
    ],
)
def test_a_damaged_file_is_named(folder, content, words):
    (folder / "general.toml").write_bytes(content)
    with pytest.raises(TableError) as error:
        known_errors(folder)
    assert words in str(error.value)


def test_a_missing_file_and_an_unlisted_file_are_named(folder):
    (folder / "litert.toml").rename(folder / "lite.toml")
    with pytest.raises(TableError, match=r"lite\.toml: FILES in known_error\.py does not list"):
        known_errors(folder)
    (folder / "lite.toml").unlink()
    with pytest.raises(TableError, match=r"litert\.toml: .*No such file"):
        known_errors(folder)


def test_every_file_and_field_is_used():
    assert sorted(path.stem for path in FOLDER.glob("*")) == sorted(FILES)
    assert set(PATTERNS) < set(FIELDS)
    for name in FIELDS:
        assert any(getattr(error, name) for error in ERRORS.values()), name
