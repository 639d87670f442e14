"""Parse the URLs of REST requests."""

import functools
import re
from urllib.parse import unquote_to_bytes

_POST = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:(classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
_GET = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?",
    re.IGNORECASE | re.ASCII,
)

# The characters of a URL; the server refuses all others before it parses the URL.
_CHARACTERS = r"[\w.~!$&'()*+,;=:@/-]|%[0-9a-f]{2}"
_ADDRESS = re.compile(rf"(?:{_CHARACTERS})*(?:\?(?:{_CHARACTERS}|\?)*)?", re.I | re.A)


class Route:
    """The parts of a URL: the model, the version or label if there is one, and the verb.

    TensorFlow Serving treats the query as part of the path, so a URL with a query has no route.

    Attributes
    ----------
    plain, path : str
        the path without and with the query
    page : int or None
        the status of an HTML response, for URLs that the protocol does not define
    understood : bool
        whether the URL matches a route of the protocol
    model, verb : str
        "" when the URL has none
    version : int or None
    label : str or None
    error : str or None
        why the version is not valid
    """

    def __init__(self, method: str, path: bytes, query: bytes) -> None:
        self.plain = path.decode("latin-1")
        self.path = self.plain + ("?" + query.decode("latin-1") if query else "")
        self.page = None
        if not _ADDRESS.fullmatch(self.path):
            self.page = 400
        elif self.path[:4].lower() != "/v1/":
            self.page = 404
        found = {"POST": _POST, "GET": _GET}.get(method, _POST).fullmatch(self.path)
        self.understood = found is not None and method in ("POST", "GET")
        name, version, label, verb = found.groups() if found else (None, None, None, None)
        self.model = _decoded(name or "")
        self.label = _decoded(label) if label else None
        self.verb = verb or ""
        self.version, self.error = None, None
        if version:
            self.version = int(version)
            if self.version >= 2**63:
                self.error = f"Failed to convert version: {version} to numeric."


_cached_route = functools.lru_cache(1024)(Route)


def route_of(method: str, path: bytes, query: bytes) -> Route:
    """Parse the URL of a request; the result for a short URL is cached.

    Parameters
    ----------
    method : str
        the HTTP method
    path, query : bytes
        as ASGI's `raw_path` and `query_string`

    Returns
    -------
    Route
    """
    make = _cached_route if len(path) + len(query) < 256 else Route
    return make(method, path, query)


def _decoded(text):
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "surrogateescape")
