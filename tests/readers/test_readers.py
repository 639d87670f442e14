"""The readers: three answers from a clean process, whatever the artifact does to that process."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import tensorflow as tf

from helpers import readers
from helpers.artifact.saved_model import NotAnArtifact
from helpers.paths import ROOT
from helpers.readers import ReaderError, command, compare, worker
from helpers.readers.inputs import state
from helpers.readers.outcomes import ANSWERS, OTHER

KEY = "serving_default"
LONG = 60  # seconds in which a busy machine does what a quiet one does in three
FLOAT = tf.TensorSpec((None, 1), tf.float32, name="x")
READERS = pytest.mark.parametrize("reader", readers.READERS)


@pytest.fixture(scope="module", autouse=True)
def hostile_folder(tmp_path_factory):
    """Every clean process of this file starts in a folder full of modules that it must not see."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("tensorflow", "random", "numpy", "pickle", "helpers", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('the caller leaked in')")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        readers._process.stop()
        yield folder


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A function of (name, function, specs): saves `function` of a variable 2.0 and of inputs."""
    folder = tmp_path_factory.mktemp("exports")

    def save(name, function, *specs, weight=2.0):
        module = tf.Module()
        module.weight = tf.Variable(weight)
        module.f = tf.function(lambda *x: function(module.weight, *x), input_signature=specs)
        tf.saved_model.save(module, str(folder / name), signatures=module.f)
        return folder / name

    return save


@pytest.fixture(scope="module")
def doubles(exports):
    return exports("doubles", lambda w, x: w * x, FLOAT)


@pytest.fixture(scope="module")
def hangs(exports):
    """Answers to numbers from 1e9 on, and never to smaller ones."""

    def until_large(w, x):
        return tf.while_loop(lambda x: tf.reduce_all(x < 1e9), lambda x: (x * 1.0,), [x])

    return exports("hangs", until_large, FLOAT)


def ask(directory, x, reader="python", **options):
    (answer,) = readers.run(directory, KEY, {"x": x}, reader, **options).values()
    return answer


def clean():
    """The clean process."""
    return psutil.Process(readers._process._child.pid)


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


# Answers


@READERS
def test_answers_are_right_and_soon(doubles, reader):
    assert ask(doubles, [[1.0], [2.0]], reader).tolist() == [[2.0], [4.0]]
    start = time.monotonic()
    assert ask(doubles, [[3.0]], reader).tolist() == [[6.0]]
    assert time.monotonic() - start < 50  # far below a hang; `make bench` has the figure


def test_variables_are_0_for_one_call_only(exports):
    directory = exports("shifted", lambda w, x: {"y": w * x + 1.0}, FLOAT)
    feed = {"x": [[3.0]]}
    for _ in range(2):
        assert readers.run_with_zeros(directory, KEY, feed)["y"] == 1.0
        assert readers.run(directory, KEY, feed)["y"] == 7.0
    with pytest.raises(ReaderError, match="takes the inputs x"):
        readers.run_with_zeros(directory, KEY, {"z": [[3.0]]})


@READERS
def test_several_batches_in_one_question(doubles, reader):
    batches = [{"x": np.full((rows, 1), rows, np.float32)} for rows in (1, 3, 2)]
    answers, error = readers.run_batches(doubles, KEY, batches, reader)
    assert [answer["output_0"].ravel().tolist() for answer in answers] == [[2], [6] * 3, [4, 4]]
    assert error == ""
    assert readers.run_batches(doubles, KEY, [], reader) == ([], "")


@READERS
def test_the_batches_before_the_one_that_fails_are_answered(doubles, reader):
    good, bad = {"x": [[1.0]]}, {"x": [["a word"]]}
    answers, error = readers.run_batches(doubles, KEY, [good, bad, good], reader)
    assert [answer["output_0"].item() for answer in answers] == [2.0]
    assert error == "TypeError: input x is float32; text cannot be given for it"


def test_batches_of_an_export_that_cannot_be_loaded(exports):
    directory = exports("unfilled", lambda w, x: w * x, FLOAT)
    for file in (directory / "variables").iterdir():
        file.unlink()
    with pytest.raises(ReaderError, match="variables"):
        readers.run_batches(directory, KEY, [{"x": [[1.0]]}])
    with pytest.raises(ValueError, match="no reader 'phone'"):
        readers.run_batches(directory, KEY, [], "phone")


def test_litert_computes_with_the_files_of_an_export_that_python_has_loaded(exports):
    directory = exports("moved", lambda w, x: w * x, FLOAT)
    loaded = worker.LOADERS["python"](str(directory), state(directory)).loaded
    loaded.weight.assign(5.0)
    for reader, expected in {"python": 5.0, "litert": 2.0}.items():
        answer = worker.run(str(directory), reader, KEY, {"x": np.float32([[1.0]])})
        assert answer["output_0"] == expected


def test_litert_leaves_the_endpoints_that_python_has_loaded(tmp_path):
    archive = tf.keras.export.ExportArchive()
    for name in ("serve", "other"):
        archive.add_endpoint(name, lambda x: 2.0 * x, [FLOAT])
    archive.write_out(tmp_path, verbose=False)
    loaded = worker.LOADERS["python"](str(tmp_path), state(tmp_path)).loaded
    for key in ("serve", "other", KEY):
        assert worker.run(str(tmp_path), "litert", key, {"x": np.float32([[1.0]])})
    assert loaded.serve([[1.0]]) == 2.0
    assert "serving_default" not in vars(loaded)


@READERS
def test_signatures_are_those_of_the_artifact(doubles, reader):
    (signature,) = readers.signatures(doubles, reader).values()
    assert str(signature).splitlines() == [
        "serving_default",
        "  in   x: float32 (None, 1)",
        "  out  output_0: float32 (None, 1)",
    ]


@READERS
def test_changed_artifact_at_the_same_path_gives_the_new_numbers(exports, reader):
    name = f"changes {reader}"
    for weight in (2.0, 3.0):
        directory = exports(name, lambda w, x: w * x, FLOAT, weight=weight)
        assert ask(directory, [[1.0]], reader) == weight


@pytest.mark.parametrize("reader", ["python", "session"])
def test_strings_in_and_out(exports, reader):
    directory = exports(
        "strings", lambda w, x: tf.strings.join([x, "é"]), tf.TensorSpec((None,), tf.string, "x")
    )
    for texts in (["a", "ü"], np.array(["a", "ü"]), [b"a", "ü".encode()], tf.constant(["a", "ü"])):
        assert [t.decode() for t in ask(directory, texts, reader)] == ["aé", "üé"]


@pytest.mark.parametrize("reader", ["python", "session"])
def test_what_a_graph_prints_does_not_disturb_the_answers(exports, reader):
    def loud(w, x):
        tf.print("noise " * 10_000, output_stream=sys.stdout)
        return w * x

    directory = exports("loud", loud, FLOAT)
    assert [ask(directory, [[n]], reader).item() for n in range(10)] == [2.0 * n for n in range(10)]


def test_clean_process_sees_nothing_of_the_callers_folder(doubles, hostile_folder):
    assert ask(doubles, [[1.0]]) == 2.0
    child = clean()
    assert Path(child.cwd()) == hostile_folder, "else this proves nothing"


# Mistakes


@pytest.mark.parametrize(
    ("signature", "inputs", "reader", "words"),
    [
        (KEY, {"x": [[1.0]]}, "pyhton", "no reader 'pyhton': there are python, session, litert"),
        (
            "predit",
            {"x": [[1.0]]},
            "python",
            f"no signature 'predit' in this artifact: it has {KEY}",
        ),
        (KEY, {}, "session", f"{KEY} takes the inputs x; given were (none)"),
        (KEY, {"y": [[1.0]]}, "litert", f"{KEY} takes the inputs x; given were y"),
        (KEY, {"x": [["one"]]}, "python", "input x is float32; text cannot be given for it"),
        (KEY, {"x": [[1j]]}, "python", "input x is float32; complex128 cannot be given for it"),
        (KEY, {"x": [[None]]}, "python", "input x: expected numbers or texts, not [[None]]"),
        (KEY, {"x": [[1.0, 2.0]]}, "session", "Cannot feed value of shape"),
    ],
)
def test_mistakes_are_named(doubles, signature, inputs, reader, words):
    readers.signatures(doubles)
    before = clean()
    with pytest.raises((ReaderError, ValueError, TypeError)) as caught:
        readers.run(doubles, signature, inputs, reader)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert clean() == before and not gone(before), "a mistake does not cost the process"


def test_whole_numbers_are_cast_only_if_they_fit(exports):
    spec = tf.TensorSpec((None,), tf.uint8, name="x")
    directory = exports("bytes", lambda w, x: x + tf.constant(1, tf.uint8), spec)
    assert ask(directory, [1, 2]).tolist() == [2, 3]
    with pytest.raises(ReaderError, match="input x is uint8, which cannot hold the number 300"):
        ask(directory, [300])


# An artifact that does harm


def test_artifact_that_hangs_is_reported_and_the_next_question_is_answered(hangs, doubles):
    assert ask(hangs, [[2e9]]) == 2e9  # it loads and answers: what comes is not the start's time
    before = clean()
    start = time.monotonic()
    with pytest.raises(ReaderError, match=r"TimeoutError: no answer within 0\.5 seconds"):
        ask(hangs, [[0.0]], deadline=0.5)
    assert time.monotonic() - start < 60  # the model hangs for ever
    assert gone(before)
    assert ask(doubles, [[1.0]]) == 2.0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system counts no CPU time")
def test_a_model_that_computes_too_long_is_stopped(hangs, doubles):
    assert ask(hangs, [[2e9]], computing=5) == 2e9
    before = clean()
    words = r"TimeoutError: no answer after 1 seconds of computing"
    with pytest.raises(ReaderError, match=words):
        ask(hangs, [[0.0]], computing=1)
    assert gone(before)
    assert ask(doubles, [[1.0]], computing=5) == 2.0


def test_process_that_dies_is_reported_and_the_next_question_is_answered(hangs, doubles):
    ask(doubles, [[1.0]])
    before = clean()
    threading.Timer(0.5, before.kill).start()
    with pytest.raises(ReaderError, match=r"the reading process died \(exit status -9\)"):
        ask(hangs, [[0.0]])
    assert ask(doubles, [[1.0]]) == 2.0


def test_process_that_died_between_questions_is_replaced(doubles):
    ask(doubles, [[1.0]])
    before = clean()
    before.kill()
    before.wait()
    assert ask(doubles, [[1.0]]) == 2.0


def test_process_that_dies_while_it_is_asked(doubles, monkeypatch):
    ask(doubles, [[1.0]])
    before = clean()
    before.kill()
    before.wait()
    # As if it had died just after it was last looked at, with the question half written.
    monkeypatch.setattr(readers._process._child, "poll", lambda: None)
    with pytest.raises(ReaderError, match="the reading process died"):
        ask(doubles, [[1.0]])


@pytest.fixture
def interruptible():
    """SIGINT raises KeyboardInterrupt, also where the shell has started the tests without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupt_while_waiting_does_not_mix_up_the_answers(hangs, doubles, interruptible):
    assert ask(doubles, [[1.0]]) == 2.0
    interrupt = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):
        interrupt.start()
        ask(hangs, [[0.0]])
    assert ask(doubles, [[3.0]]) == 6.0


