"""The table of the promise matrix: two runs, the page, the data and the command, without a run."""

import json
import re
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml

from helpers import readers
from helpers.paths import ROOT
from helpers.readers.report import Report, Row
from tests.corpus.record import Export
from tests.course.test_make import Course
from tests.newest_versions.environment import CannotTry
from tests.newest_versions.one_by_one import observed
from tests.promise_matrix import __main__ as command
from tests.promise_matrix import observe, page, table
from tests.promise_matrix.table import FAILS, NOT_TRIED, OTHER, SAME, Cell

VERSIONS = {"tensorflow": "2.21.0", "keras": "3.15.1"}
OLDER = {"tensorflow": "2.20.0", "keras": "3.15.1"}


def row(python=SAME, session=SAME, litert=SAME, family="tables"):
    """Return a row. An outcome may be (outcome, text)."""
    words = {"python": python, "session": session, "litert": litert}
    cells = {r: Cell(*([w] if isinstance(w, str) else w)) for r, w in words.items()}
    return table.Row(family, "Why it is so.", cells)


def run(versions=VERSIONS, pinned=True, reason="", date="2026-11-30", **rows):
    return table.Run(versions, rows, pinned, reason, date)


# Two runs


def test_two_equal_runs_have_no_changes():
    one = run(a=row(), b=row(litert=(FAILS, "ConverterError: no")))
    assert table.changes(one, one) == []


def test_changes_of_outcomes_and_texts_and_rows():
    before = run(a=row(), b=row(litert=(FAILS, "one")), gone=row(), c=row(litert=(FAILS, "x")))
    after = run(a=row(session=OTHER), b=row(litert=(FAILS, "two")), new=row(), c=row())
    found = {
        (c.export, c.reader): (c.before and c.before.outcome, c.after and c.after.outcome)
        for c in table.changes(before, after)
    }
    assert found == {
        ("a", "session"): (SAME, OTHER),
        ("b", "litert"): (FAILS, FAILS),
        ("c", "litert"): (FAILS, SAME),
        **{("new", reader): (None, SAME) for reader in readers.READERS},
        **{("gone", reader): (SAME, None) for reader in readers.READERS},
    }


@pytest.mark.parametrize("other", ["node 7 of f_4567, variable model/dense/bias", "node 12 of g"])
def test_texts_that_differ_in_numbers_or_names_of_variables_are_equal(other):
    text = "node 12 of f_3, variable model/norm/gamma"
    before, after = (run(a=row(litert=(FAILS, said))) for said in (text, other))
    assert bool(table.changes(before, after)) is ("variable" not in other)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, Cell(NOT_TRIED, "there is no signature to call")),
        ({"a": Cell(SAME), "b": Cell(SAME)}, Cell(SAME)),
        ({"a": Cell(FAILS, "x"), "b": Cell(FAILS, "x")}, Cell(FAILS, "x")),
        ({"a": Cell(SAME), "b": Cell(OTHER, "y")}, Cell(OTHER, "b: y")),
        ({"a": Cell(OTHER, "y"), "b": Cell(FAILS, "x")}, Cell(FAILS, "b: x")),
        ({"a": Cell(SAME), "b": Cell(NOT_TRIED, "z")}, Cell(NOT_TRIED, "b: z")),
        ({"a": Cell(FAILS, "x"), "b": Cell(FAILS, "y")}, Cell(FAILS, "a, b: x; y")),
    ],
)
def test_the_worst_signature_counts(cells, expected):
    assert table.worst(cells) == expected


# The data


def test_a_table_is_written_and_read(tmp_path):
    made = table.Table((run(a=row(litert=(FAILS, "é | `x`"))), run(OLDER, False, "no network")))
    table.dump(made, tmp_path / "t.json")
    assert table.read(tmp_path / "t.json") == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "no 'format'"),
        ('{"format": 0}', "its format is 0, and 1 is expected"),
        ('{"format": 1, "runs": [{}]}', "no 'rows'"),
        ('{"format": 1, "runs": [{"rows": {}}]}', "versions"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path, text, words):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(ValueError, match=r"t\.json is no table of `make matrix`") as caught:
        table.read(tmp_path / "t.json")
    assert words in str(caught.value) and "delete it" in str(caught.value)


def test_a_run_is_compared_with_the_run_of_the_same_versions():
    older, pinned = run(OLDER, False), run()
    last = table.Table((pinned, older))
    assert last.like(run(OLDER, False)) is older
    assert last.like(run({"tensorflow": "2.22.0", "keras": "3.15.1"})) is pinned, "a new lock"
    assert last.like(run({"tensorflow": "2.22.0", "keras": "3.15.1"}, False)) is None


