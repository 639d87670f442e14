"""Start a model server from a notebook, wait until it is ready, and leave nothing behind.

A fork of a process that has imported TensorFlow becomes the server where that is possible; see
`helpers.processes.forked_process`. Elsewhere, and with COURSE_FORK=0, a new process is started.
"""

import atexit
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.paths import ROOT
from helpers.processes import forked_process
from helpers.serving.handshake import IDLE, IDLE_WORDS, LISTENS, PARENT, POLL
from helpers.serving.launch import wake
from helpers.serving.launch.server_requests import Requests
from helpers.serving.launch.status import wait_for

IDLE_SECONDS = 900  # without a request, after which a server ends until the next request
SECONDS = "0.2"  # between two looks for versions; TensorFlow Serving's flag takes whole ones only
HOST = "127.0.0.1"
LINES = 20  # of the log, shown when the server does not start
TAKEN = ("Cannot listen on", "Failed to BuildAndStart")  # in the log when a port is not free
TRIES = 5  # with different ports, when none was given
# What a server of a lesson does unless its flags say otherwise: on a computer with many users, each
# user could make it load a model, and a model can read and write files with the learner's rights.
PRIVATE = {"own_user_only": True, "allow_config_reload": False}
PATHS = {
    "model_base_path",
    "model_config_file",
    "batching_parameters_file",
    "monitoring_config_file",
}


class ServerError(RuntimeError):
    """The server did not start, or has ended; the text ends with the last lines of its log."""


class PortTakenError(ServerError):
    """Another program listens at the server's port."""


