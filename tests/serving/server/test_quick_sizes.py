"""Test which requests run in the event loop, where all other requests wait for them."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from helpers.serving.server import quick_sizes, servable
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import parse
from helpers.serving.server.quick_sizes import (
    CALLS,
    MOST_CALLS,
    MOST_SIZES,
    TRIAL_SECONDS,
    QuickSizes,
    size_of,
)
from helpers.serving.server.rest import App
from helpers.serving.server.servable import Servable
from helpers.serving.server.version_loader import make_loader
from helpers.serving.server.version_manager import Manager

QUICK, SLOW = 0.0, 1.0  # seconds of calls


def measured(sizes, size, *seconds):
    for second in seconds:
        sizes.measured(size, second)
    return size in sizes


def test_a_size_is_quick_after_some_quick_calls():
    sizes = QuickSizes()
    assert not measured(sizes, "a", *[QUICK] * (CALLS - 1))
    assert measured(sizes, "a", QUICK)
    assert "b" not in sizes


def test_a_slow_call_on_trial_begins_the_trial_again():
    sizes = QuickSizes()
    assert not measured(sizes, "a", *[QUICK] * (CALLS - 1), SLOW)
    assert not sizes.on_trial("a")
    assert not measured(sizes, "a", *[QUICK] * (CALLS - 1))
    assert measured(sizes, "a", QUICK)


def test_a_call_that_waited_for_others_can_begin_a_trial():
    sizes = QuickSizes()
    assert not sizes.on_trial("a")
    measured(sizes, "a", SLOW)
    assert not sizes.on_trial("a")
    measured(sizes, "a", TRIAL_SECONDS / 2)
    assert sizes.on_trial("a")
    assert measured(sizes, "a", *[QUICK] * (CALLS - 1))


def test_each_slow_call_takes_its_size_out_for_longer():
    sizes = QuickSizes()
    measured(sizes, "b", *[QUICK] * CALLS)
    needed = CALLS
    for _ in range(20):
        assert measured(sizes, "a", *[QUICK] * needed)
        assert not measured(sizes, "a", SLOW)
        needed = min(2 * needed, MOST_CALLS)
        assert not measured(sizes, "a", *[QUICK] * (needed - 1))
        assert measured(sizes, "a", QUICK)
    assert "b" in sizes


def test_a_slow_response_takes_a_size_out_at_once():
    sizes = QuickSizes()
    for _ in range(3 * CALLS):
        sizes.measured("a", QUICK)
        sizes.take_out("a")
    assert "a" not in sizes


def test_the_number_of_sizes_is_bounded():
    sizes = QuickSizes()
    for number in range(2 * MOST_SIZES):
        measured(sizes, number, *[QUICK] * CALLS)
    assert len(sizes) == MOST_SIZES
    assert 0 not in sizes
    assert 2 * MOST_SIZES - 1 in sizes


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.float32([1, 2]), np.float32([3, 9e9]), True),
        (np.float32([1, 2]), np.float32([[1, 2]]), False),
        (np.float32([1, 2]), np.float32([1, 2, 3]), False),
        (np.int32(1000), np.int32(1001), True),
        (np.int32(1000), np.int32(2000), False),
        (np.array([b"ab", b"c"], object), np.array([b"", b"abc"], object), True),
        (np.array([b"ab", b"c"], object), np.array([b"ab", b"c" * 50], object), False),
    ],
)
def test_what_the_time_of_a_call_depends_on(one, other, same):
    assert (size_of([one]) == size_of([other])) is same


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Write a model with a signature for each kind of call."""

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
        def double(self, x):
            return {"y": 2 * x}

        @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
        def refuse(self, x):
            with tf.control_dependencies([tf.debugging.assert_less(x, 0.0)]):
                return {"y": tf.identity(x)}

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="n")])
        def many(self, n):
            return {"y": tf.zeros([n])}

    class Loop(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="n")])
        def count(self, n):
            return {"n": tf.while_loop(lambda i: i < n, lambda i: i + 1, [tf.constant(0)])[0]}

    base, model, loop = tmp_path_factory.mktemp("served"), Model(), Loop()
    signatures = {"double": model.double, "refuse": model.refuse, "many": model.many}
    tf.saved_model.save(model, str(base / "model" / "1"), signatures=signatures)
    tf.saved_model.save(loop, str(base / "loop" / "1"), signatures={"count": loop.count})
    return base


