"""Time limits count what a learner's code computes, and stop it in any case."""

import contextlib
import signal
import sys
import threading
import time

import pytest
import tensorflow as tf

from helpers.exercises import time_limit as module
from helpers.exercises.time_limit import Limit, TimeOver, time_limit


def spin(seconds=1000.0):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def spin_despite_everything():
    while True:
        try:
            spin(0.01)
        except:  # noqa: E722, what learners write
            continue


@pytest.mark.parametrize("loop", [spin, spin_despite_everything])
def test_computing_is_stopped_by_its_own_time(loop):
    said = pytest.raises(TimeOver, match=r"computed for 0\.2 seconds")
    with said as raised, time_limit(0.2, waits=1000, longest=1000):  # on a busy computer
        loop()
    assert raised.value.limit.used()[0] >= 0.2
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert not module._limits


def branch():
    try:
        return branch()
    except RecursionError:
        return branch()


def test_code_at_the_limit_of_recursion_is_stopped_soon():
    before = sys.getrecursionlimit()
    with pytest.raises(TimeOver) as raised, time_limit(0.2, waits=1000, longest=1000):
        branch()
    # A look succeeds one time in eight: the chance that 300 fail is 1e-17.
    assert raised.value.limit.used()[0] < 0.2 + 300 * 2 * module.AGAIN
    assert sys.getrecursionlimit() == before


@tf.function
def spin_in_a_graph():
    number = tf.constant(0.0)
    while number < 1.0:
        number = tf.sin(number) * 0.5
    return number


def spin_in_graphs():
    while True:
        try:
            spin_in_a_graph()
        except Exception:
            continue


@pytest.mark.parametrize("loop", [spin_in_a_graph, spin_in_graphs])
def test_a_graph_that_never_ends_is_stopped(loop):
    with pytest.raises(TimeOver) as raised, time_limit(0.3, waits=1000, longest=1000) as limit:
        with time_limit(1000):
            pass
        loop()
    assert raised.value.limit is limit
    with (
        pytest.raises(TimeOver) as raised,
        time_limit(0.3, waits=1000, longest=1000) as outer,
        time_limit(1000),
    ):
        loop()
    assert raised.value.limit is outer
    assert float(tf.function(lambda x: x + 1)(tf.constant(1.0))) == 2  # others run on


def test_code_of_tensorflow_is_not_interrupted():
    """Its C++ code may have called it, and does not survive an exception there."""
    names = {"__name__": "tensorflow.python.some_module", "time": time, "finished": []}
    source = """
def call():
    end = time.process_time() + 0.6
    while time.process_time() < end:
        pass
    finished.append(True)
"""
    exec(source, names)
    after = []

    def answer():
        names["call"]()
        after.append(True)

    with pytest.raises(TimeOver), time_limit(0.2, waits=1000, longest=1000):
        answer()
    assert names["finished"] and not after


@pytest.mark.parametrize("fails", [False, True])
def test_a_loop_of_short_graphs_is_stopped(fails):
    @tf.function(input_signature=[tf.TensorSpec((None,))])
    def graph(x):
        return tf.ensure_shape(x, (2,))

    def loop():
        while True:
            with contextlib.suppress(tf.errors.InvalidArgumentError):
                graph(tf.zeros(3 if fails else 2))

    for _ in range(30):
        with pytest.raises(TimeOver), time_limit(0.05, waits=1000, longest=1000):
            loop()
    assert not module._limits


def test_an_alarm_after_the_end_of_a_limit_ends_nothing():
    before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        with time_limit(1000):
            pass
        signal.raise_signal(signal.SIGALRM)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_limit_that_is_over_ends_the_limits_inside_it():
    def answer():
        with time_limit(1000):
            while True:
                spin_in_a_graph()

    for _ in range(3):
        with pytest.raises(TimeOver), time_limit(0.2, waits=1000, longest=1000):
            answer()
        assert not module._limits and signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_graph_that_fails_does_not_stop_the_next_ones():
    @tf.function
    def strict(x):
        return tf.ensure_shape(x, (2,)) + tf.gather([1.0, 2.0], tf.cast(x, tf.int32))

    fine = tf.function(lambda x: x + 1)
    spec = tf.TensorSpec((None,))
    with time_limit(1000), time_limit(1000):
        with pytest.raises(tf.errors.InvalidArgumentError):
            strict.get_concrete_function(spec)(tf.zeros(3))
        assert float(fine(tf.constant(1.0))) == 2
    assert float(fine(tf.constant(1.0))) == 2


def test_waiting_is_stopped_too():
    with pytest.raises(TimeOver, match=r"computed for 0\.0 seconds of them"), time_limit(0.2):
        time.sleep(1000)


def test_what_waits_for_the_computer_is_not_stopped(monkeypatch):
    """Four other processes on two cores: the code gets a third of the time, and ends."""
    limit = Limit(1)
    for passed, computed, over in (
        (1.5, 0.5, False),
        (4, 0.9, False),
        (4, 1.01, True),
        (7, 0.9, True),
    ):
        now = limit._began + passed, limit._cpu + computed
        monkeypatch.setattr(module.time, "monotonic", lambda now=now: now[0])
        monkeypatch.setattr(module.time, "process_time", lambda now=now: now[1])
        assert limit.over() == over, (passed, computed)


def test_the_outer_limit_holds_inside_an_inner_one():
    with time_limit(1000) as outer, pytest.raises(TimeOver) as raised, time_limit(0.1) as inner:
        spin()
    assert raised.value.limit is inner is not outer
    with pytest.raises(TimeOver) as raised, time_limit(0.1) as outer, time_limit(1000):
        spin()
    assert raised.value.limit is outer


def test_the_outer_limit_goes_on_after_an_inner_one():
    with pytest.raises(TimeOver) as raised, time_limit(0.3) as outer:
        with time_limit(1000):
            pass
        spin()
    assert raised.value.limit is outer


def test_an_own_limit_leaves_out_what_inner_limits_take():
    with time_limit(0.3, 1000, 1000, own=True) as outer:
        for _ in range(3):
            with time_limit(1000):
                spin(0.2)
        assert outer.used()[0] < 0.2
        with time_limit(1000), time_limit(1000):
            spin(0.5)
            assert outer.used()[0] < 0.2
    with pytest.raises(TimeOver) as raised, time_limit(0.3, 1000, 1000, own=True) as outer:
        with time_limit(1000):
            spin(0.5)
        spin()
    assert raised.value.limit is outer


def test_the_handler_and_the_timer_of_the_caller_come_back():
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        with time_limit(10):
            assert signal.getsignal(signal.SIGALRM) is module._look
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_there_is_no_limit():
    ended = []

    def run():
        with time_limit(0.01):
            time.sleep(0.2)
        ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ended


def test_what_nothing_stops_says_what_to_do(monkeypatch):
    """As when a loop runs inside TensorFlow; here the signal is simply held back."""
    said = threading.Event()
    monkeypatch.setattr(module, "print", lambda text: said.set(), raising=False)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with pytest.raises(TimeOver), time_limit(0.1):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        assert said.wait(60)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})


def test_a_nested_limit_does_not_look_as_often_as_the_rest_of_the_outer_timer(monkeypatch):
    with time_limit(8):
        monkeypatch.setattr(signal, "getitimer", lambda _: (1e-3, 1.0))
        with time_limit(80):
            monkeypatch.undo()
            assert signal.getitimer(signal.ITIMER_REAL)[1] == 1.0
