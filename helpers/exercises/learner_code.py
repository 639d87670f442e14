"""Call the learner's code: stop it when it takes too long, and tell its errors."""

import contextlib
import linecache
import os
import signal
import sys
import sysconfig
import threading
import traceback

from helpers.errors.cure import cure
from helpers.errors.messages import describe
from helpers.exercises.outcomes import NotAttempted, NotYet, Raised
from helpers.paths import ROOT
from helpers.text import safe_repr

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
        ROOT / "helpers",
    )
)


class DeadlinePassed(BaseException):
    """Not an Exception, so that `except Exception` in a learner's loop does not swallow it."""


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


def own_words(error):
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
