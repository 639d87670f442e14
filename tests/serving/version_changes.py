"""Send requests while versions 1 to 5 of a model appear and disappear; the fourth is broken."""

import contextlib
import http.client
import itertools
import shutil
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.serving.numbered_model import ask, connected, publish, states, wait_for

CLIENTS, BROKEN = 8, 4
# For each step: the version that appears (+) or disappears (-), and the version that answers then.
STEPS = ((+2, 2), (+3, 3), (+BROKEN, 3), (+5, 5), (-BROKEN, 5), (-5, 3), (-3, 2), (-2, 1))


@dataclass
class Load:
    """The result of `run`.

    Attributes
    ----------
    asked : list of int
        the number of requests of each client
    answers : Counter
        the number of answers of each version
    failed : list
        failed requests: (status, body), or the error of the connection
    absent : list of (float, float, int)
        answers of a version that was absent: time of request, time of answer, version
    steps : int
        the number of versions that have appeared or disappeared
    """

    asked: list
    answers: Counter
    failed: list
    absent: list
    steps: int


def run(server, base, seconds=0, steps=0, pause=0.01, least=0):
    """Send requests while versions change in the server's base path, which contains version 1.

    Parameters
    ----------
    server : helpers.serving.launch.process.Server
        serves the latest version of the model "number"
    seconds, steps : float, int
        the minimum duration in seconds, and the minimum number of steps
    pause : float
        seconds between an answer and the client's next request
    least : int
        the minimum number of responses for each client: after the steps, requests go on until then

    Returns
    -------
    Load
    """
    ended = threading.Event()
    found = [[] for _ in range(CLIENTS)]  # (sent, received, version) of each client
    failed = []
    there = {number: [] for number in range(1, 6)}  # [from, to]: when the version can answer
    there[1].append([0.0, float("inf")])

    def client(answers):
        try:
            with connected(server) as connection:
                while not ended.is_set():
                    sent = time.monotonic()
                    status, answer = ask(connection, {"instances": [1.0]})
                    if status != 200:
                        failed.append((status, answer))
                        continue
                    number = int(answer["predictions"][0]["version"])
                    answers.append((sent, time.monotonic(), number))
                    time.sleep(pause)
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            failed.append(repr(error))

    threads = [threading.Thread(target=client, args=(answers,)) for answers in found]
    with tempfile.TemporaryDirectory() as folder, _joined(threads, ended):
        store = Path(folder)
        for number in range(2, 6):
            publish(store, number, broken=number == BROKEN)
        count, end, serving = 0, time.monotonic() + seconds, 1
        for change, next_serving in itertools.cycle(STEPS):
            if count >= steps and time.monotonic() > end:
                break
            _step(server, base, store, change, serving, next_serving, there)
            serving, count = next_serving, count + 1
        wait_for(lambda: failed or min(map(len, found)) >= least, lambda: list(map(len, found)))
    everything = [answer for answers in found for answer in answers]
    return Load(
        [len(answers) for answers in found],
        Counter(number for _, _, number in everything),
        failed,
        [answer for answer in everything if not possible(*answer, there)],
        count,
    )


def possible(sent, received, number, there):
    """Return whether the version was present at some time between a request and its answer."""
    return any(begin <= received and sent <= end for begin, end in there.get(number, ()))


@contextlib.contextmanager
def _joined(threads, ended):
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _step(server, base, store, change, serving, next_serving, there):
    """Add or remove a version and wait until the server has finished."""

    def wait(number, state):
        wait_for(lambda: states(server).get(number) == state, lambda: (change, states(server)))

    failures = _failures(server)
    if next_serving != serving:
        there[next_serving].append([time.monotonic(), float("inf")])
    if change > 0:
        hidden = base / f"incoming-{change}"
        shutil.copytree(store / str(change), hidden)
        hidden.rename(base / str(change))
    else:
        hidden = base / f"outgoing-{-change}"
        (base / str(-change)).rename(hidden)
        shutil.rmtree(hidden)
    if change == BROKEN:
        wait_for(lambda: _failures(server) > failures, lambda: server.log[-2000:])
    elif next_serving != serving:
        wait(next_serving, "AVAILABLE")
        wait(serving, "END")
        there[serving][-1][1] = time.monotonic()


def _failures(server):
    return server.log.count(f"Loading servable: {{name: number version: {BROKEN}}} failed")
