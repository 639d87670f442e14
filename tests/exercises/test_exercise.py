"""The exercise engine: every answer has one of four outcomes and shows no traceback of ours."""

import builtins
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.exercises import Lesson, learner_code, progress
from helpers.exercises import exercise as engine
from helpers.exercises.exercise import exercise
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NOT_ATTEMPTED, NOT_YET, PASSED, RAISED, require
from helpers.exercises.time_limit import TimeOver, time_limit
from helpers.notebooks import lesson_names
from helpers.paths import ROOT
from helpers.scratch import without_scratch

OUTCOMES = {PASSED, NOT_YET, NOT_ATTEMPTED, RAISED}
DEADLINE = 0.2  # seconds; enough for a right answer, and short for a loop
HANGS = 100  # seconds after which a check that does not end counts as one that hangs


@exercise("double", "function", hints=["Look at what comes in.", "Multiply it by two."])
def double(function):
    """Write a function that doubles a number"""
    seconds = DEADLINE if function in LOOPS else None
    require(call(function, 21, seconds=seconds) == 42, "the function should return 42 for 21.")
    return "it doubles."


class Odd(BaseException):
    """Not an Exception: `except Exception` does not see it."""


class Unspeakable(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__


class Explosive:
    """An object that raises `error` at every use."""

    def __init__(self, error):
        object.__setattr__(self, "error", error)

    def _explode(self, *_):
        raise object.__getattribute__(self, "error")

    __eq__ = __ne__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = __hash__ = _explode
    __getattr__ = __fspath__ = __index__ = __array__ = __getitem__ = __call__ = _explode


class Arrays:
    """An object whose comparisons and text are arrays."""

    def __eq__(self, _):
        return np.array([True, False])

    __ne__ = __eq__
    __hash__ = None

    def __repr__(self):
        return np.array(["text"])


def forever(*_):
    while True:
        pass


def forever_despite_exceptions(*_):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def forever_despite_everything(*_):
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722, what learners write
            continue


LOOPS = (forever, forever_despite_exceptions, forever_despite_everything)


def leaves(*_):
    sys.exit(3)


def interrupts(*_):
    raise KeyboardInterrupt


def odd(*_):
    raise Odd("odd")


def unspeakable(*_):
    raise Unspeakable


def misspelt(number):
    return 2 * nunber  # noqa: F821


def fails_in_a_library(_):
    return json.loads("{")


def recursive(number):
    return recursive(number)


def two_parameters(number, times):
    return number * times


def generates(number):
    yield 2 * number


def prints_a_lot(number):
    print("a line of a learner's own\n" * 50_000)
    return 2 * number


def moves_away(number):
    os.chdir("/")
    return 2 * number


ANSWERS = {
    # name: (answer, outcome, words that the learner must read)
    "right": (lambda number: 2 * number, PASSED, "it doubles."),
    "prints a lot": (prints_a_lot, PASSED, "it doubles."),
    "changes the folder": (moves_away, NOT_YET, "should leave the working directory as it is"),
    "wrong": (lambda number: number, NOT_YET, "the function should return 42 for 21."),
    "untouched": (..., NOT_ATTEMPTED, "replace the ... first"),
    "untouched dict": ({"a": ..., "b": ...}, NOT_ATTEMPTED, "replace the ... first"),
    "untouched dicts": ({"a": {"c": ...}, "b": ...}, NOT_ATTEMPTED, "replace the ... first"),
    "untouched inside": (lambda number: ..., NOT_ATTEMPTED, "replace the ... first"),
    "no function": (42, NOT_YET, "the answer should be a function, but is 42"),
    "loops": (forever, NOT_YET, "should return within 0.2 seconds, but did not"),
    "loops, except Exception": (forever_despite_exceptions, NOT_YET, "a loop that never ends?"),
    "loops, bare except": (forever_despite_everything, NOT_YET, "a loop that never ends?"),
    "exits": (leaves, RAISED, "SystemExit: 3"),
    "interrupts": (interrupts, RAISED, "KeyboardInterrupt"),
    "BaseException": (odd, RAISED, "Odd: odd"),
    "cannot be shown": (unspeakable, RAISED, "Unspeakable: (its message cannot be printed)"),
    "misspelt": (misspelt, RAISED, "of your misspelt: return 2 * nunber"),
    "fails in a library": (fails_in_a_library, RAISED, "of your fails_in_a_library: return json"),
    "endless recursion": (recursive, RAISED, "RecursionError"),
    "too many parameters": (two_parameters, RAISED, "missing 1 required positional argument"),
    "no parameter": (lambda: 42, RAISED, "takes 0 positional arguments but 1 was given"),
    "a generator": (generates, NOT_YET, "the function should return 42 for 21."),
    "returns an array": (lambda number: np.array([42, 42]), NOT_YET, "could not read the answer"),
    "returns explosives": (lambda _: Explosive(Odd("bang")), NOT_YET, "could not read the answer"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_has_its_outcome_and_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # pytest goes back afterwards, also if the answer changes it
    answer, outcome, words = ANSWERS[name]
    result = double.grade(answer)
    assert result.outcome == outcome, result
    assert words in result.message, result
    assert_readable(result)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0), "an alarm is left for later code"
    assert sys.gettrace() is None or "pydevd" in sys.modules, "a trace function is left"


def assert_readable(result):
    """Two or three lines for a learner: none of our own code, in plain text as in HTML."""
    assert result.outcome in OUTCOMES
    assert len(result.message) < 1000, result.message[:2000]
    for text in (str(result), repr(result), result._repr_html_()):
        assert result.outcome in text
        assert "Traceback" not in text
        assert "/exercise.py" not in text and "checks.py" not in text


def test_alarm_of_the_caller_is_put_back():
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        double.grade(forever)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGALRM, before)


def test_grading_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(double.grade(lambda n: 2 * n)))
    thread.start()
    thread.join()
    assert results[0].outcome == PASSED


