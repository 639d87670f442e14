"""Test who may talk to a server, and what it loads."""

import contextlib
import http.client
import json
import multiprocessing
import os
import socket
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
)

from helpers.processes import fork_address
from helpers.serving.launch.process import start
from helpers.serving.launch.server_requests import RefusedError
from helpers.serving.protocol.errors import PERMISSION_DENIED, ServingError
from helpers.serving.server import http_protocol, options, peer, run, version_loader
from helpers.serving.server.metrics import Metrics
from helpers.serving.server.version_folders import Model, check_allowed
from tests.serving.numbered_model import publish

OTHER_USER = 65534


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    publish(base, 1)
    return base


@pytest.fixture(scope="module")
def server(base):
    flags = {"allow_config_reload": True, "enable_grpc_healthcheck_service": True}
    with start("number", base, max_num_load_retries=0, **flags) as server:
        yield server


def _tell(results, uid, function, arguments):
    try:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        results.send(function(*arguments))
    except BaseException as error:
        results.send(f"{type(error).__name__}: {error}")


def as_other_user(function, *arguments):
    """Return the result of a function, called in a process of another user."""
    if not hasattr(os, "getuid") or os.getuid() != 0:
        pytest.skip("only root can make a process of another user")
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_tell, args=(theirs, OTHER_USER, function, arguments)
    )
    process.start()
    process.join(60)
    assert ours.poll(), "the other user's process has told nothing"
    return ours.recv()


def rest(address, headers=None, body='{"instances": [1.0]}'):
    """Send a request to predict; return the status and the answer."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/models/number:predict", body, headers or {})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def status(address):
    """Ask for the status over gRPC; return the code and the details of the error."""
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "number"
    return _called(address, "GetModelStatus", request)


def reload(address, folder):
    """Ask over gRPC to load another model; return the code and the details of the error."""
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(
        name="other", base_path=folder, model_platform="tensorflow"
    )
    return _called(address, "HandleReloadConfigRequest", request)


def _called(address, method, request):
    return _outcome(
        address,
        lambda channel: getattr(model_service_pb2_grpc.ModelServiceStub(channel), method)(
            request, timeout=30
        ),
    )


def check(address):
    """Ask for the health; return the code and the details of the error."""
    request = health_pb2.HealthCheckRequest()
    return _outcome(
        address, lambda channel: health_pb2_grpc.HealthStub(channel).Check(request, timeout=30)
    )


def watch(address):
    """Ask for a stream of the health; return the code and the details of the error."""
    request = health_pb2.HealthCheckRequest()
    return _outcome(
        address,
        lambda channel: next(health_pb2_grpc.HealthStub(channel).Watch(request, timeout=30)),
    )


def reflect(address):
    """Ask for the names of the services; return the code and the details of the error."""
    requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
    return _outcome(
        address,
        lambda channel: next(
            reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
                iter(requests), timeout=30
            )
        ),
    )


def _outcome(address, call):
    with grpc.insecure_channel(address) as channel:
        try:
            call(channel)
        except grpc.RpcError as error:
            return error.code().name, error.details()
    return "OK", ""


def test_another_user_is_refused_over_rest(server):
    code, answer = as_other_user(rest, server.rest)
    assert (code, answer) == (403, {"error": http_protocol.REFUSED})
    assert rest(server.rest)[0] == 200


def reload_here(address):
    """Ask over gRPC to load a model that is nowhere; return the code and the details."""
    return reload(address, "/nowhere")


def all_calls(address):
    """Make each kind of call; return the codes and the details of the errors."""
    return [call(address) for call in (status, reload_here, check, watch, reflect)]


def test_another_user_is_refused_over_grpc(server):
    refused = ("PERMISSION_DENIED", http_protocol.REFUSED)
    assert as_other_user(all_calls, server.grpc) == [refused] * 5
    for call in (status, check, watch, reflect):
        assert call(server.grpc) == ("OK", ""), call


def connect_to_fork_server(address):
    """Connect to the fork server of another user; return what it sends."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(address)
        return line.recv(100)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="abstract sockets are of Linux")
def test_another_user_is_refused_by_the_fork_server():
    from helpers.processes import fork_server

    address = f"\0test-access-{os.getpid()}"
    listener = fork_server.listen(address)
    pid = os.fork()
    if not pid:
        try:
            listener.setblocking(True)
            for _ in range(2):
                listener.setblocking(True)
                line, _ = listener.accept()
                with line, contextlib.suppress(OSError):
                    fork_address.require_own(line)
                    line.send(fork_address.HELLO)
        finally:
            os._exit(0)
    try:
        assert as_other_user(connect_to_fork_server, address) == b""
        assert connect_to_fork_server(address) == fork_address.HELLO
    finally:
        listener.close()
        os.kill(pid, 9)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize("way", ["is_own", "_by_list", "_is_own_by_processes"])
