"""Answer predict requests over REST without a network: the request code runs in this process."""

import json
from collections.abc import Callable
from os import PathLike
from typing import Any

from helpers.serving.protocol import responses
from helpers.serving.protocol.errors import NOT_FOUND, ServingError, invalid
from helpers.serving.protocol.predict_request import PredictBody
from helpers.serving.server.rest_route import route_of

VERSION = 1  # of each model


def in_process(**models: str | PathLike[str]) -> Callable[[str, Any], tuple[int, str]]:
    """Load models, and return the function that answers requests for them.

    Parameters
    ----------
    **models : path-like
        The directory of each export, by the name of its model. Its version is 1.

    Returns
    -------
    callable
        Function of the path and the body of a POST request. The body is a str, bytes, or what
        `json.dumps` takes. It returns the status and the text of the response, both as the model
        server of the course gives them.

    Raises
    ------
    ServingError
        If an export cannot be loaded.
    """
    from helpers.serving.server.servable import Servable

    loaded = {name: Servable(directory) for name, directory in models.items()}

    def send(path: str, body: Any) -> tuple[int, str]:
        try:
            return 200, _predict(loaded, path, _encoded(body))
        except ServingError as error:
            return error.http, responses.error(error.message).decode()

    return send


def _encoded(body):
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _predict(loaded, path, body):
    route = route_of("POST", path.encode(), b"")
    if not route.understood or route.verb != "predict":
        raise invalid(f"Malformed request: POST {route.path}")
    request = PredictBody(body)
    if route.model not in loaded or route.version not in (None, VERSION) or route.label:
        which = f"Latest({route.model})"
        if route.version is not None:
            which = f"Specific({route.model}, {route.version})"
        raise ServingError(NOT_FOUND, f"Servable not found for request: {which}")
    servable, name = loaded[route.model], request.signature_name
    form, inputs = request.tensors(servable.input_dtypes(name))
    return responses.predictions(form, servable.predict(name, inputs)).decode()
