"""A forked kernel is interrupted, restarted and ended as an ordinary one, and leaves nothing."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import time

import psutil
import pytest

from helpers.processes import fork_address, forked_process
from tests.processes.kernels import LONG, Kernel, gone, kernel
from tests.processes.server_state import returns_to, state_of
from tests.processes.test_fork_server import another_user, needs_root

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only"),
    pytest.mark.usefixtures("own_server"),
]
IN_TENSORFLOW = """
import tensorflow as tf
print("begins", flush=True)
x = tf.ones((2, 2))
while True:
    x = tf.linalg.matmul(x, x) / 2
"""
IN_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("begins", flush=True)
child.wait()
"""


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """A process for this file alone that forks kernels: another setting needs another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_COURSE_TEST", str(time.monotonic_ns()))
        yield
        with kernel(tmp_path_factory.mktemp("last")) as one:
            forks = one.process().parent()
        forks.kill()


def begun(one, code):
    """Run code that does not end; return when it has printed "begins".

    An interrupt that `interrupted` had to send twice can end this cell before it prints. Then the
    cell runs again.
    """
    asked = one.client.execute(code)
    while True:
        message = one.client.get_iopub_msg(timeout=LONG)
        if message["msg_type"] == "stream":
            return
        ours = message["parent_header"].get("msg_id") == asked
        if ours and message["content"].get("execution_state") == "idle":
            one.client.get_shell_msg(timeout=LONG)
            asked = one.client.execute(code)


def interrupted(one):
    """Interrupt the cell that runs, and return the name of its error.

    ipykernel loses an interrupt that comes while the cell begins, also in an ordinary kernel. A
    second interrupt while it writes its answer would lose the answer, so there is long time for it.
    """
    end = time.monotonic() + 2 * LONG
    while True:
        time.sleep(0.3)
        one.manager.interrupt_kernel()
        with contextlib.suppress(queue.Empty):
            return one.client.get_shell_msg(timeout=LONG / 3)["content"].get("ename")
        assert time.monotonic() < end


def restarted(one):
    one.manager.restart_kernel()
    one.client.wait_for_ready(LONG)
    one.launcher = psutil.Process(one.manager.provisioner.pid)


def test_interrupt_shutdown_and_restart(tmp_path):
    """One kernel after the other, as a learner meets them."""
    with kernel(tmp_path) as one:
        first = one.process()
        forks = first.parent()
        for code in ("print('begins', flush=True)\nwhile True: pass", IN_TENSORFLOW, IN_A_CHILD):
            begun(one, code)
            children = first.children()
            assert interrupted(one) == "KeyboardInterrupt"
            assert gone(*children), "an interrupt reaches what the cell has started"
        assert one.process() == first and one.manager.is_alive()
        one.ask("name = answer = 1")
        restarted(one)
        second = one.process()
        assert gone(first) and second.parent() == forks
        assert one.ask("answer = 'name' in globals()") is False
    assert gone(second, one.launcher)


AT_THE_END = """
import atexit, os, tempfile, threading, time
from pathlib import Path
folder = Path(os.getcwd())
kept = tempfile.TemporaryDirectory(dir=folder, prefix="kept-")
atexit.register((folder / "handler").touch)
threading.Thread(target=lambda: time.sleep(0.3) or (folder / "thread").touch()).start()
answer = len(list(folder.glob("kept-*")))
"""


def test_its_end_is_that_of_python(tmp_path):
    with kernel(tmp_path, cwd=tmp_path) as one:
        assert one.ask(AT_THE_END) == 1
    assert gone(one.launcher)
    assert {"handler", "thread"} <= {file.name for file in tmp_path.iterdir()}
    assert not list(tmp_path.glob("kept-*"))


@pytest.mark.parametrize("how", ["exit", "crash"])
def test_a_kernel_that_dies_ends_its_launcher(how, tmp_path):
    one = Kernel(tmp_path)
    try:
        process = one.process()
        code = {"exit": "os._exit(7)", "crash": "os.kill(os.getpid(), 9)"}[how]
        one.client.execute(f"import os\n{code}")
        assert gone(process)
        status = one.manager.provisioner.process.wait(LONG)
        assert status == {"exit": 7, "crash": 128 + 9}[how]
    finally:
        one.end()


@pytest.mark.parametrize("server_dies", [False, True])
def test_a_launcher_that_is_killed_ends_its_kernel(server_dies, tmp_path):
    """And what the running cell has started; also where the server cannot end them."""
    one = Kernel(tmp_path)
    process = one.process()
    begun(one, IN_A_CHILD)
    family = [process, *process.children()]
    assert len(family) == 2
    with kernel(tmp_path) as other:
        if server_dies:
            process.parent().kill()
            other.ask("answer = 'its work goes on'")
        one.launcher.kill()
        assert gone(*family)
        other.ask("answer = 'this one lives'")
    one.end()


JUPYTER = """
import json, os, sys, time
from pathlib import Path
from tests.processes.kernels import Kernel
one = Kernel(Path(sys.argv[1]))
other = Kernel(Path(sys.argv[1]))
print(json.dumps([p.pid for k in (one, other) for p in (k.launcher, k.process())]), flush=True)
one.client.execute("while True: pass")
time.sleep(600)
"""


def test_a_jupyter_that_is_killed_ends_its_kernels(tmp_path):
    command = [sys.executable, "-c", JUPYTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as jupyter:
        family = [psutil.Process(pid) for pid in json.loads(jupyter.stdout.readline())]
        jupyter.kill()
    assert gone(*family)


def test_many_kernels_leave_nothing_in_the_server(tmp_path):
    with kernel(tmp_path) as kept:
        server = kept.process().parent()
        before = state_of(server)
        for number in range(4):
            one = Kernel(tmp_path)
            process = one.process()
            if number % 2:
                process.kill()
            one.end(now=number == 2)
            assert gone(process, one.launcher)
        assert returns_to(before, server)
        assert kept.process().parent() == server


def debugged(one, command, **arguments):
    """Send a request to the debugger, and return the body of its reply."""
    numbers = debugged.numbers = getattr(debugged, "numbers", 0) + 1
    request = {"type": "request", "seq": numbers, "command": command, "arguments": arguments}
    message = one.client.session.msg("debug_request", request)
    one.client.control_channel.send(message)
    while True:
        reply = one.client.get_control_msg(timeout=LONG)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            assert reply["content"].get("success", True), reply["content"]
            return reply["content"].get("body") or {}


def test_the_debugger_stops_at_a_breakpoint(tmp_path):
    code = "x = 1\nx += 1\nx += 1\n"
    with kernel(tmp_path) as one:
        one.ask("answer = 1")
        debugged(one, "initialize", clientID="test", adapterID="python", pathFormat="path")
        debugged(one, "attach")
        file = debugged(one, "dumpCell", code=code)["sourcePath"]
        lines = debugged(
            one, "setBreakpoints", source={"path": file}, breakpoints=[{"line": 2}], lines=[2]
        )
        assert lines["breakpoints"][0]["verified"]
        debugged(one, "configurationDone")
        one.client.execute(code)
        while True:
            message = one.client.get_iopub_msg(timeout=LONG)
            if message["content"].get("event") == "stopped":
                break
        thread = message["content"]["body"]["threadId"]
        frame, *_ = debugged(one, "stackTrace", threadId=thread)["stackFrames"]
        assert frame["line"] == 2
        debugged(one, "continue", threadId=thread)
        assert one.client.get_shell_msg(timeout=LONG)["content"]["status"] == "ok"
        debugged(one, "disconnect", restart=False, terminateDebuggee=True)
        assert one.ask("answer = x") == 3


READERS = """
import sys
sys.path.insert(0, {!r})
import psutil
from helpers import readers
readers._process.start()
reader = psutil.Process(readers._process._child.pid)
answer = [reader.pid, reader.ppid()]
"""


def test_readers_and_kernels_are_children_of_one_server(tmp_path):
    with kernel(tmp_path) as one:
        server = one.process().parent().parent()
        reader, parent = one.ask(READERS.format(fork_address.ROOT))
        assert parent == server.pid
        with open(os.devnull, "w") as nowhere:
            child = forked_process.ForkedProcess("tests.processes.forked_child", stderr=nowhere)
        try:
            told = json.loads(child.stdout.readline())
            assert told["server"] == server.pid and told["imported"] == ["tensorflow"]
        finally:
            child.kill()
            child.stdin.close()
            child.stdout.close()
    assert not psutil.pid_exists(reader) or gone(psutil.Process(reader))


# Where no kernel can be forked


def ordinary(one):
    return one.process() == one.launcher


def test_course_fork_0_starts_an_ordinary_kernel(tmp_path):
    with kernel(tmp_path, forked=False) as one:
        assert ordinary(one) and one.ask("import sys\nanswer = 'keras' in sys.modules") is False


@pytest.fixture
def unsuitable(tmp_path, monkeypatch):
    """A server of its own, whose TensorFlow is not the real one, so that no kernel is forked."""
    (tmp_path / "tensorflow.py").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), fork_address.ROOT)))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_process_that_would_differ_forks_no_kernel(unsuitable, tmp_path):
    settings = fork_address.SETTINGS | dict(os.environ)
    with kernel(tmp_path) as one, kernel(tmp_path) as other:
        assert ordinary(one) and ordinary(other)
        fork_address.dial(fork_address.kernel_address(settings)).close()  # it goes on refusing


@needs_root
def test_another_user_who_has_taken_the_name_is_not_trusted(unsuitable, tmp_path, monkeypatch):
    address = fork_address.kernel_address(fork_address.SETTINGS | dict(os.environ))
    with another_user("listener", address) as said:
        assert said == "listens"
        with kernel(tmp_path) as one:
            assert ordinary(one)


def test_a_fork_with_a_thread_or_with_tensorflow_at_work_is_not_safe():
    code = (
        "import os, threading, time\n"
        "from helpers.processes import kernel_server\n"
        "import tensorflow as tf\n"
        "if os.fork():\n"
        "    raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "assert kernel_server.is_safe()\n"
        "thread = threading.Thread(target=time.sleep, args=(0.5,))\n"
        "thread.start()\n"
        "assert not kernel_server.is_safe()\n"
        "thread.join()\n"
        "while not kernel_server.is_safe():\n"  # the system forgets a thread a little later
        "    time.sleep(0.01)\n"
        "tf.constant(1)\n"
        "assert not kernel_server.is_safe()\n"
        "os._exit(0)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=fork_address.ROOT, check=True, timeout=LONG * 3
    )
