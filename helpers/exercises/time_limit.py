"""Stop code that computes too long, or that waits too long without computing.

The limit counts the CPU time of this process and not the time of the clock, so a busy computer
does not stop a right answer.
"""

import contextlib
import itertools
import signal
import sys
import threading
import time

from helpers.processes import patches

WAITS = 1.4  # times the limit: as long may code wait
LONGEST = 6  # times the limit: after it, code is stopped in any case
IDLE = 0.1
TICKS = 8  # looks at the time before a limit is over
UNWINDS = 0.05, 1.0  # seconds of CPU time and of the clock in which stopped code leaves its limit
ROOM = 100  # more nested calls, for a look inside code that is at Python's recursion limit
AGAIN = 0.02  # seconds between two looks while no look could stop the code
PATIENCE = 5  # seconds after the limit until the learner reads that nothing stops the code
STUCK = (
    "Your function seems to be in a loop inside TensorFlow, and this check cannot stop it. "
    "Choose Kernel > Restart Kernel, then Run > Run All Above Selected Cell."
)
_limits: list["Limit"] = []  # the outermost first


class TimeOver(BaseException):
    """The end of a time limit.

    It is not an Exception, so `except Exception` in a learner's loop does not catch it.

    Attributes
    ----------
    limit : Limit
    """

    def __init__(self, limit: "Limit"):
        super().__init__(limit.words())
        self.limit = limit


class Limit:
    """A limit of the time that some code may take, from now on.

    Parameters
    ----------
    seconds : float
        CPU time of this process, in all its threads.
    waits : float
        After this many times the limit, code is stopped that computes less than IDLE of the time.
    longest : float
        After this many times the limit, code is stopped in any case.
    own : bool
        Whether the time of the limits inside this one is left out.
    """

    def __init__(
        self, seconds: float, waits: float = WAITS, longest: float = LONGEST, own: bool = False
    ):
        self.seconds, self.waits, self.longest, self.own = seconds, waits, longest, own
        self._began, self._cpu = time.monotonic(), time.process_time()
        self.stops, self._stopped = 0, (0.0, 0.0)
        self.owner = None  # the code object of the function that set the limit

    def used(self) -> tuple[float, float]:
        """Return the CPU time and the time of the clock since the beginning, in seconds."""
        computed, passed = time.process_time() - self._cpu, time.monotonic() - self._began
        if self.own and self in _limits[:-1]:
            inner = _limits[_limits.index(self) + 1].used()
            return computed - inner[0], passed - inner[1]
        return computed, passed

    def leave_out(self, inner: "Limit") -> None:
        """Do not count what the code of an inner limit, which has ended, took."""
        computed, passed = inner.used()
        self._cpu += computed
        self._began += passed

    def over(self) -> bool:
        """Return whether the limit has been reached."""
        computed, passed = self.used()
        if computed >= self.seconds or passed >= self.longest * self.seconds:
            return True
        return passed >= self.waits * self.seconds and computed < IDLE * passed

    def ending(self) -> bool:
        """Return whether the code was stopped a moment ago, so that it may still be on its way."""
        computed, passed = (
            now - then for now, then in zip(self.used(), self._stopped, strict=True)
        )
        return self.stops > 0 and computed < UNWINDS[0] and passed < UNWINDS[1]

    def note_stop(self) -> None:
        """Remember when the code was stopped, and how often."""
        self.stops, self._stopped = self.stops + 1, self.used()

    def words(self) -> str:
        """Say how the time was used: "computed for 10 seconds", or how much of it was computing."""
        computed, passed = self.used()
        if computed >= self.seconds:
            return f"computed for {self.seconds:g} seconds"
        return f"took {passed:.0f} seconds and computed for {computed:.1f} seconds of them"


def time_limit(
    seconds: float, waits: float = WAITS, longest: float = LONGEST, own: bool = False
) -> contextlib.AbstractContextManager[Limit]:
    """Return a context manager that raises TimeOver in its block after `seconds` of computing.

    The block is also stopped when it only waits (for `waits` times as long), and when it takes
    `longest` times as long. Limits may be nested. Outside the main thread, and on Windows, there is
    no limit: learners there use the interrupt button of the kernel.

    Parameters
    ----------
    seconds, waits, longest : float
    own : bool
        See `Limit`.
    """
    return _Block(seconds, waits, longest, own)


