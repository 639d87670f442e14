"""Calls of the learner's code: a time limit for it, and a short text for its errors."""

import contextlib
import linecache
import os
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable
from typing import Any

from helpers.errors.cure import cure
from helpers.errors.messages import describe
from helpers.exercises.outcomes import NotAttempted, NotYet, Raised
from helpers.paths import ROOT
from helpers.text import safe_repr

DEADLINE = 10  # seconds for one call of a learner's function
PATIENCE = 5  # seconds after the deadline until the learner reads that nothing stops the function
STUCK = (
    "Your function seems to be in a loop inside TensorFlow, and this check cannot stop it. "
    "Choose Kernel > Restart Kernel, then Run > Run All Above Selected Cell."
)
# Folders of code that the learner did not write: Python, installed packages, and the course.
NOT_THEIRS = tuple(
    str(folder) + os.sep
    for folder in (
        *(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
        ROOT / "helpers",
    )
)


class DeadlinePassed(BaseException):
    """The end of the time limit.

    It is not an Exception, so `except Exception` in a learner's loop does not catch it.
    """


def call(function: Callable[..., Any], *arguments: Any, deadline: float | None = None) -> Any:
    """Call the learner's function, and stop it when its time is over.

    Parameters
    ----------
    function : callable
        The learner's answer.
    *arguments
        What the function gets.
    deadline : float, optional
        Seconds after which the function is stopped. DEADLINE by default.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    NotAttempted
        If the function, or what it returned, is `...`.
    NotYet
        If the answer is not a function, or if it was stopped.
    Raised
        If the function raised an exception. SystemExit counts as one.
    """
    deadline = DEADLINE if deadline is None else deadline
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise NotYet(f"the answer should be a function, but is {safe_repr(function)}.")
    try:
        with _time_limit(deadline):
            value = function(*arguments)
    except DeadlinePassed:
        raise NotYet(
            f"your function should return within {deadline} seconds, but did not, so it was "
            "stopped. Does it contain a loop that never ends?"
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit must not end the kernel
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
        # A bare `except:` in a loop catches the first DeadlinePassed, so the second one is raised
        # again at the next line, outside the `try`.
        nonlocal stops
        stops += 1
        while stops > 1 and frame is not None and frame.f_code is not call.__code__:
            frame.f_trace, frame = again, frame.f_back
            sys.settrace(lambda *_: None)
        raise DeadlinePassed

    stops, trace = 0, sys.gettrace()
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield  # Windows has no such alarm: learners there use the interrupt button of the kernel
        return
    # Python cannot stop an operation of TensorFlow, so a message says what the learner can do.
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


def own_words(error: BaseException) -> str:
    """Describe an exception of the learner's code in two lines, and name its usual cause.

    Parameters
    ----------
    error : BaseException
        The exception, with its traceback.

    Returns
    -------
    str
        The message, the learner's last line in the traceback, and the cause, one line each.
    """
    text = describe(error)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ")
        # A notebook imports the helpers from "..", so the same file has a second name.
        and not os.path.realpath(frame.filename).startswith(NOT_THEIRS)
        and "__autograph_generated_file" not in frame.filename  # not written by the learner
    ]
    lines = [text]
    if frames:
        last = frames[-1]
        code = linecache.getline(last.filename, last.lineno or 0).strip() or last.line or ""
        lines.append(f"in line {last.lineno} of your {last.name}: {code}".rstrip(": "))
    if cure(text):
        lines.append(f"Usually: {cure(text)}")
    return "\n".join(lines)
