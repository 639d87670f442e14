"""What is said about an error that no entry explains."""

import time

import pytest

from helpers.errors.find import find

PYTHON = """\
Traceback (most recent call last):
  File "C:\\work\\score.py", line 7, in main
    total = sum(rows) / count
  File "C:\\env\\Lib\\site-packages\\mathlib\\core.py", line 99, in divide
    raise OddError("no")
"""
CELL = """\
ValueError                                Traceback (most recent call last)
Cell In[4], line 2
      1 rows = read()
----> 2 scale(rows)

File ~/env/lib/python3.11/site-packages/mathlib/core.py:12, in scale(rows)
     11 def scale(rows):
---> 12     raise ValueError("odd rows")

"""
STEPS = {
    "a frame of one's own": (
        f"{PYTHON}mathlib.OddError: no",
        "The lowest line that is yours is line 7 of score.py: total = sum(rows) / count. Print",
    ),
    "a cell": (
        f"{CELL}ValueError: odd rows",
        "The lowest line that is yours is line 2 of your cell: scale(rows). Print",
    ),
    "only a last line": ("ValueError: odd rows", "Paste the whole traceback: "),
    "a type with a usual cause": (
        "NameError: name 'rows' is not defined",
        "The name has a different spelling where you defined it, or ",
    ),
    "both": (
        f"{PYTHON}ModuleNotFoundError: No module named 'mathlib.fast'",
        "The lowest line that is yours is line 7 of score.py: total = sum(rows) / count. Python "
        "does not find the package ",
    ),
    "a name that a library does not find": (
        f"{PYTHON}NameError: name '_core' is not defined",
        "The lowest line that is yours is line 7 of score.py: total = sum(rows) / count. Print",
    ),
    "a name in a cell": (
        f"{CELL.partition(chr(10) * 2)[0]}\nNameError: name 'rows' is not defined",
        "The lowest line that is yours is line 2 of your cell: scale(rows). The name has a ",
    ),
    "a log": ("nginx: the server returned 502 to the client", "Take your own names, paths and "),
}


@pytest.mark.parametrize("what", STEPS)
def test_an_unknown_error_gets_a_step(what):
    text, start = STEPS[what]
    found = find(text)
    assert found.case is None
    assert found.next_step.startswith(start)
    assert found.next_step in found._repr_html_().replace("&#x27;", "'")


@pytest.mark.parametrize("text", ["", "12 34", "OSError: SavedModel file does not exist at: x"])
def test_no_error_and_a_known_error_get_none(text):
    assert find(text).next_step == ""


@pytest.mark.parametrize(
    "piece", ["\n", " \n", '  File "', "-> 1 ", "Cell In[1]\n", "/lib/python3"]
)
def test_a_long_text_gets_its_step_within_a_second(piece):
    before = time.process_time()
    assert find(f"words\n{piece * (90_000 // len(piece))}\nValueError: odd rows").next_step
    assert time.process_time() - before < 1
