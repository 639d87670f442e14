"""Timings on a machine whose clock moves only while a function of the test runs."""

import itertools
import re

import numpy as np
import pytest

from helpers.benchmark.timing import (
    REFUSED,
    Ratio,
    Timing,
    TooNoisy,
    duration,
    measure,
    median_interval,
    ratio,
    ratios,
)


class Machine:
    """A clock, and functions that take as much time as the test says."""

    def __init__(self, noise=lambda: 1.0):
        self.now, self.noise, self.log = 0.0, noise, []

    def clock(self):
        return self.now

    def takes(self, *costs, name="f"):
        """Make a function whose calls take `costs` in turn, and then always the last cost."""
        left = itertools.chain(costs, itertools.repeat(costs[-1]))

        def function():
            self.log.append(name)
            self.now += next(left) * self.noise()

        return function


@pytest.fixture
def machine():
    return Machine()


def test_measure_gives_the_time_of_one_call(machine):
    found = measure(machine.takes(0.5), seconds=2, clock=machine.clock)
    assert found == Timing((0.5,) * 31, 4)
    assert str(found) == "median 500 ms, half of them from 500 ms to 500 ms (31 timings of 4 calls)"


@pytest.mark.parametrize(("cost", "calls"), [(2**-20, 525), (2**-12, 3), (1.0, 1)])
def test_a_timing_holds_as_many_calls_as_its_seconds_need(machine, cost, calls):
    found = measure(machine.takes(cost), timings=2, clock=machine.clock)
    assert found.calls == calls
    assert set(found.seconds) == {cost}


def test_the_first_calls_do_not_count(machine):
    slow_at_first = machine.takes(100.0, 100.0, 100.0, 1.0)
    assert measure(slow_at_first, clock=machine.clock).median == 1
    slow_at_first = machine.takes(100.0, 100.0, 1.0)
    assert measure(slow_at_first, warm_up=2, clock=machine.clock).median == 1
    # The calls that find out how many calls a timing holds do not count either.
    slow_at_first = machine.takes(*[100.0] * 6, 1.0)
    assert measure(slow_at_first, warm_up=5, clock=machine.clock).seconds == (1,) * 31


def test_a_slow_function_is_not_called_more_often_than_needed(machine):
    measure(machine.takes(1.0), timings=5, clock=machine.clock)
    assert len(machine.log) == 3 + 1 + 5


def test_an_interruption_while_counting_changes_nothing(machine):
    """Otherwise one of two equal functions gets shorter timings with fewer interruptions."""
    interrupted = machine.takes(*[2**-20] * 5, 0.01, 2**-20)
    assert measure(interrupted, clock=machine.clock).calls == 525


def test_median_and_spread(machine):
    found = measure(machine.takes(*[9.0] * 4, 1, 2, 3, 4, 100), 5, clock=machine.clock)
    assert (found.seconds, found.median, found.spread) == ((1, 2, 3, 4, 100), 3, (2, 4))
    assert found.least == 1


def test_ratio_of_two_functions(machine):
    found = ratio(machine.takes(6.0), machine.takes(2.0), clock=machine.clock)
    assert found == Ratio((3.0,) * 31)
    assert (found.median, found.interval, found.clear) == (3, (3, 3), True)
    assert str(found) == "3 times the baseline's time (99 % interval: 3 to 3, 31 pairs)"
    assert found.above(2.9) and not found.above(3) and found.below(3.1) and not found.below(3)


def test_each_has_its_own_number_of_calls(machine):
    slow, fast = machine.takes(1.0, name="slow"), machine.takes(2**-10, name="fast")
    found = ratio(slow, fast, pairs=8, seconds=1, clock=machine.clock)
    assert found.median == 1024
    last_two = machine.log[-1 - 1024 :]  # of an even number of pairs, the last is BA
    assert last_two == ["slow", *["fast"] * 1024]


def test_they_take_turns_and_change_who_begins(machine):
    functions = {name: machine.takes(1.0, name=name) for name in "ABC"}
    ratios({name: functions[name] for name in "BC"}, functions["A"], pairs=8, clock=machine.clock)
    assert "".join(machine.log).endswith("ABCCBA" * 4)


