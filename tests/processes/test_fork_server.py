"""Forked processes: for their users the same as started ones, and safe from other users."""

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

from helpers import readers
from helpers.paths import ROOT
from helpers.processes import fork_address, fork_server, forked_process
from helpers.processes.clean_process import CleanProcess, Question, ReaderError
from helpers.serving.launch.process import start
from tests.processes.server_state import returns_to, state_at_rest, state_of
from tests.serving.numbered_model import publish

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
LONG = 60


@contextlib.contextmanager
def own_server_in(folder):
    """A server of its own: another setting gives another server.

    It imports a module `tensorflow` that does nothing for a second, which costs less than the
    real one.
    """
    (folder / "tensorflow.py").write_text("import time\n\ntime.sleep(1)\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT))))
        patch.setenv("TF_COURSE_TEST", str(time.monotonic_ns()))
        patch.setattr(forked_process, "IDLE", 1)
        yield


@pytest.fixture
def own_server(monkeypatch, tmp_path):
    """A server for one test."""
    # A child that is killed after its server was killed leaves an empty folder.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with own_server_in(tmp_path):
        yield


@pytest.fixture
def no_other_clients(monkeypatch, module_server):
    """A server for the tests of this file alone, so that its state is theirs to count."""
    for name, value in module_server.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def module_server(tmp_path_factory):
    """The settings of a server that lives as long as the tests of this file."""
    with contextlib.ExitStack() as stack:
        with own_server_in(tmp_path_factory.mktemp("server")):
            told(stack.enter_context(forked()))  # it keeps the server alive
            settings = {name: os.environ[name] for name in ("PYTHONPATH", "TF_COURSE_TEST")}
        yield settings


@contextlib.contextmanager
def forked(*arguments, **options):
    with tempfile.TemporaryFile() as log:
        child = forked_process.ForkedProcess(
            "tests.processes.forked_child", arguments, stderr=log, **options
        )
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
        child.kill()  # a process that has ended: nothing happens
        child.terminate()
        assert child.wait() == status


def test_the_end_of_a_process_that_was_not_looked_at_before():
    with forked() as child:
        child.stdin.write(b"exit\n")
        child.stdin.flush()
        assert gone(told(child)["session"])
        time.sleep(0.2)  # until the server has seen it
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
        end = time.monotonic() + LONG  # the server forks it all the same, and ends it soon
        while {one.pid for one in server.children()} != {other.pid}:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_several_at_once_share_one_server(own_server):
    """Also when all of them find no server at the same time."""
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
        assert child.pid  # waits until the server has told of the child, which may come later
        os.kill(server, signal.SIGKILL)
        assert gone(server) and child.poll() is None
        with forked() as next_one:
            assert told(next_one)["server"] != server
        child.kill()
        assert child.wait(LONG) == -signal.SIGKILL and gone(child.pid)


def test_other_settings_that_a_library_reads_get_another_server(monkeypatch):
    addresses = {fork_address.server_address({"LANG": language}) for language in "ab"}
    for name in ("TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS", "LD_PRELOAD", "PYTHONHASHSEED"):
        addresses.add(fork_address.server_address({name: "7"}))
    monkeypatch.setattr(sys, "executable", "another python")
    addresses.add(fork_address.server_address({}))
    assert len(addresses) == 6


def on_another_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


def of_another_user(monkeypatch):
    """A process of another user has taken the name."""
    real = socket.socket.getsockopt

    def getsockopt(self, level, option, *size):
        found = real(self, level, option, *size)
        return b"\xff" * len(found) if option == socket.SO_PEERCRED else found

    class Socket(socket.socket):
        pass

    Socket.getsockopt = getsockopt
    monkeypatch.setattr(forked_process.socket, "socket", Socket)


def without_python(monkeypatch):
    """No server runs, and none can be started."""
    monkeypatch.setenv("TF_COURSE_TEST", "none")
    monkeypatch.setattr(forked_process.subprocess, "run", lambda *_, **__: None)


@pytest.mark.parametrize("change", [on_another_system, of_another_user, without_python])
def test_where_there_is_none_a_process_is_started(change, monkeypatch):
    with monkeypatch.context() as patch:
        change(patch)
        with pytest.raises(OSError):
            forked_process.ForkedProcess("tests.processes.forked_child", stderr=sys.__stderr__)
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


# What is not an order


@contextlib.contextmanager
def connected():
    """A client of the server that has received HELLO."""
    line = fork_address.dial(fork_address.server_address(fork_address.SETTINGS | dict(os.environ)))
    with line:
        yield line


def says_nothing(line):
    return False


def sends_half_a_number(line):
    line.sendall(b"\0\0")
    return False


def sends_half_an_order(line):
    with tempfile.TemporaryFile() as file:
        sent = fork_server.NUMBER.pack(1000)
        socket.send_fds(line, [sent], [file.fileno()] * 3)
    line.sendall(b"[" * 500)
    return False


def sends_a_huge_size(line):
    with tempfile.TemporaryFile() as file:
        socket.send_fds(line, [fork_server.NUMBER.pack(2**31 - 1)], [file.fileno()] * 3)
    return True


def sends_a_negative_size(line):
    line.sendall(fork_server.NUMBER.pack(-1))
    return True


def order(content):
    """A function that sends this as an order, with three files."""

    def send(line):
        with tempfile.TemporaryFile() as file:
            files = [file.fileno()] * 3
            socket.send_fds(line, [fork_server.NUMBER.pack(len(content)) + content], files)
        return True

    return send


def sends_an_order_without_files(line):
    content = json.dumps(("tests.processes.forked_child", (), {}, "/")).encode()
    line.sendall(fork_server.NUMBER.pack(len(content)) + content)
    return True


NOT_ORDERS = {
    "nothing": says_nothing,
    "half a number": sends_half_a_number,
    "half an order": sends_half_an_order,
    "a huge size": sends_a_huge_size,
    "a negative size": sends_a_negative_size,
    "no JSON": order(b"{"),
    "no text": order(b"\xff\xfe"),
    "deep JSON": order(b"[" * 100_000),
    "too few parts": order(b'["os", []]'),
    "wrong parts": order(b'[1, [], {}, "/"]'),
    "an environment of numbers": order(b'["os", [], {"A": 1}, "/"]'),
    "no files": sends_an_order_without_files,
    "more than one order": order(b'["os", [], {}, "/"][]'),
}


def closed_after(line):
    """Seconds until the server closes the connection, without an answer."""
    start = time.monotonic()
    line.settimeout(LONG)
    with contextlib.suppress(ConnectionResetError):
        assert line.recv(100) == b""
    return time.monotonic() - start


def test_the_deadlines_are_short():
    assert fork_server.HANDSHAKE <= 2


@pytest.mark.parametrize("send", NOT_ORDERS.values(), ids=NOT_ORDERS)
def test_what_is_not_an_order_is_refused_and_leaves_nothing(send, no_other_clients):
    with forked() as first:
        told(first)
        server = psutil.Process(first.pid).parent()
        before = state_of(server)
        with connected() as line:
            is_soon = send(line)
            with forked() as other:
                assert told(other)["server"] == server.pid, "the server serves others meanwhile"
                if not is_soon:  # its time is not over, so the other one did not wait for it
                    line.setblocking(False)
            seconds = closed_after(line)
        assert seconds < fork_server.HANDSHAKE + LONG / 2
        assert first.poll() is None
        assert returns_to(before, server)


def test_a_hundred_silent_connections_do_not_keep_others_waiting(no_other_clients):
    with forked() as first, contextlib.ExitStack() as lines:
        told(first)
        server = psutil.Process(first.pid).parent()
        before = state_of(server)
        silent = [lines.enter_context(connected()) for _ in range(100)]
        with forked() as other:
            assert told(other)["server"] == server.pid
        for line in silent:
            closed_after(line)
        assert returns_to(before, server)


def test_more_connections_than_the_server_keeps_close_the_oldest(no_other_clients):
    with forked() as first, contextlib.ExitStack() as lines:
        told(first)
        for _ in range(2 * fork_server.MOST):
            lines.enter_context(connected())
        with forked() as other:
            assert told(other)["server"] == told_parent(first)


def told_parent(child):
    return psutil.Process(child.pid).ppid()


def test_a_silent_connection_while_the_server_imports_tensorflow(own_server):
    """The server greets clients before it has imported TensorFlow, and serves the others then."""
    with forked() as first, connected() as line:
        assert first.poll() is None, "else this proves nothing"
        with forked() as other:
            assert told(other)["server"] == told(first)["server"]
        closed_after(line)


def test_a_connection_that_says_nothing_does_not_keep_the_server(own_server):
    with forked() as child:
        server = told(child)["server"]
    with connected():
        assert gone(server)


def test_an_order_that_cannot_be_forked_leaves_nothing(own_server):
    with forked() as first:
        told(first)
        server = psutil.Process(first.pid).parent()
        before = state_at_rest(server)
        files = server.rlimit(psutil.RLIMIT_NOFILE)
        server.rlimit(psutil.RLIMIT_NOFILE, (before[0] + 3, files[1]))  # a file too many
        with forked() as other:
            assert other.wait(LONG) == -signal.SIGKILL
        server.rlimit(psutil.RLIMIT_NOFILE, files)
        assert returns_to(before, server)
        with forked() as other:
            assert told(other)["server"] == server.pid


# Another user

OTHER_USER = 65534
AS_ANOTHER_USER = """
import os, socket, sys, time
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
address = bytes.fromhex(sys.argv[2]).decode()
line = socket.socket(socket.AF_UNIX)
line.settimeout(30)
if sys.argv[1] == "client":
    line.connect(address)
    try:
        line.sendall(bytes.fromhex(sys.argv[3]))
        print("answered" if line.recv(100) else "refused", flush=True)
    except ConnectionError:
        print("refused", flush=True)
else:
    line.bind(address)
    line.listen(0)
    fill = []
    while sys.argv[1] == "full":
        fill.append(socket.socket(socket.AF_UNIX))
        fill[-1].setblocking(False)
        try:
            fill[-1].connect(address)
        except BlockingIOError:
            break
    print("listens", flush=True)
    time.sleep(600)
"""
needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user"
)