def test_each_way_finds_the_user_of_the_other_end(family, way):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this computer has no {host}")
    if way == "_by_list" and not os.path.exists("/proc/net/tcp"):
        pytest.skip("only Linux lists its connections under /proc")
    with listener, socket.create_connection(listener.getsockname()[:2]) as client:
        served, _ = listener.accept()
        with served:
            ends = served.getsockname()[:2], served.getpeername()[:2]
            found = getattr(peer, way)(*ends)
            assert found == (os.getuid() if way == "_by_list" else True)
            assert getattr(peer, way)(ends[0], (host, 1)) in (False, None)
        client.close()
        assert not peer.is_own(*ends), "the other end is closed"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com:8501", False),
        ("user@example.com", False),
        ("localhost@example.com", False),
        ("", False),
        ("[", False),
    ],
)
def test_the_host_header_must_name_this_computer(host, expected):
    assert http_protocol.is_own_host([(b"host", host.encode())]) is expected


def test_a_page_of_another_host_is_refused(server):
    code, answer = rest(server.rest, {"Host": "rebound.example.com"})
    assert code == 403
    assert "Host header" in answer["error"]


def test_only_base_paths_of_the_start_are_loaded(server, tmp_path, base):
    publish(tmp_path / "other", 1)
    code, details = reload(server.grpc, str(tmp_path / "other"))
    assert code == "PERMISSION_DENIED"
    assert str(tmp_path / "other") in details
    assert str(base) in details
    assert rest(server.rest)[0] == 200


def test_a_link_does_not_lead_to_other_base_paths(tmp_path):
    (tmp_path / "allowed").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "allowed" / "link").symlink_to(tmp_path / "outside")
    check_allowed([str(tmp_path / "allowed")], Model("m", str(tmp_path / "allowed" / "below")))
    for path in (tmp_path / "allowed" / "link", tmp_path / "allowed-too", tmp_path):
        with pytest.raises(ServingError, match="is not in"):
            check_allowed([str(tmp_path / "allowed")], Model("m", str(path)))


def test_a_new_configuration_must_be_allowed_at_the_start(base):
    with start("number", base, max_num_load_retries=0) as server:
        with pytest.raises(RefusedError, match="allow_config_reload=true"):
            server.configure("number", base, [1])
        assert rest(server.rest)[0] == 200


def loader(*flags):
    return version_loader.make_loader(
        options.parse(["--model_base_path=/models", *flags])[0], Metrics()
    )


def test_a_link_out_of_the_base_path_needs_a_flag(tmp_path, base):
    (tmp_path / "1").symlink_to(base / "1")
    model = Model("number", str(tmp_path))
    with pytest.raises(ServingError, match="leads outside"):
        loader()(model, 1, tmp_path / "1")
    loader("--allow_links_out_of_base_path")(model, 1, tmp_path / "1").close()


def test_the_gate_refuses_a_model_that_writes_a_file(tmp_path, base):
    import tensorflow as tf

    class Writing(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def call(self, x):
            tf.io.write_file(str(tmp_path / "written"), x)
            return {"y": x}

    model = Writing()
    tf.saved_model.save(model, str(tmp_path / "m" / "1"), signatures=model.call)
    served = Model("m", str(tmp_path / "m"))
    with pytest.raises(ServingError, match=r"The gate refuses .*WriteFile") as caught:
        loader("--gate")(served, 1, tmp_path / "m" / "1")
    assert caught.value.code == PERMISSION_DENIED
    loader()(served, 1, tmp_path / "m" / "1").close()
    loader("--gate")(Model("number", str(base)), 1, base / "1").close()


@pytest.mark.parametrize(
    ("flags", "others", "words"),
    [
        ([], 3, "3 other user accounts. Each of them can call this server and make it load"),
        (["--allow_config_reload=false"], 1, "Each of them can call this server. "),
        (["--own_user_only"], 3, None),
        ([], 0, None),
    ],
)
def test_the_command_line_warns_where_others_can_log_in(flags, others, words, monkeypatch, caplog):
    monkeypatch.setattr(peer, "other_users", lambda: others)
    run._warn_of_others(options.parse(["--model_base_path=/models", *flags])[0])
    assert (words in caplog.text) if words else not caplog.text
