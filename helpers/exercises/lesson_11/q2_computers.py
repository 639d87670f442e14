"""Exercise 2 of lesson 11: simulated computers, whose clock moves only while a function runs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from helpers.benchmark.timing import duration
from helpers.exercises import answer_types
from helpers.exercises.learner_code import call
from helpers.exercises.outcomes import NotYet, Raised, require

START = 7.3  # seconds: what the clock shows in the beginning
TICK = 0.001  # seconds: a step of the clock
EQUAL = 0.05  # relative
MINUTE = 60.0
DELAYED = 3  # times a minute, on computers that other programs or their own slowness delay
FIRST_CALLS, FIRST = 2, 1.0  # calls that take so many seconds longer
GROWTH = 1.4  # times as long takes a call in the end, on a computer that becomes slower
PAUSE = 0.5  # of an interruption, as a share of the time that an answer takes without one


class MinuteOver(BaseException):
    """The end of the time on a simulated computer. `except Exception` does not catch it."""


@dataclass(frozen=True)
class Computer:
    """A simulated computer, and how long a call of each function takes on it.

    Attributes
    ----------
    function, baseline : float
        Seconds of a call, in the beginning.
    first_calls : bool
        Whether the first calls of each function take longer.
    growth : float
        The time of a call is multiplied by e in so many seconds; 0 for a computer that stays as
        fast as it is.
    pauses : tuple of float
        After so many seconds of its work, another program interrupts it.
    pause : float
        Seconds of an interruption.
    while_in : tuple of str
        Which functions are interrupted. An interruption waits for the next call of one of them.
    """

    function: float
    baseline: float
    first_calls: bool = False
    growth: float = 0.0
    pauses: tuple[float, ...] = ()
    pause: float = 0.0
    while_in: tuple[str, ...] = ("function", "baseline")

    @property
    def right(self) -> float:
        """How many times as long as a call of `baseline` a call of `function` takes."""
        return self.function / self.baseline


class Running:
    """A simulated computer that runs.

    Parameters
    ----------
    computer : Computer
    """

    def __init__(self, computer: Computer) -> None:
        self.computer, self.worked, self.paused = computer, 0.0, 0.0
        self._pauses = list(computer.pauses)
        delayed = bool(computer.growth or computer.pauses)
        self._limit = MINUTE * (DELAYED if delayed else 1)
        self._left = dict.fromkeys(("function", "baseline"), FIRST_CALLS * computer.first_calls)

    def clock(self) -> float:
        """Return the time in seconds, in steps of TICK."""
        return math.floor((START + self.worked + self.paused) / TICK) * TICK

    def function(self) -> None:
        """Take the time of one call."""
        self._work("function", self.computer.function)

    def baseline(self) -> None:
        """Take the time of one call."""
        self._work("baseline", self.computer.baseline)

    def _work(self, name, seconds):
        if self.computer.growth:
            seconds *= math.exp(self.worked / self.computer.growth)
        if self._left[name]:
            self._left[name] -= 1
            seconds += FIRST
        self.worked += seconds
        interrupted = name in self.computer.while_in
        while interrupted and self._pauses and self.worked >= self._pauses[0]:
            del self._pauses[0]
            self.paused += self.computer.pause
        if self.worked + self.paused > self._limit:
            raise MinuteOver


# 100 calls of the baseline, 5.4 ms, would be 5 or 6 steps of the clock.
QUICK, SLOW = Computer(162e-6, 54e-6), Computer(0.5, 0.2)
FAR_APART = Computer(8e-3, 100e-6)
FIRST_SLOW = Computer(0.9e-3, 0.6e-3, first_calls=True)
DISTURBED = Computer(250e-6, 200e-6)
PLACES = (0.6,), (0.5, 0.8), (0.45, 0.65, 0.9)  # of interruptions, as shares of that time
MOST = 0.45, 0.6, 0.75, 0.9  # so many, all while `function` is timed, decide the median of 8 turns
COUNT = 7 + len(PLACES)  # simulated computers


def require_times_as_long(times_as_long: Callable[..., Any]) -> None:
    """Require that an answer finds how many times as long a function takes, on each computer.

    Parameters
    ----------
    times_as_long : function of function, baseline and clock

    Raises
    ------
    NotYet
        The answer is another number, or takes longer than MINUTE of the computer's clock.
    """
    more = "Put as many calls into one timing as take at least 50 ms."
    _require_right(times_as_long, QUICK, "", more)
    _require_right(times_as_long, SLOW, "", "How many calls does one timing need here?")
    both = "Each function needs its own number of calls in one timing."
    _require_right(times_as_long, FAR_APART, "", both)
    words = f"The first {FIRST_CALLS} calls of each function take {FIRST:g} s longer here."
    _require_right(times_as_long, FIRST_SLOW, words, "Call each function before anything counts.")

    seconds = _require_right(times_as_long, DISTURBED, "", more)
    slower = replace(DISTURBED, growth=seconds / math.log(GROWTH))
    words = "This computer becomes slower all the time."
    _require_right(times_as_long, slower, words, "Time the two in turn: one, the other, and so on.")
    for places in (*PLACES, MOST):
        pauses = tuple(place * seconds for place in places)
        busy = replace(DISTURBED, pauses=pauses, pause=PAUSE * seconds)
        if places == MOST:
            busy = replace(busy, while_in=("function",))
        count = len(places)
        words = f"Another program interrupts {count} timing{'s' * (count > 1)} here."
        _require_right(times_as_long, busy, words, "Take the median of at least nine turns.")


def _require_right(times_as_long, computer, words, hint):
    """Return the seconds of the simulated clock that the answer takes."""
    where = (
        f"On a simulated computer, a call of function takes {duration(computer.function)}, and of "
        f"baseline {duration(computer.baseline)}. {words}"
    ).strip()
    running = Running(computer)
    arguments = running.function, running.baseline, running.clock
    try:
        said = call(times_as_long, *arguments)
    except Raised as raised:
        if isinstance(raised.error, MinuteOver):
            raise NotYet(
                f"{where} Your function should end within a minute of `clock`, but did not. Do not "
                "put more calls into a timing than it needs."
            ) from None
        if isinstance(raised.error, ZeroDivisionError):
            raise NotYet(
                f"{where} Your function divides by 0. Is it the length of a timing? The clock "
                f"moves in steps of {duration(TICK)}. {hint}"
            ) from None
        raise
    number = answer_types.number(said, "the result of your function")
    require(
        abs(number / computer.right - 1) <= EQUAL,
        f"{where} Your function should return {computer.right:.3g}, but returns {number:.3g}. "
        f"{hint}",
    )
    return running.worked + running.paused
