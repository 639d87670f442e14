"""How long does a call take, and is it faster than another? Measured by turns.

One timing says little. The first calls are slower, the clock has a grain, and the machine does
other things meanwhile. So a function is called a few times before anything counts; one timing
holds as many calls as take `seconds`; and two functions are timed in turn, AB BA AB BA, so that
what slows the machine down for a while slows both. A pair of timings gives a ratio, the pairs a
median, and their spread an interval. Where the interval does not tell which of the two is faster,
nobody is told.
"""

import math
import statistics
import time
from dataclasses import dataclass
from itertools import repeat
from numbers import Integral, Real

from helpers.text import safe_repr

SECONDS = 0.0005  # of one timing: thousands of times what reading the clock costs, and soon over
PAIRS = 31  # many short ones stand noise better than a few long ones
WARM_UP = 3  # calls before anything counts: a graph is traced in the first, and settles
SURE = 0.99
LOOKS = 3  # timings for finding how many calls one timing should hold
LONG = 20  # times the wanted duration; one call that takes as long is not called more often
STILL = 2**20  # calls after which a clock that has not moved is taken to stand still


@dataclass(frozen=True)
class Timing:
    """How long one call takes; prints itself.

    seconds : tuple of float, for one call, from each timing
    calls : int, in one timing
    """

    seconds: tuple
    calls: int

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def spread(self):
        """(first quartile, third quartile): half of the timings lie between them."""
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    def __str__(self):
        low, high = map(duration, self.spread)
        timings = f"{len(self.seconds)} timings of {self.calls:,} call{'s' * (self.calls > 1)}"
        return f"median {duration(self.median)}, half of them from {low} to {high} ({timings})"

    __repr__ = __str__


class TooNoisy(ValueError):
    """The pairs do not tell which of the two functions is faster."""


REFUSED = (
    "not to be told: the noise is larger than the difference. Take more pairs, longer timings "
    "(seconds=...), or a machine that does nothing else"
)


@dataclass(frozen=True)
class Ratio:
    """The time of a function as a multiple of a baseline's; prints itself.

    pairs : tuple of float, the ratio of each pair of timings
    """

    pairs: tuple

    @property
    def interval(self):
        """(low, high), in which the median of endlessly many pairs lies, 99 % sure."""
        return median_interval(self.pairs)

    @property
    def clear(self):
        """Whether the pairs tell which of the two is faster."""
        return self.above(1) or self.below(1)

    @property
    def median(self):
        """The median of the pairs. Raises TooNoisy unless `clear`."""
        if not self.clear:
            raise TooNoisy(REFUSED)
        return statistics.median(self.pairs)

    def above(self, factor):
        """Whether it certainly takes more than `factor` times the baseline's time."""
        return self.interval[0] > _positive("factor", factor)

    def below(self, factor):
        """Whether it certainly takes less than `factor` times the baseline's time."""
        return self.interval[1] < _positive("factor", factor)

    def __str__(self):
        if not self.clear:
            return REFUSED
        low, high = map(rounded, self.interval)
        return (
            f"{rounded(self.median)} times the baseline's time (99 % interval: {low} to {high}, "
            f"{len(self.pairs)} pairs)"
        )

    __repr__ = __str__


def measure(function, timings=PAIRS, seconds=SECONDS, warm_up=WARM_UP, clock=time.perf_counter):
    """Time calls of `function`.

    Parameters
    ----------
    function : function without arguments
    timings : int, at least 2
    seconds : float, that one timing takes at least; it holds as many calls as that needs
    warm_up : int, calls before anything counts
    clock : function, gives seconds

    Returns
    -------
    Timing
    """
    _whole("timings", timings, 2)
    one = _Timed("function", function, seconds, warm_up, clock)
    return Timing(tuple(one.time() for _ in range(timings)), one.calls)


