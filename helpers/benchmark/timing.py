"""Measure how long a call takes, and whether one call is faster than another.

One timing says little. The first calls are slower, the clock has a limited resolution, and the
machine runs other programs meanwhile. So a function is called a few times before anything counts.
One timing holds as many calls as take `seconds`. Two functions are timed in turn, AB BA AB BA, so
that a slow phase of the machine slows both. Each pair of timings gives a ratio, the pairs give a
median, and their spread gives an interval. Where the interval does not tell which function is
faster, the comparison is inconclusive, and the median raises an error.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from numbers import Integral, Real
from typing import Any

from helpers.text import safe_repr

SECONDS = 0.0005  # of one timing: thousands of times what reading the clock costs
PAIRS = 31  # many short timings are less sensitive to noise than a few long ones
WARM_UP = 3  # calls before anything counts: the first call traces a graph
SURE = 0.99
TRIALS = 3  # timings that find out how many calls one timing should hold
LONG = 20  # a single call that takes LONG times `seconds` is not called more often
STILL = 2**20  # calls after which a clock that has not moved counts as a clock that stands still

Function = Callable[[], Any]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """The time of one call. It prints itself.

    Attributes
    ----------
    seconds : tuple of float
        Time of one call, from each timing.
    calls : int
        Number of calls in one timing.
    """

    seconds: tuple[float, ...]
    calls: int

    @property
    def median(self) -> float:
        """The median of the timings, in seconds for one call."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """The shortest of the timings, in seconds for one call.

        Other programs only make a timing longer. So this value changes least on a busy machine.
        """
        return min(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The first and the third quartile: half of the timings lie between them."""
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    def __str__(self) -> str:
        low, high = map(duration, self.spread)
        timings = f"{len(self.seconds)} timings of {self.calls:,} call{'s' * (self.calls > 1)}"
        return f"median {duration(self.median)}, half of them from {low} to {high} ({timings})"

    __repr__ = __str__


class TooNoisy(ValueError):
    """The pairs do not tell which of the two functions is faster."""


REFUSED = (
    "inconclusive: the noise is larger than the difference. Take more pairs, longer timings "
    "(seconds=...), or a machine that does nothing else"
)


@dataclass(frozen=True)
class Ratio:
    """The time of a function as a multiple of the time of a baseline. It prints itself.

    Attributes
    ----------
    pairs : tuple of float
        The ratio of each pair of timings.
    looks : int
        How often the pairs may have been looked at before the measurement stopped. With more
        looks the interval is wider, so that it is 99 % sure for all looks together.
    """

    pairs: tuple[float, ...]
    looks: int = 1

    @property
    def interval(self) -> tuple[float, float]:
        """The interval (low, high) that holds the true median with 99 % certainty."""
        return median_interval(self.pairs, 1 - (1 - SURE) / self.looks)

    @property
    def clear(self) -> bool:
        """Whether the pairs tell which of the two functions is faster."""
        return self.above(1) or self.below(1)

    @property
    def median(self) -> float:
        """The median of the pairs.

        Raises
        ------
        TooNoisy
            The ratio is not `clear`.
        """
        if not self.clear:
            raise TooNoisy(REFUSED)
        return statistics.median(self.pairs)

    def above(self, factor: float) -> bool:
        """Tell whether the function certainly takes more than `factor` times the baseline's time.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        bool
        """
        return self.interval[0] > _positive("factor", factor)

    def below(self, factor: float) -> bool:
        """Tell whether the function certainly takes less than `factor` times the baseline's time.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        bool
        """
        return self.interval[1] < _positive("factor", factor)

    def __str__(self) -> str:
        if not self.clear:
            return REFUSED
        low, high = map(rounded, self.interval)
        return (
            f"{rounded(self.median)} times the baseline's time (99 % interval: {low} to {high}, "
            f"{len(self.pairs)} pairs)"
        )

    __repr__ = __str__


def measure(
    function: Function,
    timings: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Clock = time.perf_counter,
) -> Timing:
    """Time calls of a function.

    Parameters
    ----------
    function : function without arguments
    timings : int
        Number of timings, at least 2.
    seconds : float
        Least duration of one timing. A timing holds as many calls as that needs.
    warm_up : int
        Number of calls before anything counts.
    clock : function without arguments
        Returns the time in seconds.

    Returns
    -------
    Timing

    Raises
    ------
    TypeError
        `function` is not callable.
    ValueError
        A number is out of its range, or the clock stands still or goes back.
    """
    _whole("timings", timings, 2)
    one = _Timed("function", function, seconds, warm_up, clock)
    return Timing(tuple(one.time() for _ in range(timings)), one.calls)


def ratio(
    function: Function,
    baseline: Function,
    pairs: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Clock = time.perf_counter,
    doublings: int = 0,
) -> Ratio:
    """Compare the time of a call of `function` with that of `baseline`, in pairs of timings.

    Parameters
    ----------
    function, baseline : functions without arguments
    pairs : int
        Number of pairs, at least 8. Fewer pairs do not give an interval. With `doublings` it is
        at least 9 or 10, because each look at the pairs needs a wider interval.
    seconds, warm_up, clock
        See `measure`.
    doublings : int
        How often the number of pairs may double while the ratio is not clear.

    Returns
    -------
    Ratio

    Raises
    ------
    TypeError
        `function` or `baseline` is not callable.
    ValueError
        A number is out of its range, or the clock stands still or goes back.
    """
    found = ratios({"function": function}, baseline, pairs, seconds, warm_up, clock, doublings)
    return found["function"]


