"""`make bench-serving`: the course's model server beside two others, with the same artifact.

The others get environments of their own in `.bench`, made by this program with pip: the newest
versions that install with this Python, set up for speed as their documents say (`rivals`). One
server runs at a time; a round has each of them once. The figures are ratios, medians of the rounds,
and the exit status is 1 if one does not meet its bar. Locust, a client, gets one too, for
tests/serving/test_other_clients.py.
"""

import contextlib
import gc
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import psutil
import tensorflow as tf

from helpers.paths import ROOT
from helpers.serving.launch.process import HOST, free_ports
from tests.bench.__main__ import Figure, report
from tests.serving import load

ROUNDS, WARM_UP, SECONDS, START = 5, 2, 6, 120  # START: seconds within which a server must answer
ENVIRONMENTS = ROOT / ".bench"
RIVALS = ROOT / "tests" / "bench" / "rivals"
ROWS, FEATURES, WIDTH, CLASSES = 1, 16, 64, 3


@dataclass
class Kind:
    """A server: what to install for it, what starts it, and where and how it answers."""

    name: str
    packages: tuple
    command: Callable | None  # (python, artifact, port) to list
    path: str
    answer: Callable | None  # from the JSON of an answer to the predictions


def ours(python, artifact, port):
    (grpc,) = free_ports(1)
    flags = (f"--rest_api_port={port}", f"--port={grpc}", "--model_name=small")
    return [python, "-m", "helpers.serving", f"--model_base_path={artifact.parent}", *flags]


def kserve(python, artifact, port):
    return [python, RIVALS / "kserve_server.py", artifact, str(port)]


def bentoml(python, artifact, port):
    command = [python, "-m", "bentoml", "serve", "bentoml_service:Small", "--working-dir", RIVALS]
    return [*command, "--host", "127.0.0.1", "--port", str(port), "--timeout-keep-alive", "60"]


OURS = Kind("ours", (), ours, "/v1/models/small:predict", lambda found: found["predictions"])
KINDS = (
    OURS,
    Kind("kserve", ("kserve",), kserve, OURS.path, OURS.answer),
    # uvicorn takes these two for speed where they are installed; kserve asks for them itself.
    Kind("bentoml", ("bentoml", "uvloop", "httptools"), bentoml, "/predict", lambda found: found),
)


OTHERS = KINDS[1:]
LOCUST = Kind("locust", ("locust",), None, "", None)  # a client


class Small(tf.Module):
    """A classifier of three layers with random weights."""

    def __init__(self):
        super().__init__()
        chance = np.random.default_rng(5)
        sizes = (FEATURES, WIDTH, WIDTH, CLASSES)
        self.layers = [
            tf.Variable(chance.normal(0, fan_in**-0.5, (fan_in, fan_out)).astype(np.float32))
            for fan_in, fan_out in itertools.pairwise(sizes)
        ]

    @tf.function(input_signature=[tf.TensorSpec((None, FEATURES), tf.float32, name="x")])
    def call(self, x):
        for weights in self.layers[:-1]:
            x = tf.nn.relu(x @ weights)
        return {"y": tf.nn.softmax(x @ self.layers[-1])}


# What is promised of ours against each other one.
BARS = {
    "requests/s": (3, ">"),
    "p50 ms": (1, "<"),
    "p99 ms": (1, "<"),
    "start s": (1, "<"),
    "memory MB": (1, "<"),
}


def main():
    return report(figures())


def installed():
    """Whether the other servers are here, as this program installs them."""
    return all(map(is_installed, OTHERS))


def figures():
    """The rows of the table; installs what is not here."""
    pythons = {kind.name: environment(kind) for kind in (*KINDS, LOCUST)}
    rows = np.random.default_rng(7).normal(size=(ROWS, FEATURES)).round(3)
    body = json.dumps({"instances": rows.tolist()}).encode()
    found = {kind.name: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "small" / "1"
        model = Small()
        tf.saved_model.save(model, str(artifact), signatures={"serving_default": model.call})
        expected = model.call(rows.astype(np.float32))["y"].numpy()
        gc.collect()
        gc.freeze()  # no long collection in the middle of a load
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}", flush=True)
            first = number % len(KINDS)
            for kind in KINDS[first:] + KINDS[:first]:
                figures = measure(kind, pythons[kind.name], artifact, body, expected)
                found[kind.name].append(figures)
                text = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
                print(f"  {kind.name}: {text}", flush=True)
    yield from table(found)