def ratio(
    function, baseline, pairs=PAIRS, seconds=SECONDS, warm_up=WARM_UP, clock=time.perf_counter
):
    """Compare the time of a call of `function` with that of `baseline`, in pairs of timings.

    Parameters
    ----------
    function, baseline : functions without arguments
    pairs : int, at least 8: fewer do not give an interval
    seconds, warm_up, clock : see `measure`

    Returns
    -------
    Ratio
    """
    return ratios({"function": function}, baseline, pairs, seconds, warm_up, clock)["function"]


def ratios(
    functions, baseline, pairs=PAIRS, seconds=SECONDS, warm_up=WARM_UP, clock=time.perf_counter
):
    """Compare several functions with one baseline: in each turn every one of them is timed once.

    functions : dict of str to function without arguments
    baseline, pairs, seconds, warm_up, clock : see `ratio`

    Returns
    -------
    dict of str to Ratio
    """
    _whole("pairs", pairs, 8)
    if not (isinstance(functions, dict) and functions):
        raise TypeError(f"a dict of names to functions is wanted, not {safe_repr(functions)}")
    first = _Timed("baseline", baseline, seconds, warm_up, clock)
    others = {
        name: _Timed(name, function, seconds, warm_up, clock)
        for name, function in functions.items()
    }
    row, found = [first, *others.values()], {name: [] for name in others}
    for number in range(pairs):
        taken = {one: one.time() for one in (reversed(row) if number % 2 else row)}
        for name, one in others.items():
            found[name].append(taken[one] / taken[first])
    return {name: Ratio(tuple(pairs)) for name, pairs in found.items()}


def median_interval(values, sure=SURE):
    """(low, high) of the values, between which the median of what they come from lies.

    Each value is above or below that median with equal chance, whatever the noise looks like. So
    how likely it is that it lies outside is a matter of counting, and exact.
    """
    ordered, count = sorted(values), len(values)
    below, tail = 0, 0.0
    while (tail := tail + math.comb(count, below) / 2**count) <= (1 - sure) / 2:
        below += 1
    if not below:
        raise ValueError(f"{count} values do not give an interval that is {sure:.0%} sure")
    return ordered[below - 1], ordered[-below]


def duration(seconds):
    """Seconds as people read them: "3.1 µs", "42 ms"."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * size:  # what is rounded to 1,000 is 1 of the next
            return f"{rounded(seconds / size)} {unit}"
    return f"{rounded(seconds / 1e-9)} ns"


def rounded(number):
    """A number with as many figures as a measurement has: "8,766", "0.46"."""
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.2g}"


class _Timed:
    """A function that is warm, and how many calls one timing holds."""

    def __init__(self, name, function, seconds, warm_up, clock):
        if not callable(function):
            raise TypeError(
                f"{name}: a function without arguments is wanted, not {safe_repr(function)}. "
                "lambda: model(x) is one; model(x) is what it gives"
            )
        _positive("seconds", seconds)
        _whole("warm_up", warm_up, 0)
        self._function, self._clock, self.calls = function, clock, 1
        for _ in range(warm_up):
            function()
        while (taken := self._take()) < seconds:
            if taken <= 0 and self.calls >= STILL:
                raise ValueError(f"the clock stood still during {self.calls:,} calls of {name}")
            self.calls *= 2
        # Functions that are as fast must get as many calls: else what interrupts this process hits
        # the longer timings more often. The quickest of a few is the one that nothing hit.
        for _ in range(0 if self.calls == 1 and taken >= LONG * seconds else LOOKS):
            taken = min(taken, self._take())
        self.calls = max(1, math.ceil(seconds / taken * self.calls)) if taken > 0 else self.calls

    def _take(self):
        function, clock = self._function, self._clock
        begin = clock()
        for _ in repeat(None, self.calls):
            function()
        return clock() - begin

    def time(self):
        """Seconds for one call, from one timing."""
        taken = self._take()
        if taken <= 0:
            raise ValueError(f"the clock moved by {taken:g} seconds during {self.calls:,} calls")
        return taken / self.calls


def _whole(name, value, least):
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is a whole number from {least} on, not {safe_repr(value)}")


def _positive(name, value):
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < math.inf:
        raise ValueError(f"{name} is a number above 0, not {safe_repr(value)}")
    return value
