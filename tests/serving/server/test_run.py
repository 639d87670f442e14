"""Test a running server: changing versions under load, and requests that must not end it."""

import asyncio
import contextlib
import json
import os
import socket
import threading
import time

import grpc
import numpy as np
import psutil
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    inference_pb2,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from helpers.serving.launch.process import free_ports, start
from helpers.serving.protocol.errors import ServingError
from helpers.serving.server import rest
from helpers.serving.server.batching import Batcher, Options
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.options import parse
from helpers.serving.server.run import ConfigPoller, _bound
from helpers.serving.server.servable import Servable
from helpers.serving.server.version_loader import make_loader
from helpers.serving.server.version_manager import Manager
from helpers.serving.server.version_states import AVAILABLE
from tests.serving import version_changes
from tests.serving.numbered_model import ask, connected, publish, states, still_answers, wait_for

LIMIT = 2**20  # maximum bytes of a body; small, so that a test exceeds it quickly
CONNECTIONS = 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    publish(base, 1)
    monitoring = base.parent / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    with start(
        "number",
        base,
        max_num_load_retries=0,
        rest_api_max_body_bytes=LIMIT,
        monitoring_config_file=monitoring,
    ) as server:
        server.base = base
        yield server


def test_no_request_fails_while_versions_change(server):
    """Eight clients send requests while versions 2 to 5 appear, of which 4 is broken."""
    load = version_changes.run(server, server.base, steps=4, least=51)
    assert load.failed == []
    assert load.absent == []
    assert load.answers.keys() == {1, 2, 3, 5}
    assert min(load.asked) > 50
    assert states(server) == {1: "END", 2: "END", 3: "END", 4: "END", 5: "AVAILABLE"}
    with connected(server) as connection:
        assert ask(connection, {"instances": [1.0]}, version=4)[0] == 404


def test_a_version_warms_up_before_it_serves(server):
    """A warm-up request that the model cannot answer keeps the version from being served."""
    record = prediction_log_pb2.PredictionLog()
    tensor = record.predict_log.request.inputs["x"]
    tensor.CopyFrom(tf.make_tensor_proto(np.float64([1])))
    publish(server.base, 6, warm_up=record)
    wait_for(lambda: states(server).get(6) == "END", lambda: states(server))
    assert "Expects arg[0] to be float but double is provided" in server.log
    tensor.CopyFrom(tf.make_tensor_proto(np.float32([1])))
    publish(server.base, 7, warm_up=record)
    wait_for(lambda: states(server).get(7) == "AVAILABLE", lambda: states(server))
    with connected(server) as connection:
        connection.request("GET", "/monitoring/prometheus/metrics")
        page = connection.getresponse().read().decode()
    assert f'model_warmup_records_read{{model_path="{server.base}/7",status="OK"}} 1' in page


def test_a_link_out_of_the_base_path_is_refused(server, tmp_path):
    publish(tmp_path, 8)
    (server.base / "8").symlink_to(tmp_path / "8")
    wait_for(lambda: states(server).get(8) == "END", lambda: states(server))
    with connected(server) as connection:
        connection.request("GET", "/v1/models/number/versions/8")
        answer = json.loads(connection.getresponse().read())
    (entry,) = answer["model_version_status"]
    assert entry["status"]["error_code"] == "PERMISSION_DENIED"
    assert "leads outside the base path" in entry["status"]["error_message"]
    for path in ("/v1/models/..%2f..%2fetc", "/v1/models/number/versions/../../../etc/passwd"):
        with connected(server) as connection:
            connection.request("GET", path)
            assert connection.getresponse().status in (400, 404)
    (server.base / "8").unlink()
    assert still_answers(server)


def test_classify_and_regress(server):
    with connected(server) as connection:
        examples = {"examples": [{"x": 1.5}, {"x": -1.0}]}
        _, answer = ask(connection, {"signature_name": "score", **examples}, "classify")
        first = answer["results"][0][0][1]
        assert [row[0][1] - first for row in answer["results"]] == [0.0, -2.5]
        _, answer = ask(connection, {"signature_name": "value", **examples}, "regress")
        assert answer["results"] == [2 * first, 2 * (first - 2.5)]


