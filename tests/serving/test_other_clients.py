"""HTTP clients of other languages get the answers of the server, with their own settings."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.serving.launch.process import start
from tests.bench.serving import ENVIRONMENTS
from tests.serving.numbered_model import publish

KSERVE, LOCUST = (ENVIRONMENTS / name / "bin/python" for name in ("kserve", "locust"))
CLIENTS = Path(__file__).parent / "clients"
VALUES = 50_000  # of the large body, which arrives in many parts
LONG = 120  # seconds, against a client that hangs


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("served") / "number"
    publish(base, 1)
    with start("number", base, max_num_load_retries=0) as server:
        yield server


def run(server, folder, *command):
    """Run a client and return (status, answer) of each request."""
    large = folder / "large.json"
    large.write_text(json.dumps({"instances": [1.0] * VALUES}))
    # A proxy cannot reach a server on this machine.
    env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    found = subprocess.run(
        [*command, f"{server.rest}/v1/models/number", str(large)],
        capture_output=True,
        text=True,
        timeout=LONG,
        env=env,
    )
    assert found.returncode == 0, found.stderr
    lines = [line.partition(" ") for line in found.stdout.splitlines()]
    return [(int(status), json.loads(answer)) for status, _, answer in lines]


def check_status(status):
    (version,) = status[1]["model_version_status"]
    assert (status[0], version["version"], version["state"]) == (200, "1", "AVAILABLE")


def check_answers(predictions, refusal, large):
    """Check the answers to the three POST requests that each client sends."""
    assert predictions == (200, {"predictions": [{"version": 1.0, "sum": 3.0}] * 2})
    assert refusal[0] == 400 and list(refusal[1]) == ["error"]
    assert large == (200, {"predictions": [{"version": 1.0, "sum": float(VALUES)}] * VALUES})


@pytest.mark.skipif(
    not shutil.which("javac"), reason="java.net.http needs a JDK, which is not here"
)
def test_the_client_of_the_java_development_kit(server, tmp_path):
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # less work for a short program
    status, *answers = run(server, tmp_path, "java", *quick, CLIENTS / "jdk_client.java")
    check_status(status)
    check_answers(*answers)


@pytest.mark.skipif(not shutil.which("node"), reason="fetch needs Node.js, which is not here")
def test_fetch_of_node(server, tmp_path):
    status, *answers = run(server, tmp_path, "node", CLIENTS / "fetch_client.mjs")
    check_status(status)
    check_answers(*answers)


@pytest.mark.skipif(not KSERVE.exists(), reason="kserve is here only after `make bench-serving`")
def test_the_client_of_kserve_for_the_protocol_v1(server, tmp_path):
    ready, *answers = run(server, tmp_path, KSERVE, CLIENTS / "v1_client.py")
    assert ready == (200, None)  # neither True nor False: see docs/beyond_one_machine.md
    check_answers(*answers)


@pytest.mark.skipif(not LOCUST.exists(), reason="locust is here only after `make bench-serving`")
def test_the_users_of_locust(server):
    command = [LOCUST, "-m", "locust", "--headless", "--only-summary", "--json", "--users=8"]
    done = subprocess.run(
        [*command, "--spawn-rate=8", "--run-time=5s", "--host", server.rest],
        env={**os.environ, "LOCUST_LOCUSTFILE": str(CLIENTS / "locustfile.py")},
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert found["num_failures"] == 0 and found["num_requests"] > 100, found
