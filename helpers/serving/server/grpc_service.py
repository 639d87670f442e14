"""The gRPC side: PredictionService and ModelService with the protocol's own messages."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from helpers.serving.protocol.errors import INTERNAL, NAMES, ServingError, invalid
from helpers.serving.server import model_status, proto_requests
from helpers.serving.server.options import models_of

_CODES = {code.value[0]: code for code in grpc.StatusCode}
MOST_TEXT = 1024  # characters of an error
LONGEST_MS = 2**31 - 1
STEP = 1.25


def make_server(manager, options, metrics, threads):
    """A gRPC server that listens nowhere yet.

    Parameters
    ----------
    threads : int
        requests at the same time
    """
    server = grpc.server(
        ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # a port that is taken is an error
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(manager, options, metrics), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(manager, options), server
    )
    return server


def _abort(context, error):
    text = error.message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if len(text) > MOST_TEXT:
        text = text[:MOST_TEXT] + "...TRUNCATED"
    context.abort(_CODES.get(error.code, grpc.StatusCode.UNKNOWN), text)


def _checked(request):
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


class _Service:
    def _answer(self, context, function, *arguments):
        """What the function gives, or the protocol's error."""
        try:
            return function(*arguments), None
        except ServingError as error:
            return None, error
        except Exception as error:
            return None, ServingError(INTERNAL, f"{type(error).__name__}: {error}")


class PredictionService(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict, Classify, Regress, MultiInference and GetModelMetadata."""

    def __init__(self, manager, options, metrics):
        self._manager, self._metrics = manager, metrics
        self._as_content = options.enable_serialization_as_tensor_content

    def Predict(self, request, context):
        """One call of a signature."""
        extra = {"as_content": self._as_content}
        return self._infer("Predict", proto_requests.predict, request, context, extra)

    def Classify(self, request, context):
        """Labels and scores of examples."""
        return self._infer("Classify", proto_requests.classify, request, context)

    def Regress(self, request, context):
        """A number for each example."""
        return self._infer("Regress", proto_requests.regress, request, context)

    def MultiInference(self, request, context):
        """Several classifications and regressions of the same examples."""
        return self._infer("MultiInference", proto_requests.infer, request, context)

    def GetModelMetadata(self, request, context):
        """The signatures of a model."""
        response, error = self._answer(context, self._metadata, request)
        if error:
            _abort(context, error)
        return response

    def _infer(self, api, function, request, context, extra=None):
        start = time.perf_counter()
        response, error = self._answer(
            context, self._run, api, function, request, _timeout(context), extra or {}
        )
        if api != "MultiInference":
            self._metrics.answered(
                request.model_spec.name,
                NAMES[error.code if error else 0],
                api,
                "GRPC",
                time.perf_counter() - start,
            )
        if error:
            _abort(context, error)
        return response

    def _run(self, api, function, request, timeout_ms, extra):
        spec = _checked(request) if api != "MultiInference" else _spec_of_first(request)
        version = _acquire(self._manager, spec)
        try:
            start = time.perf_counter()
            response = function(version.servable, request, version.number, timeout_ms, **extra)
            self._metrics.ran(spec.name, api, time.perf_counter() - start)
            return response
        finally:
            self._manager.release(version)

    def _metadata(self, request):
        spec = _checked(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise invalid(f"Metadata field {field} is not supported")
        version = _acquire(self._manager, spec)
        try:
            spec, signatures = model_status.metadata(version)
        finally:
            self._manager.release(version)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.CopyFrom(spec)
        response.metadata["signature_def"].Pack(signatures)
        return response


def _spec_of_first(request):
    return request.tasks[0].model_spec if request.tasks else model_pb2.ModelSpec()


def _acquire(manager, spec):
    if not spec.name:
        raise invalid("ModelSpec has no name specified.")
    choice = spec.WhichOneof("version_choice")
    if choice == "version":
        return manager.acquire(spec.name, spec.version.value)
    if choice == "version_label":
        return manager.acquire(spec.name, manager.labelled(spec.name, spec.version_label))
    return manager.acquire(spec.name)


def _timeout(context):
    """The milliseconds after which TensorFlow stops, a little after the client has; 0 for none.

    There are few different ones, because each is kept.
    """
    remaining = context.time_remaining()
    if remaining is None or remaining * 1000 > LONGEST_MS:
        return 0
    steps = math.ceil(math.log(max(remaining, 0.001) * 1000, STEP))
    return min(math.ceil(STEP**steps), LONGEST_MS)


class ModelService(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, manager, options):
        self._manager = manager
        self._labels_ahead = options.allow_version_labels_for_unavailable_models

    def GetModelStatus(self, request, context):
        """The states of a model's versions."""
        response, error = self._answer(context, self._status, request)
        if error:
            _abort(context, error)
        return response

    def _status(self, request):
        spec = _checked(request)
        number = spec.version.value if spec.HasField("version") else None
        return model_status.status(self._manager, spec.name, number)

    def HandleReloadConfigRequest(self, request, context):
        """Other models, policies or labels from now on."""
        _, error = self._answer(context, self._reload, request, context)
        if error:
            _abort(context, error)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = 0
        return response

    def _reload(self, request, context):
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only "
                "ModelConfigList is currently supported"
            )
        models = models_of(request.config, self._manager.names())
        self._manager.reload(models, self._labels_ahead, context.is_active)