# The page


def test_page_has_a_table_for_each_family_and_the_texts_below():
    one = run(
        b=row(litert=(FAILS, "Error: a | b `c`"), family="texts"), a=row(session=OTHER), c=row()
    )
    text = page.markdown(table.Table((one,)))
    assert text.startswith(
        "# Which reader keeps the promise of which export\n\n"
        "**What changed since the last run**: this is the first run.\n"
    )
    assert "## tensorflow 2.21.0 and keras 3.15.1, pinned" in text
    assert "3 ways to export on 2026-11-30: 7 same, 1 other, 1 fails." in text
    assert text.index("### Tables") < text.index("### Texts")
    lines = text.splitlines()
    assert "| export | Python | session | LiteRT |" in lines
    assert "| `a` | ✓ same | ✗ **other** | ✓ same |" in lines
    assert "| `b` | ✓ same | ✓ same | ✗ **fails** |" in lines
    assert "- `b`: Why it is so." in lines
    assert "  - LiteRT fails: `Error: a \\| b 'c'`" in lines


def test_page_starts_with_what_changed():
    last = table.Table((run(a=row(), b=row(), gone=row()),))
    now = table.Table(
        (
            run(a=row(session=OTHER, litert=OTHER), b=row(litert=(FAILS, "Error: x")), new=row()),
            run(OLDER, False, a=row(), b=row(), new=row()),
        )
    )
    head = page.markdown(now, last).split("\n\nEach row is")[0]
    assert head.split("\n\n", 1)[1] == (
        "**What changed since the last run**\n\n"
        "- tensorflow 2.21.0 and keras 3.15.1, pinned since 2026-11-30:\n"
        "  - `a`, session, LiteRT: same → **other**\n"
        "  - `b`, LiteRT: same → **fails** `Error: x`\n"
        "  - new in the table: `new`\n"
        "  - no longer in the table: `gone`\n"
        "- tensorflow 2.20.0 and keras 3.15.1: tried for the first time."
    )


def test_page_says_that_nothing_changed_and_names_a_new_lock():
    last = table.Table((run(OLDER, a=row()),))
    text = page.markdown(table.Table((run(a=row()),)), last)
    assert "pinned since 2026-11-30 on tensorflow 2.20.0 and keras 3.15.1:\n  - nothing" in text


def test_page_shows_of_other_versions_what_differs_from_the_pinned_ones():
    now = table.Table(
        (
            run(a=row(), b=row(), c=row()),  # the others have no c
            run(OLDER, False, a=row(litert=(FAILS, "E: x")), b=row()),
            run({"tensorflow": "2.22.0"}, False, a=row(), b=row()),
            run({"tensorflow": "9"}, False, "The package index cannot be reached"),
        )
    )
    older, newer, missing = page.markdown(now).split("## ")[-3:]
    assert "| `a` | LiteRT | same | fails | `E: x` |" in older and not re.search("`[bc]`", older)
    assert "All cells are those of the pinned versions." in newer
    assert "Not tried: The package index cannot be reached" in missing


def test_committed_page_is_made_from_the_committed_data():
    """The first paragraphs say what changed before the commit, and are not in the data."""
    data, text = (ROOT / "docs" / name for name in (command.DATA, command.PAGE))
    made = page.markdown(table.read(data))
    assert (
        made.split("\nEach row is")[1] == text.read_text(encoding="utf-8").split("\nEach row is")[1]
    )


def test_committed_table_has_the_pinned_versions_alone_and_no_path_of_a_computer():
    (one,) = table.read(ROOT / "docs" / command.DATA).runs
    assert one.pinned and len(one.rows) > 60
    text = (ROOT / "docs" / command.DATA).read_text(encoding="utf-8")
    assert not re.search(r"/tmp/|/home/|/root/|0x[0-9a-f]{4}", text)


# What is observed


def golden(right=1.0):
    return {"serve": ({"x": np.float32([2])}, {"y": np.array([right])})}


def export(make):
    return Export("made", "tables", make, dict.fromkeys(readers.READERS, "same"), "")


def test_cells_compare_each_reader_with_the_live_model(tmp_path, monkeypatch):
    def answer(directory, key, inputs, reader, deadline):
        assert (key, inputs["x"].tolist()) == ("serve", [2])
        if reader == "litert":
            raise readers.ReaderError("litert", f"Error: __f_12 of {tmp_path}/made failed")
        return {"y": np.float32([1.0 if reader == "python" else 1.5])}

    monkeypatch.setattr(readers, "run", answer)
    cells = observe.observe(export(lambda directory: golden()), tmp_path)
    assert cells == {
        "python": Cell(SAME),
        "session": Cell(OTHER, "y has other values"),
        "litert": Cell(FAILS, "Error: __f of made failed"),
    }


