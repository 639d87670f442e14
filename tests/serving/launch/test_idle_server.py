"""A lesson's server without requests ends, and is there again with the next request."""

import pytest

from helpers.exercises import exercise_server
from helpers.serving.launch import process
from helpers.serving.launch.process import start
from helpers.serving.launch.status import wait_for
from helpers.serving.rollout.router import Router
from helpers.serving.server import idle as idle_server
from helpers.serving.server.idle import Idle
from tests.serving.launch.test_process import LONG
from tests.serving.numbered_model import publish

ROW = {"instances": [1.0]}


@pytest.fixture
def ended(monkeypatch):
    """Return a function that waits until a server has ended by itself."""
    monkeypatch.setattr(process, "IDLE_SECONDS", 2)

    def wait(server):
        server._process.wait(LONG)
        assert not server.running

    return wait


@pytest.fixture
def server(tmp_path, ended):
    for number in (1, 2):
        publish(tmp_path / "numbers", number)
    with start("numbers", tmp_path / "numbers", allow_config_reload=True) as made:
        yield made


def test_each_kind_of_request_starts_it_again(server, ended):
    answer = server.ask("numbers:predict", ROW)
    assert answer[0] == 200
    router = Router(server.rest, "numbers", stable=2)
    requests = {
        "REST": lambda: server.ask("numbers:predict", ROW) == answer,
        "gRPC": lambda: server.predict("numbers", x=[1.0])[1] == 2,
        "a router": lambda: router.predict("ann", ROW).answer == answer[1],
        "its state": lambda: wait_for(server.rest, "numbers", 2) is None,
    }
    for words, request in requests.items():
        ended(server)
        before = server.pid
        assert request(), words
        assert server.running and server.pid != before, words


def test_it_has_its_labels_again(server, ended, tmp_path):
    server.configure("numbers", tmp_path / "numbers", [1, 2])
    server.wait_for("numbers", 1)
    server.configure("numbers", tmp_path / "numbers", [1, 2], old=1)
    path = "numbers/labels/old:predict"
    answer = server.ask(path, ROW)
    assert answer[0] == 200 and server.states("numbers") == {2: "AVAILABLE", 1: "AVAILABLE"}
    ended(server)
    assert server.ask(path, ROW) == answer
    assert server.states("numbers") == {2: "AVAILABLE", 1: "AVAILABLE"}


def test_a_request_puts_its_end_off(monkeypatch):
    now, noted, killed = [0.0], iter([True, True, False]), []
    idle = Idle(10)

    def sleep(seconds):
        now[0] += seconds
        if next(noted):
            idle.note()

    monkeypatch.setattr(idle_server.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(idle_server.time, "sleep", sleep)
    monkeypatch.setattr(idle_server.os, "kill", lambda *_: killed.append(now[0]))
    idle.note()
    idle._watch()
    assert killed == [30]


def test_a_server_that_was_stopped_or_killed_is_not_started_again(tmp_path, monkeypatch):
    publish(tmp_path / "numbers", 1)
    with start("numbers", tmp_path / "numbers") as made:
        made._process.kill()
        made._process.wait()
        with pytest.raises(OSError):
            made.ask("numbers")
    with pytest.raises(OSError):
        made.ask("numbers")


def test_the_server_of_the_exercises_has_its_models_again(tmp_path, ended):
    publish(tmp_path / "numbers", 1)
    exercise_server.server().stop()  # another test may have started it with the usual seconds
    exercise_server.serve_model("idle-numbers", tmp_path / "numbers")
    handed = exercise_server.server()
    try:
        answer = handed.ask("idle-numbers:predict", ROW)
        ended(handed)
        assert answer[0] == 200 and handed.ask("idle-numbers:predict", ROW) == answer
        assert exercise_server.server() is not handed
    finally:
        exercise_server.forget_model("idle-numbers")
        exercise_server.server().stop()
