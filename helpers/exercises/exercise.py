"""One exercise: four outcomes, hints in steps, a solution.

An exercise is a function decorated with `@exercise(...)`. It takes the learner's answers, calls
`require(condition, words)` for each thing that must hold and returns the words for passing.
"""

import contextlib
import html
import linecache
import os
import signal
import sys
import sysconfig
import tempfile
import textwrap
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

from helpers.errors.messages import cure, describe, safe_repr, without_scratch
from helpers.notebooks import solution_of

PASSED, NOT_YET, NOT_ATTEMPTED, RAISED = "passed", "not yet", "not attempted", "raised"
MARKS = {PASSED: "✓", NOT_YET: "✗", NOT_ATTEMPTED: "…", RAISED: "!"}
COLOURS = {PASSED: "#1b7837", NOT_YET: "#b35806", NOT_ATTEMPTED: "#666666", RAISED: "#762a83"}
DEADLINE = 10  # seconds for one call of a learner's function
PATIENCE = 5  # seconds after it until the learner is told that nothing stops the function
STUCK = (
    "Your function seems to be in a loop inside TensorFlow, which cannot be stopped from here: "
    "choose Kernel > Restart Kernel, then Run > Run All Above Selected Cell."
)
# Where code lies that is not the learner's: Python's own, what is installed, and the course's.
NOT_THEIRS = tuple(
    str(folder) + os.sep
    for folder in (
        *(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
        Path(__file__).resolve().parents[1],
    )
)


class NotYet(Exception):
    """The first condition that does not hold, in words for the learner."""


class NotAttempted(Exception):
    """The answer is still `...`."""


class Raised(Exception):
    """The learner's own code raised `error`."""

    def __init__(self, error):
        self.error = error


class DeadlinePassed(BaseException):
    """Not an Exception, so that `except Exception` in a learner's loop does not swallow it."""


@dataclass(frozen=True)
class Result:
    """What a check found: one of the four outcomes, and what to tell the learner."""

    outcome: str
    message: str

    def __str__(self):
        lines = f"{MARKS[self.outcome]} {self.outcome}: {self.message}".splitlines()
        return "\n".join(textwrap.fill(line, 96, subsequent_indent="  ") for line in lines)

    __repr__ = __str__

    def _repr_html_(self):
        message = html.escape(self.message).replace("\n", "<br>")
        return (
            f"<div style='border-left:4px solid {COLOURS[self.outcome]};padding:.3em .8em'>"
            f"<strong>{MARKS[self.outcome]} {self.outcome}</strong><br>{message}</div>"
        )


def require(condition, words):
    """Raise NotYet with `words` unless `condition` holds."""
    if not condition:
        raise NotYet(words)


def call(function, *arguments, deadline=None):
    """Call the learner's `function`; its exceptions become Raised, `...` becomes NotAttempted.

    A function that has not returned after `deadline` seconds (else DEADLINE) is stopped: NotYet.
    """
    deadline = DEADLINE if deadline is None else deadline
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet(f"a function is wanted here, not {safe_repr(function)}")
    try:
        with _time_limit(deadline):
            value = function(*arguments)
    except DeadlinePassed:
        raise NotYet(
            f"your function had not returned after {deadline} seconds, so it was stopped. "
            "Is there a loop that never ends?"
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit too must not end the kernel
        raise Raised(error) from None
    if value is ...:
        raise NotAttempted
    return value


@contextlib.contextmanager
def _time_limit(seconds):
    def again(frame, event, _):
        if event == "line":
            raise DeadlinePassed
        return again

    def stop(_, frame):
        # A bare `except:` around the body of a loop swallows the first one. The second is raised
        # once more on the next line, which is then outside the `try`.
        nonlocal stops
        stops += 1
        while stops > 1 and frame is not None and frame.f_code is not call.__code__:
            frame.f_trace, frame = again, frame.f_back
            sys.settrace(lambda *_: None)
        raise DeadlinePassed

    stops, trace = 0, sys.gettrace()
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield  # Windows has no such alarm: there the kernel's own interrupt button is what is left
        return
    # Inside one operation of TensorFlow nothing in Python can stop it: then say what can.
    stuck = threading.Timer(seconds + PATIENCE, print, [STUCK])
    stuck.daemon = True
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    stuck.start()
    try:
        yield
    finally:
        stuck.cancel()
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(trace)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Exercise:
    """One exercise of a lesson.

    key : "q1"
    title : one line
    answers : names of the answers that `check` takes
    hints : texts, from a nudge to nearly all; the solution comes after the last
    grader : function of the answers, see the module's docstring
    maker : function of a folder, makes there what the exercise starts from; see `given`
    fresh : function of what the maker made, makes what `given` returns, anew each time; or None
    """

    key: str
    title: str
    answers: tuple[str, ...]
    hints: tuple[str, ...]
    grader: object
    maker: object = None
    fresh: object = None
    lesson: object = None
    _shown: int = 0
    _given: object = None

    def grade(self, *answers):
        """The Result for `answers`. Never raises, whatever the answers are."""
        try:
            self._refuse_untouched(answers)
            return Result(PASSED, self.grader(*answers))
        except NotAttempted:
            return Result(NOT_ATTEMPTED, f"replace the ... first. {self.title}.")
        except NotYet as error:
            return Result(NOT_YET, without_scratch(str(error)))
        except Raised as raised:
            return Result(RAISED, without_scratch(_own_words(raised.error)))
        except KeyboardInterrupt:
            return Result(RAISED, "KeyboardInterrupt: the check was stopped. Run the cell again.")
        except BaseException as error:
            # A mistake of the check, or an answer that does odd things (a sys.exit() in its
            # __eq__) when it is looked at: say so, in one line.
            return Result(
                NOT_YET,
                "this check could not make sense of that answer "
                f"({without_scratch(describe(error, 200))}). Is it of the kind that the comment "
                "in the cell asks for?",
            )

    def _refuse_untouched(self, answers):
        wanted = ", ".join(self.answers)
        if len(answers) != len(self.answers):
            raise NotYet(f"call it as {self.key}.check({wanted}); it got {len(answers)} answers")
        untouched = [n for n, a in zip(self.answers, answers, strict=True) if a is ...]
        if untouched:
            raise NotAttempted

    def check(self, *answers):
        """Grade the answers and show the result; a pass is kept in the progress file."""
        from IPython.display import display

        result = self.grade(*answers)
        if result.outcome == PASSED and self.lesson is not None:
            self.lesson.passed(self.key)
        display(result)

    def given(self):
        """What this exercise starts from, made on first use."""
        if self._given is None:
            scratch = self.lesson.scratch if self.lesson else Path(tempfile.mkdtemp())
            self._given = self.maker(scratch / f"{self.key}_given")
        return self._given if self.fresh is None else self.fresh(self._given)

    def hint(self):
        """Show the next hint; after the last one, the solution."""
        if self._shown >= len(self.hints):
            self.solution()
            return
        self._shown += 1
        print(
            textwrap.fill(
                f"Hint {self._shown} of {len(self.hints)}: {self.hints[self._shown - 1]}", 96
            )
        )

    def solution(self):
        """Show the code of the solution, as `solutions/` has it."""
        print(solution_of(self.lesson.name, self.key))

    def __repr__(self):
        wanted = ", ".join(self.answers)
        return f"{self.key}: {self.title}. Call check({wanted}), hint() or solution()."


def exercise(answers, hints, given=None, fresh=None):
    """Make an Exercise of the function below: its name is the key, its docstring the title.

    answers : names of the answers, separated by blanks
    given, fresh : functions, see Exercise.maker and Exercise.fresh
    """

    def made(grader):
        title = " ".join(grader.__doc__.split()).rstrip(".")
        names = tuple(answers.split())
        return Exercise(grader.__name__, title, names, tuple(hints), grader, given, fresh)

    return made


def _own_words(error):
    """The learner's exception in two lines, and what usually causes it."""
    text = describe(error)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ")
        # A notebook finds the helpers at "..": the same file under another name.
        and not os.path.realpath(frame.filename).startswith(NOT_THEIRS)
        and "__autograph_generated_file" not in frame.filename  # deleted, and not what they wrote
    ]
    lines = [text]
    if frames:
        last = frames[-1]
        code = linecache.getline(last.filename, last.lineno).strip() or last.line or ""
        lines.append(f"in line {last.lineno} of your {last.name}: {code}".rstrip(": "))
    if cure(text):
        lines.append(f"Usually: {cure(text)}")
    return "\n".join(lines)
