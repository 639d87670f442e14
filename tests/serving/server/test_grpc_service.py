"""Test the gRPC services: which calls run, errors, metrics, health and reflection."""

import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tensorflow_serving.apis import (
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from helpers.serving.launch.process import free_ports
from helpers.serving.server.grpc_service import make_server
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import parse
from helpers.serving.server.version_loader import make_loader
from helpers.serving.server.version_manager import Manager
from tests.serving.numbered_model import publish

SECONDS = 120  # timeout of a call; an idle machine needs a hundredth of a second
COUNTS = {
    name: f"/tensorflow/serving/{name}"
    for name in ("request_count", "request_example_count_total", "request_example_counts")
}
LOADS = "/tensorflow/cc/saved_model/load_attempt_count"
SERVING = health_pb2.HealthCheckResponse.SERVING


class Recorder(grpc.ServerInterceptor):
    """Records each call when the server has received it, also if no thread is free for it."""

    def __init__(self):
        self._received, self._changed = [], threading.Condition()

    def intercept_service(self, continuation, details):
        handler = continuation(details)
        with self._changed:
            self._received.append(details.method.split("/")[-1])
            self._changed.notify_all()
        return handler

    def wait_for(self, method, count):
        with self._changed:
            assert self._changed.wait_for(lambda: self._received.count(method) >= count, SECONDS)

    def count(self, method):
        return self._received.count(method)


class Blocking(grpc.GenericRpcHandler):
    """A service whose call occupies a thread until the test ends it."""

    def __init__(self):
        self.runs, self.end = threading.Event(), threading.Event()

    def service(self, details):
        if details.method != "/test/Block":
            return None
        return grpc.unary_unary_rpc_method_handler(self._block)

    def _block(self, request, context):
        self.runs.set()
        self.end.wait(SECONDS)
        return b""


class Started:
    """A gRPC server with one thread, for this user only, and its client."""

    def __init__(self, base, *flags):
        (port,) = free_ports(1)
        options = parse(
            [f"--model_base_path={base}", f"--port={port}", "--own_user_only=true", *flags]
        )[0]
        self.metrics, self.recorder, self.blocking = Metrics(), Recorder(), Blocking()
        self.manager = Manager(make_loader(options, self.metrics), poll_seconds=0)
        self.manager.start([])
        self.server = make_server(self.manager, options, self.metrics, 1, self.recorder)
        self.server.add_generic_rpc_handlers((self.blocking,))
        self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.health = health_pb2_grpc.HealthStub(self.channel)
        self.reflection = reflection_pb2_grpc.ServerReflectionStub(self.channel)

    def stop(self):
        self.channel.close()
        self.server.stop(0).wait()
        self.manager.stop()

    def status(self, model="number"):
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        return self.models.GetModelStatus.future(request, timeout=SECONDS)

    def reload(self, base, *metric_names):
        request = model_management_pb2.ReloadConfigRequest(metric_names=metric_names)
        request.config.model_config_list.config.add(
            name="number", base_path=str(base), model_platform="tensorflow"
        )
        return self.models.HandleReloadConfigRequest(request, timeout=SECONDS)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    publish(base, 1)
    return base


@pytest.fixture(scope="module")
def server(base):
    server = Started(base, "--enable_grpc_healthcheck_service=true")
    server.loaded = server.reload(base, LOADS, "/no/such/metric", COUNTS["request_example_counts"])
    yield server
    server.stop()


def test_a_reload_reports_by_how_much_metrics_have_increased(server, base):
    found = {metric.name: metric.int64_value_increase for metric in server.loaded.metric}
    assert found == {LOADS: 1, "/no/such/metric": 0, COUNTS["request_example_counts"]: 0}
    again = server.reload(base, LOADS, LOADS)
    assert [(m.name, m.int64_value_increase) for m in again.metric] == [(LOADS, 0)]
    assert not server.reload(base).metric


def number_request():
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "number"
    request.inputs["x"].dtype = 1
    request.inputs["x"].float_val.append(1)
    request.inputs["x"].tensor_shape.dim.add(size=1)
    return request


def test_a_cancelled_call_that_has_not_begun_does_not_run(server):
    before = server.metrics.value(COUNTS["request_count"])
    received = server.recorder.count("Predict")
    blocked = server.channel.unary_unary("/test/Block").future(b"", timeout=SECONDS)
    assert server.blocking.runs.wait(SECONDS)
    calls = [server.prediction.Predict.future(number_request(), timeout=SECONDS) for _ in range(8)]
    server.recorder.wait_for("Predict", received + len(calls))
    for call in calls[3:]:
        call.cancel()
    asked = server.recorder.count("GetModelStatus")
    for number in (1, 2):  # the server receives these after what cancels the calls
        later = server.status()
        server.recorder.wait_for("GetModelStatus", asked + number)
    server.blocking.end.set()
    blocked.result()
    assert later.result().model_version_status
    for call in calls[:3]:
        assert call.result().outputs["version"].float_val == [1]
    assert server.metrics.value(COUNTS["request_count"]) == before + 3


def test_multi_inference_counts_its_examples(server):
    request = inference_pb2.MultiInferenceRequest()
    task = request.tasks.add(method_name="tensorflow/serving/classify")
    task.model_spec.name, task.model_spec.signature_name = "number", "score"
    for value in (0.5, 1.5, 2.5):
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(value)
    server.prediction.MultiInference(request, timeout=SECONDS)
    lines = server.metrics.page().splitlines()
    assert ':tensorflow:serving:request_example_count_total{model="number"} 3' in lines
    assert ':tensorflow:serving:request_example_counts_sum{model="number"} 3' in lines
    assert ':tensorflow:serving:request_example_counts_count{model="number"} 1' in lines
    assert 'API="MultiInference"' not in server.metrics.page()


@pytest.mark.parametrize("name", ["n" * 2000, "ä" * 1000, "aä" * 1000])
def test_a_long_error_is_cut_by_bytes(server, name):
    with pytest.raises(grpc.RpcError) as caught:
        server.status(name).result()
    start = f"Could not find any versions of model {name}".encode()[:1024].decode(errors="replace")
    assert caught.value.details() == start + "...TRUNCATED"


def test_an_input_with_too_many_dimensions(server):
    request = number_request()
    for count, words in ((65, "x has 65 dimensions. This server takes at most 64"), (255, "error")):
        while len(request.inputs["x"].tensor_shape.dim) < count:
            request.inputs["x"].tensor_shape.dim.add(size=1)
        with pytest.raises(grpc.RpcError) as caught:
            server.prediction.Predict(request, timeout=SECONDS)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert words in caught.value.details()


# -- health and reflection -------------------------------------------------------------------------


def checked(server, service):
    request = health_pb2.HealthCheckRequest(service=service)
    return server.health.Check(request, timeout=SECONDS).status


def test_health(server):
    for service in ("", "ModelService", "PredictionService"):
        assert checked(server, service) == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        checked(server, "tensorflow.serving.ModelService")  # TensorFlow Serving omits the package
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_needs_its_flag(base):
    server = Started(base)
    try:
        with pytest.raises(grpc.RpcError) as caught:
            checked(server, "")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert "grpc.health.v1.Health" not in listed(server)
    finally:
        server.stop()


def reflected(server, **asked):
    """Ask the reflection service one question; return its answer."""
    requests = iter([reflection_pb2.ServerReflectionRequest(**asked)])
    return next(server.reflection.ServerReflectionInfo(requests, timeout=SECONDS))


def listed(server):
    answer = reflected(server, list_services="").list_services_response
    return [service.name for service in answer.service]


def test_reflection_lists_and_describes_the_services(server):
    assert listed(server) == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "tensorflow.serving.ModelService",
        "tensorflow.serving.PredictionService",
    ]
    for name, method in (
        ("tensorflow.serving.PredictionService", "Predict"),
        ("tensorflow.serving.ModelService", "HandleReloadConfigRequest"),
    ):
        answer = reflected(server, file_containing_symbol=name).file_descriptor_response
        files = map(descriptor_pb2.FileDescriptorProto.FromString, answer.file_descriptor_proto)
        methods = {m.name for file in files for service in file.service for m in service.method}
        assert method in methods


def test_open_streams_do_not_occupy_the_threads_of_requests(server):
    """The server has one thread."""
    request = health_pb2.HealthCheckRequest(service="")
    watches = [server.health.Watch(request) for _ in range(3)]
    assert [next(watch).status for watch in watches] == [SERVING] * 3
    end = threading.Event()

    def questions():
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        end.wait(SECONDS)

    stream = server.reflection.ServerReflectionInfo(questions())
    assert next(stream).list_services_response.service
    assert server.status().result().model_version_status
    end.set()
    for call in (*watches, stream):
        call.cancel()
