"""Which user gets which version, how failures are handled, and what is counted."""

import contextlib
import itertools
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

from helpers.paths import ROOT
from helpers.serving.launch.process import start
from helpers.serving.launch.serve import wait_for
from helpers.serving.rollout import failover
from helpers.serving.rollout.buckets import bucket
from helpers.serving.rollout.router import Route, Router
from tests.serving import exports

NOWHERE = "http://127.0.0.1:9"  # no program listens on the discard port
BODY = {"instances": [1.0]}
LONG = 120  # seconds, against a test that hangs
USERS = [f"user {number}" for number in range(2000)]


class Stub(ThreadingHTTPServer):
    """A server that answers each request with `status` after `delay`, and notes its path."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, status=200, body=None, delay=0):
        self.status, self.body, self.delay = status, body or {"predictions": [1.0]}, delay
        self.paths = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        time.sleep(self.server.delay)
        body = self.server.body
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        with contextlib.suppress(OSError):
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *_):
        pass


# -- buckets -----------------------------------------------------------------------------------


def test_buckets_are_those_of_the_documented_hash():
    """You can compute these numbers with: printf 'SALT:USER' | sha256sum."""
    assert bucket("ann") == int("ecee25e4", 16) % 10_000
    assert bucket("ann", "spring") != bucket("ann")
    assert bucket(17) == bucket("17") == bucket(np.int64(17))
    assert 0 <= bucket("größe\ud800") < 10_000


def test_buckets_are_the_same_in_another_process():
    code = (
        "import sys; from helpers.serving.rollout.buckets import bucket; print(*map(bucket, 'abc'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert other.stdout.split() == [str(bucket(user)) for user in "abc"]


@pytest.mark.parametrize("users", [range(100_000), [f"user-{n}@here" for n in range(100_000)]])
def test_buckets_are_uniform(users):
    """Chi-squared of 100 groups of buckets is above 160 with a probability of 1 in 10,000."""
    counts = np.bincount([bucket(user) // 100 for user in users], minlength=100)
    assert len(counts) == 100
    assert ((counts - 1000) ** 2 / 1000).sum() < 160


def test_another_salt_shuffles_the_users():
    first = {user for user in USERS if bucket(user) < 1000}
    second = {user for user in USERS if bucket(user, "again") < 1000}
    assert len(first & second) < 0.25 * len(first)


@pytest.mark.parametrize("user", [None, True, 1.5, b"ann", ["ann"]])
def test_what_is_not_a_user_is_named(user):
    with pytest.raises(TypeError, match="user must be a str or an int, not"):
        bucket(user)
    with pytest.raises(ValueError, match="user must not be an empty str"):
        bucket("")
    with pytest.raises(TypeError, match="salt must be a str, not 5"):
        bucket("ann", 5)


# -- who gets what -----------------------------------------------------------------------------


def in_canary(router):
    return {user for user in USERS if router.route(user).role == "canary"}


def test_the_canary_grows_and_keeps_its_users():
    router = Router(NOWHERE, "m", stable=1, canary=2)
    before = in_canary(router)
    assert not before
    for percent in (0.01, 1, 10, 33.33, 50, 99.99, 100):
        router.percent = percent
        now = in_canary(router)
        assert before <= now
        assert len(now) == pytest.approx(20 * percent, abs=5 * 500**0.5)
        before = now
    assert len(before) == len(USERS)
    router.percent = 10
    assert in_canary(router) == {user for user in USERS if bucket(user) < 1000}


def test_a_route_names_what_to_ask():
    router = Router(f"{NOWHERE}/behind/", "half plus/two", stable=1, canary="can/ary", percent=100)
    path = f"{NOWHERE}/behind/v1/models/half%20plus%2Ftwo/labels/can%2Fary:predict"
    assert router.route("ann") == Route("canary", "can/ary", f"{NOWHERE}/behind", path)
    router.rollback()
    assert router.route("ann").url.endswith("/v1/models/half%20plus%2Ftwo/versions/1:predict")


def test_promotion_and_rollback():
    router = Router(NOWHERE, "m", stable=1)
    router.start_canary(2, percent=10)
    with pytest.raises(ValueError, match="version 2 is still the canary"):
        router.start_canary(3, percent=1)
    router.promote()
    assert (router.stable, router.canary, router.percent) == (2, None, 0)
    assert {router.route(user).target for user in USERS} == {2}
    with pytest.raises(ValueError, match="version 2 is already the stable version"):
        router.start_canary(2, percent=1)
    router.start_canary(3, percent=50)
    router.rollback()
    assert (router.stable, router.canary) == (2, None)
    router.rollback()
    assert {router.route(user).target for user in USERS} == {1}
    for call in (router.rollback, router.promote):
        with pytest.raises(ValueError, match="no canary"):
            call()
    with pytest.raises(ValueError, match="no canary is running"):
        router.percent = 5
    assert router.history == [
        "stable is version 1",
        "version 2 gets 10 %",
        "promoted version 2",
        "version 3 gets 50 %",
        "rolled back: everyone gets version 2",
        "rolled back: everyone gets version 1",
    ]


def test_labels_are_promoted_on_the_server():
    router = Router(NOWHERE, "m", stable="stable", canary="canary", percent=10)
    with pytest.raises(ValueError, match="a router cannot promote a label"):
        router.promote()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"addresses": []}, "addresses must be the address of a server or a list"),
        ({"addresses": 8501}, "addresses must be the address of a server.*not 8501"),
        ({"addresses": "127.0.0.1:8501"}, "an address must look like 'http://127.0.0.1:8501', not"),
        ({"addresses": ["http://a:1", None]}, "an address must look like .* not None"),
        ({"addresses": "http://a:1?x=1"}, "an address must look like"),
        ({"addresses": "http://a:99999"}, "an address must look like"),
        ({"addresses": ["http://a:1", "http://a:1/"]}, "contains one address twice"),
        ({"model": ""}, "model must be the name of a model"),
        ({"stable": None}, "a target must be a version like 2 or a label like 'canary', not None"),
        ({"stable": True}, "a target must be"),
        ({"stable": -1}, "a target must be"),
        ({"stable": ""}, "a target must be"),
        ({"canary": 1}, "version 1 is already the stable version"),
        ({"canary": 2, "percent": 101}, "percent must be from 0 to 100, not 101"),
        ({"canary": 2, "percent": -1}, "percent must be from 0 to 100"),
        ({"canary": 2, "percent": float("nan")}, "percent must be from 0 to 100, not nan"),
        ({"canary": 2, "percent": "10"}, "percent must be from 0 to 100, not '10'"),
        ({"canary": 2, "percent": 0.001}, "a multiple of 0.01, not 0.001"),
        ({"percent": 10}, "percent needs a canary"),
        ({"max_error_rate": 5}, "max_error_rate must be from 0 to 1, not 5"),
        ({"window": 0}, "window must be at least 1 request, not 0"),
        ({"timeout": 0}, "timeout must be a number of seconds, not 0"),
    ],
)
def test_bad_settings_are_named(change, says):
    with pytest.raises(ValueError, match=says):
        Router(**{"addresses": NOWHERE, "model": "m", "stable": 1, **change})


# -- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 429, 502, 503])
def test_another_server_is_asked_once_for_the_same_version(status):
    with Stub(status, {"error": "not here"}) as first, Stub() as second:
        router = Router([first.address, second.address], "m", stable=1, canary=2, percent=100)
        reply = router.predict("ann", BODY)
        assert reply.ok and reply.address == second.address and reply.role == "canary"
        assert reply.attempts == ((first.address, "not here"), (second.address, "200"))
        assert first.paths == second.paths == ["/v1/models/m/versions/2:predict"]
        assert router.counts() == {"version 2": (1, 0)}


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_that_stands_is_not_asked_for_again(status):
    with Stub(status, {"error": "no such input"}) as first, Stub() as second:
        router = Router([first.address, second.address], "m", stable=1)
        reply = router.predict("ann", BODY)
        assert (reply.ok, reply.status, reply.error) == (False, status, "no such input")
        assert not second.paths
        assert router.counts() == {"version 1": (1, 1)}


def test_when_all_fail_each_was_asked_once_and_the_other_version_never():
    with Stub(503, {"error": "busy"}) as first, Stub(404, {"error": "unknown"}) as second:
        router = Router([first.address, second.address], "m", stable=1, canary=2, percent=100)
        reply = router.predict("ann", BODY)
        assert (reply.ok, reply.status, reply.error) == (False, 404, "unknown")
        assert len(first.paths) == len(second.paths) == 1
        assert router.counts() == {"version 2": (1, 1)}
        assert "version 2: unknown" in str(router)


def test_a_server_that_does_not_answer_is_asked_last_for_a_while():
    with Stub() as good:
        router = Router([NOWHERE, good.address], "m", stable=1)
        replies = [router.predict(user, BODY) for user in USERS[:20]]
        assert all(reply.ok for reply in replies)
        assert [len(reply.attempts) for reply in replies] == [2] + 19 * [1]
        assert "no answer" in replies[0].attempts[0][1]
    reply = router.predict("ann", BODY)  # now neither server answers
    assert (reply.ok, reply.status, reply.answer, len(reply.attempts)) == (False, None, None, 2)
    assert router.counts() == {"version 1": (21, 1)}


def test_a_silent_server_costs_its_timeout_once(monkeypatch):
    monkeypatch.setattr(failover, "PAUSE", LONG)
    with Stub(delay=LONG) as silent, Stub() as good:
        router = Router([silent.address, good.address], "m", stable=1, timeout=2)
        replies = [router.predict(user, BODY) for user in USERS[:10]]
        assert all(reply.ok for reply in replies)
        assert [len(reply.attempts) for reply in replies] == [2] + 9 * [1]
        assert (len(silent.paths), len(good.paths)) == (1, 10)


def test_servers_take_turns():
    with Stub() as first, Stub() as second, Stub() as third:
        stubs = [first, second, third]
        router = Router([stub.address for stub in stubs], "m", stable=1)
        for user in USERS[:30]:
            router.predict(user, BODY)
        assert [len(stub.paths) for stub in stubs] == [10, 10, 10]


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b""])
def test_an_answer_that_is_not_the_protocols_is_an_error(body):
    with Stub(body=body or b" ") as server:
        reply = Router(server.address, "m", stable=1).predict("ann", BODY)
        assert (reply.ok, reply.answer) == (False, None)
        assert reply.error == "status 200, and the body is not a JSON object"


def test_what_cannot_be_sent_is_named_and_not_counted():
    router = Router(NOWHERE, "m", stable=1)
    with pytest.raises(TypeError, match="body must be a dict like"):
        router.predict("ann", [[1.0]])
    with pytest.raises(TypeError, match="not JSON serializable"):
        router.predict("ann", {"instances": np.ones(3)})
    with pytest.raises(ValueError, match="verb must be predict, classify or regress, not 'guess'"):
        router.predict("ann", BODY, verb="guess")
    with pytest.raises(TypeError, match="route must be the result of"):
        router.record("ann", 0.1)
    assert router.counts() == {}


# -- automatic rollback ------------------------------------------------------------------------


def trip(router, outcomes):
    """Record outcomes of the canary and return how many there were when it ended."""
    route = next(route for route in map(router.route, USERS) if route.role == "canary")
    for number, failed in enumerate(outcomes, 1):
        router.record(route, 0.001, "failed" if failed else "")
        if router.canary is None:
            return number
    return None


def guarded():
    return Router(NOWHERE, "m", stable=1, canary=2, percent=50, max_error_rate=0.05, window=100)


def test_too_many_errors_end_the_canary():
    assert trip(guarded(), 5 * [True]) is None
    assert trip(guarded(), 6 * [True]) == 6
    assert trip(guarded(), 60 * [False] + 6 * [True]) == 66
    # 5 of any 100 are allowed, so 1 of 20 is allowed for ever
    assert trip(guarded(), 50 * (19 * [False] + [True])) is None
    assert trip(guarded(), 50 * (15 * [False] + [True])) == 96
    router = guarded()
    trip(router, 20 * [True])
    assert router.history[-1] == (
        "rolled back automatically, 6 of the last 6 failed: everyone gets version 1"
    )
    assert not in_canary(router)
    # Errors before a new start do not count, nor do those of the stable version.
    router.start_canary(2, percent=50)
    stable = next(route for route in map(router.route, USERS) if route.role == "stable")
    for _ in range(100):
        router.record(stable, 0.001, "failed")
    assert trip(router, 5 * [True]) is None


def test_an_answer_that_comes_late_ends_nothing_else():
    router = guarded()
    late = next(route for route in map(router.route, USERS) if route.role == "canary")
    router.promote()
    for _ in range(20):
        router.record(late, 0.001, "failed")
    assert router.stable == 2


# -- counts ------------------------------------------------------------------------------------


def test_the_table_shows_shares_errors_and_times():
    router = Router(NOWHERE, "m", stable=1, canary=2, percent=10)
    assert "error rate" in str(router) and "nan" not in str(router)
    canary, stable = (
        next(route for route in map(router.route, USERS) if route.role == role)
        for role in ("canary", "stable")
    )
    for milliseconds in range(1, 101):
        router.record(stable, milliseconds / 1000)
    router.record(canary, 0.002)
    router.record(canary, 9.0, "no <such> input")
    one, two = router.statistics()
    assert (one.role, one.share, one.requests, one.error_rate) == ("stable", 90, 100, 0)
    assert (one.median_ms, one.p99_ms) == pytest.approx((50.5, 99.01))
    assert (two.role, two.errors, two.error_rate, two.median_ms) == ("canary", 1, 0.5, 2)
    assert str(router.report(latency=False)) == (
        "           role    users  requests  errors  error rate\n"
        "version 1  stable  90 %   100       0       0.0%\n"
        "version 2  canary  10 %   2         1       50.0%\n"
        "version 2: no <such> input\n"
        "version 2 gets 10 %"
    )
    assert "50.5 ms" in repr(router) and "99.0 ms" in router._repr_html_()
    assert "no &lt;such&gt; input" in router._repr_html_()
    assert "ms" not in router.report(latency=False)._repr_html_()
    router.rollback()
    assert [(one.name, one.role, one.share) for one in router.statistics()] == [
        ("version 1", "stable", 100),
        ("version 2", "", 0),
    ]
    router.clear()
    assert router.counts() == {}


def test_only_so_many_times_are_kept():
    router = Router(NOWHERE, "m", stable=1)
    route = router.route("ann")
    for seconds in 10_000 * [1.0] + 10_000 * [0.002]:
        router.record(route, seconds)
    (one,) = router.statistics()
    assert (one.requests, one.p99_ms) == (20_000, 2)


# -- against the server ------------------------------------------------------------------------


def config(base, stable, canary):
    return f"""
        model_config_list {{ config {{
            name: "number" base_path: "{base}" model_platform: "tensorflow"
            model_version_policy {{ all {{}} }}
            version_labels {{ key: "stable" value: {stable} }}
            version_labels {{ key: "canary" value: {canary} }}
        }} }}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start a server whose versions 1, 2 and 3 return their number. Version 4 has another input."""
    base = tmp_path_factory.mktemp("served") / "number"
    exports.versions(base)

    @exports.takes(("another",))
    def other(another):
        return {"version": tf.zeros_like(another) + 4.0}

    exports.save(base / "4", {exports.DEFAULT: other})
    file = base.parent / "models.config"
    file.write_text(config(base, 1, 2))
    flags = {"max_num_load_retries": 0, "allow_version_labels_for_unavailable_models": True}
    with start(model_config_file=file, allow_config_reload=True, **flags) as server:
        server.base = base
        for version in (1, 2, 3, 4):  # they load in parallel and are ready at different times
            wait_for(server.rest, "number", version)
        yield server


def test_users_get_the_version_of_their_bucket(server):
    router = Router(server.rest, "number", stable=1, canary=2, percent=30)
    replies = {user: router.predict(user, BODY) for user in USERS[:200]}
    for user, reply in replies.items():
        assert reply.ok
        assert reply.answer == {"predictions": [2.0 if bucket(user) < 3000 else 1.0]}
    canary = sum(bucket(user) < 3000 for user in USERS[:200])
    assert router.counts() == {"version 1": (200 - canary, 0), "version 2": (canary, 0)}
    assert all(0 < one.median_ms <= one.p99_ms < 1000 for one in router.statistics())


def test_a_canary_that_wants_another_input_is_rolled_back(server):
    router = Router(
        server.rest, "number", stable=1, canary=4, percent=50, max_error_rate=0.1, window=30
    )
    body = {"instances": [{"x": 1.0}]}  # by name: a bare value fits any single input
    replies = [router.predict(user, body) for user in USERS[:100]]
    assert {reply.target for reply in replies if not reply.ok} == {4}
    assert {reply.status for reply in replies if not reply.ok} == {400}
    assert router.canary is None and router.counts()["version 4"] == (4, 4)
    assert router.predict("ann", BODY).answer == {"predictions": [1.0]}


def test_a_version_that_this_server_lacks_is_found_on_another(server):
    with Stub() as other:
        router = Router([server.rest, other.address], "number", stable=1, canary=9, percent=50)
        replies = [router.predict(user, BODY) for user in USERS[:60]]
    assert all(reply.ok for reply in replies)
    assert {reply.address for reply in replies if reply.role == "canary"} == {other.address}
    missed = {reply.attempts[0][1] for reply in replies if len(reply.attempts) == 2}
    assert missed == {"Servable not found for request: Specific(number, 9)"}


def test_a_label_is_promoted_by_moving_it(server):
    router = Router(server.rest, "number", stable="stable", canary="canary", percent=50)
    user = next(user for user in USERS if bucket(user) >= 5000)
    assert router.predict(user, BODY).answer == {"predictions": [1.0]}
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(config(server.base, 2, 2), request.config)
    with grpc.insecure_channel(server.grpc) as channel:
        model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest(request)
        router.rollback()
        assert router.predict(user, BODY).answer == {"predictions": [2.0]}
    assert router.counts() == {"label stable": (2, 0)}


def test_eight_threads_lose_no_count_and_break_no_promise(server):
    """Send requests while the canary grows, is promoted and is rolled back."""
    router = Router(server.rest, "number", stable=1, canary=2, percent=10, timeout=LONG)
    asked, seen, done = 8 * [0], [], threading.Event()

    def ask(worker):
        for user in itertools.cycle(USERS[worker::8]):
            if done.is_set():
                return
            reply = router.predict(user, BODY)
            asked[worker] += 1
            right = reply.ok and reply.answer == {"predictions": [float(reply.target)]}
            if not right:
                seen.append(reply)

    def every_thread_asks(times):
        """Wait until each thread has sent `times` more requests."""
        goals, end = [count + times for count in asked], time.monotonic() + LONG
        while any(count < goal for count, goal in zip(asked, goals, strict=True)):
            assert time.monotonic() < end, f"{asked}, but {goals} should be reached"
            time.sleep(0.01)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    try:
        for change in (
            lambda: setattr(router, "percent", 60),
            router.promote,
            lambda: router.start_canary(3, percent=50),
            lambda: repr(router),
            router.rollback,
        ):
            every_thread_asks(10)
            change()
        every_thread_asks(10)
    finally:
        done.set()
        for thread in threads:
            thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)
    assert not seen
    assert min(asked) >= 60
    counts = router.counts()
    assert sum(count.requests for count in counts.values()) == sum(asked)
    assert set(counts) == {"version 1", "version 2", "version 3"}
