"""The ways in which a text arrives: each finds what the text itself finds."""

import html
import json
import re
import textwrap
import time
import tomllib
from pathlib import Path

import pytest

from helpers.errors.find import find
from helpers.errors.pasted import cleaned

FOLDER = Path(__file__).parent / "pasted"
TEXTS = [
    text
    for name in ("hundred_own", "hundred_foreign", "recent", "foreign")
    for text in tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["text"]
]


def each_line(change):
    return lambda text: "\n".join(map(change, text.splitlines()))


def between(left, right):
    """Put other quotation marks around what stands in quotation marks, as a word processor does."""
    return lambda match: f"{left}{match[1]}{right}"


FORMS = {
    "a string in JSON": lambda t: f'{{"level":"error","message":{json.dumps(t.strip())},"n":1}}',
    "JSON in JSON": lambda t: json.dumps({"log": json.dumps({"message": t.strip()})}),
    "a repr": lambda t: f"failed: {t.strip()!r}",
    "HTML": lambda t: f"<pre>{html.escape(t)}</pre>",
    "typographic quotes": lambda t: re.sub(
        r'"([^"\n]*)"', between("“", "”"), re.sub(r"'([^'\n]*)'", between("‘", "’"), t)
    ),
    "spaces that do not break": lambda t: t.replace("  ", "\u00a0\u00a0").replace(": ", ":\u00a0"),
    "Markdown without its backticks": lambda t: t.replace("`", ""),
    "lines broken at 100 characters": each_line(lambda x: "\n".join(textwrap.wrap(x, 100)) or x),
    "one line": lambda t: " ".join(t.split()),
    "an indented block": lambda t: textwrap.indent(t, "        "),
    "a quoted e-mail": each_line(lambda x: f"> {x}"),
    "Docker Compose": each_line(lambda x: f"web-1  | {x}"),
    "Kubernetes": each_line(lambda x: f"2025-07-01T10:00:00.123456789Z stderr F {x}"),
    "Python's logging": each_line(lambda x: f"2025-07-01 10:00:00,123 - app.run - ERROR - {x}"),
    "a log with brackets": each_line(lambda x: f"[2025-07-01 10:00:00] app.ERROR: {x}"),
    "systemd": each_line(lambda x: f"Jul 01 10:00:00 edge7 python3[811]: {x}"),
    "colours": lambda t: re.sub(r"(\w+Error)", "\x1b[0;31m\\1\x1b[0m", t),
    "an issue": lambda t: f"### What happened\n```\n{t}\n```\nI use tensorflow 2.17. Thank you!",
}


@pytest.mark.share(3)
@pytest.mark.parametrize("form", FORMS)
def test_a_text_finds_the_same_in_every_form(form):
    missed, wrong = [], []
    for text in TEXTS:
        found = find(FORMS[form](text["text"])).case
        key, expected = found and found.key, text.get("key")
        if key and key != expected:
            wrong.append((expected, key, text["text"][:80]))
        elif key != expected:
            missed.append((expected, text["text"][:80]))
    assert wrong == []
    assert len(missed) <= 3, missed


@pytest.mark.parametrize(
    "text",
    [
        r"OSError: SavedModel file does not exist at: C:\new\tasks\{saved_model.pbtxt}",
        "File \"C:\\nets\\t.py\", line 3, in f\nKeyError: 'a'",
        "KeyError: 'a&b'",
        "E: no such package",
    ],
)
def test_what_needs_no_cleaning_stays(text):
    assert cleaned(text) == text


def test_a_column_before_a_traceback_is_taken_away():
    text = (
        "10:00:01 w1 ## Traceback (most recent call last):\n"
        '10:00:01 w1 ##   File "a.py", line 1, in <module>\n'
        "10:00:02 w1 ## KeyError: 'a'\n"
        "10:00:02 w2 ends"
    )
    assert cleaned(text) == (
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n'
        "KeyError: 'a'\n10:00:02 w2 ends"
    )


@pytest.mark.parametrize(
    "piece", ["\\n  ", '\\"x', "&lt;", "2025-01-01 00:00:00 - a - ", "E   x\n"]
)
def test_a_long_text_is_cleaned_within_a_second(piece):
    before = time.process_time()
    cleaned(piece * (10**6 // len(piece)))
    assert time.process_time() - before < 1