@pytest.mark.skipif(os.name != "posix", reason="kills a process with a signal")
def test_clean_process_ends_with_its_parent_even_while_it_is_busy(hangs):
    code = "import sys; from helpers import readers\n"
    code += f"ask = lambda x: readers.run(sys.argv[1], {KEY!r}, {{'x': [[x]]}}, deadline=600)\n"
    code += "ask(2e9); print(readers._process._child.pid, flush=True); ask(0.0)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(hangs)], cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        before = child.cpu_times().user
        while child.cpu_times().user - before < 0.2:  # it works on the endless question
            time.sleep(0.05)
        parent.kill()
    end = time.monotonic() + LONG
    while not gone(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert gone(child)


# python -m helpers.readers DIR


def saved_keras_model(exports):
    model = normalised(tf.keras.Sequential)
    directory = exports("saved", lambda w, x: x, FLOAT)
    tf.saved_model.save(model, str(directory))
    return directory


def normalised(kind):
    """A small model with Normalization, Sequential or Functional."""
    layers = tf.keras.layers
    normalization = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    stack = [tf.keras.Input((2,), name="x"), normalization, layers.Dense(1)]
    if kind is tf.keras.Sequential:
        return tf.keras.Sequential(stack)
    return tf.keras.Model(stack[0], stack[2](stack[1](stack[0])))


def exported(name, kind):
    def make(exports):
        directory = exports(name, lambda w, x: x, FLOAT).parent / f"{name} é"
        normalised(kind).export(directory, verbose=False)
        return directory

    return make


def with_words(layer):
    def make(exports):
        directory = exports("x", lambda w, x: x, FLOAT).parent / "words"
        inputs = tf.keras.Input((1,), dtype="string")
        tf.keras.Sequential([inputs, layer()]).export(directory, verbose=False)
        return directory

    return make


def string_lookup():
    return tf.keras.layers.StringLookup(vocabulary=["red", "green"])


def text_vectorization():
    return tf.keras.layers.TextVectorization(vocabulary=["red", "green"])


def saved(name, function, *specs):
    return lambda exports: exports(name, function, *specs)


def python_in_the_graph(w, x):
    return tf.ensure_shape(tf.py_function(lambda x: x * 2, [x], tf.float32), (None, 1))


def without_signatures(exports):
    directory = exports("none", lambda w, x: x, FLOAT)
    tf.saved_model.save(tf.Module(), str(directory))
    return directory


def truncated(exports):
    directory = exports("truncated", lambda w, x: w * x, FLOAT)
    graph = directory / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-100])
    return directory


