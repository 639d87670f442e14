"""Start or find the model server of a lesson.

If the environment variable TFS_URL is set, the lesson uses the server at this REST address, for
example a TensorFlow Serving server. TFS_GRPC is the gRPC address of the same server.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpers.serving.launch import process
from helpers.serving.launch.server_requests import Requests
from helpers.serving.launch.status import wait_for
from helpers.serving.server.version_folders import Model, versions_to_serve
from helpers.text import safe_repr, shorten

_started = {}  # {model name: the last server that `serve` has started for it}


@dataclass(frozen=True)
class ExternalServer(Requests):
    """A server that this process has not started, with the interface of `process.Server`.

    Parameters
    ----------
    rest : str
        like "http://host:8501"
    grpc : str
        like "host:8500"
    """

    rest: str
    grpc: str

    def __enter__(self) -> "ExternalServer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def log(self) -> str:
        """A note where the log is."""
        return f"The log of {self.rest} is in the terminal or container that started the server."

    def stop(self) -> None:
        """Do nothing, because this process has not started the server."""


def serve(
    model_name: str,
    model_base_path: str | os.PathLike,
    *,
    deadline: float = 120,
    **flags: object,
) -> "process.Server | ExternalServer":
    """Start a server for a model, or find the server that TFS_URL names.

    A new server replaces the one that this process has started before for a model of the same name.
    So running a notebook again does not leave servers behind.

    Parameters
    ----------
    model_name : str
    model_base_path : path-like
        a folder that contains a folder for each version, and at least one version; the server at
        TFS_URL has its own base path instead
    deadline : float
        seconds to wait until a version is available
    **flags
        further flags of the server, see `helpers.serving.launch.process.start`

    Returns
    -------
    helpers.serving.launch.process.Server or ExternalServer
        both have `rest`, `grpc`, `log` and `stop()`

    Raises
    ------
    FileNotFoundError
        the base path is not a folder
    ValueError
        the base path contains no version, or TFS_URL is not an address
    helpers.serving.launch.process.ServerError
        the server did not start
    RuntimeError, TimeoutError
        the server at TFS_URL has no available version of the model
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
        raise ValueError(
            f"TFS_URL must be an address like http://localhost:8501, not {safe_repr(url)}"
        )
    host = f"[{host}]" if ":" in host else host
    server = ExternalServer(url, os.environ.get("TFS_GRPC") or f"{host}:8500")
    wait_for(server.rest, model_name, deadline=deadline)
    return server


def _require_version(model_name, base):
    """Refuse a base path without a version, for which a server would wait until the deadline."""
    path = os.path.abspath(base)
    expected = (
        "model_base_path must be a folder that contains a folder for each version, whose name is "
        "the version number, like 1"
    )
    if not os.path.isdir(path):
        found = "is a file" if os.path.exists(path) else "does not exist"
        raise FileNotFoundError(f"{expected}; {path} {found}")
    if os.path.exists(os.path.join(path, "saved_model.pb")):
        raise ValueError(
            f"{expected}; {path} is an export itself, because it contains saved_model.pb. Rename "
            "the export to a number, and give serve the folder that contains it"
        )
    if not versions_to_serve(Model(model_name, path)):
        found = ", ".join(sorted(os.listdir(path))) or "nothing"
        raise ValueError(f"{expected}; {path} contains no version, it contains {shorten(found)}")
