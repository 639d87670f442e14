"""Stop code that computes too long, or that waits too long without computing.

The limit counts the CPU time of this process and not the time of the clock, so a busy computer
does not stop a right answer.
"""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator

WAITS = 1.4  # times the limit: as long may code wait
LONGEST = 6  # times the limit: after it, code is stopped in any case
IDLE = 0.1
TICKS = 8  # looks at the time before a limit is over
UNWINDS = 0.05, 1.0  # seconds of CPU time and of the clock in which stopped code leaves its limit
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
        self._stops, self._stopped = 0, (0.0, 0.0)
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
        return self._stops > 0 and computed < UNWINDS[0] and passed < UNWINDS[1]

    def words(self) -> str:
        """Say how the time was used: "computed for 10 seconds", or how much of it was computing."""
        computed, passed = self.used()
        if computed >= self.seconds:
            return f"computed for {self.seconds:g} seconds"
        return f"took {passed:.0f} seconds and computed for {computed:.1f} seconds of them"


@contextlib.contextmanager
def time_limit(
    seconds: float, waits: float = WAITS, longest: float = LONGEST, own: bool = False
) -> Iterator[Limit]:
    """Raise TimeOver in the block when it has computed for `seconds`.

    The block is also stopped when it only waits (for `waits` times as long), and when it takes
    `longest` times as long. Limits may be nested. Outside the main thread, and on Windows, there is
    no limit: learners there use the interrupt button of the kernel.

    Parameters
    ----------
    seconds, waits, longest : float
    own : bool
        See `Limit`.

    Yields
    ------
    Limit
    """
    limit = Limit(seconds, waits, longest, own)
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield limit
        return
    limit.owner = sys._getframe(2).f_code
    trace, before = sys.gettrace(), signal.signal(signal.SIGALRM, _look)
    timer = signal.getitimer(signal.ITIMER_REAL)
    tick = min([seconds / TICKS, *filter(None, timer)])
    done = threading.Event()
    threading.Thread(target=_warn, args=(limit, done, tick), daemon=True).start()
    _limits.append(limit)
    signal.setitimer(signal.ITIMER_REAL, tick, tick)
    try:
        yield limit
    finally:
        done.set()
        signal.setitimer(signal.ITIMER_REAL, *timer)
        _limits.remove(limit)
        for outer in filter(lambda outer: outer.own, _limits):
            outer.leave_out(limit)
        sys.settrace(trace)
        signal.signal(signal.SIGALRM, before)


def _look(_, frame):
    """Raise TimeOver for the outermost limit that is over."""
    limit = next((one for one in _limits if one.over()), None)
    if limit is None or limit.ending():
        return

    def again(frame, event, _):
        if event == "line":
            raise TimeOver(limit)
        return again

    # A bare `except:` in a loop catches the first TimeOver, so the second one is raised again at
    # the next line, outside the `try`.
    limit._stops, limit._stopped = limit._stops + 1, limit.used()
    while limit._stops > 1 and frame is not None and frame.f_code is not limit.owner:
        frame.f_trace, frame = again, frame.f_back
        sys.settrace(lambda *_: None)
    raise TimeOver(limit)


def _warn(limit, done, tick):
    """Say what the learner can do where Python cannot stop an operation of TensorFlow."""
    while not done.wait(tick):
        if limit.over():
            if not done.wait(PATIENCE):
                print(STUCK)
            return