@pytest.mark.parametrize(
    "error", ["TimeoutError: no answer", "ModuleNotFoundError: No module named 'openvino'"]
)
def test_a_slow_computer_and_a_missing_reader_are_no_failure(tmp_path, monkeypatch, error):
    def answer(*_, **options):
        raise readers.ReaderError("python", error)

    monkeypatch.setattr(readers, "run", answer)
    cells = observe.observe(export(lambda directory: golden()), tmp_path)
    assert {cell.outcome for cell in cells.values()} == {NOT_TRIED}


def test_an_export_that_cannot_be_made_is_not_tried(tmp_path):
    def make(directory):
        raise ValueError(f"no such layer in {directory}")

    cells = observe.observe(export(make), tmp_path)
    text = "it cannot be exported: ValueError: no such layer in made"
    assert cells == dict.fromkeys(readers.READERS, Cell(NOT_TRIED, text))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("answers", "same numbers", "other numbers"), (SAME, SAME, OTHER)),
        (("answers", "answers", "answers"), (NOT_TRIED, NOT_TRIED, NOT_TRIED)),
        (("answers", "not tried properly", "fails"), (NOT_TRIED, NOT_TRIED, FAILS)),
        (("fails", "answers", "same numbers"), (FAILS, SAME, SAME)),
    ],
)
def test_without_answers_of_the_model_the_readers_are_compared(
    tmp_path, monkeypatch, statuses, expected
):
    rows = [Row("serve", r, s) for r, s in zip(readers.READERS, statuses, strict=True)]
    monkeypatch.setattr(observe, "compare", lambda *_, **options: Report("made", tuple(rows)))
    cells = observe.observe(export(lambda directory: None), tmp_path)
    assert tuple(cell.outcome for cell in cells.values()) == expected


def test_what_is_right_gets_the_dtype_of_the_answer():
    third = np.array([1 / 3])
    assert observe._like(third, np.float32([0])).dtype == np.float32
    assert observe._like(np.int64([3]), np.int32([0])).dtype == np.int32
    assert observe._like(np.int64([3]), np.float32([0])).dtype == np.int64, "other kinds differ"
    assert observe._like(third, None) is third


def test_an_export_that_ends_the_process_does_not_lose_the_others(tmp_path):
    """The command here ends at the name "bad"."""
    script = (
        "import json, sys\n"
        "file, *names = sys.argv[1:]\n"
        "for name in names:\n"
        "    if name == 'bad': sys.exit(7)\n"
        "    print(json.dumps({'key': name, 'cells': {}}), file=open(file, 'a'))\n"
    )
    file = tmp_path / "cells.jsonl"

    def start(words):
        return command._run(words, tmp_path, file, 3)

    seen = observed(start, [sys.executable, "-c", script], file, ["a", "bad", "b"])
    assert seen["bad"] == {"key": "bad", "died": "exit status 7"}
    assert seen["a"]["cells"] == seen["b"]["cells"] == {}
    made = command.table_of(VERSIONS, {"hash_tables": seen["bad"]})
    cell = made.rows["hash_tables"].cells["python"]
    assert cell == Cell(NOT_TRIED, "the process ended: exit status 7")


def test_a_command_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "LIMIT", 0.5)
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert command._run(words, tmp_path, tmp_path / "f", 1) == "timeout after 0.5 seconds"


