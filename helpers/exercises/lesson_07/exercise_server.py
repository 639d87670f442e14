"""The model server that the exercises of lesson 07 use, beside the lesson's own.

One process for all of them, started on first use; it ends with the kernel. It serves what
`serve_model` names, by the messages of TensorFlow Serving's own protocol.
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
from helpers.serving.launch.process import start

PATIENCE = 20  # seconds for a version to be loaded, or to fail
_state = {}  # "server", the process, and "stub", which configures it
_models = {}  # name to (base path, policy)
_lock = threading.Lock()


def warm_up():
    """Start the server now, in the background; the first exercise then waits less."""
    threading.Thread(target=server, daemon=True).start()


def server():
    """The running server, a `helpers.serving.launch.process.Server`."""
    with _lock:
        if not (_state.get("server") and _state["server"].running):
            with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
                config = Path(folder) / "models.config"
                config.write_text("model_config_list {}")
                process = start(
                    model_config_file=config, max_num_load_retries=0, **_ports(_state.get("server"))
                )
            channel = grpc.insecure_channel(process.grpc)
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            _state.update(server=process, stub=stub)
            look()
        return _state["server"]


def _ports(before):
    """Those of the server before, when it has died: learners have its addresses."""
    if before is None:
        return {}
    return {
        "rest_api_port": int(before.rest.rpartition(":")[2]),
        "port": int(before.grpc.rpartition(":")[2]),
    }


def serve_model(name, base, policy="latest"):
    """Serve what is in the folder `base` as `name`; returns when a version is available.

    policy : "latest" for the highest version only, or "all"
    """
    server()
    _models[name] = Path(base), policy
    look()


def forget_model(name):
    """Serve it no longer; its folder may be deleted."""
    if _models.pop(name, None):
        look()


def look():
    """Let the server look into the folders now, and not at its next turn."""
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.SetInParent()
    for name, (base, policy) in list(_models.items()):
        entry = request.config.model_config_list.config.add(
            name=name, base_path=str(base), model_platform="tensorflow"
        )
        getattr(entry.model_version_policy, policy).SetInParent()
    _state["stub"].HandleReloadConfigRequest(request, timeout=PATIENCE)


def ask(path, body=None):
    """(HTTP status, answer) of the server to POST `body`, or to GET, below /v1/models/."""
    connection = http.client.HTTPConnection(server().rest.removeprefix("http://"), timeout=PATIENCE)
    try:
        verb = "GET" if body is None else "POST"
        connection.request(verb, f"/v1/models/{path}", body and json.dumps(body))
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def states(name):
    """{version: (state, error)} of a model."""
    status, answer = ask(name)
    if status != 200:
        return {}
    return {
        int(entry["version"]): (entry["state"], entry["status"]["error_message"])
        for entry in answer["model_version_status"]
    }


def settled(name, seconds=PATIENCE):
    """The states once the server has looked and no version is on its way."""
    end = time.monotonic() + seconds
    look()
    calm = 0
    while calm < 3:  # what it has found in a look shows a moment later
        time.sleep(0.03)
        found = states(name)
        moving = any(state not in ("AVAILABLE", "END") for state, _ in found.values())
        calm = 0 if moving else calm + 1
        if time.monotonic() > end:
            raise NotYet(f"the server is still busy with {name} after {seconds} seconds: {found}")
    return found
