"""A real JupyterHub with the configuration of the course, and learners who run lessons on it.

    with hub(folder, ["ada", "ben"]) as class_:
        class_.start("ada")
        with class_.kernel("ada", "01_basic_export") as kernel:
            outputs = kernel.run("print(1)")

The learners are no accounts of the system here: all of them are the user who runs the test, each
with a home folder below `folder`. The rest is `helpers/teaching/jupyterhub_config.py`.
"""

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
import requests
import websocket
from nbformat.v4 import output_from_msg
from nbval.plugin import IPyNbCell, nocolors

from helpers import WAITING
from helpers.paths import HUB, ROOT
from helpers.teaching.handout import FOLDER, write_handout
from tests.support.browser import PATIENCE

CONFIG = ROOT / "helpers/teaching/jupyterhub_config.py"
LOCKS = {"venv": "requirements.lock", "npm": "package-lock.json"}
SOON = 5
# As in nbval.plugin.IPyNbFile, which needs a file to tell it.
NOT_COMPARED = ("metadata", "traceback", "prompt_number", "output_type", "name", "execution_count")
NOT_COMPARED += ("application/vnd.jupyter.widget-view+json", "image/png", "image/jpeg")
# What the test needs in place of accounts, passwords and the ports of a class.
CHANGED = """
import re
load_subconfig({config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set({names!r})
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.environment |= {{"COURSE_HANDOUT": {handout!r}}}
c.Spawner.args += ["--ServerApp.allow_root=True"]
def hasten(spawner):
    if spawner.user.name in {hasty!r}:
        soon = r"\\1={SOON}"
        spawner.args = [re.sub(r"(timeout|interval)=.*", soon, one) for one in spawner.args]
        spawner.environment = spawner.environment | {{"COURSE_FORK": "0"}}
c.Spawner.pre_spawn_hook = hasten
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "test", "services": ["test"], "scopes": scopes}}]
"""


def missing() -> str:
    """Return a sentence that says that the hub is not installed, or "" where it is."""
    for part, lock in LOCKS.items():
        stamp = HUB / part / "installed"
        if not stamp.is_file() or stamp.read_bytes() != (ROOT / "docs/hub" / lock).read_bytes():
            return "JupyterHub is not installed in the versions of its locks: make hub"
    return ""