@pytest.mark.parametrize("slower", [1.01, 1.1])
def test_a_machine_that_gets_slower_and_slower_is_fair_to_both(slower):
    machine = Machine()
    load = itertools.count()
    machine.noise = lambda: slower ** next(load)
    found = ratio(machine.takes(3.0), machine.takes(2.0), pairs=16, clock=machine.clock)
    assert found.interval == pytest.approx((1.5 / slower, 1.5 * slower))
    assert np.median(found.pairs) == pytest.approx(1.5, rel=slower - 0.99)


def test_a_hiccup_does_not_count(machine):
    hiccup = machine.takes(*[2.0] * 9, 500.0, 2.0)
    found = ratio(hiccup, machine.takes(1.0), pairs=15, clock=machine.clock)
    assert (max(found.pairs), found.median, found.interval) == (500, 2, (2, 2))


def test_noise_that_is_larger_than_the_difference_is_refused():
    found = Ratio((0.7, 1.4, 0.9, 1.2, 1.1, 0.8, 1.3, 1.05))
    assert not found.clear
    assert str(found) == repr(found) == REFUSED
    assert "the noise is larger than the difference" in REFUSED and not re.search(r"\d", REFUSED)
    with pytest.raises(TooNoisy, match="the noise is larger than the difference"):
        print(found.median)
    assert not found.above(1) and not found.below(1)
    assert found.above(0.5) and found.below(2)  # this much the pairs do tell


@pytest.mark.parametrize(("true", "least", "most"), [(1.0, 0, 4), (1.05, 0, 40), (2.0, 396, 400)])
def test_how_often_a_difference_is_claimed(true, least, most):
    """Count claims in 400 comparisons with a noise of 20 % (one standard deviation).

    Equal functions may be called different in 1 of 100 comparisons. A factor of 2 is nearly always
    found.
    """
    chance = np.random.default_rng(0)
    machine = Machine(lambda: float(np.exp(chance.normal(0, 0.2))))
    found = [
        ratio(machine.takes(true), machine.takes(1.0), pairs=15, clock=machine.clock)
        for _ in range(400)
    ]
    assert least <= sum(one.clear for one in found) <= most
    assert np.mean([one.interval[0] <= true <= one.interval[1] for one in found]) >= 0.985


def test_more_pairs_are_taken_until_the_ratio_is_clear(machine):
    """10 pairs with one outlier are not clear. 20 pairs with that outlier are."""
    outlier = machine.takes(*[2.0] * 9, 0.5, 2.0)
    found = ratio(outlier, machine.takes(1.0), pairs=10, clock=machine.clock)
    assert not found.clear and len(found.pairs) == 10
    outlier = machine.takes(*[2.0] * 9, 0.5, 2.0)
    found = ratio(outlier, machine.takes(1.0), pairs=10, clock=machine.clock, doublings=3)
    assert found.median == 2 and len(found.pairs) == 20 and min(found.pairs) == 0.5


def test_only_what_is_not_clear_gets_more_pairs(machine):
    log = machine.log
    functions = {"same": machine.takes(1.0, name="s"), "twice": machine.takes(2.0, name="t")}
    baseline = machine.takes(1.0, name="b")
    found = ratios(functions, baseline, pairs=10, clock=machine.clock, doublings=2)
    assert {name: len(one.pairs) for name, one in found.items()} == {"same": 40, "twice": 10}
    assert not found["same"].clear and found["twice"].median == 2
    assert "".join(log[-60:]) == "bssb" * 15  # of the 10 and 20 pairs after the first 10
    assert log.count("t") == 3 + 1 + 10


@pytest.mark.parametrize(("true", "least", "most"), [(1.0, 0, 4), (1.3, 396, 400)])
def test_more_looks_claim_no_more_often_what_is_not_so(true, least, most):
    """The interval is wider for each look, so that equal functions are rarely called different."""
    chance = np.random.default_rng(0)
    machine = Machine(lambda: float(np.exp(chance.normal(0, 0.2))))
    found = [
        ratio(machine.takes(true), machine.takes(1.0), 10, clock=machine.clock, doublings=3)
        for _ in range(400)
    ]
    assert least <= sum(one.clear for one in found) <= most
    assert max(len(one.pairs) for one in found) <= 80
    assert np.mean([one.interval[0] <= true <= one.interval[1] for one in found]) >= 0.985


