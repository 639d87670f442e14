"""Refuse gRPC calls of other users of this computer."""

import functools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import grpc

from helpers.serving.server import peer

_PEER = re.compile(r"ipv[46]:\[?([^\]]+)\]?:(\d+)")
_ANY = ("0.0.0.0", "::")  # every address of the computer
_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
REFUSED = "This server answers the user who has started it only"


class OwnUserOnly(grpc.ServerInterceptor):
    """Answers PERMISSION_DENIED to each call that does not come from a process of this user.

    Each call is checked, and not each connection, because gRPC reports only the address of the
    client, and another user's process can have the same address later.

    Parameters
    ----------
    host : str
    port : int
        where the server listens
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def is_own(self, address: str) -> bool:
        """Return whether a client's address, as gRPC writes it, is one of this user's."""
        found = _PEER.fullmatch(unquote(address))
        if not found:
            return False
        host = found[1] if self._host in _ANY else self._host
        return peer.is_own((host, self._port), (found[1], int(found[2])))

    def intercept_service(self, continuation: Callable, handler_call_details: Any) -> Any:
        """Return the handler of a call, with the check before it."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        kind = next(kind for kind in _KINDS if getattr(handler, kind))
        behavior = getattr(handler, kind)

        @functools.wraps(behavior)  # its attributes tell gRPC in which thread it runs
        def checked(request, context, *response_callback):
            if not self.is_own(context.peer()):
                context.abort(grpc.StatusCode.PERMISSION_DENIED, REFUSED)
            return behavior(request, context, *response_callback)

        return getattr(grpc, f"{kind}_rpc_method_handler")(
            checked, handler.request_deserializer, handler.response_serializer
        )
