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

from helpers.errors import safe_repr
from helpers.serving import process

STATES = ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")
EVERY = 0.05  # seconds
# Not through a proxy, which could not reach this machine's own server.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


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

    def stop(self):
        """Nothing: who started it stops it."""


def serve(model_name, model_base_path, *, deadline=120, **flags):
    """A server that has the model: a new one, or the one that TFS_URL names.

    Parameters
    ----------
    model_name, model_base_path, deadline, flags
        as `helpers.serving.process.start` takes them; a server elsewhere has its own base path

    Returns
    -------
    helpers.serving.process.Server or Elsewhere
        both have `rest`, `grpc` and `stop()`
    """
    url = os.environ.get("TFS_URL", "").rstrip("/")
    if not url:
        return process.start(model_name, model_base_path, deadline=deadline, **flags)
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise ValueError(f"TFS_URL is an address like http://localhost:8501, not {safe_repr(url)}")
    host = f"[{host}]" if ":" in host else host
    server = Elsewhere(url, os.environ.get("TFS_GRPC") or f"{host}:8500")
    wait_for(server.rest, model_name, deadline=deadline)
    return server


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