# The command


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Return a function that runs the command with a table in place of a run."""
    monkeypatch.setattr(command, "OUTPUT", tmp_path / "docs")

    def make(now, *arguments):
        monkeypatch.setattr(command, "make", lambda names, pairs: now)
        return command.main([f"--output={tmp_path / 'out'}", *arguments])

    return make


def test_data_and_page_are_written_and_the_status_tells_a_change(make, tmp_path, capsys):
    first, second = table.Table((run(a=row()),)), table.Table((run(a=row(litert=OTHER)),))
    assert make(first) == 0
    assert table.read(tmp_path / "out" / command.DATA) == first
    assert capsys.readouterr().out == (tmp_path / "out" / command.PAGE).read_text()
    assert make(first) == 0
    assert make(second) == 1
    assert "`a`, LiteRT: same → **other**" in (tmp_path / "out" / command.PAGE).read_text()
    assert make(table.Table((*second.runs, run(OLDER, False, "no network")))) == 2


def test_the_committed_table_is_the_last_one_if_there_is_no_other(make, tmp_path):
    (tmp_path / "docs").mkdir()
    table.dump(table.Table((run(a=row()),)), tmp_path / "docs" / command.DATA)
    assert make(table.Table((run(a=row(litert=OTHER)),))) == 1


def test_some_exports_are_asked_and_the_others_keep_their_rows(make, tmp_path):
    make(table.Table((run(a=row(), hash_tables=row()),)))
    make(table.Table((run(hash_tables=row(litert=OTHER)),)), "hash_tables")
    (one,) = table.read(tmp_path / "out" / command.DATA).runs
    assert one.rows == {"a": row(), "hash_tables": row(litert=OTHER)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--versions=2.20.0"], "'2.20.0' is no pair of versions: give TENSORFLOW/KERAS"),
        (["--versions=2.20.0/"], "'2.20.0/' is no pair"),
        (["nonsense"], "No export and no family of the corpus is called nonsense."),
    ],
)
def test_wrong_arguments_are_named(make, capsys, arguments, words):
    assert make(table.Table(), *arguments) == 2
    assert words in capsys.readouterr().err


def test_a_damaged_table_is_named(make, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / command.DATA).write_text("{}")
    assert make(table.Table()) == 2
    assert "delete it" in capsys.readouterr().err


class Elsewhere:
    """In place of the environment: tells which versions are asked for."""

    asked: ClassVar[list] = []
    answer: ClassVar[dict | Exception] = {}

    def __init__(self, folder):
        self.python, self.tensorflow = Path("python"), "tensorflow-cpu"
        self.pinned = {"tensorflow-cpu": "2.21.0", "keras": "3.15.1"}

    def make(self, *versions):
        Elsewhere.asked.append(versions)
        if isinstance(Elsewhere.answer, Exception):
            raise Elsewhere.answer
        return Elsewhere.answer


@pytest.mark.parametrize(
    ("pair", "asked"),
    [
        ("2.20.0/3.12.0", ("2.20.0", "3.12.0")),
        ("pinned/newest", ("2.21.0", "")),
        ("newest/pinned", ("", "3.15.1")),
    ],
)
def test_other_versions(tmp_path, monkeypatch, pair, asked):
    Elsewhere.asked, Elsewhere.answer = [], {"tensorflow-cpu": "2.20.0", "keras": "3.12.0"}
    monkeypatch.setattr(command, "Environment", Elsewhere)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "copy_course", lambda target, tried: target)
    cells = {"cells": {"python": {"outcome": SAME, "text": ""}}}
    monkeypatch.setattr(command, "observe", lambda *_: {"hash_tables": cells})
    made = command.make(["hash_tables"], [pair, pair])
    assert Elsewhere.asked == [asked, asked]
    pinned, other = made.runs  # the second pair gives the same versions, and is left out
    assert pinned.pinned and not other.pinned
    assert (other.versions["tensorflow"], other.versions["keras"]) == ("2.20.0", "3.12.0")
    assert other.rows["hash_tables"].cells == {"python": Cell(SAME)}


def test_versions_that_cannot_be_installed_are_told(tmp_path, monkeypatch):
    Elsewhere.answer = CannotTry("The package index cannot be reached.")
    monkeypatch.setattr(command, "Environment", Elsewhere)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "observe", lambda *_: {})
    _, other = command.make([], ["2.20.0/3.12.0"]).runs
    assert other.reason == "The package index cannot be reached."
    assert command.exit_status(table.Table((other,)), None) == 2


def test_make_passes_the_options_on(tmp_path):
    course = Course(tmp_path)
    course.python("python3", "3.12")
    assert course.make("matrix").returncode == 0
    assert course.calls[-1].split() == ["-m", "tests.promise_matrix", "--versions="]
    made = course.make(
        "matrix", "VERSIONS=2.20.0/3.12.0 newest/newest", "OUTPUT=out", "NAMES=tables"
    )
    assert made.returncode == 0
    assert course.calls[-1] == (
        "-m tests.promise_matrix --versions=2.20.0/3.12.0 newest/newest --output=out tables"
    )


def test_workflow_runs_it_on_other_versions_and_trusts_no_input():
    text = (ROOT / ".github/workflows/matrix.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert {"schedule", "workflow_dispatch"} <= workflow[True].keys()  # `on` is YAML for true
    job = workflow["jobs"]["matrix"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0] == "make matrix" and "promise_matrix.md" in commands[1]
    assert not any("${{" in command for command in commands)
    pairs = re.search(r"\|\| '(.*)' }}", job["env"]["VERSIONS"])[1].split()
    assert len(pairs) > 3 and all(len(pair.split("/")) == 2 for pair in pairs)
    assert json.dumps(job["env"]["OUTPUT"]) == '".matrix"'
    kept = [step["with"]["path"] for step in job["steps"] if "with" in step]
    assert kept == [".matrix"] * 3