def test_several_inferences_in_one_call(server):
    request = inference_pb2.MultiInferenceRequest()
    for signature, method in (("score", "classify"), ("value", "regress")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = "number", signature
    example = request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(0.5)
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        first, second = stub.MultiInference(request, timeout=120).results
        score = first.classification_result.classifications[0].classes[0].score
        assert second.regression_result.regressions[0].value == 2 * score
        request.tasks[1].method_name = "other"
        with pytest.raises(grpc.RpcError) as caught:
            stub.MultiInference(request, timeout=120)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_of_more_than_four_megabytes(server):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "number"
    values = np.ones(2_000_000, np.float32)
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(values))
    request.output_filter.append("sum")
    with grpc.insecure_channel(server.grpc, [("grpc.max_receive_message_length", -1)]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(request, timeout=60)
    assert set(response.outputs) == {"sum"}
    assert response.outputs["sum"].float_val[0] == 2_000_000


def test_a_body_of_100_megabytes_is_refused(server):
    before = psutil.Process(server.pid).memory_info().rss
    with connected(server) as connection:
        connection.request("POST", "/v1/models/number:predict", bytes(100 * 2**20))
        response = connection.getresponse()
        assert response.status == 413
        assert "larger than the 1048576 allowed" in json.loads(response.read())["error"]
    assert psutil.Process(server.pid).memory_info().rss - before < 50 * 2**20
    assert still_answers(server)


def test_a_slow_client_does_not_delay_other_clients(server):
    body = b'{"instances": [1.0, 2.0]}'
    host, port = server.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as slow:
        head = b"POST /v1/models/number:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        slow.sendall(head + str(len(body)).encode())
        assert still_answers(server)
        slow.sendall(b"\r\n\r\n" + body[:10])
        assert still_answers(server)
        slow.sendall(body[10:])
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(os.name != "posix", reason="needs many sockets")
def test_a_thousand_open_connections(server):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    host, port = server.rest.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(CONNECTIONS):
            opened = stack.enter_context(socket.create_connection((host, int(port)), 30))
            if number % 2:
                opened.sendall(b"POST /v1/mod")
        assert still_answers(server)
    assert still_answers(server)


def test_invalid_http_ends_only_its_connection(server):
    host, port = server.rest.removeprefix("http://").split(":")
    for line in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"POST /v1 HTTP/1.1\r\n\r\n"):
        with socket.create_connection((host, int(port)), 30) as connection:
            connection.sendall(line)
            assert connection.recv(1000)[:9] in (b"HTTP/1.1 ", b"")
    assert still_answers(server)


def test_the_server_listens_on_this_machine_only(server):
    connections = psutil.Process(server.pid).net_connections()
    listening = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_batching_combines_requests_into_one_call(tmp_path):
    """Eight simultaneous requests run in one call of TensorFlow, and each gets its own answer."""
    publish(tmp_path, 1)
    servable = Servable(
        tmp_path / "1", batcher=Batcher(Options(max_batch_size=8, batch_timeout_micros=10**7))
    )
    sums = [None] * 8

    def ask_for(i):
        outputs = servable.predict("", {"x": np.float32([i])})
        sums[i] = outputs["sum"][1].tolist()

    threads = [threading.Thread(target=ask_for, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    servable.close()
    assert sums == [[28.0]] * 8  # the sum is over all rows of a call: 0 + 1 + ... + 7


def test_an_incomplete_body_is_refused_after_the_timeout(monkeypatch):
    sent, parts = [], [b'{"inst']

    async def receive():
        if not parts:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    async def send(message):
        sent.append(message)

    monkeypatch.setattr(rest, "BODY_SECONDS", 0.05)
    options = parse(["--model_base_path=/models/m"])[0]
    scope = {"type": "http", "method": "POST", "headers": [], "query_string": b""}
    scope["raw_path"] = b"/v1/models/m:predict"
    asyncio.run(rest.App(None, options, Metrics(), None)(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_the_configuration_file_is_read_again(tmp_path):
    """The server also reads a file that was invalid in the meantime."""
    file = tmp_path / "models.config"
    entry = 'config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }}'
    for name in ("a", "b"):
        publish(tmp_path / name, 1)

    def serve(*names):
        entries = [entry.format(name, tmp_path / name) for name in names]
        file.write_text(f"model_config_list {{ {' '.join(entries)} }}")

    def available(name):
        try:
            return manager.states(name)[0][1] == AVAILABLE
        except ServingError:  # the model has no version yet
            return False

    serve("a")
    options = parse([f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=1"])[0]
    manager = Manager(make_loader(options, Metrics()), poll_seconds=0.05)
    manager.start(options.models())
    poller = ConfigPoller(manager, options, seconds=0.05)
    try:
        file.write_text("model_config_list {")
        time.sleep(0.2)
        serve("a", "b")
        wait_for(lambda: available("b"), manager.names)
        assert manager.acquire("a")
    finally:
        poller.stop()
        manager.stop()


def test_the_server_sends_small_responses_at_once():
    """Without TCP_NODELAY on its connections, the server sends each response 40 ms late."""

    async def of_a_connection():
        accepted = asyncio.get_running_loop().create_future()
        held = _bound("127.0.0.1", *free_ports(1))
        held.listen()
        async with await asyncio.start_server(lambda _, w: accepted.set_result(w), sock=held):
            _, client = await asyncio.open_connection(*held.getsockname())
            connection = await accepted
            sent_at_once = connection.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY
            )
            client.close()
            connection.close()  # the server waits for this since Python 3.12
        return sent_at_once

    assert asyncio.run(of_a_connection())
