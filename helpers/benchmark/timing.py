"""How long a call takes, and whether it is faster than another call.

One timing says little. The first calls are slower, the clock has a limited resolution, and the
machine runs other programs at the same time. Therefore a function is called a few times before the
first timing, and one timing repeats the call for `seconds`. Two functions are timed in turn, AB BA
AB BA, so that a slow phase of the machine slows both. A pair of timings gives a ratio, all pairs
give a median, and their spread gives an interval. If the interval contains 1, the comparison is
inconclusive.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from numbers import Integral, Real

from helpers.text import safe_repr

SECONDS = 0.0005  # of one timing: thousands of times the cost of reading the clock
PAIRS = 31  # many short timings resist noise better than a few long ones
WARM_UP = 3  # calls before the first timing: the first call traces the graph
SURE = 0.99
LOOKS = 3  # timings that decide how many calls one timing contains
LONG = 20  # times `seconds`: a single call that takes longer is not repeated
STILL = 2**20  # calls after which a clock that has not moved counts as stopped


@dataclass(frozen=True)
class Timing:
    """How long one call takes; prints itself.

    Attributes
    ----------
    seconds
        seconds of one call, from each timing
    calls
        number of calls in one timing
    """

    seconds: tuple[float, ...]
    calls: int

    @property
    def median(self) -> float:
        """The median in seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """(first quartile, third quartile) in seconds: half of the timings lie between them."""
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    def __str__(self):
        low, high = map(duration, self.spread)
        timings = f"{len(self.seconds)} timings of {self.calls:,} call{'s' * (self.calls > 1)}"
        return f"median {duration(self.median)}, half of them from {low} to {high} ({timings})"

    __repr__ = __str__


class TooNoisy(ValueError):
    """The comparison is inconclusive: the pairs do not tell which function is faster."""


REFUSED = (
    "inconclusive: the noise is larger than the difference. Take more pairs, longer timings "
    "(seconds=...), or a machine that runs nothing else"
)


@dataclass(frozen=True)
class Ratio:
    """The time of a function as a multiple of a baseline's; prints itself.

    Attributes
    ----------
    pairs
        the ratio of each pair of timings
    """

    pairs: tuple[float, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high): the 99 % confidence interval of the median."""
        return median_interval(self.pairs)

    @property
    def clear(self) -> bool:
        """Whether the pairs tell which of the two functions is faster."""
        return self.above(1) or self.below(1)

    @property
    def median(self) -> float:
        """The median of the pairs. Raises TooNoisy unless `clear`."""
        if not self.clear:
            raise TooNoisy(REFUSED)
        return statistics.median(self.pairs)

    def above(self, factor: float) -> bool:
        """Whether the whole interval lies above `factor`."""
        return self.interval[0] > _positive("factor", factor)

    def below(self, factor: float) -> bool:
        """Whether the whole interval lies below `factor`."""
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


def measure(
    function: Callable[[], object],
    timings: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Time calls of `function`.

    Parameters
    ----------
    function
        function without arguments
    timings
        number of timings, at least 2
    seconds
        shortest duration of one timing: the timing repeats the call until it is reached
    warm_up
        calls before the first timing
    clock
        function that returns seconds

    Returns
    -------
    Timing
    """
    _whole("timings", timings, 2)
    one = _Timed("function", function, seconds, warm_up, clock)
    return Timing(tuple(one.time() for _ in range(timings)), one.calls)


def ratio(
    function: Callable[[], object],
    baseline: Callable[[], object],
    pairs: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
    most: int | None = None,
) -> Ratio:
    """Compare the time of a call of `function` with that of `baseline`, in pairs of timings.

    Parameters
    ----------
    function, baseline
        functions without arguments
    pairs
        number of pairs, at least 8: fewer do not give an interval
    seconds, warm_up, clock
        see `measure`
    most
        bound on the number of pairs. Their number is doubled until the ratio is clear or the bound
        is reached. Each look at the interval has its own chance of 1 in 100 to call two equal
        functions different. Without a bound, there are exactly `pairs`

    Returns
    -------
    Ratio
    """
    one = {"function": function}
    return ratios(one, baseline, pairs, seconds, warm_up, clock, most)["function"]


def ratios(
    functions: dict[str, Callable[[], object]],
    baseline: Callable[[], object],
    pairs: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
    most: int | None = None,
) -> dict[str, Ratio]:
    """Compare several functions with one baseline: in each turn every one of them is timed once.

    Parameters
    ----------
    functions
        {name: function without arguments}
    baseline, pairs, seconds, warm_up, clock, most
        see `ratio`. The number of pairs is doubled until every ratio is clear

    Returns
    -------
    dict of str to Ratio
    """
    _whole("pairs", pairs, 8)
    most = pairs if most is None else _whole("most", most, pairs)
    if not (isinstance(functions, dict) and functions):
        raise TypeError(
            f"functions should be a dict of names to functions, not {safe_repr(functions)}"
        )
    first = _Timed("baseline", baseline, seconds, warm_up, clock)
    others = {
        name: _Timed(name, function, seconds, warm_up, clock)
        for name, function in functions.items()
    }
    row, found = [first, *others.values()], {name: [] for name in others}
    look = pairs  # the number of pairs after which the intervals are looked at
    for number in range(most):
        if number == look:
            if all(Ratio(tuple(taken)).clear for taken in found.values()):
                break
            look *= 2
        taken = {one: one.time() for one in (reversed(row) if number % 2 else row)}
        for name, one in others.items():
            found[name].append(taken[one] / taken[first])
    return {name: Ratio(tuple(taken)) for name, taken in found.items()}


def median_interval(values: Sequence[float], sure: float = SURE) -> tuple[float, float]:
    """Return the confidence interval of the median of the distribution that gave `values`.

    Each value lies above or below that median with equal probability, whatever the distribution
    is. Therefore the probability that the median lies outside is a binomial sum, and exact.

    Raises
    ------
    ValueError
        `values` are too few
    """
    ordered, count = sorted(values), len(values)
    below, tail = 0, 0.0
    while (tail := tail + math.comb(count, below) / 2**count) <= (1 - sure) / 2:
        below += 1
    if not below:
        raise ValueError(f"{count} values do not give an interval that is {sure:.0%} sure")
    return ordered[below - 1], ordered[-below]


def duration(seconds: float) -> str:
    """Return seconds as text with a fitting unit: "3.1 µs", "42 ms"."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * size:  # 1,000 of a unit after rounding is 1 of the next
            return f"{rounded(seconds / size)} {unit}"
    return f"{rounded(seconds / 1e-9)} ns"


def rounded(number: float) -> str:
    """Return a number with two significant digits, or whole above 99: "8,766", "0.46"."""
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.2g}"


class _Timed:
    """A function after its warm-up, and the number of calls in one timing."""

    def __init__(self, name, function, seconds, warm_up, clock):
        if not callable(function):
            raise TypeError(
                f"{name} should be a function without arguments, not {safe_repr(function)}. "
                "Write lambda: model(x), not model(x), which is the result of a call"
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
        # Equally fast functions must get the same number of calls: interruptions hit longer timings
        # more often. The shortest of a few timings was not interrupted.
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
        """Return the seconds of one call, from one timing."""
        taken = self._take()
        if taken <= 0:
            raise ValueError(f"the clock moved by {taken:g} seconds during {self.calls:,} calls")
        return taken / self.calls


def _whole(name, value, least):
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name} should be a whole number, at least {least}, not {safe_repr(value)}"
        )
    return value


def _positive(name, value):
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < math.inf:
        raise ValueError(f"{name} should be a number above 0, not {safe_repr(value)}")
    return value
