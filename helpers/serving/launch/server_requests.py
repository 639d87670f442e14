"""What a client sends to a model server: requests over REST and gRPC, and a configuration.

`Requests` gives a server the methods with which a lesson talks to it. The messages of the protocol
are imported by the methods that need them, because they import TensorFlow.
"""

import http.client
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from helpers.artifact import Signature
from helpers.artifact.saved_model import signatures_of
from helpers.display.html_table import table
from helpers.serving.launch.status import wait_for
from helpers.serving.launch.wake import wake
from helpers.text import in_columns, shorten

SECONDS = 30  # for one request


class RefusedError(RuntimeError):
    """The server refuses a request over gRPC. The text is the status and the error."""


@dataclass(frozen=True)
class Answers:
    """The answers to several requests, as a table.

    Parameters
    ----------
    rows : tuple of (str, int, str)
        The words for the request, the status, and the answer or the first line of its error.
    """

    rows: tuple[tuple[str, int, str], ...]

    def __str__(self) -> str:
        return in_columns([(words, str(status), text) for words, status, text in self.rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(("request", "status", "answer"), self.rows)


class Requests:
    """A model server, as its clients see it.

    Attributes
    ----------
    rest : str
        The REST address, like "http://127.0.0.1:8501".
    grpc : str
        The gRPC address, like "127.0.0.1:8500".
    """

    rest: str
    grpc: str

    def ask(self, path: str, body: Mapping | None = None) -> tuple[int, Any]:
        """Send a request over REST.

        Parameters
        ----------
        path : str
            The part of the path after /v1/models/, such as "shop:predict".
        body : mapping, optional
            The JSON object of a POST request. Without it, the request is a GET request.

        Returns
        -------
        int
            The status.
        dict
            The answer.
        """
        wake(self.rest)
        connection = http.client.HTTPConnection(self.rest.removeprefix("http://"), timeout=SECONDS)
        try:
            method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
            connection.request(method, f"/v1/models/{path}", text)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def ask_each(self, requests: Mapping[str, tuple[str, Mapping]]) -> Answers:
        """Send several requests over REST, and show what the server answers.

        Parameters
        ----------
        requests : mapping of str to (str, mapping)
            The arguments of `ask`, by words for the request.

        Returns
        -------
        Answers
        """
        rows = []
        for words, (path, body) in requests.items():
            status, answer = self.ask(path, body)
            text = answer["error"].splitlines()[0] if "error" in answer else json.dumps(answer)
            rows.append((words, status, shorten(text)))
        return Answers(tuple(rows))

    def signatures(self, model: str) -> dict[str, Signature]:
        """Ask for the signatures of a model, over REST.

        Parameters
        ----------
        model : str

        Returns
        -------
        dict of str to Signature
            By name, sorted.

        Raises
        ------
        LookupError
            The server has no such model.
        """
        from google.protobuf.json_format import ParseDict
        from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

        status, answer = self.ask(f"{quote(model, '')}/metadata")
        if status != 200:
            raise LookupError(f"status {status}: {answer.get('error', answer)}")
        found = answer["metadata"]["signature_def"]["signature_def"]
        return signatures_of(ParseDict({"signature_def": found}, MetaGraphDef()))

    def predict(
        self, model: str, signature: str = "serving_default", **inputs: Any
    ) -> tuple[dict[str, list], int]:
        """Call a signature over gRPC.

        Parameters
        ----------
        model : str
        signature : str
        **inputs
            Arrays by the names of the inputs. Lists of numbers are sent as float32 or int32.

        Returns
        -------
        dict of str to list
            The outputs.
        int
            The version that has answered.

        Raises
        ------
        RefusedError
            The server refuses the request.
        """
        import tensorflow as tf
        from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

        request = predict_request(model, signature, inputs)
        response = self._send(PredictionServiceStub, "Predict", request)
        outputs = {
            name: tf.make_ndarray(tensor).tolist()
            for name, tensor in sorted(response.outputs.items())
        }
        return outputs, response.model_spec.version.value

    def states(self, model: str) -> dict[int, str]:
        """Ask for the state of each version of a model.

        Parameters
        ----------
        model : str

        Returns
        -------
        dict of int to str
            By number, the highest first.
        """
        _, answer = self.ask(quote(model, ""))
        return {int(one["version"]): one["state"] for one in answer["model_version_status"]}

    def wait_for(
        self,
        model: str,
        version: int | None = None,
        state: str = "AVAILABLE",
        *,
        deadline: float = 60,
    ) -> None:
        """Wait until a version has a given state; see `helpers.serving.launch.status.wait_for`."""
        wait_for(self.rest, model, version, state, deadline=deadline)

    def configure(
        self, model: str, base: str | os.PathLike, versions: Iterable[int], **labels: int
    ) -> None:
        """Set which versions of a model the server loads, and their labels, over gRPC.

        The server serves this model only from now on.

        Parameters
        ----------
        model : str
        base : path-like
            The base path.
        versions : iterable of int
            The server loads each of them as soon as its folder is there.
        **labels
            The number of the version by label. Labels that are not given are deleted.

        Raises
        ------
        RefusedError
            The server refuses the configuration. It goes on with the one that it has.
        """
        from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
        from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub

        request = ReloadConfigRequest()
        entry = request.config.model_config_list.config.add(
            name=model, base_path=Path(base).absolute().as_posix(), model_platform="tensorflow"
        )
        entry.model_version_policy.specific.versions.extend(versions)
        entry.version_labels.update(labels)
        self._send(ModelServiceStub, "HandleReloadConfigRequest", request)
        self._note_configuration(request)

    def _note_configuration(self, request):
        """Keep what `configure` has sent; a server that this process can start again does so."""

    def _send(self, stub, method, request):
        """Send a message over gRPC, and return the response."""
        import grpc

        wake(self.grpc)
        with grpc.insecure_channel(self.grpc) as channel:
            try:
                return getattr(stub(channel), method)(request, timeout=SECONDS)
            except grpc.RpcError as error:
                raise RefusedError(f"{error.code().name}: {error.details()}") from None


def predict_request(model: str, signature: str, inputs: Mapping[str, Any]) -> Any:
    """Make the message of a request over gRPC.

    Parameters
    ----------
    model, signature : str
    inputs : mapping of str to array
        By the names of the inputs.

    Returns
    -------
    tensorflow_serving.apis.predict_pb2.PredictRequest
    """
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request
