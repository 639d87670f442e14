"""Ask a quick model all the time, from a process of its own, while another request keeps a server.

    python -m tests.serving.held_up PORT

is that process: it asks until its standard input closes, then it prints the seconds of each answer.
"""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT

QUICK = ("/v1/models/sum:predict", b'{"inputs": [1, 2, 3]}')
MANY = 300  # answers after which the server knows the quick model, and is warm
FIRST = 20  # answers of the probe that do not count
PAUSE = 0.002  # seconds between the requests of the probe
BODY = 6_000_000  # bytes of the large bodies
_STEPS = 1_000_000  # of the slow model, to find out how many take how long


def write_models(folder: Path) -> Path:
    """Write the models to a folder; return the path of their configuration.

    They are `sum`, `text`, which answers how long its texts are, and `slow`, whose input is the
    number of the steps of a loop.
    """
    # The probe need not wait for these imports.
    import tensorflow as tf

    from tests.serving.exports import write_configuration

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def add(x):
        return {"y": tf.reduce_sum(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    def length(x):
        return {"y": tf.reduce_max(tf.strings.length(x))}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64, name="steps")])
    def count(steps):
        (last,) = tf.while_loop(
            lambda i: i < steps, lambda i: (i + 1,), (tf.constant(0, tf.int64),)
        )
        return {"y": last}

    functions = {"sum": add, "text": length, "slow": count}
    for name, function in functions.items():
        tf.saved_model.save(tf.Module(), str(folder / name / "1"), signatures=function)
    return write_configuration(folder, functions)


def post(port: int, path: str, body: bytes) -> tuple[int, bytes]:
    """Send one request over a connection of its own; return HTTP status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def slow(port: int, seconds: float) -> tuple[str, bytes]:
    """Return a request that keeps the slow model busy for so many seconds on this computer."""

    def of(steps):
        return "/v1/models/slow:predict", b'{"inputs": %d}' % steps

    post(port, *of(10))
    begin = time.perf_counter()
    status, answer = post(port, *of(_STEPS))
    assert (status, json.loads(answer)) == (200, {"outputs": _STEPS}), answer
    return of(int(_STEPS * seconds / (time.perf_counter() - begin)))


def bodies() -> dict[str, tuple[str, bytes]]:
    """Return the requests that take long to read, by name."""
    chance = random.Random(1)
    numbers = json.dumps([round(chance.gauss(0, 1), 6) for _ in range(BODY // 11)])
    words = "some words and more text"
    texts = json.dumps([words] * (BODY // (len(words) + 4)))
    with_emoji = json.dumps([f"{words} \U0001f600"] * (BODY // (len(words) + 17)))
    sum_, text = QUICK[0], "/v1/models/text:predict"

    def inputs(path, values):
        return path, f'{{"inputs": {values}}}'.encode()

    return {
        "6 MB of numbers": inputs(sum_, numbers),
        "6 MB with one 1e300": inputs(sum_, f"{numbers[:-1]}, 1e300]"),
        "6 MB of text with one emoji": inputs(text, texts[:-1] + r', "\ud83d\ude00"]'),
        "6 MB with an emoji in each text": inputs(text, with_emoji),
        "5 MB of brackets": (sum_, b"[" * 5_000_000),
    }


@dataclass
class Kept:
    """What `keep` found.

    Attributes
    ----------
    quick : list of float
        Seconds of each answer of the quick model, sorted.
    other : list of float
        Seconds of each answer to the other request.
    status : int
        The HTTP status of its last answer.
    """

    quick: list[float]
    other: list[float]
    status: int

    @property
    def p99(self) -> float:
        """The 99th percentile of the times of the quick model, in seconds."""
        return self.quick[int(0.99 * len(self.quick))]


def keep(port: int, request: tuple[str, bytes], seconds: float) -> Kept:
    """Send a request again and again for so many seconds, at least once, beside the probe."""
    for _ in range(MANY):
        status, answer = post(port, *QUICK)
        assert status == 200, answer
    command = [sys.executable, "-m", "tests.serving.held_up", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as probe:
        assert probe.stdin and probe.stdout
        probe.stdout.readline()  # it has had its first answers
        other, begin = [], time.monotonic()
        while not other or time.monotonic() - begin < seconds:
            sent = time.perf_counter()
            status, _ = post(port, *request)
            other.append(time.perf_counter() - sent)
        probe.stdin.close()
        quick = json.loads(probe.stdout.read())
    return Kept(sorted(quick), other, status)


def main(port: int) -> None:
    """Ask the quick model until standard input closes."""
    ended: list[str] = []
    threading.Thread(target=lambda: ended.append(sys.stdin.read()), daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    times: list[float] = []
    while not ended:
        if len(times) == FIRST:
            print("ready", flush=True)
        begin = time.perf_counter()
        connection.request("POST", *QUICK)
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - begin)
        assert response.status == 200
        time.sleep(PAUSE)
    print(json.dumps(times[FIRST:]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
