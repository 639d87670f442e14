"""Examples that are drawn for a learner's function: the smallest failing one is shown."""

import os

import pytest
from hypothesis import strategies as st

from helpers.exercises import time_limit
from helpers.exercises.examples import EXAMPLES, require_for_all
from helpers.exercises.outcomes import NotYet, Raised, require


def too_large(number):
    require(number < 37, f"{number} is too large")


def test_the_smallest_example_is_shown():
    with pytest.raises(NotYet, match=r"^37 is too large$"):
        require_for_all(too_large, st.integers())


def test_right_for_all_examples():
    seen = []
    require_for_all(seen.append, st.floats(allow_nan=False))
    assert len(set(seen)) > EXAMPLES / 2
    again: list[float] = []
    require_for_all(again.append, st.floats(allow_nan=False))
    assert again == seen


def test_an_error_of_the_learner_is_shown():
    def fails(number):
        raise Raised(ZeroDivisionError(number))

    with pytest.raises(Raised):
        require_for_all(fails, st.integers())


def test_a_function_that_is_wrong_now_and_then():
    def sometimes(number):
        require(os.urandom(1)[0] > 60, "wrong this time")

    with pytest.raises(NotYet, match="wrong this time"):
        require_for_all(sometimes, st.integers())


def test_an_error_of_the_check_is_no_verdict():
    with pytest.raises(ZeroDivisionError):
        require_for_all(lambda number: 1 // 0, st.integers())


def test_the_time_limit_of_the_check_holds():
    def hangs(number):
        while True:
            pass

    with pytest.raises(time_limit.TimeOver), time_limit.time_limit(0.2):
        require_for_all(hangs, st.integers())


def test_a_search_that_is_stopped_shows_what_it_found():
    refused = []

    def slow(number):
        while refused and number < refused[0]:
            pass
        if number > 5:
            refused.append(number)
            raise NotYet(f"{number} is too large")

    with pytest.raises(NotYet, match="is too large"), time_limit.time_limit(1):
        require_for_all(slow, st.integers(0, 10**6))


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotYet):
        require_for_all(lambda text: require(len(text) < 3, text), st.text())
    assert not list(tmp_path.iterdir())