def test_html_escapes_what_a_learner_wrote():
    assert "<script>" not in double.grade("<script>")._repr_html_()


@pytest.mark.parametrize("answers", [(), (1, 2)])
def test_too_few_or_too_many_answers(answers):
    result = double.grade(*answers)
    assert result.outcome == NOT_YET
    assert "Call double.check(function)" in result.message
    assert f"but got {len(answers)}" in result.message


# Hints and solutions


def test_hints_come_step_by_step_and_end_with_the_solution(capsys, monkeypatch):
    monkeypatch.setattr(engine, "solution_of", lambda lesson, key: f"code of {key} in {lesson}")
    monkeypatch.setattr(double, "lesson", SimpleNamespace(name="a lesson"))
    monkeypatch.setattr(double, "_shown", 0)
    said = []
    for _ in range(4):
        double.hint()
        said.append(capsys.readouterr().out.strip())
    assert said[:2] == [
        "Hint 1 of 2: Look at what comes in.",
        "Hint 2 of 2: Multiply it by two.",
    ]
    assert said[2] == said[3] == "code of double in a lesson"


@pytest.fixture(params=lesson_names())
def lesson(request, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return Lesson(request.param)


def test_solution_shows_the_code_of_the_source(lesson, capsys):
    source = (ROOT / "solutions" / f"{lesson.name}.py").read_text(encoding="utf-8")
    for key in lesson.exercises:
        getattr(lesson, key).solution()
        shown = capsys.readouterr().out.rstrip("\n")
        cell = next(c for c in source.split("\n# %%") if f"lesson.{key}.check(" in c)
        begin, end = cell.index("# <solution>\n") + 13, cell.rindex("# </solution>")
        assert shown and shown in cell[begin:end]
        compile(shown, key, "exec")  # a learner can paste it


def test_lesson_can_be_deleted_and_set_up_again(lesson):
    name, scratch = lesson.name, lesson.scratch
    (scratch / "kept").mkdir()
    del lesson
    again = Lesson(name)
    assert again.scratch != scratch and again.scratch.is_dir()
    assert (scratch / "kept").is_dir(), "nothing that was exported is lost"
    for key in again.exercises:
        exercise = getattr(again, key)
        assert exercise.grade(*[...] * len(exercise.answers)).outcome == NOT_ATTEMPTED


# Strange answers, to every exercise of every lesson


def endless_numbers():
    number = 0
    while True:
        yield number
        number += 1


def array_of_explosives():
    array = np.empty(2, dtype=object)
    array[0] = Explosive(Odd("bang"))
    return array


def contains_itself():
    value = []
    value.append(value)
    return value


def deep():
    value = {}
    for _ in range(100_000):
        value = {"": value}
    return value


STRANGE = {  # beside tests/exercises/nonsense.py, which every check gets as well
    "huge number": lambda: 10**5000,
    "numbers": lambda: [1, 2, 3],
    "10 MB of text": lambda: "x/" * 5_000_000,
    "text with a zero byte": lambda: "a\0b",
    "half a character": lambda: "\ud800",
    "bytes": lambda: b"\xff" * 100,
    "the root of the disk": lambda: Path("/"),
    "a device": lambda: "/dev/zero",
    "nested without end": contains_itself,
    "100,000 deep": deep,
    "array": lambda: np.zeros((3, 0)),
    "array of objects": array_of_explosives,
    "module": lambda: builtins,
    "class": lambda: Explosive,
    "generator": lambda: (n for n in range(3)),
    "endless generator": endless_numbers,
    "explodes": lambda: Explosive(ValueError("bang")),
    "explodes oddly": lambda: Explosive(Odd("bang")),
    "explodes silently": lambda: Explosive(Unspeakable()),
    "explodes and exits": lambda: Explosive(SystemExit(1)),
    "explodes and interrupts": lambda: Explosive(KeyboardInterrupt()),
    "gives arrays": Arrays,
    "loops": lambda: forever,
    "loops for ever": lambda: forever_despite_everything,
    "leaves": lambda: leaves,
    "interrupts": lambda: interrupts,
    "recursive": lambda: recursive,
    "returns explosives": lambda: lambda *_, **__: Explosive(Odd("bang")),
}


@pytest.mark.share(4)
def test_strange_answers_to_every_exercise(lesson, monkeypatch):
    monkeypatch.setattr(learner_code, "SECONDS", DEADLINE)
    for key in lesson.exercises:
        exercise = getattr(lesson, key)
        for name, make in STRANGE.items():
            where, start = f"{lesson.name} {key}, {name}", time.monotonic()
            # So that a check which hangs is a failure with a name, not a run that never ends.
            with contextlib.suppress(TimeOver), time_limit(HANGS):
                result = exercise.grade(*[make() for _ in exercise.answers])
            assert time.monotonic() - start < HANGS, f"{where}: the check hangs"
            assert result.outcome in OUTCOMES - {PASSED}, f"{where}: {result}"
            assert_readable(result)


# Progress


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    return path


def test_progress_is_kept(file):
    assert progress.read() == {}
    for lesson, key in (("01", "q2"), ("01", "q1"), ("02", "q1"), ("01", "q1")):
        progress.add(lesson, key)
    assert progress.read() == {"01": {"q1", "q2"}, "02": {"q1"}}
    assert not list(file.parent.glob("*.damaged*"))


DAMAGE = [b"", b"{", b"[1]", b"7", b'{"01": 3}', b'{"01": "q1"}', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_damaged_progress_is_set_aside_not_lost(file, damage):
    file.parent.mkdir()
    for number in (1, 2):
        file.write_bytes(damage)
        assert progress.read() == {}
        assert file.with_name(f"progress.json.damaged-{number}").read_bytes() == damage
    progress.add("01", "q1")
    assert progress.read() == {"01": {"q1"}}


def test_two_notebooks_at_once_lose_nothing_and_never_show_half_a_file(file):
    code = "import sys; from helpers.exercises import progress\n"
    code += "for n in range(30): progress.add('01', sys.argv[1] + str(n))"
    writers = [subprocess.Popen([sys.executable, "-c", code, who], cwd=ROOT) for who in "ab"]
    while any(writer.poll() is None for writer in writers):
        if file.exists():
            json.loads(file.read_text())  # raises on half a file
        time.sleep(0.001)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert progress.read() == {"01": {f"{who}{n}" for who in "ab" for n in range(30)}}
    assert {path.name for path in file.parent.iterdir()} <= {file.name, file.name + ".lock"}


def test_crash_while_writing_keeps_the_old_progress(file, monkeypatch):
    progress.add("01", "q1")

    def disk_full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", disk_full)
    with pytest.raises(OSError, match="disk full"):
        progress.add("01", "q2")
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_PROGRESS", str(file))
    assert progress.read() == {"01": {"q1"}}
    assert {path.name for path in file.parent.iterdir()} <= {file.name, file.name + ".lock"}


@pytest.mark.parametrize("place", ["a file/progress.json", ""])
def test_check_passes_where_progress_cannot_be_written(tmp_path, monkeypatch, capsys, place):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / place) + "/" * (not place))
    monkeypatch.setattr(double, "lesson", Lesson(lesson_names()[0]))
    double.check(lambda number: 2 * number)
    said = capsys.readouterr().out
    assert "passed: it doubles." in said
    assert "your progress could not be saved" in said
    assert progress.read() == {}