class Server(Requests):
    """A model server in a process of its own; `start` makes one.

    Parameters
    ----------
    flags : dict of str to object
        TensorFlow Serving's flags by name, with both ports

    Attributes
    ----------
    rest : str
        address of the REST API, like "http://127.0.0.1:8501"
    grpc : str
        address of the gRPC API, like "127.0.0.1:8500"
    command : list of str
        the command that starts such a server
    """

    def __init__(self, flags: dict[str, object]):
        self.rest = f"http://{HOST}:{flags['rest_api_port']}"
        self.grpc = f"{HOST}:{flags['port']}"
        self._options = [f"--{name}={_text(name, value)}" for name, value in flags.items()]
        self._polls = "file_system_poll_wait_seconds" not in flags
        self.command = [sys.executable, "-m", "helpers.serving", *self._options]
        self._configuration = None
        self._launch()
        self._owner = os.getpid()
        wake.register((self.rest, self.grpc), self.wake)
        atexit.register(self.stop)

    def _launch(self):
        env = {**os.environ, PARENT: str(os.getpid()), IDLE: str(IDLE_SECONDS)}
        if self._polls:
            env[POLL] = SECONDS
        # `log` reads this file without seeking, which would move the place where the server writes.
        self._log = tempfile.NamedTemporaryFile(  # noqa: SIM115, deleted in stop()
            prefix="model-server-", suffix=".log", delete=False
        )
        self._process = self._forked(self._options, env) or subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,  # the server ends when this pipe closes
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=os.name == "posix",  # an interrupted cell must not end it
        )
        if os.name == "posix":  # the file exists as long as a process has it open
            os.unlink(self._log.name)

    def _forked(self, options, env):
        """Return the server as a fork of a process with TensorFlow, or None without one."""
        main = "helpers.serving.__main__"
        with contextlib.suppress(OSError):
            return forked_process.ForkedProcess(
                main, (options,), stdout=self._log, stderr=self._log, env=env
            )
        return None

    def __repr__(self):
        state = "running" if self.running else "stopped"
        return f"<model server, {state}: REST at {self.rest}, gRPC at {self.grpc}>"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has written so far."""
        if self._log.closed:
            return self._said
        if os.name == "posix":
            number = self._log.fileno()
            return os.pread(number, os.fstat(number).st_size, 0).decode(errors="replace")
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def wake(self, seconds: float = 120):
        """Start the server again if it has ended after IDLE_SECONDS without a request.

        It has the same addresses, flags and models, and what `configure` sent last.

        Parameters
        ----------
        seconds : float
            until it must be ready

        Raises
        ------
        ServerError
            it did not start
        """
        if self._log.closed or IDLE_WORDS not in self.log:
            return
        self._process.wait(seconds)
        self._log.close()
        self._launch()
        self.wait_until_ready(seconds)
        if self._configuration is not None:
            self._configure(self._configuration, seconds)

    def _configure(self, request, seconds):
        """Send a configuration again. The labels follow when their versions are loaded."""
        import grpc
        from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub

        unlabelled = type(request)()
        unlabelled.CopyFrom(request)
        with grpc.insecure_channel(self.grpc) as channel:
            send = ModelServiceStub(channel).HandleReloadConfigRequest
            for entry in unlabelled.config.model_config_list.config:
                entry.version_labels.clear()
            send(unlabelled, timeout=seconds)
            for entry in request.config.model_config_list.config:
                for version in entry.version_labels.values():
                    wait_for(self.rest, entry.name, version, deadline=seconds)
            send(request, timeout=seconds)

    def _note_configuration(self, request):
        self._configuration = request

    def stop(self, seconds: float = 10):
        """End the process with SIGTERM, after `seconds` with SIGKILL; return when it is gone."""
        if os.getpid() != self._owner:  # a fork of the kernel ends; the server is the kernel's
            return
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        if not self._log.closed:
            self._said = self.log
            self._log.close()
            with contextlib.suppress(OSError):
                os.unlink(self._log.name)
        wake.forget((self.rest, self.grpc), self.wake)
        atexit.unregister(self.stop)

    def wait_until_ready(self, seconds: float):
        """Wait for the first answer of the REST API, which comes when the models are loaded.

        An answer alone proves little: another program may have the port. So the server's log must
        say that the server listens.

        Raises
        ------
        ServerError
            the process ended, or did not answer within `seconds` and was stopped
        """
        end = time.monotonic() + seconds
        while not (LISTENS in self.log and self._answers()):
            if not self.running:
                raise self._failed(f"The server ended with status {self._process.returncode}")
            if time.monotonic() > end:
                raise self._failed(f"The server was not ready after {seconds:g} seconds")
            time.sleep(0.05)

    def _answers(self):
        connection = http.client.HTTPConnection(self.rest.removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/v1/models/-")
            return connection.getresponse().status in (200, 404)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _failed(self, what):
        self.stop()
        lines = self._said.strip().splitlines()[-LINES:]
        kind = PortTakenError if any(words in self._said for words in TAKEN) else ServerError
        return kind("\n".join([f"{what}. The end of its log:", *lines]))


def start(
    model_name: str | None = None,
    model_base_path: str | os.PathLike | None = None,
    *,
    deadline: float = 120,
    **flags: object,
) -> Server:
    """Start a model server and wait until its models are available.

    Parameters
    ----------
    model_name, model_base_path : str, optional
        one model; for several, give `model_config_file`
    deadline : float
        seconds until it must be ready
    flags
        TensorFlow Serving's flags by name, for example `enable_batching=True`. Ports that are not
        given are chosen, so that several servers can run. Without
        `file_system_poll_wait_seconds` the server looks for versions every 0.2 s, not every second.
        The server answers this user only, takes no new configuration, and loads from
        `model_base_path` only, unless `own_user_only=False`, `allow_config_reload=True` or
        `allowed_base_paths="FOLDER,FOLDER"` say otherwise.

    Returns
    -------
    Server

    Raises
    ------
    ServerError
        it did not start; the text ends with the last lines of its log
    """
    if model_base_path is not None:
        flags = {"model_name": model_name or "default", "model_base_path": model_base_path, **flags}
    elif "model_config_file" not in flags:
        raise ValueError("start needs model_base_path=... or model_config_file=...")
    private = dict(PRIVATE)
    if model_base_path is not None:
        private["allowed_base_paths"] = os.path.abspath(model_base_path)
    chosen = [name for name in ("rest_api_port", "port") if not flags.get(name)]
    tries = TRIES if chosen else 1
    while True:
        server = Server(
            {**private, **flags, **dict(zip(chosen, free_ports(len(chosen)), strict=True))}
        )
        try:
            server.wait_until_ready(deadline)
            return server
        except BaseException as error:  # also when the cell is interrupted
            server.stop()
            tries -= 1
            if not (tries and isinstance(error, PortTakenError)):
                raise


def _text(name, value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return os.path.abspath(value) if name in PATHS else str(value)


def free_ports(count: int) -> list[int]:
    """Return `count` different ports of this computer that no program listens at now."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