def require_hub() -> None:
    """Skip the test where JupyterHub is not installed. If REQUIRE_HUB is set, the test fails."""
    message = missing()
    if not message:
        return
    if os.environ.get("REQUIRE_HUB", "") not in ("", "0"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@contextmanager
def hub(folder: Path, names: Sequence[str], hasty: Sequence[str] = ()) -> Iterator["Class"]:
    """Start a hub, and end it with all that it has started.

    Parameters
    ----------
    folder : Path
        An empty folder.
    names : sequence of str
        The learners.
    hasty : sequence of str
        The learners whose idle kernels end after SOON seconds, not after an hour. Their kernels are
        ordinary ones, which start without TensorFlow.

    Yields
    ------
    Class
    """
    token = secrets.token_hex(16)
    homes = folder / "homes"
    homes.mkdir()
    write_handout(folder / "handout.zip")
    with ExitStack() as probes:  # open together, so that the ports differ
        found = [probes.enter_context(socket.socket()) for _ in range(3)]
        for probe in found:
            probe.bind(("127.0.0.1", 0))
        ports = [probe.getsockname()[1] for probe in found]
    config = CHANGED.format(
        config=str(CONFIG),
        ports=ports,
        names=list(names),
        homes=f"{homes}/{{username}}",
        handout=str(folder / "handout.zip"),
        hasty=set(hasty),
        SOON=SOON,
        token=token,
    )
    (folder / "config.py").write_text(config)
    log = folder / "hub.log"
    # With pytest's variables, a kernel would hide what C++ code prints and a learner sees.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COURSE_", "JUPYTER"))
    }
    with log.open("w") as stream:
        process = psutil.Popen(
            [HUB / "venv/bin/python", "-m", "jupyterhub", "-f", "config.py"],
            cwd=folder,
            env=environment | {"COURSE_DRAW": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    class_ = Class(process, f"http://127.0.0.1:{ports[0]}", token, homes, log)
    try:
        class_.wait(lambda: _answers(f"{class_.address}/hub/api/"))
        yield class_
    finally:
        class_.end()


class Class:
    """A hub that runs, and its learners.

    Attributes
    ----------
    process : psutil.Popen
        The hub.
    address : str
        Where a browser finds it: "http://127.0.0.1:8000".
    homes : Path
        The folder with the home folders.
    """

    def __init__(self, process: psutil.Popen, address: str, token: str, homes: Path, log: Path):
        self.process, self.address, self.homes, self._log = process, address, homes, log
        self._headers = {"Authorization": f"token {token}"}

    def ask(self, method: str, path: str, /, **body: object) -> object:
        """Send a request to the hub, or below user/NAME to a learner's server; return its JSON."""
        address = f"{self.address}/{path}"
        done = requests.request(
            method, address, headers=self._headers, json=body or None, timeout=PATIENCE
        )
        assert done.ok, f"{method} {path}: {done.status_code} {done.text}\n{self.log()}"
        return done.json() if done.content else None

    def wait(self, true) -> object:
        """Return the value of a function as soon as it is true, while the hub lives."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if found := true():
                return found
            time.sleep(0.3)
        raise AssertionError(f"the hub ended, or {PATIENCE} seconds are over:\n{self.log()}")

    def log(self) -> str:
        """Return the end of what the hub and the servers of the learners have written."""
        return self._log.read_text()[-4000:]

    def start(self, name: str) -> None:
        """Start the server of a learner, and wait until the hub calls it ready."""
        self.ask("POST", f"hub/api/users/{name}/server")
        address = f"{self.address}/hub/api/users/{name}/server/progress"
        with requests.get(
            address, headers=self._headers, stream=True, timeout=PATIENCE
        ) as progress:
            told = [line for line in progress.iter_lines() if line.startswith(b"data:")]
        assert json.loads(told[-1][5:]).get("ready"), f"{told[-1]}\n{self.log()}"

    def stop(self, name: str) -> None:
        """End the server of a learner, and wait until the hub says that it has ended."""
        self.ask("DELETE", f"hub/api/users/{name}/server")
        self.wait(lambda: not self.ask("GET", f"hub/api/users/{name}")["servers"])

    def learn(self, name: str, lesson: str, folder: str = "solutions") -> dict[str, str]:
        """Run all cells of a lesson, and compare their outputs. The kernel stays.

        Parameters
        ----------
        name, lesson : str
        folder : str
            "solutions", as if the learner typed them, or "notebooks" for the lesson as it is.

        Returns
        -------
        dict of str to str
            Each cell's code, and how its outputs differ from the stored ones: "" if they do not.
        """
        notebook = nbformat.read(ROOT / folder / f"{lesson}.ipynb", as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        with self.kernel(name, lesson) as kernel:
            return {c.source: differences(kernel.run(c.source), c.outputs) for c in cells}

    def course(self, name: str) -> Path:
        """Return the folder of a learner's own copy of the course."""
        return self.homes / name / FOLDER

    @contextmanager
    def kernel(self, name: str, lesson: str) -> Iterator["RemoteKernel"]:
        """Open a lesson as JupyterLab does: a session with a kernel, and a websocket to it."""
        session = self.ask(
            "POST",
            f"user/{name}/api/sessions",
            path=f"notebooks/{lesson}.ipynb",
            name=lesson,
            type="notebook",
            kernel={"name": "python3"},
        )
        key = session["kernel"]["id"]
        address = self.address.replace("http", "ws", 1)
        line = websocket.create_connection(
            f"{address}/user/{name}/api/kernels/{key}/channels",
            header=self._headers,
            timeout=PATIENCE,
        )
        try:
            yield RemoteKernel(line, key)
        finally:
            line.close()

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Find the processes of a learner, or of all and of the hub, also those that were adopted.

        They are known by their home folder, which the kernels, readers and servers inherit.
        """
        home = self.homes / name if name else self.homes.parent
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = [*process.environ().values(), *process.cmdline(), process.cwd()]
                if any(f"{home}/" in f"{word}/" for word in words):
                    found.append(process)
        return found

    def end(self) -> None:
        """End the hub, which ends the servers of the learners and the proxy."""
        with suppress(psutil.NoSuchProcess):
            self.process.terminate()
        psutil.wait_procs([self.process], timeout=PATIENCE)


class RemoteKernel:
    """A kernel behind a websocket of Jupyter.

    Attributes
    ----------
    key : str
        The kernel's name on the server.
    """

    def __init__(self, line: websocket.WebSocket, key: str):
        self._line, self.key = line, key

    def run(self, code: str) -> list[dict]:
        """Run a cell, and return its outputs as nbformat stores them."""
        message = secrets.token_hex(8)
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        self._line.send(json.dumps(_request(message, content)))
        outputs, clear = [], False
        while True:
            reply = json.loads(self._line.recv())
            if reply.get("parent_header", {}).get("msg_id") != message:
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return outputs
            if kind == "clear_output":
                clear = content["wait"]
                outputs = outputs if clear else []
            elif kind in ("stream", "display_data", "execute_result", "error"):
                outputs = [] if clear else outputs
                clear = False
                new = output_from_msg(reply)
                last = outputs[-1] if outputs else {}
                if kind == "stream" and last.get("name") == new.name:  # as a notebook stores it
                    last["text"] += new.text
                else:
                    outputs.append(new)


def differences(found: Sequence[dict], stored: Sequence[dict]) -> str:
    """Compare the outputs of a cell with the stored ones, by nbval's own rules.

    Returns
    -------
    str
        Empty if they are the same.
    """
    cell = SimpleNamespace(
        parent=SimpleNamespace(skip_compare=NOT_COMPARED),
        colors=nocolors,
        sanitize=lambda text: text,
        format_output_compare=lambda key, left, right: cell.comparison_traceback.append(
            f"{key}: stored is {left!r}, found is {right!r}"
        ),
    )
    # nbval's plugin of the course does the same: the words stand there only while a cell waits.
    found = [output for output in found if output.get("text", "").strip() != WAITING]
    same = IPyNbCell.compare_outputs(cell, found, stored)
    return "" if same else "\n".join(cell.comparison_traceback)


def _request(message, content):
    header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message}
    header |= {"date": "", "version": "5.3"}
    parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    return {**parts, "channel": "shell", "buffers": []}


def _answers(address):
    with suppress(requests.ConnectionError):
        return requests.get(address, timeout=PATIENCE).ok
    return False