@contextlib.contextmanager
def another_user(kind, address, *arguments):
    """A process of another user; yields what it prints first."""
    command = [sys.executable, "-I", "-c", AS_ANOTHER_USER, kind, address.encode().hex()]
    with subprocess.Popen([*command, *arguments], cwd="/", stdout=subprocess.PIPE) as process:
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.kill()


@needs_root
def test_another_user_gets_no_answer_and_no_child(no_other_clients):
    with forked() as child:
        told(child)
        server = psutil.Process(child.pid).parent()
        before = state_of(server)
        address = fork_address.server_address(fork_address.SETTINGS | dict(os.environ))
        content = json.dumps(("tests.processes.forked_child", (), {}, "/")).encode()
        order = fork_server.NUMBER.pack(len(content)) + content
        with another_user("client", address, order.hex()) as said:
            assert said == "refused"
        assert returns_to(before, server)


def goes_on_without(refused):
    """A clean process starts in the ordinary way, soon, and answers."""
    start = time.monotonic()
    with pytest.raises(refused):
        forked_process.ForkedProcess("tests.processes.forked_child", stderr=sys.__stderr__)
    assert time.monotonic() - start < fork_server.HANDSHAKE + 5
    process = CleanProcess("tests.processes.tracing_child", forked=True)
    try:
        process.start()
        assert isinstance(process._child, subprocess.Popen)
        assert process.ask(Question("number", (), "x"), deadline=LONG) == process._child.pid
    finally:
        process.stop()


