"""The errors of the protocol: a code and a text, which are the same over HTTP and gRPC."""

OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = range(6)
FAILED_PRECONDITION, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS = 9, 12, 13, 14, 15
PERMISSION_DENIED, RESOURCE_EXHAUSTED = 7, 8

NAMES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
HTTP = (200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401)


class ServingError(Exception):
    """A response of the protocol whose code is not OK.

    Parameters
    ----------
    code : int
        one of the codes of this module, which are gRPC's codes
    message : str
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        return f"{NAMES[self.code]}: {self.message}"

    @property
    def http(self) -> int:
        """The HTTP status of this error."""
        return HTTP[self.code]


def invalid(*parts: object) -> ServingError:
    """Return an INVALID_ARGUMENT error whose text consists of the parts."""
    return ServingError(INVALID_ARGUMENT, "".join(map(str, parts)))