def without_a_shard(exports):
    directory = exports("no shard", lambda w, x: w * x, FLOAT)
    (directory / "variables" / "variables.data-00000-of-00001").unlink()
    return directory


def versions(exports):
    return exports("versions/1", lambda w, x: w * x, FLOAT).parent


def random_number(w, x):
    return w * x + tf.random.normal(tf.shape(x))


PAIR = tf.TensorSpec((None, 2), tf.int32, name="y")
DIRECTORIES = {
    # what: (function of `exports`, exit status, words in the text)
    "good": (saved("good", lambda w, x: w * x, FLOAT), 0, ["litert   same numbers  (largest"]),
    "spaces": (saved("a näme", lambda w, x: w * x, FLOAT), 0, ["a näme/", "Every reader can use"]),
    "several": (
        saved("several", lambda w, x, y: {"a": w * x, "b": y + 1}, FLOAT, PAIR),
        0,
        ["litert   same numbers"],
    ),
    "integers": (saved("integers", lambda w, y: y + 1, PAIR), 0, ["litert   same numbers"]),
    "scalar": (
        saved("scalar", lambda w, x: w * x, tf.TensorSpec((), tf.float32, "x")),
        0,
        ["litert   same numbers"],
    ),
    "infinite": (
        saved("infinite", lambda w, x: tf.exp(1000 * w + x), FLOAT),
        0,
        ["litert   same numbers  (largest difference 0.0"],
    ),
    "complex": (
        saved("complex", lambda w, x: x * 2, tf.TensorSpec((None,), tf.complex64, "x")),
        0,
        ["litert   same numbers"],
    ),
    "fixed batch": (
        saved("fixed", lambda w, x: w * x, tf.TensorSpec((4, 1), tf.float32, "x")),
        0,
        ["Note: serving_default takes exactly 4 rows of x"],
    ),
    "random": (
        saved("random", random_number, FLOAT),
        0,
        ["Note: serving_default answers differently each time", "litert   answers"],
    ),
    "Sequential": (exported("sequential", tf.keras.Sequential), 0, ["  serve\n", f"  {KEY}\n"]),
    "Functional": (exported("functional", tf.keras.Model), 0, ["litert   same numbers"]),
    "saved Keras model": (
        saved_keras_model,
        1,
        ["session  FAILS", "OTHER NUMBERS", "Export with model.export(directory) or an"],
    ),
    "lookup": (with_words(string_lookup), 0, ["litert   same numbers"]),
    "text": (
        with_words(text_vectorization),
        1,
        ["session  same numbers", "litert   FAILS", "LiteRT cannot express an operation"],
    ),
    "py_function": (
        saved("py_function", python_in_the_graph, FLOAT),
        1,
        ["python   FAILS", "Could not find callback", "lives in the process that made it"],
    ),
    "no signatures": (without_signatures, 1, ["no signatures: a server has nothing to call"]),
    "no shard": (
        without_a_shard,
        1,
        ["python   FAILS", "session  FAILS", "a file of variables/ is missing"],
    ),
    "truncated": (truncated, 2, ["saved_model.pb of 'truncated' is damaged or incomplete"]),
    "versions": (versions, 2, ["'versions' is the parent of exports, not one itself; it holds 1"]),
    "file": (
        lambda exports: saved("file", lambda w, x: x, FLOAT)(exports) / "saved_model.pb",
        2,
        ["'saved_model.pb' is a file, not an export directory"],
    ),
    "missing": (lambda _: Path("none"), 2, ["there is nothing at 'none': no such directory"]),
    "here": (lambda _: Path("."), 2, ["has no saved_model.pb; it holds helpers.py"]),
}