class Executor(ThreadPoolExecutor):
    """An executor that counts what it runs."""

    ran = 0

    def submit(self, *call):
        self.ran += 1
        return super().submit(*call)


class Server:
    """The application of a server without a network."""

    def __init__(self, base):
        options = parse([f"--model_base_path={base}"])[0]
        self.manager = Manager(make_loader(options, Metrics()), poll_seconds=0)
        self.manager.start(options.models())
        self.executor = Executor(1)
        self.app = App(self.manager, options, Metrics(), self.executor)

    @property
    def servable(self):
        version = self.manager.acquire("default")
        self.manager.release(version)
        return version.servable

    def ask(self, signature, value, status=200):
        """Send a request to predict; return whether the event loop has run it."""
        ran = self.executor.ran
        assert asyncio.run(self._answer(signature, value)) == status
        return self.executor.ran == ran

    async def _answer(self, signature, value):
        sent = []
        body = json.dumps({"signature_name": signature, "inputs": value}).encode()

        async def receive():
            return {"type": "http.request", "body": body}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "headers": [], "query_string": b""}
        await self.app({**scope, "raw_path": b"/v1/models/default:predict"}, receive, send)
        return sent[0]["status"]


@pytest.fixture
def server(base):
    server = Server(base / "model")
    yield server
    server.executor.shutdown()
    server.manager.stop()


def make_quick(loaded, signature, inputs):
    """Let a size count as quick; return it."""
    call = loaded.calls.predict(signature, inputs)
    loaded.answer(call)  # the first call is slow
    measured(loaded.sizes, call.size, *[QUICK] * MOST_CALLS)
    return call.size


def test_only_sizes_that_were_measured_run_in_the_event_loop(server):
    assert not server.ask("double", [1.0, 2.0])
    make_quick(server.servable, "double", {"x": np.float32([1, 2])})
    assert server.ask("double", [3.0, 4.0])
    assert not server.ask("double", [1.0, 2.0, 3.0]), "a larger input"
    assert not server.ask("double", [[1.0, 2.0]]), "another shape"
    assert not server.ask("refuse", [1.0, 2.0], 400), "another signature"


def test_a_slow_call_takes_its_size_out(server, monkeypatch):
    size = make_quick(server.servable, "double", {"x": np.float32([1, 2])})
    for module in (quick_sizes, servable):
        monkeypatch.setattr(module, "QUICK_SECONDS", 0)  # now every call is slow
    assert server.ask("double", [3.0, 4.0])
    assert size not in server.servable.sizes
    assert not server.ask("double", [3.0, 4.0])


def test_a_quick_error_says_nothing_about_calls_that_succeed(server):
    for _ in range(3 * CALLS):
        server.ask("refuse", 1.0, 400)
    assert not server.ask("refuse", -1.0)


def test_a_size_whose_response_is_long_never_runs_in_the_event_loop(server):
    size = make_quick(server.servable, "many", {"n": np.array(300_000, np.int32)})
    assert server.ask("many", 300_000)
    assert size not in server.servable.sizes


def test_a_graph_with_a_loop_never_runs_in_the_event_loop(base):
    loop = Servable(base / "loop" / "1")
    size = make_quick(loop, "count", {"n": np.array(1, np.int32)})
    assert size in loop.sizes
    assert not loop.is_quick(loop.calls.predict("count", {"n": np.array(1, np.int32)}))
    loop.close()
