"""Answer gRPC requests: PredictionService and ModelService with the protocol's messages."""

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

from helpers.serving.protocol.errors import (
    INTERNAL,
    NAMES,
    PERMISSION_DENIED,
    ServingError,
    invalid,
)
from helpers.serving.server import model_status, proto_requests
from helpers.serving.server.grpc_access import OwnUserOnly
from helpers.serving.server.idle import Idle
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import Options, models_of
from helpers.serving.server.version_folders import check_allowed
from helpers.serving.server.version_manager import Manager

_CODES = {code.value[0]: code for code in grpc.StatusCode}
MAX_ERROR_BYTES = 1024
MAX_TIMEOUT_MS = 2**31 - 1
TIMEOUT_RATIO = 1.25  # between two timeouts


def make_server(
    manager: Manager, options: Options, metrics: Metrics, threads: int, idle: Idle | None = None
) -> grpc.Server:
    """Make a gRPC server that has no port yet.

    Parameters
    ----------
    manager : helpers.serving.server.version_manager.Manager
    options : helpers.serving.server.options.Options
    metrics : helpers.serving.server.metrics.Metrics
    threads : int
        maximum number of simultaneous requests
    idle : helpers.serving.server.idle.Idle, optional
        notes each call

    Returns
    -------
    grpc.Server
    """
    interceptors = [idle] if idle else []
    if options.own_user_only:
        interceptors.append(OwnUserOnly(options.host, options.port))
    server = grpc.server(
        ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # so that a port in use is an error
        ],
        interceptors=interceptors,
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(manager, options, metrics), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(manager, options), server
    )
    return server


def _abort(context, error):
    text = error.message.encode("utf-8", "surrogateescape")
    if len(text) > MAX_ERROR_BYTES:
        text = text[:MAX_ERROR_BYTES] + b"...TRUNCATED"
    text = text.decode("utf-8", "replace")
    context.abort(_CODES.get(error.code, grpc.StatusCode.UNKNOWN), text)


def _checked(request):
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


class _Service:
    def _answer(self, context, function, *arguments):
        """Call a function and return (result, None) or (None, ServingError)."""
        try:
            return function(*arguments), None
        except ServingError as error:
            return None, error
        except Exception as error:
            return None, ServingError(INTERNAL, f"{type(error).__name__}: {error}")


class PredictionService(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """The service with Predict, Classify, Regress, MultiInference and GetModelMetadata."""

    def __init__(self, manager: Manager, options: Options, metrics: Metrics) -> None:
        self._manager, self._metrics = manager, metrics
        self._as_content = options.enable_serialization_as_tensor_content

    def Predict(self, request, context):
        """Call a signature."""
        extra = {"as_content": self._as_content}
        return self._infer("Predict", proto_requests.predict, request, context, extra)

    def Classify(self, request, context):
        """Compute labels and scores of examples."""
        return self._infer("Classify", proto_requests.classify, request, context)

    def Regress(self, request, context):
        """Compute a number for each example."""
        return self._infer("Regress", proto_requests.regress, request, context)

    def MultiInference(self, request, context):
        """Run several classifications and regressions of the same examples."""
        return self._infer("MultiInference", proto_requests.infer, request, context)

    def GetModelMetadata(self, request, context):
        """Return the signatures of a model."""
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
    """Return the milliseconds after which TensorFlow stops; 0 for no limit.

    The timeout is the client's, rounded up to a power of TIMEOUT_RATIO. So there are few different
    ones, because `session_loader.run_options` caches each.
    """
    remaining = context.time_remaining()
    if remaining is None or remaining * 1000 > MAX_TIMEOUT_MS:
        return 0
    steps = math.ceil(math.log(max(remaining, 0.001) * 1000, TIMEOUT_RATIO))
    return min(math.ceil(TIMEOUT_RATIO**steps), MAX_TIMEOUT_MS)


class ModelService(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """The service with GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, manager: Manager, options: Options) -> None:
        self._manager, self._options = manager, options
        self._labels_ahead = options.allow_version_labels_for_unavailable_models

    def GetModelStatus(self, request, context):
        """Return the states of a model's versions."""
        response, error = self._answer(context, self._status, request)
        if error:
            _abort(context, error)
        return response

    def _status(self, request):
        spec = _checked(request)
        number = spec.version.value if spec.HasField("version") else None
        return model_status.status(self._manager, spec.name, number)

    def HandleReloadConfigRequest(self, request, context):
        """Replace the models, policies and labels."""
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
        if not self._options.allow_config_reload:
            raise ServingError(
                PERMISSION_DENIED,
                "This server takes no new configuration while it runs. To allow it, start the "
                "server with allow_config_reload=true",
            )
        models = models_of(request.config, self._manager.names())
        for model in models:
            check_allowed(self._options.allowed_base_paths, model)
        self._manager.reload(models, self._labels_ahead, context.is_active)
