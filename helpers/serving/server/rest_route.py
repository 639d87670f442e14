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

_OF_METHOD = {"POST": _POST, "GET": _GET}

# The characters of a URL; the server refuses all others before it parses the URL.
_CHARACTERS = r"[\w.~!$&'()*+,;=:@/-]|%[0-9a-f]{2}"
_TAIL = rf"(?:{_CHARACTERS}|\?)*"
_ADDRESS = re.compile(rf"(?:{_CHARACTERS})*(?:\?{_TAIL})?(?:#{_TAIL})?", re.I | re.A)


class Route:
    """The parts of a URL: the model, the version or label if there is one, and the verb.

    TensorFlow Serving treats the query and the fragment as parts of the path, so the URL of a
    request to predict that has one of them has no route.

    Attributes
    ----------
    plain, path : str
        the path without and with the query and the fragment
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
        self.path = (path + (b"?" + query if query else b"")).decode("latin-1")
        self.plain = path.decode("latin-1").partition("#")[0]
        self.page = None
        if not _ADDRESS.fullmatch(self.path):
            self.page = 400
        elif self.path[:4].lower() != "/v1/":
            self.page = 404
        found = _OF_METHOD[method].fullmatch(self.path) if method in _OF_METHOD else None
        self.understood = found is not None
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
        as ASGI's `raw_path` and `query_string`; the last of them contains the fragment

    Returns
    -------
    Route
    """
    make = _cached_route if len(path) + len(query) < 256 else Route
    return make(method, path, query)


def _decoded(text):
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "surrogateescape")
