"""Wait until a version of a model has a given state."""

import http.client
import json
import time
import urllib.error
import urllib.request
from urllib.parse import quote

from helpers.serving.launch.wake import wake
from helpers.text import safe_repr

STATES = ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")
EVERY = 0.05  # seconds between two status requests
# Without a proxy, because a proxy cannot reach a server on this machine.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def wait_for(
    address: str,
    model: str,
    version: int | None = None,
    state: str = "AVAILABLE",
    *,
    deadline: float = 60,
) -> None:
    """Ask a server for the status of a version until the version has a given state.

    Parameters
    ----------
    address : str
        the REST address of the server
    model : str
        the name of the model
    version : int, optional
        without it, any version of the model
    state : str
        START, LOADING, AVAILABLE, UNLOADING or END
    deadline : float
        seconds

    Raises
    ------
    RuntimeError
        the version failed to load; the text contains the server's error
    TimeoutError
        the version does not have the state after the deadline; the text contains the last status
    ValueError
        there is no such state
    """
    if state not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}, not {safe_repr(state)}")
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
                f"waited {deadline:g} seconds for {which} of {model} to be {state}, but the last "
                f"status at {address}{path} was: {seen}"
            )
        time.sleep(EVERY)


def _status(url):
    """Return the list of the versions' states, and a line that describes the response."""
    wake(url)
    try:
        with _open(url, timeout=5) as response:
            found = json.load(response)["model_version_status"]
    except urllib.error.HTTPError as error:
        return [], f"status {error.code} {error.read().decode(errors='replace')}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return [], f"{type(error).__name__}: {error}"
    return found, ", ".join(f"{entry['version']} {entry['state']}" for entry in found)
