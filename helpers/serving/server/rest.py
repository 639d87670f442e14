"""Answer REST requests: routes, bodies and status codes, as an ASGI application."""

import asyncio
import functools
import json
import math
import re
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Executor

from google.protobuf import json_format

from helpers.serving.protocol import example_request, responses
from helpers.serving.protocol.errors import (
    DEADLINE_EXCEEDED,
    FAILED_PRECONDITION,
    HTTP,
    INTERNAL,
    NAMES,
    OK,
    ServingError,
    invalid,
)
from helpers.serving.protocol.json_parser import PARSED_TOO_LONG
from helpers.serving.protocol.predict_request import PredictBody
from helpers.serving.server import model_status
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import Options
from helpers.serving.server.quick_sizes import QUICK_SECONDS
from helpers.serving.server.rest_route import route_of
from helpers.serving.server.version_manager import Manager

_JSON = (b"content-type", b"application/json")
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
]
_PAGE = b"<html><head><title>%d</title></head><body>%s</body></html>\n"
_HTML = (b"content-type", b"text/html")
_BAD = b"Bad Request"
_METHODS = {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"}
BODY_SECONDS = 30  # maximum time between two parts of a body
QUICK_BYTES = 8192  # a longer request runs in another thread


_EXAMPLE_RESPONSES = {
    "classify": lambda found: responses.classifications(*found),
    "regress": responses.regressions,
}


class App:
    """The ASGI application.

    Parameters
    ----------
    manager : helpers.serving.server.version_manager.Manager
    options : helpers.serving.server.options.Options
    metrics : helpers.serving.server.metrics.Metrics
    executor : concurrent.futures.Executor
        runs slow requests
    """

    def __init__(
        self, manager: Manager, options: Options, metrics: Metrics, executor: Executor
    ) -> None:
        self._manager, self._metrics, self._executor = manager, metrics, executor
        self._limit = options.rest_api_max_body_bytes
        self._timeout_ms = max(options.rest_api_timeout_in_ms, 0)
        self._cors = _CORS if options.rest_api_enable_cors_support else []
        self._metrics_path = options.metrics_path()
        self._always_in_executor = options.enable_batching

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        """Answer one request; the parameters are those of ASGI."""
        if scope["type"] != "http":
            return
        method = scope["method"]
        route = route_of(method, scope["raw_path"], scope["query_string"])
        if method not in _METHODS:
            status, title = (501, b"Not Implemented") if method == "TRACE" else (400, _BAD)
            await _answer(send, status, _PAGE % (status, title), [_HTML])
        elif route.page == 400:
            await _answer(send, 400, _PAGE % (400, _BAD), [_HTML])
        elif route.plain == self._metrics_path:
            status, page = self._metrics_page(route.path)
            await _answer(send, status, page, [(b"content-type", b"text/plain")])
        elif route.page:
            await _answer(send, 404, _PAGE % (404, b"Not Found"), [_HTML])
        else:
            try:
                body = await self._body(scope, receive)
            except ConnectionResetError:
                return
            except _Refused as refused:
                headers = [_JSON, (b"connection", b"close")]
                await _answer(send, refused.status, responses.error(str(refused)), headers)
                return
            await self._respond(scope, method, route, body, send)

    def _metrics_page(self, path):
        if path != self._metrics_path:
            text = f"Unexpected path: {path}. Should be {self._metrics_path}"
            return 400, text.encode()
        return 200, self._metrics.page().encode("utf-8", "replace")

    async def _respond(self, scope, method, route, body, send):
        start = time.perf_counter()
        if method == "OPTIONS":
            origin = next((v for k, v in scope["headers"] if k == b"origin"), b"")
            code = OK if re.search(rb"https?://", origin) else FAILED_PRECONDITION
            self._metrics.answered("", NAMES[code], "", "REST", time.perf_counter() - start)
            await _answer(send, HTTP[code], b"", self._cors)
            return
        if method == "POST" and route.understood and not route.error:
            status, code, text = await self._infer(route, body)
        else:
            status, code, text = self._handle(route, method, body)
        verb = route.verb if method == "POST" else ""
        self._metrics.answered(route.model, NAMES[code], verb, "REST", time.perf_counter() - start)
        await _answer(send, status, text, [_JSON, *self._cors])

    async def _infer(self, route, body):
        """Answer a request that was measured as quick in the event loop, others in the executor."""
        end = time.monotonic() + self._timeout_ms / 1000 if self._timeout_ms else None
        if self._always_in_executor or len(body) > QUICK_BYTES:
            return await self._elsewhere(self._answer_to, self._inferred, route, body, end)
        status, code, prepared = self._answer_to(self._prepare, route, body, end)
        if status != 200:
            return status, code, prepared
        version, call, _ = prepared
        if version.servable.is_quick(call):
            return self._answer_to(self._finish, route, end, *prepared)
        return await self._elsewhere(self._answer_to, self._finish, route, end, *prepared)

    async def _elsewhere(self, *call):
        return await asyncio.get_running_loop().run_in_executor(self._executor, *call)

    def _answer_to(self, function, *arguments):
        """Call a function; return HTTP status, code of the protocol, and the result or error."""
        try:
            return 200, 0, function(*arguments)
        except ServingError as error:
            return error.http, error.code, responses.error(error.message)
        except Exception as error:
            failure = ServingError(INTERNAL, f"{type(error).__name__}: {error}")
            return failure.http, failure.code, responses.error(failure.message)

    def _handle(self, route, method, body):
        """Answer a request that runs no model."""
        if route.error:  # TensorFlow Serving sends an empty body
            return 400, invalid("").code, b""
        return self._answer_to(self._result, route, method)

    def _result(self, route, method):
        if method != "GET" or not route.understood:
            raise invalid(f"Malformed request: {method} {route.path}")
        if not route.model:
            raise invalid("Missing model name in request.")
        return self._metadata(route) if route.verb == "metadata" else self._status(route)

    def _acquire(self, route):
        number = route.version
        if route.label is not None:
            number = self._manager.labelled(route.model, route.label)
        return self._manager.acquire(route.model, number)

    def _inferred(self, route, body, end):
        return self._finish(route, end, *self._prepare(route, body, end))

    def _prepare(self, route, body, end):
        """Read a request; return the version, the call, and what writes the response."""
        if route.verb == "predict":
            request = PredictBody(body, end)
        elif route.verb in _EXAMPLE_RESPONSES:
            name, examples = example_request.read(body, end)
        else:  # in capitals
            raise invalid(f"Malformed request: POST {route.path}")
        version = self._acquire(route)
        try:
            servable = version.servable
            if route.verb == "predict":
                name = request.signature_name
                form, inputs = request.tensors(servable.input_dtypes(name))
                write = functools.partial(responses.predictions, form)
                return version, servable.calls.predict(name, inputs), write
            call = getattr(servable.calls, route.verb)(name, examples)
            return version, call, _EXAMPLE_RESPONSES[route.verb]
        except BaseException:
            self._manager.release(version)
            raise

    def _left_ms(self, end):
        """Return the milliseconds that parsing has left for the model; 0 for no limit.

        They are rounded up to a multiple of a sixteenth of the timeout, because each value of
        `session_loader.run_options` stays in memory.
        """
        if end is None:
            return 0
        sixteenths = math.ceil((end - time.monotonic()) * 16_000 / self._timeout_ms)
        if sixteenths <= 0:
            raise ServingError(DEADLINE_EXCEEDED, PARSED_TOO_LONG)
        return math.ceil(min(sixteenths, 16) * self._timeout_ms / 16)

    def _finish(self, route, end, version, call, write):
        """Run a call until the time `end`, and write the response."""
        try:
            timeout_ms = self._left_ms(end)
            start = time.perf_counter()
            found = version.servable.answer(call, timeout_ms)
            answered, computed = time.perf_counter(), time.thread_time()
            self._metrics.ran(route.model, route.verb.capitalize(), answered - start)
            response = write(found)
            if (
                time.perf_counter() - answered > QUICK_SECONDS  # perhaps the thread was interrupted
                and time.thread_time() - computed > QUICK_SECONDS
            ):
                version.servable.sizes.take_out(call.size)
            return response
        finally:
            self._manager.release(version)

    def _status(self, route):
        return _json(model_status.status(self._manager, route.model, route.version))

    def _metadata(self, route):
        version = self._acquire(route)
        try:
            spec, signatures = model_status.metadata(version)
        finally:
            self._manager.release(version)
        spec, signatures = _json(spec), _json(signatures)
        return b'{\n"model_spec":%s,\n"metadata": {"signature_def": %s}\n}\n' % (spec, signatures)

    # -- reading -----------------------------------------------------------------------------------

    async def _body(self, scope, receive):
        """Read the whole body; a body that is too large is read to its end and then refused."""
        message = await receive()
        parts, size, late = [], 0, None
        while True:
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            else:
                parts.clear()
            if not message.get("more_body"):
                break
            try:
                message = await asyncio.wait_for(receive(), BODY_SECONDS)
            except TimeoutError:
                late = f"Request body incomplete: nothing more came within {BODY_SECONDS} s"
                raise _Refused(408, late) from None
        if size > self._limit:
            raise _Refused(
                413, f"Request body of {size} bytes is larger than the {self._limit} allowed"
            )
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        if any(k == b"content-encoding" and b"gzip" in v for k, v in scope["headers"]):
            return self._unpacked(body)
        return body

    def _unpacked(self, body):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
        try:
            found = unpacker.decompress(body, self._limit + 1)
        except zlib.error:
            return b""
        if len(found) > self._limit:
            raise _Refused(
                413, f"Request body is larger than the {self._limit} bytes allowed when unpacked"
            )
        # TensorFlow Serving reads no second member after the first one.
        return found if unpacker.eof and not unpacker.unused_data else b""


class _Refused(Exception):
    """The server refuses the body of a request."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def _json(message):
    fields = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    text = json.dumps(_without_points(fields), indent=1, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape") + b"\n"  # as Protobuf's C++ code ends it


def _without_points(value):
    """Replace 10.0 by 10: Protobuf's C++ code writes whole numbers of up to six digits so."""
    if isinstance(value, dict):
        return {key: _without_points(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_without_points(held) for held in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        return int(value)
    return value


async def _answer(send, status, body, headers):
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
