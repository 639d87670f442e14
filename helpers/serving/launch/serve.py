"""What surrounds a lesson's calls: which server answers them, and waiting for a version.

The calls themselves stand in the notebook. With TFS_URL set to the REST address of a TensorFlow
Serving server (and TFS_GRPC to its gRPC one), they go there, and nothing is started here.
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from helpers.serving.launch import process
from helpers.serving.server.version_folders import Model, versions_to_serve
from helpers.text import safe_repr, shorten

STATES = ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")
EVERY = 0.05  # seconds
# Not through a proxy, which could not reach this machine's own server.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
_started = {}  # model name to the server that `serve` started last for it


@dataclass(frozen=True)
class Elsewhere:
    """A server that was started by someone else; used like the one that `process.start` returns.

    rest : str, "http://host:8501"
    grpc : str, "host:8500"
    """

    rest: str
    grpc: str

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @property
    def log(self):
        """Where to look for it."""
        return f"The log of {self.rest} is where that server was started."

    def stop(self):
        """Nothing: who started it stops it."""


def serve(model_name, model_base_path, *, deadline=120, **flags):
    """A server that has the model: a new one, or the one that TFS_URL names.

    A new one ends the one that was started here before for a model of this name, so that a
    notebook that runs again does not collect servers.

    Parameters
    ----------
    model_name, model_base_path, deadline, flags
        as `helpers.serving.launch.process.start` takes them; a version must lie in the base path
        already. A server elsewhere has its own base path

    Returns
    -------
    helpers.serving.launch.process.Server or Elsewhere
        both have `rest`, `grpc`, `log` and `stop()`

    Raises
    ------
    FileNotFoundError, ValueError
        there is no such folder, or no version in it
    helpers.serving.launch.process.ServerError
        the server did not come up
    """
    url = os.environ.get("TFS_URL", "").rstrip("/")
    if not url:
        _require_version(model_name, model_base_path)
        server = process.start(model_name, model_base_path, deadline=deadline, **flags)
        if model_name in _started:
            _started[model_name].stop()
        _started[model_name] = server
        return server
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise ValueError(f"TFS_URL is an address like http://localhost:8501, not {safe_repr(url)}")
    host = f"[{host}]" if ":" in host else host
    server = Elsewhere(url, os.environ.get("TFS_GRPC") or f"{host}:8500")
    wait_for(server.rest, model_name, deadline=deadline)
    return server


def _require_version(model_name, base):
    """Refuse at once what a server would wait for in vain."""
    path = os.path.abspath(base)
    wanted = "wanted is a folder that holds a folder for each version, named by its number, like 1"
    if not os.path.isdir(path):
        what = "is a file" if os.path.exists(path) else "does not exist"
        raise FileNotFoundError(f"{path} {what}; {wanted}")
    if os.path.exists(os.path.join(path, "saved_model.pb")):
        raise ValueError(
            f"{path} is an export itself, it holds saved_model.pb; {wanted}. Give the export a "
            "number as its name, and give serve the folder that it lies in"
        )
    if not versions_to_serve(Model(model_name, path)):
        found = ", ".join(sorted(os.listdir(path))) or "nothing"
        raise ValueError(f"no version in {path}, which holds {shorten(found)}; {wanted}")


def wait_for(address, model, version=None, state="AVAILABLE", *, deadline=60):
    """Wait until a version of a model is in a state, by asking its status.

    Parameters
    ----------
    address : str
        REST address of the server
    version : int, optional
        without it, any version
    state : str
        START, LOADING, AVAILABLE, UNLOADING or END

    Raises
    ------
    RuntimeError
        the version failed to load, with the server's words
    TimeoutError
        it took longer than `deadline` seconds; the text tells the last thing that was seen
    """
    if state not in STATES:
        raise ValueError(f"a state is one of {', '.join(STATES)}, not {safe_repr(state)}")
    path = f"/v1/models/{quote(model, '')}"
    path += "" if version is None else f"/versions/{int(version)}"
    end = time.monotonic() + deadline
    while True:
        found, seen = _status(address + path)
        if any(entry["state"] == state for entry in found):
            return
        ended = [entry for entry in found if entry["state"] == "END"]
        if version is not None and ended and ended[0]["status"]["error_code"] != "OK":
            text = ended[0]["status"]["error_message"]
            raise RuntimeError(f"version {version} of {model} did not load: {text}")
        if time.monotonic() > end:
            which = "a version" if version is None else f"version {version}"
            raise TimeoutError(
                f"waited {deadline:g} seconds for {which} of {model} to be {state}; "
                f"{address}{path} says: {seen}"
            )
        time.sleep(EVERY)


def _status(url):
    """A list of the versions' states, and what was seen in a line."""
    try:
        with _open(url, timeout=5) as response:
            found = json.load(response)["model_version_status"]
    except urllib.error.HTTPError as error:
        return [], f"status {error.code} {error.read().decode(errors='replace')}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return [], f"{type(error).__name__}: {error}"
    return found, ", ".join(f"{entry['version']} {entry['state']}" for entry in found)
