"""Finding a case: right for real pasted texts, never certain for a text that is not in the clinic.

The texts are in tests/errors/pasted/*.toml. Those of recent.toml and foreign.toml were written
before the marks that they test: at that time, 6 of 66 texts found their case, 17 found a wrong one,
and 13 of 64 foreign texts were claimed. Those of later.toml were written after these marks: the
first 35 and the 12 of its third set all found their case, and 7 of 37 and 9 of 22 foreign ones were
claimed. None of them is now, and of a fourth set of 34 none was. Those of holdout.toml were tried
only after the first marks and the finder were finished: 30 of 35 found their case, one found a
wrong one, and the 20 without a case found none.

hundred_own.toml and hundred_foreign.toml were written before the marks were changed for them: at
that time, 99 of 100 found their case, and 1 of 100 foreign texts was claimed. unseen.toml was tried
only after these changes: 29 of 30 found their case, and none of 30 foreign texts was claimed.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from helpers.clinic import Found
from helpers.errors.find import find
from helpers.errors.known_error import GENERAL, known_errors
from helpers.errors.show import as_html, as_text
from helpers.paths import ROOT

FOLDER = Path(__file__).parent / "pasted"
KNOWN = known_errors()
ERRORS = {key: error for key, error in KNOWN.items() if error.group != GENERAL}
# Those that a pasted text can belong to.
CERTAIN = {key for key, error in KNOWN.items() if error.marks or error.framed_marks}


def texts(name):
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["text"]


HOLDOUT = texts("holdout")
RECENT, FOREIGN, LATER = texts("recent"), texts("foreign"), texts("later")
OWN, OTHER, UNSEEN = texts("hundred_own"), texts("hundred_foreign"), texts("unseen")
MIXED = HOLDOUT + LATER + UNSEEN
POSITIVES = texts("positives") + RECENT + OWN + [text for text in MIXED if "key" in text]
NEGATIVES = texts("negatives") + FOREIGN + OTHER + [text for text in MIXED if "key" not in text]


def each(texts, title):
    return pytest.mark.parametrize("text", texts, ids=[text[title] for text in texts])


@each(POSITIVES, "key")
def test_what_others_paste_finds_its_case(text):
    assert find(text["text"]).case is KNOWN[text["key"]]


@each(NEGATIVES, "what")
def test_what_is_not_in_the_clinic_is_not_found(text):
    found = find(text["text"])
    assert found.case is None
    if text["text"].strip():
        assert found.words
        assert len(set(found.nearest)) == len(found.nearest) <= 3
        near = "not in this clinic; nearest:\n"
        assert str(found).startswith(near if found.nearest else "not in this clinic")
        assert ("nearest" in str(found)) is bool(found.nearest)
    else:
        assert found == Found(None)
        assert str(found).startswith("The text contains no error")


def test_there_are_texts_enough_and_each_says_what_it_is():
    assert len(POSITIVES) >= 200
    assert len(NEGATIVES) >= 240
    assert min(len(RECENT), len(FOREIGN)) >= 60
    assert len(OWN) == len(OTHER) == 100
    assert sum("key" in text for text in UNSEEN) == len(UNSEEN) / 2 == 30
    keys = {text["key"] for text in POSITIVES}
    assert keys <= CERTAIN
    assert {key for key in ERRORS if key in CERTAIN} <= keys
    assert all(set(text) == {"key", "seen", "text"} for text in POSITIVES)
    assert all(set(text) == {"what", "text"} for text in NEGATIVES)
    pasted = [text["text"] for text in POSITIVES + NEGATIVES]
    assert len(set(pasted)) == len(pasted)


def test_every_mark_is_there_for_a_text():
    pasted = [" ".join(text["text"].split()) for text in POSITIVES]
    marks = [mark for case in ERRORS.values() for mark in (*case.marks, *case.framed_marks)]
    assert [mark for mark in marks if not any(re.search(mark, text) for text in pasted)] == []


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS)
def test_the_text_of_a_case_finds_it_first(case):
    found = find(case.text)
    # The text alone can be too short to tell an error from the more general one.
    assert (found.case or found.nearest[0]) in (case, KNOWN.get(case.refines))


# How people describe an error that prints nothing.
DESCRIPTIONS = {
    "litert-garbage": "The conversion to LiteRT works, but on my phone the converted model answers "
    "with zeros or nan; the numbers of the Keras model are fine.",
    "frozen-batch": "I send 7 rows to the signature and the answer is computed for 32, the number "
    "of rows the function was traced with.",
    "python-state": "I changed the attribute threshold of the module, and the function still "
    "answers with the old value.",
}


def test_a_description_of_a_silent_case_has_it_among_the_nearest():
    assert set(DESCRIPTIONS) == ERRORS.keys() - CERTAIN
    for key, text in DESCRIPTIONS.items():
        found = find(text)
        assert found.case is None
        assert ERRORS[key] in found.nearest


DTYPE = (
    "InvalidArgumentError: cannot compute __inference_signature_wrapper_1 as input #0(zero-based) "
    "was expected to be a float tensor but is a double tensor"
)
TABLE = "FailedPreconditionError: Table not initialized."
HANDLING = "\nDuring handling of the above exception, another exception occurred:\n\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    run()\n'


@pytest.mark.parametrize("link", [HANDLING, CAUSE])
@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        (DTYPE, TABLE, "table-not-initialized"),
        (TABLE, DTYPE, "tensor-dtype"),
        (TABLE, "app.RequestFailed: try again", "table-not-initialized"),
        ("KeyError: 'q'", TABLE, "table-not-initialized"),
        ("KeyError: 'q'", "ValueError: no q", None),
        ("a.py: calibrator.py ran", TABLE, "table-not-initialized"),
    ],
)
def test_of_a_chain_the_last_that_is_known_counts(link, first, last, key):
    found = find(f"{FRAMES}{first}\n{link}{FRAMES}{last}\n")
    assert found.case is ERRORS.get(key)


def test_of_two_errors_that_have_nothing_to_do_with_each_other_the_last_counts():
    assert find(f"{FRAMES}{TABLE}\n\n{FRAMES}KeyError: 'q'\n").case is None


def test_of_a_chain_only_what_the_errors_say_counts():
    """The code that raised the second error of a chain follows the first error."""
    code = '  File "a.py", line 3, in run\n    raise Bad("Matrix size-incompatible")\n'
    found = find(f"{FRAMES}{TABLE}\n{HANDLING}{FRAMES}{code}a.BadError: no\n")
    assert found.case is ERRORS["table-not-initialized"]


def test_two_cases_in_one_message_are_both_named_and_neither_is_certain():
    others = " ".join(ERRORS[key].cause for key in ("python-state", "frozen-batch"))
    found = find(f"callback pyfunc_3 is not found; Unknown layer: Gate; {others}")
    assert found.case is None
    assert {case.key for case in found.nearest[:2]} == {"py-function", "class-not-known"}


@pytest.mark.parametrize("text", [None, 5, b"ValueError: x", ["ValueError"], ValueError("x")])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(TypeError, match=r"text: expected a str, .* but found "):
        find(text)


NOISES = [
    *("a", "a.", ":", "x:", "/", "\\", "> ", "\n", " ", "\x00", "\x1b[3", "\ud800", "𝔘", "| "),
    *("ValueError: ", "ValueError:\n", "[Op:", "; No such file or directory ", "/assets/x"),
    "Can not cast TensorSpec(shape=, dtype=tf.a to TensorSpec(shape=, dtype=",
    "ValueError: x\nDuring handling of the above exception\n",
    "2025-01-01 00:00:00 Exception ignored in ",
    *(f"{case.text} " for case in ERRORS.values()),
]


@pytest.mark.parametrize("noise", NOISES, ids=range(len(NOISES)))
def test_anything_is_read_within_a_second(noise):
    for start in ("", "ValueError: "):
        assert seconds(start + noise * (10**6 // len(noise))) < 1


def test_ten_megabytes_are_read_within_a_second():
    assert seconds("ValueError: x\n" * 800_000) < 1


def seconds(text):
    """The processor's time for a text. Unlike the clock's, it does not depend on other programs."""
    before = time.process_time()
    assert str(find(text))
    return time.process_time() - before


def test_an_error_at_the_end_of_a_long_log_is_found():
    log = "2025-01-01 00:00:00,000 INFO all is well\n" * 300_000
    assert find(f"{log}{FRAMES}{TABLE}\n").case is ERRORS["table-not-initialized"]


def test_an_error_at_the_end_of_a_long_log_without_exceptions_is_found():
    log = "2025-01-01 00:00:00.000000: I tensorflow/core/x.cc:1] all is well\n" * 300_000
    failed = "E retrier.cc:37] Loading servable failed: Not found: Op type not registered 'PyFunc'"
    assert find(f"{log}{failed}\n").case is ERRORS["py-function"]


def test_an_error_with_a_long_listing_below_it_is_found():
    text = f"{FRAMES}ConverterError: 'tf.X' op is neither a custom op nor a flex op\n"
    listing = '  %0 = "tfl.custom"(%arg0) : (tensor<?xf32>) -> tensor<?xf32>\n' * 100_000
    assert find(text + listing).case is ERRORS["litert-no-such-operation"]


def test_a_class_that_is_named_between_long_configurations_is_found():
    config = "{'class_name': 'Dense', 'config': {}}, " * 500
    named = "Exception encountered: Could not locate class 'Gate'."
    text = (
        f"TypeError: Sequential could not be deserialized.\n\nconfig={config}\n\n{named} {config}"
    )
    assert find(text).case is ERRORS["class-not-known"]


@pytest.mark.parametrize("change", [("\n", "\r\n"), ("\n", "\x00\n"), (" ", " \x00")])
def test_characters_that_came_in_on_the_way_do_no_harm(change):
    text = next(text["text"] for text in POSITIVES if "80 characters" in text["seen"])
    assert find(text.replace(*change)).case is ERRORS["keras-tensor"]


def test_the_nearest_are_the_same_in_every_program():
    """The order of a set of words differs between processes, the nearest cases do not."""
    code = (
        "import json, sys\nfrom helpers.clinic import find\n"
        "print([case.key for text in json.load(sys.stdin) for case in find(text).nearest])"
    )
    pasted = [text["text"] for text in NEGATIVES]
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            input=json.dumps(pasted),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{[case.key for text in pasted for case in find(text).nearest]}\n"}


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS)
def test_a_case_reads_as_text_and_as_html(case):
    text, page = as_text(case), as_html(case)
    assert max(map(len, text.splitlines())) <= 96
    for part in (case.title, case.key, case.text, case.cause, case.experiment, case.cure):
        assert part in " ".join(text.split())
    links = re.findall(r"<a href='https://github.com/([\w./-]+)/issues/(\d+)'", page)
    assert [f"{project}#{number}" for project, number in links] == list(case.reported)
    assert ("no error" in text) is not case.exception


def test_everything_of_a_case_is_escaped():
    case = next(iter(ERRORS.values()))
    bad = "<script>'\"&"
    words = {f.name: bad for f in dataclasses.fields(case) if isinstance(vars(case)[f.name], str)}
    page = as_html(dataclasses.replace(case, **words | {"met_in": "keras"}, reported=(f"{bad}#1",)))
    assert "<script" not in page
    assert "'\"" not in page
    assert page.count("&lt;script&gt;&#x27;&quot;&amp;") == 10


@each(POSITIVES, "key")
def test_the_words_that_were_found_are_in_the_text(text):
    line = find(text["text"]).line
    assert line and len(line) <= 160 and "\n" not in line
    kept = re.compile(r"[\W_]+")  # a log, JSON or a terminal puts other characters between
    if line.isascii() and not line.endswith("…"):
        words = [word for word in kept.split(line) if word]
        assert all(word in text["text"].replace("\n", "") for word in words[1:-1])


def test_the_words_that_were_found_are_those_of_the_mark():
    found = {
        "RuntimeError: hashtable need to be initialized before using": "hashtable need to be "
        "initialized before using",
        "KeyError: serving_default takes the inputs a, b; given were area, rooms": "takes the "
        "inputs a, b; given were area, rooms",
        f"{DTYPE}. Then more.": DTYPE.removeprefix("InvalidArgumentError: "),
    }
    assert {text: find(text).line for text in found} == found
    assert find("KeyError: 'q'").line == ""


def test_what_was_found_shows_itself():
    assert str(find(TABLE)) == as_text(ERRORS["table-not-initialized"])
    assert find(TABLE)._repr_html_() == as_html(ERRORS["table-not-initialized"])
    page = find("KeyError: '<b>'")._repr_html_()
    assert "not in this clinic" in page and "nearest" not in page
    assert "<b>" not in page