class _Block:
    """The block of a limit. While it begins or ends, nothing is stopped: see `_look`."""

    def __init__(self, *arguments):
        self._arguments, self._done = arguments, None

    def __enter__(self):
        self._limit = limit = Limit(*self._arguments)
        main = threading.current_thread() is threading.main_thread()
        if not main or not hasattr(signal, "SIGALRM"):
            return limit
        limit.owner = sys._getframe(1).f_code
        self._recursion = sys.getrecursionlimit()
        self._trace, self._before = sys.gettrace(), signal.signal(signal.SIGALRM, _look)
        self._timer = signal.getitimer(signal.ITIMER_REAL)
        left, every = (value or float("inf") for value in self._timer)
        # The rest of the outer timer is the time to the first look only: as an interval, it could
        # be so short that one look interrupts another without end.
        tick = min(limit.seconds / TICKS, every)
        self._done = threading.Event()
        threading.Thread(target=_warn, args=(limit, self._done, tick), daemon=True).start()
        self._graphs = patches.cancellable()
        self._graphs.__enter__()
        _limits.append(limit)
        signal.setitimer(signal.ITIMER_REAL, min(tick, left), tick)
        return limit

    def __exit__(self, kind, error, _):
        if self._done is None:
            return
        signal.setitimer(signal.ITIMER_REAL, *self._timer)
        over = next((one for one in _limits if one.over()), None)
        self._done.set()
        self._graphs.__exit__(None, None, None)
        _limits.remove(self._limit)
        for outer in filter(lambda outer: outer.own, _limits):
            outer.leave_out(self._limit)
        sys.settrace(self._trace)
        sys.setrecursionlimit(self._recursion)
        # An alarm may be on its way, and the default action would end the process.
        late = self._before == signal.SIG_DFL
        signal.signal(signal.SIGALRM, _too_late if late else self._before)
        if over is not None and isinstance(error, Exception) and _is_of_a_stopped_graph(error):
            raise TimeOver(over) from None


BEGINS_OR_ENDS = {_Block.__enter__.__code__, _Block.__exit__.__code__}


def _look(_, frame):
    """Raise TimeOver for the outermost limit that is over."""
    # Without room, a look raises RecursionError in the code that it looks at.
    calls = sys.getrecursionlimit()
    sys.setrecursionlimit(calls + ROOM)
    limit, inside = _stop(frame), _of_tensorflow(frame)
    if limit is None or inside:
        with contextlib.suppress(RecursionError):  # the code is deep; the limit's end does it
            sys.setrecursionlimit(calls)
        return
    raise TimeOver(limit)


def _stop(frame):
    """Return the limit to stop, or None, and prepare the code for it."""
    limit = next((one for one in _limits if one.over()), None)
    stack = list(_stack(frame))
    # A look that interrupts another one leaves the decision to it.
    kept = {*BEGINS_OR_ENDS, _look.__code__}
    begins_or_ends = any(frame.f_code in kept for frame in stack)
    if limit is None or limit.ending() or begins_or_ends:
        return None

    def again(frame, event, _):
        if event == "line" and limit in _limits:
            raise TimeOver(limit)
        return again

    def once(frame, event, _):
        if event == "line" and limit in _limits:
            frame.f_trace = None
            raise TimeOver(limit)
        return once

    limit.note_stop()
    owners = {one.owner for one in _limits}  # a line of theirs would leave out the end of a limit
    inner = itertools.takewhile(lambda frame: frame.f_code is not limit.owner, stack)
    own = [one for one in inner if one.f_code not in owners and not _of_tensorflow(one)]
    # A bare `except:` in a loop catches the first TimeOver, so the second one is raised again at
    # the next line, outside the `try`. TensorFlow's C++ code does not survive an exception that a
    # signal raises inside it, so there the code that called it raises TimeOver at its next line.
    inside = _of_tensorflow(frame)
    for one in own if limit.stops > 1 else own[:inside]:
        one.f_trace = again if limit.stops > 1 else once
        sys.settrace(lambda *_: None)
    return limit


def _too_late(_, frame):
    """Do nothing about an alarm that comes when its limit has ended."""


def _stack(frame):
    while frame is not None:
        yield frame
        frame = frame.f_back


def _of_tensorflow(frame):
    return frame.f_globals.get("__name__", "").startswith("tensorflow.")


def _is_of_a_stopped_graph(error):
    # TensorFlow's C++ code makes a RuntimeError of the TimeOver that `_look` raises inside it.
    return type(error).__name__ == "CancelledError" or TimeOver.__name__ in str(error)


def _warn(limit, done, tick):
    """Stop a graph that is too late, and say what the learner can do if nothing stops the code."""
    over, main = None, threading.main_thread().ident
    while not done.wait(AGAIN if over and not limit.stops else tick):
        if limit.over():
            patches.cancel_graphs()
            if over and not limit.stops:  # Python cannot call a handler at its recursion limit
                signal.pthread_kill(main, signal.SIGALRM)
            over = over or time.monotonic()
            if time.monotonic() - over > PATIENCE:
                print(STUCK)
                return