@pytest.mark.parametrize("count", range(8, 16))
def test_the_interval_holds_the_median_in_99_of_100_cases(count):
    """Count all patterns of values above and below the true median: they are equally likely."""
    missed = tighter = 0
    for above in itertools.product((-1, 1), repeat=count):
        low, high = median_interval(above)
        missed += low > 0 or high < 0
        below = sorted(above)
        low, high = median_interval_without(below)
        tighter += low > 0 or high < 0
    assert missed / 2**count <= 0.01 < tighter / 2**count


def median_interval_without(ordered):
    """Return the next narrower interval, with one value less at each end."""
    low, _ = median_interval(range(len(ordered)))
    return ordered[low + 1], ordered[-low - 2]


def test_units_and_figures():
    said = [duration(s) for s in (0, 2.5e-9, 3.14e-6, 0.0421, 0.5, 12.3, 4567)]
    assert said == ["0 ns", "2.5 ns", "3.1 µs", "42 ms", "500 ms", "12 s", "4,567 s"]
    assert str(Ratio((8766.4,) * 8)).startswith("8,766 times the baseline's time")
    assert str(Ratio((0.4567,) * 8)).startswith("0.46 times the baseline's time")


def nothing():
    pass


BAD = {
    "a result, no function": (
        lambda: measure(3.0),
        TypeError,
        "not 3.0. lambda: model(x) is a function",
    ),
    "no function in ratio": (
        lambda: ratio(nothing, None),
        TypeError,
        "baseline should be a function",
    ),
    "which of several": (
        lambda: ratios({"call": 1}, nothing),
        TypeError,
        "call should be a function",
    ),
    "no functions": (
        lambda: ratios({}, nothing),
        TypeError,
        "should be a dict of names to functions",
    ),
    "a list": (
        lambda: ratios([nothing], nothing),
        TypeError,
        "should be a dict of names to functions",
    ),
    "too few pairs": (lambda: ratio(nothing, nothing, 7), ValueError, "at least 8, not 7"),
    "half a pair": (lambda: ratio(nothing, nothing, 8.5), ValueError, "at least 8, not 8.5"),
    "too few pairs for looks": (
        lambda: ratio(nothing, nothing, 9, doublings=3),
        ValueError,
        "pairs should be a whole number, at least 10, not 9",
    ),
    "half a doubling": (
        lambda: ratio(nothing, nothing, doublings=0.5),
        ValueError,
        "doublings should be a whole number, at least 0, not 0.5",
    ),
    "one timing": (
        lambda: measure(nothing, 1),
        ValueError,
        "timings should be a whole number, at least 2",
    ),
    "True": (
        lambda: measure(nothing, warm_up=True),
        ValueError,
        "warm_up should be a whole number",
    ),
    "no time": (
        lambda: measure(nothing, seconds=0),
        ValueError,
        "seconds should be a number above 0",
    ),
    "for ever": (lambda: measure(nothing, seconds=float("inf")), ValueError, "not inf"),
    "not a time": (lambda: measure(nothing, seconds="1"), ValueError, "not '1'"),
    "not a factor": (
        lambda: Ratio((2.0,) * 8).above(-1),
        ValueError,
        "factor should be a number above",
    ),
    "few pairs by hand": (lambda: Ratio((2.0,) * 7).above(1), ValueError, "7 values do not give"),
    "a clock that stands": (
        lambda: measure(nothing, clock=lambda: 5.0),
        ValueError,
        "the clock stood still during 1,048,576 calls of function",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_a_clock_that_goes_back_is_noticed(machine):
    backwards = machine.takes(*[1.0] * 4, -1.0)
    with pytest.raises(ValueError, match="the clock moved by -1 seconds"):
        measure(backwards, clock=machine.clock)


def test_errors_of_the_function_are_its_own():
    with pytest.raises(ZeroDivisionError):
        measure(lambda: 1 / 0)