@pytest.mark.parametrize("what", DIRECTORIES)
def test_report_tells_who_can_use_an_export(exports, capfd, what):
    make, status, words = DIRECTORIES[what]
    directory = make(exports)
    capfd.readouterr()
    assert command.main([str(directory)]) == status
    said = capfd.readouterr()
    for word in words:
        assert word in said.out
    assert ("Every reader can use it" in said.out) == (status == 0)
    assert ("within the limits noted" in said.out) == (status == 0 and "Note: " in said.out)
    assert "Traceback" not in said.out + said.err and "Warning" not in said.err
    assert str(ROOT) not in said.out, "the same on every machine"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["one", "two"]])
def test_report_says_how_it_is_called(capsys, arguments):
    assert command.main(arguments) == 2
    assert capsys.readouterr().out.startswith("usage: python -m helpers.readers")


def test_report_from_a_terminal(exports):
    """The real command, and a name that a terminal without Unicode cannot show."""
    directory = exports("ÄÖÜ 1", lambda w, x: w * x, FLOAT)
    done = subprocess.run(
        [sys.executable, "-m", "helpers.readers", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=4 * LONG,
    )
    assert done.returncode == 0
    assert done.stderr == "Starting the readers; this takes some seconds.\n"
    assert done.stdout.startswith("\\xc4\\xd6\\xdc 1/\n  serving_default\n    python   answers\n")
    assert done.stdout.endswith("Every reader can use it.\n")


def test_a_signature_for_one_row_is_not_taken_for_a_frozen_batch(exports):
    one_row = tf.TensorSpec((2,), tf.float32, name="x")
    assert not compare.compare(exports("one row", lambda w, x: w * x, one_row)).notes


def test_report_is_the_same_in_html(exports):
    report = compare.compare(exports("<i>html", lambda w, x: w * x, FLOAT))
    shown = report._repr_html_()
    assert "<i>" not in shown and "&lt;i&gt;html" in shown
    assert shown.count("same numbers<") == str(report).count("same numbers") == 2
    assert shown.count("scope='col'") == 2 and shown.count("scope='row'") == len(report.rows) == 3
    assert "scope='rowgroup' colspan='2'" in shown and f"signature {KEY}</th>" in shown


def test_errors_and_cures_stand_below_their_reader():
    bad = compare.Row("serve", "litert", OTHER, 2.3, "no <error>", "Export again.")
    good = compare.Row("serve", "python", ANSWERS)
    shown = compare.Report("export", (good, bad), ("A note.",))._repr_html_()
    plain = re.sub(r"<[^>]+>", "|", shown)
    order = ["signature serve", "python", "✓", "litert", "✗", "no &lt;error&gt;", "Export again."]
    assert [plain.index(words) for words in order] == sorted(map(plain.index, order))
    assert shown.count("<td colspan='2'") == 2
    assert "2.3" not in shown, "a page does not store what varies from computer to computer"


def test_no_artifact_is_an_error_before_any_process_is_asked():
    with pytest.raises(NotAnArtifact, match="no such directory"):
        readers.run("nowhere", KEY, {"x": [[1.0]]})


def test_the_tool_of_tensorflow_in_the_clean_process(doubles):
    """Every call stands alone, although they are made in one process."""
    tool = readers.saved_model_cli
    tags = "--tag_set", "serve"
    shown, status = tool("show", doubles, *tags, "--signature_def", "serving_default")
    assert "inputs['x'] tensor_info" in shown and status == 0
    assert "'serve'" in tool("show", doubles)[0]
    assert tool("run", doubles, *tags)[1] != 0  # without a signature
    assert "contains the following" in tool("scan", doubles, "--op_denylist", "Mul,AddV2")[0]
    assert "does not contain the default" in tool("scan", doubles)[0]
    with pytest.raises(ReaderError, match="fly"):
        tool("fly", doubles)


def test_outputs_that_differ_are_told_by_name_and_shape(exports):
    """LiteRT pads an answer whose length depends on the data."""
    boxes = tf.TensorSpec((None, 4), tf.float32, name="boxes")
    scores = tf.TensorSpec((None,), tf.float32, name="scores")

    def kept(w, boxes, scores):
        best = tf.image.non_max_suppression(boxes, scores, 5)
        return {"kept": best, "double": 2 * w * scores}

    report = compare.compare(exports("boxes", kept, boxes, scores))
    (litert,) = [row for row in report.rows if row.reader == "litert"]
    assert litert.status == OTHER
    assert litert.unequal == ("kept",)
    assert re.search(r"python: kept has the shape \(5,\), not \(\d,\)$", litert.error)