def ratios(
    functions: dict[str, Function],
    baseline: Function,
    pairs: int = PAIRS,
    seconds: float = SECONDS,
    warm_up: int = WARM_UP,
    clock: Clock = time.perf_counter,
    doublings: int = 0,
) -> dict[str, Ratio]:
    """Compare several functions with one baseline: each is timed once in each turn.

    Parameters
    ----------
    functions : dict of str to function without arguments
    baseline, pairs, seconds, warm_up, clock, doublings
        See `ratio`. Only functions whose ratio is not clear get more pairs.

    Returns
    -------
    dict of str to Ratio

    Raises
    ------
    TypeError
        `functions` is not a dict of functions, or `baseline` is not callable.
    ValueError
        A number is out of its range, or the clock stands still or goes back.
    """
    _whole("doublings", doublings, 0)
    looks = doublings + 1
    _whole("pairs", pairs, math.ceil(math.log2(2 * looks / (1 - SURE))))
    if not (isinstance(functions, dict) and functions):
        raise TypeError(
            f"functions should be a dict of names to functions, not {safe_repr(functions)}"
        )
    first = _Timed("baseline", baseline, seconds, warm_up, clock)
    others = {
        name: _Timed(name, function, seconds, warm_up, clock)
        for name, function in functions.items()
    }
    found: dict[str, list[float]] = {name: [] for name in others}
    left, number = others, pairs
    for _ in range(looks):
        for name, more in _turns(first, left, number).items():
            found[name] += more
        left = {name: one for name, one in left.items() if not Ratio((*found[name],), looks).clear}
        if not left:
            break
        number = len(found[next(iter(left))])
    return {name: Ratio(tuple(made), looks) for name, made in found.items()}


def _turns(first: "_Timed", others: dict[str, "_Timed"], number: int) -> dict[str, list[float]]:
    """Time the baseline and the others in turn and return the ratios of each."""
    row: list[_Timed] = [first, *others.values()]
    found: dict[str, list[float]] = {name: [] for name in others}
    for turn in range(number):
        taken = {one: one.time() for one in (reversed(row) if turn % 2 else row)}
        for name, one in others.items():
            found[name].append(taken[one] / taken[first])
    return found


def median_interval(values: Iterable[float], sure: float = SURE) -> tuple[float, float]:
    """Find the interval of `values` that holds the median of the distribution behind them.

    Each value is above or below that median with equal probability, whatever the noise looks like.
    So the probability that the median lies outside is counted, and exact.

    Parameters
    ----------
    values : iterable of float
    sure : float
        Least probability that the interval holds the median.

    Returns
    -------
    tuple of float
        (low, high), two of the values.

    Raises
    ------
    ValueError
        There are too few values.
    """
    ordered = sorted(values)
    count, below, tail = len(ordered), 0, 0.0
    while (tail := tail + math.comb(count, below) / 2**count) <= (1 - sure) / 2:
        below += 1
    if not below:
        raise ValueError(f"{count} values do not give an interval that is {100 * sure:.3g} % sure")
    return ordered[below - 1], ordered[-below]


def duration(seconds: float) -> str:
    """Write seconds as people read them: "3.1 µs", "42 ms".

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
    """
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * size:  # what is rounded to 1,000 is 1 of the next unit
            return f"{rounded(seconds / size)} {unit}"
    return f"{rounded(seconds / 1e-9)} ns"


def rounded(number: float) -> str:
    """Write a number with as many digits as a measurement has: "8,766", "0.46".

    Parameters
    ----------
    number : float

    Returns
    -------
    str
    """
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.2g}"


class _Timed:
    """A function that is warm, and the number of calls in one timing of it."""

    def __init__(
        self, name: str, function: Function, seconds: float, warm_up: int, clock: Clock
    ) -> None:
        if not callable(function):
            raise TypeError(
                f"{name} should be a function without arguments, not {safe_repr(function)}. "
                "lambda: model(x) is a function; model(x) is its result"
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
        # Equally fast functions must get equally many calls, because an interruption hits a longer
        # timing more often. The shortest of a few timings is one without an interruption.
        for _ in range(0 if self.calls == 1 and taken >= LONG * seconds else TRIALS):
            taken = min(taken, self._take())
        self.calls = max(1, math.ceil(seconds / taken * self.calls)) if taken > 0 else self.calls

    def _take(self) -> float:
        function, clock = self._function, self._clock
        begin = clock()
        for _ in repeat(None, self.calls):
            function()
        return clock() - begin

    def time(self) -> float:
        """Return the seconds of one call, from one timing."""
        taken = self._take()
        if taken <= 0:
            raise ValueError(f"the clock moved by {taken:g} seconds during {self.calls:,} calls")
        return taken / self.calls


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name} should be a whole number, at least {least}, not {safe_repr(value)}"
        )


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < math.inf:
        raise ValueError(f"{name} should be a number above 0, not {safe_repr(value)}")
    return float(value)
