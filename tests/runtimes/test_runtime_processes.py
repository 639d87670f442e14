"""The processes of the runtimes: what is in them, how they end; and all of them beside Python."""

import http.server
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from helpers import readers, runtimes
from helpers.models import LinearModel, PenguinModel
from helpers.paths import ROOT
from helpers.readers import ReaderError, compare
from helpers.runtimes import browser
from helpers.runtimes.parity import parity
from tests.runtimes.exports import ask, doubles, exports, folder, hangs, need


@pytest.fixture(params=runtimes.RUNTIMES)
def runtime(request):
    need(request.param)
    return request.param


@pytest.fixture(scope="module", autouse=True)
def end_with_the_tests():
    runtimes.stop()
    others.update(psutil.Process().children(recursive=True))
    yield
    runtimes.stop()


others = set()  # processes that other tests have left running for those to come


def family():
    """The processes that the runtimes have started here, and theirs."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child not in others and "helpers.readers.worker" not in " ".join(child.cmdline())
    ]


def loaded_files(process):
    return {Path(mapping.path).name for mapping in process.memory_maps()}


@pytest.mark.parametrize("name", ["litert", "onnx", "c"])
def test_what_the_process_has_not_loaded(name):
    """No TensorFlow beside LiteRT and ONNX Runtime, no Python beside the C program."""
    need(name)
    runtimes.stop()
    ask(doubles(), [[1.0]], name)
    (process,) = family()
    files = loaded_files(process)
    forbidden, expected = ("python", "tensorflow_cc") if name == "c" else ("tensorflow", "python")
    assert not [file for file in files if forbidden in file]
    assert [file for file in files if expected in file]


def test_the_page_reaches_no_other_server():
    need("browser")
    asked = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *details):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page = browser.Page()
        try:
            address = f"http://127.0.0.1:{other.server_port}/"
            script = "address => fetch(address).then(() => 'answered', () => 'refused')"
            assert page.page.evaluate(script, page.page.url) == "answered"
            assert page.page.evaluate(script, address) == "refused"
        finally:
            page.close()
            other.shutdown()
    assert asked == []


def test_a_process_that_is_killed_is_replaced(runtime):
    ask(doubles(), [[1.0]], runtime)
    kind = runtimes._KINDS[runtime].process
    killed = kind._child
    killed.kill()
    try:  # where its end is seen before the question, it is replaced at once
        assert ask(doubles(), [[1.0]], runtime) == 2.0
    except ReaderError as error:
        assert "died" in error.error
    assert ask(doubles(), [[1.0]], runtime) == 2.0
    assert kind._child is not killed


@pytest.mark.share(2)
def test_a_model_that_hangs_is_ended_and_the_next_answers(runtime):
    assert ask(hangs(), [[1e9]], runtime) == 1e9
    with pytest.raises(ReaderError, match="no answer within 2 seconds"):
        ask(hangs(), [[1.0]], runtime, deadline=2)
    assert ask(doubles(), [[1.0]], runtime) == 2.0


@pytest.mark.parametrize("runtime", sorted(set(runtimes.RUNTIMES) - {"browser"}))
def test_a_model_that_computes_too_long_is_ended(runtime):
    """The browser's page computes in the browser's own process, which has no such limit."""
    need(runtime)
    with pytest.raises(ReaderError, match="after 1 seconds of computing"):
        ask(hangs(), [[1.0]], runtime, computing=1)
    assert ask(doubles(), [[1.0]], runtime) == 2.0


def test_stop_leaves_no_process_behind(runtime):
    runtimes.stop()
    ask(doubles(), [[1.0]], runtime)
    started = family()
    assert started
    runtimes.stop(runtime)
    assert not psutil.wait_procs(started, timeout=120)[1]


CHILD = """
import signal, sys, threading, time
from helpers import runtimes

signal.signal(signal.SIGALRM, signal.SIG_IGN)  # children inherit both
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})

def ask(x, name, deadline=3):
    runtimes.run(sys.argv[1], "serving_default", {"x": [[x]]}, name, deadline=deadline)

for name in sys.argv[3:]:
    ask(1e9, name, deadline=120)  # the first call starts the runtime
for name in sys.argv[3:] if sys.argv[2] == "busy" else ():
    threading.Thread(target=ask, args=(1.0, name), daemon=True).start()
