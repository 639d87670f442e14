"""Processes that are forked instead of started: the same in every way that their users see."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import psutil
import pytest

from helpers.processes import fork_server
from helpers.processes.clean_process import CleanProcess, Question

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
LONG = 60


@pytest.fixture
def own_server(monkeypatch):
    """For what a server of all would not survive: another setting, another server."""
    monkeypatch.setenv("TF_COURSE_TEST", str(time.monotonic_ns()))
    monkeypatch.setattr(fork_server, "IDLE", 1)


@contextlib.contextmanager
def forked(*arguments, **options):
    with tempfile.TemporaryFile() as log:
        child = fork_server.Child("tests.processes.forked_child", arguments, stderr=log, **options)
        child.log = log
        try:
            yield child
        finally:
            child.kill()
            child.wait(LONG)
            child.stdin.close()
            if child.stdout:
                child.stdout.close()


def told(child):
    return json.loads(child.stdout.readline())


def said(child):
    child.log.seek(0)
    return child.log.read().decode()


def gone(pid):
    end = time.monotonic() + LONG
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_child_is_what_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_TEST", "\udce4 = ä")  # and bytes that are no text
    with forked("a", 1) as child:
        found = told(child)
        assert found["arguments"] == ["a", 1] and found["folder"] == str(tmp_path)
        assert found["environment"] == dict(os.environ)
        assert found["imported"] == ["tensorflow"]
        assert child.pid == found["session"] != os.getsid(0)
        assert found["threads"] == 1 and found["files"] <= 6
        assert child.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.01)


def test_environment_and_output_of_its_own():
    environment = os.environ | {"ONE": "1"}
    with tempfile.TemporaryFile() as out, forked(stdout=out, env=environment) as child:
        child.stdin.close()
        assert child.wait(LONG) == 0 and child.stdout is None
        out.seek(0)
        assert json.load(out)["environment"] == environment
        assert said(child) == "an error\n"


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("", 0, "an error"),
        ("exit", 3, "an error"),
        ("text", 1, "a last word"),
        ("raise", 1, "ValueError: a mistake"),
        ("crash", -signal.SIGSEGV, "an error"),
    ],
)
def test_its_end_is_told(how, status, words):
    with forked() as child:
        child.stdin.write(f"{how}\n".encode())
        child.stdin.flush()
        assert child.wait(LONG) == child.poll() == child.returncode == status
        assert words in said(child)
        child.kill()  # of the dead: nothing
        child.terminate()
        assert child.wait() == status


def test_the_end_of_one_that_nobody_has_looked_at():
    with forked() as child:
        child.stdin.write(b"exit\n")
        child.stdin.flush()
        assert gone(told(child)["session"])
        time.sleep(0.2)  # the server has buried it
        assert child.wait(LONG) == 3


def test_it_can_be_ended():
    with forked() as child:
        told(child)
        child.terminate()
        assert child.wait(LONG) == -signal.SIGTERM
    with forked() as child:
        number = told(child) and child.pid
        child.kill()
        assert child.wait(LONG) == -signal.SIGKILL and gone(number)


def test_one_that_is_ended_before_it_lives_does_not_come_to_life(own_server):
    """The server still imports TensorFlow."""
    with forked() as child, forked() as other:
        assert child.poll() is None
        child.kill()
        assert child.wait() == -signal.SIGKILL
        assert told(other) and other.poll() is None, "the others do"
        server = psutil.Process(other.pid).parent()
        end = time.monotonic() + LONG  # it is forked all the same, ended, and buried soon
        while {one.pid for one in server.children()} != {other.pid}:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_several_at_once_share_one_server(own_server):
    """Also those who find none, all at the same time."""
    servers = []

    def ask():
        with forked() as child:
            servers.append(told(child)["server"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(servers) == 4 and len(set(servers)) == 1
    assert gone(servers[0]), "it ends soon after the last of them"


def test_the_end_of_the_server_is_not_the_end_of_its_children(own_server):
    with forked() as child:
        server = told(child)["server"]
        os.kill(server, signal.SIGKILL)
        assert gone(server) and child.poll() is None
        with forked() as next_one:
            assert told(next_one)["server"] != server
        child.kill()
        assert child.wait(LONG) == -signal.SIGKILL and gone(child.pid)


def test_other_settings_that_a_library_reads_get_another_server(monkeypatch):
    addresses = {fork_server._address({"LANG": language}) for language in "ab"}
    for name in ("TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS", "LD_PRELOAD", "PYTHONHASHSEED"):
        addresses.add(fork_server._address({name: "7"}))
    monkeypatch.setattr(sys, "executable", "another python")
    addresses.add(fork_server._address({}))
    assert len(addresses) == 6


def on_another_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


def of_another_user(monkeypatch):
    """Somebody else's process has taken the name."""
    real = socket.socket.getsockopt

    def getsockopt(self, level, option, *size):
        found = real(self, level, option, *size)
        return b"\xff" * len(found) if option == socket.SO_PEERCRED else found

    class Socket(socket.socket):
        pass

    Socket.getsockopt = getsockopt
    monkeypatch.setattr(fork_server.socket, "socket", Socket)


def without_python(monkeypatch):
    """No server runs, and none can be started."""
    monkeypatch.setenv("TF_COURSE_TEST", "none")
    monkeypatch.setattr(fork_server.subprocess, "run", lambda *_, **__: None)


@pytest.mark.parametrize("change", [on_another_system, of_another_user, without_python])
def test_where_there_is_none_a_process_is_started(change, monkeypatch):
    with monkeypatch.context() as patch:
        change(patch)
        with pytest.raises(OSError):
            fork_server.Child("tests.processes.forked_child", stderr=sys.__stderr__)
        process = CleanProcess(forked=True)
        process.start()
    try:
        assert isinstance(process._child, subprocess.Popen)
        question = Question("signatures", ("no such folder", "python"), who="python")
        with pytest.raises(Exception, match="no such folder"):
            process.ask(question, deadline=LONG)
        assert process.seconds > 0 and process._child.poll() is None
    finally:
        process.stop()
