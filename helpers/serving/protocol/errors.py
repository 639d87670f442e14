"""The errors of the protocol: a code and a text, the same over HTTP and gRPC."""

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
    """An answer of the protocol that is not OK.

    code : int
        one of the codes above, which are also those of gRPC
    message : str
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message

    def __str__(self):
        return f"{NAMES[self.code]}: {self.message}"

    @property
    def http(self):
        """The HTTP status that carries this error."""
        return HTTP[self.code]


def invalid(*parts):
    """An INVALID_ARGUMENT error with the parts joined into one text."""
    return ServingError(INVALID_ARGUMENT, "".join(map(str, parts)))