def test_check_keeps_a_pass_and_nothing_else(file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_EXPORTS", str(tmp_path))
    monkeypatch.setattr(double, "lesson", Lesson(lesson_names()[0]))
    double.check(lambda number: number)
    double.check(...)
    assert progress.read() == {}
    double.check(lambda number: 2 * number)
    assert progress.read() == {lesson_names()[0]: {"double"}}


def test_a_notebook_is_not_shown_our_own_lines():
    """Notebooks find the helpers at "..", so our files go by another name there."""
    code = (
        'import sys; sys.path.insert(0, "..")\n'
        "from helpers.exercises.exercise import exercise\n"
        "from helpers.exercises.learner_code import call\n"
        "@exercise('q1', 'double', hints=[])\n"
        "def double_three(double):\n"
        "    'Double three'\n"
        "    call(double, 3)\n"
        "print(double_three.grade(lambda: 6))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "notebooks", capture_output=True, text=True
    ).stdout
    assert "raised: TypeError" in said
    assert "in line" not in said


def test_an_exercise_that_starts_from_nothing_says_so():
    with pytest.raises(LookupError, match=r"q1 has no given\(\)"):
        engine.Exercise("q1", "title", ("answer",), (), lambda answer: "right").given()


# What an exercise starts from, and what it needs of the notebook


def counted(folder, seed):
    folder.mkdir()
    (folder / "number").write_text(str(7 if seed is None else seed))
    return folder


@pytest.fixture
def given(tmp_path):
    @exercise("given", "answer", hints=[], given=counted)
    def read_the_number(answer):
        """Read the number"""
        right = (read_the_number.original() / "number").read_text()
        require(answer == right, f"the answer should be {right}.")
        return "right."

    read_the_number.lesson = SimpleNamespace(scratch=tmp_path, name="a lesson")
    return read_the_number


def test_each_given_is_a_fresh_copy(given):
    first, second = given.given(), given.given()
    assert first != second and first.name == "given_given"
    (first / "number").write_text("8")
    assert (second / "number").read_text() == (given.original() / "number").read_text() == "7"
    assert given.grade("8").outcome == NOT_YET
    assert given.grade("7").outcome == PASSED


def test_the_check_works_without_a_copy(given):
    assert given.grade("7").outcome == PASSED


@pytest.mark.parametrize(
    "change",
    [
        shutil.rmtree,
        lambda copy: (copy / "number").write_text("8"),
        lambda copy: (copy / "number").unlink(),
        lambda copy: (copy / "more").write_text("7"),
    ],
)
def test_a_changed_copy_is_said_and_a_new_one_ends_it(given, change):
    change(given.given())
    result = given.grade("7")
    assert result.outcome == NOT_YET
    assert "its files should stay as they are" in result.message
    given.given()
    assert given.grade("7").outcome == PASSED


def test_an_answer_that_equals_everything_is_read_as_its_text(given):
    class Everything(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert given.grade(Everything("8")).outcome == NOT_YET
    assert given.grade(Everything("7")).outcome == PASSED


class Slow:
    """A path that never says its name."""

    def __fspath__(self):
        while True:
            time.sleep(0.1)


class SlowPath(type(Path())):
    """The same as a path of pathlib, whose other methods never end, too."""

    def __fspath__(self):
        while True:
            time.sleep(0.1)

    exists = is_dir = is_file = iterdir = stat = __fspath__


@pytest.mark.parametrize("path", [Slow(), SlowPath("/tmp")], ids=["its own class", "a Path"])
def test_a_path_that_never_says_its_name(given, monkeypatch, path):
    monkeypatch.setattr(learner_code, "SECONDS", 0.2)
    result = given.grade(path)
    assert result.outcome == NOT_YET and "should return within 0.2 seconds" in result.message


def test_another_seed_is_another_variant_to_practise(given):
    assert (given.given(seed=3) / "number").read_text() == "3"
    assert given.grade("7").outcome == NOT_YET and given.grade("3").outcome == PASSED
    assert given.grade("3").message.endswith("another variant: lesson.given.given(4).")
    given.given()
    assert given.grade("7").outcome == PASSED
    with pytest.raises(TypeError):
        given.given(seed="3")


def test_one_variant_only_is_said(tmp_path):
    @exercise("fixed", "answer", hints=[], given=lambda folder: folder)
    def look(answer):
        """Look"""
        return "right."

    look.lesson = SimpleNamespace(scratch=tmp_path)
    assert look.given() == tmp_path / "fixed_given"
    with pytest.raises(LookupError, match="one variant only"):
        look.given(seed=1)
    assert look.grade("anything").message == "right."


@exercise("needy", "answer", hints=[], needs="model rows")
def compare_with_the_model(answer, model, rows):
    """Compare with the notebook's own model"""
    require(answer == model(rows), f"the answer should be {model(rows)}.")
    return "right."


def test_the_objects_of_the_notebook_reach_the_check():
    grade = compare_with_the_model.grade
    assert grade(6, notebook={"model": sum, "rows": [1, 2, 3]}).outcome == PASSED
    assert grade(5, notebook={"model": sum, "rows": [1, 2, 3]}).outcome == NOT_YET
    for notebook in ({}, {"model": sum}, {"model": sum, "rows": ...}):
        result = grade(6, notebook=notebook)
        assert result.outcome == NOT_YET
        assert "of the notebook, which is not there. Run the cells above" in result.message


def test_what_is_still_missing_is_named():
    result = two_answers.grade(1, ...)
    assert result.outcome == NOT_ATTEMPTED and "second is still `...`" in result.message


@exercise("two", "first second", hints=[])
def two_answers(first, second):
    """Give two answers"""
    return "right."


def test_a_check_that_does_not_end_is_stopped(monkeypatch):
    @exercise("hangs", "answer", hints=[])
    def hang(answer):
        """Hang"""
        forever()

    monkeypatch.setattr(engine, "SECONDS", DEADLINE)
    result = hang.grade(1)
    assert result.outcome == NOT_YET and "this check should end within 0.2 seconds" in str(result)


def test_long_texts_are_cut_before_anything_else():
    start = time.process_time()
    result = double.grade(lambda _: "/exports/" * 10**6)
    assert len(result.message) <= engine.CHARACTERS
    assert without_scratch("/a" * 2000)
    assert time.process_time() - start < 20