@needs_root
@pytest.mark.parametrize("kind", ["listener", "full"])
def test_another_user_who_has_taken_the_name_neither_blocks_nor_is_trusted(kind, own_server):
    """Also when its queue of connections is full: then a connection would wait for ever."""
    address = fork_address.server_address(fork_address.SETTINGS | dict(os.environ))
    with another_user(kind, address) as said:
        assert said == "listens"
        goes_on_without(OSError if kind == "full" else PermissionError)


def test_a_server_that_says_nothing_does_not_block(own_server):
    address = fork_address.server_address(fork_address.SETTINGS | dict(os.environ))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(address)
        silent.listen()
        goes_on_without(TimeoutError)


def test_a_server_that_hangs_does_not_block(own_server):
    with forked() as child:
        server = psutil.Process(told(child) and child.pid).parent()
        server.suspend()
        try:
            goes_on_without(TimeoutError)
        finally:
            server.resume()


def test_a_client_that_is_refused_goes_on(own_server, monkeypatch):
    """The server takes this process for one of another user."""
    monkeypatch.setattr(forked_process, "_connect", lambda env: refused_line())
    goes_on_without(OSError)


def refused_line():
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours


# Temporary files


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty folder for the temporary files of the children, and a server of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(forked_process, "IDLE", 1)
    monkeypatch.setattr(fork_server, "HANDSHAKE", LONG)  # else a busy computer forks no process
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture(params=["1", "0"], ids=["forked", "started"])
def way(request, monkeypatch):
    monkeypatch.setenv("COURSE_FORK", request.param)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the child's module is one of the tests
    return forked_process.ForkedProcess if request.param == "1" else subprocess.Popen


