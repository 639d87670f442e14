"""The model server of the exercises of lessons 08 and 09; the lessons themselves use other servers.

All exercises share one process. It starts on first use and ends with the kernel. `serve_model` adds
a model with the messages of TensorFlow Serving's protocol.
"""

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

import grpc
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

from helpers.exercises.outcomes import NotYet
from helpers.serving.launch import wake
from helpers.serving.launch.process import Server, start

TIMEOUT = 20  # seconds for a version to be loaded, or to fail
_state = {}  # "server": the process; "stub": the gRPC stub that configures it
_models = {}  # {model name: (base path, policy)}
_lock = threading.Lock()


def warm_up() -> None:
    """Start the server in the background, so that the first exercise does not wait for it."""
    threading.Thread(target=server, daemon=True).start()


def server() -> Server:
    """Return the running server; start it if it does not run.

    Returns
    -------
    helpers.serving.launch.process.Server
    """
    with _lock:
        if not (_state.get("server") and _state["server"].running):
            with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
                config = Path(folder) / "models.config"
                config.write_text("model_config_list {}")
                process = start(
                    model_config_file=config,
                    max_num_load_retries=0,
                    allow_config_reload=True,
                    **_ports(_state.get("server")),
                )
            channel = grpc.insecure_channel(process.grpc)
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            _state.update(server=process, stub=stub)
            wake.register((process.rest, process.grpc), server)  # with the models of all exercises
            scan_folders()
        return _state["server"]


def _ports(before):
    """Return the ports of a server that has ended, because learners have its addresses."""
    if before is None:
        return {}
    return {
        "rest_api_port": int(before.rest.rpartition(":")[2]),
        "port": int(before.grpc.rpartition(":")[2]),
    }


def serve_model(name: str, base: str | Path, policy: str = "latest") -> None:
    """Serve a model and wait until a version is available.

    The server does not read a loaded version again. If the model has another base path, its
    versions are therefore unloaded first.

    Parameters
    ----------
    name : str
        the name of the model
    base : path-like
        the folder that contains a folder for each version
    policy : str
        "latest" for the highest version only, or "all"

    Raises
    ------
    grpc.RpcError
        no version of the model can be loaded
    """
    server()
    if _models.get(name, (Path(base),))[0] != Path(base):
        forget_model(name)
        _wait_until_unloaded(name)
    _models[name] = Path(base), policy
    scan_folders()


def _wait_until_unloaded(name):
    end = time.monotonic() + TIMEOUT
    while any(state != "END" for state, _ in states(name).values()):
        if time.monotonic() > end:
            raise NotYet(
                f"the old versions of {name} should be unloaded within {TIMEOUT} seconds, but are "
                "not. Run the cell again."
            )
        time.sleep(0.01)


def forget_model(name: str) -> None:
    """Stop serving a model, so that its folder can be deleted."""
    if _models.pop(name, None):
        scan_folders()


def scan_folders() -> None:
    """Make the server scan the base paths now; otherwise it scans them regularly."""
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.SetInParent()
    for name, (base, policy) in list(_models.items()):
        entry = request.config.model_config_list.config.add(
            name=name, base_path=str(base), model_platform="tensorflow"
        )
        getattr(entry.model_version_policy, policy).SetInParent()
    _state["stub"].HandleReloadConfigRequest(request, timeout=TIMEOUT)


def ask(path: str, body: dict | None = None) -> tuple[int, dict]:
    """Send a REST request to the server.

    Parameters
    ----------
    path : str
        the part of the URL's path after /v1/models/
    body : dict, optional
        the request; without it, the method is GET instead of POST

    Returns
    -------
    int
        the HTTP status
    dict
        the response
    """
    connection = http.client.HTTPConnection(server().rest.removeprefix("http://"), timeout=TIMEOUT)
    try:
        verb = "GET" if body is None else "POST"
        connection.request(verb, f"/v1/models/{path}", body and json.dumps(body))
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def states(name: str) -> dict[int, tuple[str, str]]:
    """Return the state and the error message of each version of a model by number."""
    status, answer = ask(name)
    if status != 200:
        return {}
    return {
        int(entry["version"]): (entry["state"], entry["status"]["error_message"])
        for entry in answer["model_version_status"]
    }


def final_states(name: str, seconds: float = TIMEOUT) -> dict[int, tuple[str, str]]:
    """Make the server scan the base paths, wait until it has finished, and return `states`.

    Parameters
    ----------
    name : str
        the model
    seconds : float
        the maximum time

    Returns
    -------
    dict of int to (str, str)
        state, which is AVAILABLE or END, and error message, by version number

    Raises
    ------
    NotYet
        a version is still in another state after the maximum time
    """
    end = time.monotonic() + seconds
    scan_folders()
    calm = 0
    while calm < 3:  # a state changes a moment after the scan
        time.sleep(0.03)
        found = states(name)
        moving = any(state not in ("AVAILABLE", "END") for state, _ in found.values())
        calm = 0 if moving else calm + 1
        if time.monotonic() > end:
            raise NotYet(
                f"the versions of {name} should be loaded or refused after {seconds} seconds, but "
                f"their states are {found}. Run the check again."
            )
    return found