def environment(kind):
    """The interpreter of a server's environment, which is made if it is not there."""
    if not kind.packages:
        return sys.executable
    folder = ENVIRONMENTS / kind.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = requirements(kind)
    if not is_installed(kind):
        print(f"installing {packages} into {folder.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, *packages.split()], check=True)
        stamp(kind).write_text(packages)
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    print(f"{' '.join(kind.packages)}: ", end="", flush=True)
    subprocess.run([python, "-c", code, *kind.packages], check=True)
    return python


def requirements(kind):
    """What pip installs: for a server, also the TensorFlow that runs here."""
    if not kind.command:
        return " ".join(kind.packages)
    name = next(n for n in ("tensorflow-cpu", "tensorflow") if _version(n))
    return " ".join([f"{name}=={tf.__version__}", *kind.packages])


def stamp(kind):
    return ENVIRONMENTS / kind.name / "installed"


def is_installed(kind):
    return stamp(kind).is_file() and stamp(kind).read_text() == requirements(kind)


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def measure(kind, python, artifact, body, expected):
    """Start a server, ask it, stop it: its figures by name."""
    (port,) = free_ports(1)
    env = {**os.environ, "ARTIFACT": str(artifact), "BENTOML_DO_NOT_TRACK": "True"}
    with tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in kind.command(python, artifact, port)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            answer = first_answer(process, f"http://{HOST}:{port}{kind.path}", body)
            start = time.perf_counter() - begin
            np.testing.assert_allclose(kind.answer(json.loads(answer)), expected, atol=1e-5)
            request = load.request(kind.path, body)
            load.run(port, request, answer, WARM_UP)
            done = load.run(port, request, answer, SECONDS)
            size = memory(process.pid)
        except (AssertionError, OSError) as error:
            log.seek(0)
            said = log.read().decode(errors="replace")[-3000:]
            raise SystemExit(f"{kind.name}: {error}\nThe end of its log:\n{said}") from None
        finally:
            stop(process)
    return {
        "requests/s": done.per_second,
        "p50 ms": 1000 * done.median,
        "p99 ms": 1000 * done.p99,
        "start s": start,
        "memory MB": size / 1e6,
        "client busy": done.busy,
    }


def first_answer(process, address, body):
    """The body of the first answer; the server is asked until there is one."""
    end = time.monotonic() + START
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=START) as response:
                return response.read()
        except (urllib.error.URLError, ConnectionError) as error:
            if process.poll() is not None:
                raise ConnectionError(f"ended with status {process.returncode}") from None
            if time.monotonic() > end:
                raise TimeoutError(f"no answer after {START} seconds: {error}") from None
            time.sleep(0.02)


def family(pid):
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def memory(pid):
    """Bytes that a process and its children hold; what they share counts once."""
    sizes = [member.memory_full_info() for member in family(pid)]
    return sum(getattr(size, "pss", size.rss) for size in sizes)


def stop(process):
    members = family(process.pid) if process.poll() is None else []
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):  # its parent was quicker
            member.terminate()
    for member in psutil.wait_procs(members, 10)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def table(found=None):
    """The rows of the table: ours against each other one; without figures, what is promised."""
    for kind in OTHERS:
        for figure, (bar, sign) in BARS.items():
            name, against, ratio = f"model server: {figure.split()[0]}", kind.name, None
            if found is None:
                against += ": make bench-serving"
            else:
                pairs = zip(found[OURS.name], found[kind.name], strict=True)
                ratio = statistics.median(mine[figure] / other[figure] for mine, other in pairs)
            yield Figure(name, against, ratio, bar, sign)
    if found is not None:
        busy = max(figures["client busy"] for rounds in found.values() for figures in rounds)
        yield Figure("the client that asks the servers: busy", "one core", busy, 0.8, "<")


if __name__ == "__main__":
    sys.exit(main())