def tracing():
    process = CleanProcess("tests.processes.tracing_child", forked=True)
    process.start()
    return process


def test_a_child_that_traces_functions_leaves_no_file(way, temporary):
    process = tracing()
    try:
        trace = Question("trace", (), "child")
        answer, files = process.ask(trace, deadline=LONG)
        assert isinstance(process._child, way)
        assert answer == 4.0 and len(files) == 1 and files[0].startswith(str(temporary))
        assert os.path.exists(files[0]), "else this proves nothing"
    finally:
        process.stop()
    assert returns_to_empty(temporary)


@pytest.mark.share(3)
@pytest.mark.parametrize("how", ["end", "exit", "crash"])
def test_a_child_that_traces_and_ends_by_itself_leaves_no_file(how, way, temporary):
    process = tracing()
    try:
        process.ask(Question("trace", (), "child"), deadline=LONG)
        if how == "end":  # as if the parent had died
            process._child.stdin.close()
            assert process._child.wait(LONG) == 0
        else:
            with pytest.raises(ReaderError, match="died"):
                process.ask(Question(how, (), "child"), deadline=LONG)
    finally:
        process.stop()
    assert returns_to_empty(temporary)


def test_a_child_without_a_server_removes_its_files_itself(temporary):
    process = tracing()
    try:
        process.ask(Question("trace", (), "child"), deadline=LONG)
        assert isinstance(process._child, forked_process.ForkedProcess), "else this kills pytest"
        child = psutil.Process(process._child.pid)
        child.parent().kill()
        process._child.stdin.close()
        assert gone(child.pid)
    finally:
        process.stop()
    assert returns_to_empty(temporary)


def test_a_forked_child_calls_its_own_exit_handlers():
    with tempfile.TemporaryFile() as out, forked("at exit", stdout=out) as child:
        child.stdin.write(b"exit\n")
        child.stdin.flush()
        assert child.wait(LONG) == 3
        out.seek(0)
        assert out.read().endswith(b"the exit handler\n")


def returns_to_empty(folder):
    end = time.monotonic() + LONG
    while list(folder.iterdir()):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


# Without the fork server


@pytest.fixture
def not_forked(monkeypatch):
    monkeypatch.setenv("COURSE_FORK", "0")

    def refuse(*_, **__):
        raise AssertionError("the fork server is asked")

    monkeypatch.setattr(forked_process, "_connect", refuse)


def test_course_fork_0_starts_readers_in_the_ordinary_way(not_forked):
    process = CleanProcess(forked=True)
    process.start()
    try:
        assert isinstance(process._child, subprocess.Popen)
    finally:
        process.stop()
    with pytest.raises(OSError, match="COURSE_FORK=0"):
        forked_process.ForkedProcess("tests.processes.forked_child", stderr=sys.__stderr__)


def test_course_fork_0_readers_and_model_server_work(not_forked, tmp_path):
    publish(tmp_path, 1)
    readers._process.stop()
    try:
        answers = readers.run(tmp_path / "1", "serving_default", {"x": [2.0, 3.0]})
        assert answers["sum"].tolist() == [5.0, 5.0]
        assert isinstance(readers._process._child, subprocess.Popen)
        with start("m", tmp_path) as server:
            assert isinstance(server._process, subprocess.Popen)
    finally:
        readers._process.stop()
