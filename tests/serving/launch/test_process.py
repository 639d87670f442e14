"""Test how a server starts, what the errors say, and that the server always ends."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

from helpers.paths import ROOT
from helpers.serving.launch import process
from helpers.serving.launch.process import ServerError, free_ports, start
from tests.serving.numbered_model import publish

LONG = 120  # seconds, against a test that hangs


def gone(pid, seconds):
    end = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def parent_of_a_server(folder, then):
    """Start a process that, like a notebook's kernel, starts a server without a model."""
    code = f"""
        import sys, time
        from helpers.serving.launch.process import Server, free_ports
        rest, grpc = free_ports(2)
        base = {str(folder / "nothing")!r}
        server = Server(dict(model_base_path=base, port=grpc, rest_api_port=rest))
        while "Could not find base path" not in server.log:
            time.sleep(0.05)
        print(server.pid, flush=True)
        {then}
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(os.name != "posix", reason="a signal that nothing can catch")
def test_killing_the_kernel_ends_the_server(tmp_path):
    kernel = parent_of_a_server(tmp_path, "time.sleep(600)")
    server = int(kernel.stdout.readline())
    assert not gone(server, 0)
    kernel.send_signal(signal.SIGKILL)
    kernel.wait()
    assert gone(server, LONG)


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
def test_a_fork_of_the_kernel_does_not_keep_the_server_alive(tmp_path):
    """The fork keeps the server's standard input open, like a worker process of a notebook."""
    kernel = parent_of_a_server(
        tmp_path, "import os; print(os.fork() or time.sleep(600), flush=True); time.sleep(600)"
    )
    server, fork = (int(kernel.stdout.readline()) for _ in range(2))
    kernel.send_signal(signal.SIGKILL)
    kernel.wait()
    try:
        assert gone(server, LONG)
        assert not gone(fork, 0)
    finally:
        os.kill(fork, signal.SIGKILL)


def test_the_normal_end_of_the_kernel_ends_the_server(tmp_path):
    kernel = parent_of_a_server(tmp_path, "")
    server = int(kernel.stdout.readline())
    assert kernel.wait(LONG) == 0
    assert gone(server, 0)


def test_the_error_after_the_deadline_names_a_missing_folder(tmp_path):
    for deadline in (2, 10, 60):  # on a busy machine the server reads the folder later
        with pytest.raises(ServerError) as caught:
            start("m", tmp_path / "nothing", deadline=deadline)
        assert f"not ready after {deadline} seconds" in str(caught.value)
        if "Could not find base path" in str(caught.value):
            break
    assert f"Could not find base path {tmp_path / 'nothing'} for servable m" in str(caught.value)


def test_the_error_names_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for flag in ("port", "rest_api_port"):
            with pytest.raises(ServerError, match=f"Cannot listen on 127.0.0.1:{port}"):
                start("m", tmp_path, **{flag: port})


def test_start_chooses_new_ports_if_another_program_takes_one(tmp_path, monkeypatch):
    """Another program may bind the port between the choice and the start of the server."""
    publish(tmp_path, 1)
    free = process.free_ports
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        choices = [[port, *free(1)], [*free(1), port], free(2)]
        chosen = list(choices[-1])
        monkeypatch.setattr(process, "free_ports", lambda count: choices.pop(0))
        with start("m", tmp_path) as server:
            assert [server.rest, server.grpc] == [
                f"http://127.0.0.1:{chosen[0]}",
                f"127.0.0.1:{chosen[1]}",
            ]
    assert not choices


def test_free_ports_are_all_different():
    assert len(set(free_ports(500))) == 500


def test_another_server_at_the_port_does_not_count_as_started(tmp_path):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(ServerError, match=f"Cannot listen on 127.0.0.1:{other.server_port}"):
            start("m", tmp_path, rest_api_port=other.server_port)
        other.shutdown()


def test_the_error_names_a_wrong_flag(tmp_path):
    with pytest.raises(ServerError, match="unrecognized arguments: --model_nam=m"):
        start("m", tmp_path, model_nam="m")
    with pytest.raises(ValueError, match="start needs model_base_path"):
        start()


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
def test_the_end_of_a_fork_does_not_end_the_server(tmp_path):
    kernel = parent_of_a_server(
        tmp_path, "import os; os.fork() or sys.exit(); os.wait(); print(server.running, flush=True)"
    )
    server = int(kernel.stdout.readline())
    assert kernel.stdout.readline() == "True\n"
    kernel.wait(LONG)
    assert gone(server, 0)
