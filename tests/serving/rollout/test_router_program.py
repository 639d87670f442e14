"""The router as a program: the command of compose.yaml, before two versions of a model."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys

import pytest
import yaml

from helpers.paths import ROOT
from helpers.serving.launch.process import free_ports, start
from helpers.serving.rollout import __main__ as program
from helpers.serving.rollout.buckets import bucket
from tests.serving.numbered_model import publish

COMPOSE = yaml.safe_load((ROOT / "helpers/serving/rollout/compose.yaml").read_text())
BODY = json.dumps({"instances": [1.0, 2.0]}).encode()
PREDICT = "/v1/models/shop:predict"
LONG = 120  # seconds, against a test that hangs


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with the models of compose.yaml: the version is a part of each answer."""
    base = tmp_path_factory.mktemp("served") / "shop"
    publish(base, 1)
    publish(base, 2)
    file = base.parent / "models.config"
    content = COMPOSE["configs"]["models"]["content"]
    assert '"/models/shop"' in content
    file.write_text(content.replace("/models/shop", base.as_posix()))
    flags = COMPOSE["services"]["serving"]["command"][1:]
    assert flags == ["--allow_version_labels_for_unavailable_models=true"]
    with start(
        model_config_file=file,
        allow_version_labels_for_unavailable_models=True,
        allowed_base_paths=base,
    ) as server:
        server.wait_for("shop", 1)
        server.wait_for("shop", 2)
        yield server


class Program:
    """The router in a process without any installed package, as in the container."""

    def __init__(self, address):
        python, *arguments = COMPOSE["services"]["router"]["command"]
        assert python == "python"
        replaced = {
            "--server=http://serving:8501": f"--server={address}",
            "--host=0.0.0.0": "--host=127.0.0.1",
            "--port=8080": "--port=0",
        }
        assert replaced.keys() <= set(arguments)
        arguments = [replaced.get(argument, argument) for argument in arguments]
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [sys.executable, "-S", *arguments],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)$", line.strip())[1])

    def ask(self, method, path, body=None, headers=None):
        """Return status, headers and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def router(server):
    program = Program(server.rest)
    yield program
    program.end()


def test_each_user_gets_the_version_of_the_bucket(router):
    users = [*(f"user-{number}" for number in range(60)), "größe"]
    expected = {user: 2 if bucket(user) < 1000 else 1 for user in users}
    assert set(expected.values()) == {1, 2}
    for user, version in expected.items():
        headers = {"X-User": user.encode()}
        status, answered, text = router.ask("POST", PREDICT, BODY, headers)
        assert (status, answered["X-Model-Version"]) == (200, str(version))
        assert json.loads(text)["predictions"] == [{"version": version, "sum": 3.0}] * 2


def test_the_start_page_shows_the_counts(router):
    before = router.ask("GET", "/")[2]
    assert router.ask("POST", PREDICT, BODY, {"X-User": "ann"})[0] == 200
    status, headers, after = router.ask("GET", "/")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    count = re.compile(r"^version \d +(?:stable|canary) +\d+ % +(\d+)", re.M)
    assert sum(map(int, count.findall(after))) == sum(map(int, count.findall(before))) + 1
    assert "version 2 gets 10 %" in after


def test_the_error_of_the_server_reaches_the_client(router):
    status, answered, text = router.ask("POST", PREDICT, b'{"instances": ["a"]}', {"X-User": "ann"})
    assert status == 400 and answered["X-Model-Version"]
    assert list(json.loads(text)) == ["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "words"),
    [
        ("POST", PREDICT, BODY, {}, 400, "the header X-User is missing: it names the user"),
        ("POST", PREDICT, b"{", {"X-User": "ann"}, 400, "the body is not JSON"),
        ("POST", PREDICT, b"[" * 200_000, {"X-User": "ann"}, 400, "the body is not JSON"),
        ("POST", PREDICT, b"[1]", {"X-User": "ann"}, 400, "must be a JSON object, not [1]"),
        ("POST", "/v1/models/other:predict", BODY, {"X-User": "ann"}, 404, "shop:predict, found"),
        ("POST", "/v1/models/shop/versions/2:predict", BODY, {"X-User": "ann"}, 404, "found /v1/"),
        ("POST", PREDICT, iter([BODY]), {"X-User": "ann"}, 411, "must give the bytes"),
        ("POST", PREDICT, b"", {"Content-Length": "9" * 17}, 413, "has 99999999999999999 bytes"),
        ("POST", PREDICT, b"", {"Content-Length": "-1"}, 411, "must give the bytes"),
        ("GET", PREDICT, None, {}, 404, "GET / shows the counts"),
    ],
)
def test_a_wrong_request_is_refused(router, method, path, body, headers, status, words):
    found, _, text = router.ask(method, path, body, headers)
    assert found == status
    assert words in json.loads(text)["error"]


def test_without_a_server_the_answer_is_503_and_sigterm_ends_the_program():
    program = Program(f"http://127.0.0.1:{free_ports(1)[0]}")
    try:
        status, answered, text = program.ask("POST", PREDICT, BODY, {"X-User": "ann"})
        assert status == 503 and answered["X-Model-Version"] in ("1", "2")
        assert "no answer" in json.loads(text)["error"]
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(LONG) == 0
    finally:
        program.end()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--percent=10"], "percent needs a canary"),
        (["--canary=2", "--percent=101"], "percent must be from 0 to 100, not 101"),
        (["--canary=1"], "version 1 is already the stable version"),
        (["--server=serving:8501"], "must look like 'http://127.0.0.1:8501'"),
        (["--port=70000"], "port must be 0-65535"),
    ],
)
def test_a_wrong_option_stops_the_start(arguments, words, capsys):
    needed = ["--server=http://127.0.0.1:1", "--model=shop", "--stable=1", "--port=0"]
    assert program.main([*needed, *arguments]) == 2
    assert words in capsys.readouterr().err