time.sleep(1)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def temporary():
    """A folder for what a killed kernel leaves; chromium's sockets want a shorter path than
    tmp_path is."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.mark.share(2)
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_nothing_outlives_a_kernel_that_is_killed(state, temporary):
    # Idle, the others end as the readers do (test_readers.py); C has an end of its own.
    names = runtimes.RUNTIMES if state == "busy" else ["c"]
    there = [name for name in names if not runtimes.missing(name)]
    command = [sys.executable, "-c", CHILD, hangs(), state, *there]
    environment = os.environ | {"TMPDIR": temporary}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as kernel:
        said = kernel.stdout.readline()
        started = psutil.Process(kernel.pid).children(recursive=True)
        kernel.kill()
    assert said == b"ready\n"
    assert len(started) >= len(there)
    # The C program ends by itself, some seconds after its caller's deadline.
    assert not psutil.wait_procs(started, timeout=240)[1]


# Parity


def test_parity_of_what_is_right():
    found = parity(exports()["multi"])
    for row in found.rows:
        need(row.runtime)
    assert found.ok
    assert [(row.runtime, row.crossed, row.signatures) for row in found.rows] == [
        (name, 3, 3) for name in runtimes.RUNTIMES
    ]
    for row in found.rows:
        assert row.difference <= 1e-5
        assert 0 < row.latency < row.start < 120
        assert row.size > 500
    lines = str(found).splitlines()
    assert lines[0] == "multi/"
    assert lines[1].split() == ["runtime", "signatures", "answers", "reads"]
    assert lines[2].startswith("litert   3 of 3      same numbers  ")
    assert "one row" in found.text(figures=True)
    assert "<td" in found._repr_html_() and "one row" not in found._repr_html_()
    assert "one row" in found.as_html(figures=True)


def test_parity_starts_no_process_again():
    name = next(name for name in runtimes.RUNTIMES if not runtimes.missing(name))
    ask(doubles(), [[1.0]], name)
    process = runtimes.process(name)
    child, took = process._child, process.seconds
    row = {row.runtime: row for row in parity(exports()["multi"]).rows}[name]
    assert process._child is child
    assert 0 < took < row.start, "the start is that of the process, and the first answer"


def test_parity_of_an_export_that_only_python_restores(monkeypatch):
    monkeypatch.setattr(browser, "missing", lambda: "chromium is missing")
    for name in ("onnx", "c"):
        need(name)
    model = LinearModel()
    model(tf.zeros((1, 1)))
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    tf.saved_model.save(model, str(folder() / "fooled"))
    found = parity(folder() / "fooled")
    assert not found.ok
    assert {row.runtime: row.status for row in found.rows} == {
        "litert": "OTHER NUMBERS",
        "onnx": "same numbers",  # tf2onnx loads through Python
        "c": "FAILS",
        "browser": "missing",
    }
    assert "c: serving_default: code 9: " in str(found)
    assert "browser: chromium is missing" in found._repr_html_()


@pytest.fixture(scope="module")
def penguins():
    """Words in, words out, and a vocabulary in a file; and features in, probabilities out."""
    from helpers.penguins.data import penguins

    (folder() / "islands.txt").write_text("Biscoe\nDream\nTorgersen\n")
    model = PenguinModel(penguins(), str(folder() / "islands.txt"))
    model(tf.zeros((1, 7)))
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("classify", model.classify)
    archive.add_endpoint("score", model.score)
    archive.write_out(folder() / "penguins", verbose=False)
    return folder() / "penguins"


def test_parity_of_an_export_of_which_a_part_crosses(penguins):
    """LiteRT never fills a table from a file; tf2onnx does not know this one; C runs all."""
    for name in runtimes.RUNTIMES:
        need(name)
    found = parity(penguins)
    assert not found.ok
    assert [(row.crossed, row.status) for row in found.rows] == [
        (3 if name == "c" else 1, "same numbers") for name in runtimes.RUNTIMES
    ]
    assert "litert: classify: RuntimeError: hashtable need to be initialized" in str(found)
    assert "onnx: classify: ValueError: make_sure failure: Could not determine table" in str(found)
    with pytest.raises(ReaderError, match="ValueError: make_sure failure"):  # the converter's own
        runtimes.run(penguins, "classify", readers_inputs(penguins), "browser")
    assert set(runtimes.signatures(penguins, "onnx")) == {"score"}


def readers_inputs(directory):
    return compare.make_inputs(readers.signatures(directory)["classify"])[0]
