"""`make bench`: what this course promises about time and memory, measured side by side.

Times and memory are ratios to a baseline of the same run, the median of pairs measured in turn;
the others have their unit beside them. The table at the end has every figure that the project
promises, with its bar and whether it was met; the exit status is 1 if one was not.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
from nbclient import NotebookClient

from helpers.notebooks import learner_environment, lesson_names
from helpers.paths import ROOT
from tests.bench import page

# What a lesson is measured against: a notebook that only imports TensorFlow and calls one layer.
BARE = """import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
tf.keras.layers.Dense(1)(tf.ones((1, 1))).shape"""
PEAKS = """import json, os, sys
from pathlib import Path
def peak(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
kernel = os.getpid()
children = Path(f"/proc/{kernel}/task/{kernel}/children").read_text().split()
if readers := sys.modules.get("helpers.readers"):  # its process may be a child of the fork server
    children += [readers._process._child.pid] if readers._process._child else []
print(json.dumps({"kernel": peak(kernel), "reader": max(map(peak, children), default=0)}))"""
# Opening an artifact, TensorFlow imported before: what JSON says of it is seconds and megabytes.
OPENING = """import contextlib, io, json, sys, time
from pathlib import Path
import helpers, tensorflow
def peak(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
small, large = sys.argv[1:]
PREPARE
begin = time.perf_counter()
OPEN
seconds = time.perf_counter() - begin
processes = ["self", *Path("/proc/thread-self/children").read_text().split()]
if readers := sys.modules.get("helpers.readers"):
    processes += [readers._process._child.pid] if readers._process._child else []
print(json.dumps({"seconds": seconds, "peaks": list(map(peak, processes))}))"""
# The command itself, by its own main.
SHOW = OPENING.replace("PREPARE", "from tensorflow.python.tools import saved_model_cli").replace(
    "OPEN",
    """sys.argv = ["saved_model_cli", "show", "--dir", large, "--all"]
with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
    saved_model_cli.main()
assert "Function Name: 'compute'" in said.getvalue(), said.getvalue()[-2000:]""",
)
# The clean process has started, too, and the page is made that the learner sees.
EXPLORE = OPENING.replace(
    "PREPARE",
    """from helpers.inspection.explore import explore
from helpers.widgets.explorer import explorer
explore(small)""",
).replace(
    "OPEN",
    """view = explorer(large)
found = explore(large)
assert found.operations.total() >= 50_000 and found.size >= 200e6 and not found.findings""",
)
# One way from rows to answers: a number that comes in is how often it is gone, and answered then.
ALONE = """import sys
from functools import partial
import numpy as np
from helpers.benchmark import predictors
way, inputs, *file = sys.argv[1:]
rows, *weights = np.load(inputs).values()
answer = partial(predictors.by_hand, weights) if way == "NumPy" else predictors.litert(*file)
for line in sys.stdin:
    for _ in range(int(line)):
        answer(rows)
    print(int(line), flush=True)"""
PAIRS = 3
LONG = 60  # seconds of load on the model server
HELD_UP = 15  # seconds in which each long request is sent again and again
ONCE = ("plain", 300, "module")  # an export that Keras did not write


class Figure(NamedTuple):
    """What was measured, against what, and the bar: at most ("<") or at least (">").

    value : None where it was not measured; `against` then says what would
    """

    name: str
    against: str
    value: float | None
    bar: float
    sign: str

    def cells(self):
        bar = f"{self.sign} {self.bar:g}"
        if self.value is None:
            return self.name, self.against, "", bar, "not measured"
        value = f"{self.value:.2f}" if 0.01 <= self.value < 1000 else f"{self.value:.3g}"
        return self.name, self.against, value, bar, "pass" if self.met() else "FAIL"

    def met(self):
        return self.value <= self.bar if self.sign == "<" else self.value >= self.bar


def main(arguments=None):
    """Measure the sections that are named, or all, and return the exit status."""
    known = {section.__name__: section for section in _sections()}
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(known))
    parser.add_argument("--write", action="store_true", help="write docs/what_is_proved.md")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.sections if name not in known]:
        parser.error(f"no section {unknown[0]!r}: there are {', '.join(known)}")
    found = {name: list(known[name]()) for name in chosen.sections or known}
    if chosen.write:
        page.store(found)
        page.write()
    return report(figure for figures in found.values() for figure in figures)


def _sections():
    return (
        training,
        calls,
        scorer,
        parity,
        questions,
        exploring,
        verdicts,
        changing_versions,
        fuzz,
        held_up,
        beside_others,
        notebooks,
        kernels,
        memory,
        hub,
        mutants,
        corpus,
    )


def report(figures):
    """Print the table of all figures; the exit status, 1 if one misses its bar."""
    figures = list(figures)
    rows = [("figure", "baseline or unit", "measured", "bar", ""), *(f.cells() for f in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print()
    for row in rows:
        name, against, value, bar, result = (f"{c:<{w}}" for c, w in zip(row, widths, strict=True))
        print(f"{name}  {against}  {value.strip():>{widths[2]}}  {bar}  {result}".rstrip())
    return int(any(figure.value is not None and not figure.met() for figure in figures))


def pairs(baseline, measured, count=PAIRS):
    """The median of measured() / baseline() in seconds, the two run in turn."""
    ratios = []
    for numbered_model in range(count):
        times = {}
        for function in (baseline, measured) if numbered_model % 2 else (measured, baseline):
            begin = time.perf_counter()
            function()
            times[function] = time.perf_counter() - begin
        ratios.append(times[measured] / times[baseline])
    print(f"  ratios of {count} pairs: " + ", ".join(f"{r:.3g}" for r in ratios), flush=True)
    return statistics.median(ratios)


def training():
    """1,000 steps of LinearModel: the plain loop against the compiled one, to the same loss."""
    print("training, compiled against eager", flush=True)
    from helpers.data import line
    from helpers.models import LinearModel
    from helpers.training import train, train_eagerly

    x, y = line()
    losses = {}

    def compiled():
        losses["compiled"] = train(LinearModel(), x, y, progress=False)[-1]

    def eager():
        losses["eager"] = train_eagerly(LinearModel(), x, y)

    ratio = pairs(compiled, eager)
    assert abs(losses["compiled"] - losses["eager"]) < 1e-4, losses
    yield Figure("training in an eager loop: time", "the compiled loop", ratio, 15, ">")


def calls():
    """One row, and 65,536: every way of lesson 11 to the same numbers against NumPy."""
    print("calls for one row and for many, every way against NumPy", flush=True)
    import numpy as np
    import tensorflow as tf

    from helpers.benchmark.predictors import routes
    from helpers.benchmark.sweep import rows_for
    from helpers.benchmark.timing import ratio, ratios
    from helpers.models import ComplexModel

    model = ComplexModel()
    model.build((None, 10))
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", model.inference)
    with tempfile.TemporaryDirectory() as folder:
        export_dir, litert_file = Path(folder) / "export", Path(folder) / "model.tflite"
        archive.write_out(export_dir, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(export_dir), signature_keys=["serving_default"]
        )
        litert_file.write_bytes(converter.convert())
        ways = routes(export_dir, litert_file)
        for size in (1, 65536):
            here = {way: partial(function, rows_for(size)) for way, function in ways.items()}
            numpy = here.pop("NumPy")
            for way, function in here.items():
                assert abs(function() - numpy()).max() < 1e-4, way
            found = ratios(here, numpy)
            for way, one in found.items():
                print(f"  {size} rows, {way} / NumPy: {statistics.median(one.pairs):.3g}")
            if size == 1:
                fastest = min(found, key=lambda way: statistics.median(found[way].pairs))
                predicted = ratio(here["model.predict"], here[fastest])
                value = statistics.median(found[fastest].pairs)
                yield Figure(f"one row in {fastest}: time", "NumPy", value, 1, "<")
                yield Figure("one row in model.predict: time", fastest, predicted.median, 3000, ">")
        inputs = Path(folder) / "inputs.npz"
        np.savez(inputs, rows_for(65536), *(weight.numpy() for weight in model.weights))
        value = alone(("NumPy", inputs), ("LiteRT", inputs, litert_file))
    yield Figure("65,536 rows in LiteRT: time", "NumPy", value, 0.25, "<")


def alone(*ways):
    """The second way against the first, each in a process that has imported nothing else.

    Beside TensorFlow, NumPy's time for many rows depends on chance: on whether the process still
    holds memory that its results go into, or is given new pages, filled with zeros, in each call.
    """
    print("65,536 rows, LiteRT and NumPy in processes of their own", flush=True)
    with contextlib.ExitStack() as started:
        processes = [
            started.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ALONE, *map(str, way)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            for way in ways
        ]

        def call(process, times):
            print(times, file=process.stdin, flush=True)
            assert process.stdout.readline() == f"{times}\n", "the process has ended"

        for process in processes:
            call(process, 3)
        baseline, measured = (partial(call, process, 100) for process in processes)
        return pairs(baseline, measured, count=9)


def scorer():
    """The slow scorer of lesson 11 against the page's own solution, whose numbers are equal."""
    print("the slow scorer against the solution of the exercise", flush=True)
    import numpy as np
    import tensorflow as tf

    from helpers.exercises.lesson_11 import q4_slow_scorer
    from helpers.notebooks import solution_of

    names = {"slow": q4_slow_scorer.scorer(), "np": np, "tf": tf}
    exec(solution_of("11_performance", "q4"), names)
    q4_slow_scorer.require_fast(names["fast"])
    gains = [q4_slow_scorer.gained(names["fast"]) for _ in range(PAIRS)]
    print("  gains: " + ", ".join(f"{gain:.0f}" for gain in gains), flush=True)
    yield Figure("slow scorer: time", "its exercise's solution", statistics.median(gains), 100, ">")


def parity():
    """Three models, every signature, 1, 3 and 100 rows: each runtime's numbers against Python's."""
    print("the numbers of other runtimes", flush=True)
    from helpers import runtimes
    from tests.runtimes.exports import differences, exports

    for runtime, words in runtimes.RUNTIMES.items():
        name = f"{words}: largest difference"
        if lacking := runtimes.missing(runtime):
            yield Figure(name, lacking, None, 1e-5, "<")
            continue
        largest = max(gap for model in exports() for *_, gap in differences(model, runtime))
        yield Figure(name, "Python's float32 numbers", largest, 1e-5, "<")
    runtimes.stop()


def questions():
    """A later question to each reader: the process is warm and the export is loaded."""
    print("a later question to a reader", flush=True)
    import numpy as np

    from helpers import readers
    from helpers.data import line
    from helpers.models import LinearModel
    from helpers.training import train

    model = LinearModel()
    train(model, *line(), progress=False)
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        x = {"args_0": np.ones((3, 1), np.float32)}
        for reader in readers.READERS:
            readers.run(folder, "serving_default", x, reader)
            times = []
            for _ in range(10):
                begin = time.perf_counter()
                readers.run(folder, "serving_default", x, reader)
                times.append(time.perf_counter() - begin)
            middle = 1000 * statistics.median(times)
            yield Figure(f"reader {reader}: a later question", "milliseconds", middle, 500, "<")


def changing_versions():
    """Eight clients without a pause, while versions 1 to 5 of a model come and go, 4 broken."""
    print(f"eight clients for {LONG} seconds while versions come and go", flush=True)
    from helpers.serving.launch.process import start
    from tests.serving import numbered_model, version_changes

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "number"
        numbered_model.publish(base, 1)
        with start("number", base, max_num_load_retries=0) as server:
            load = version_changes.run(server, base, seconds=LONG, pause=0)
    print(f"  {load}", flush=True)
    assert load.steps >= len(version_changes.STEPS), "not even once up and down"
    name = "versions come and go"
    yield Figure(f"{name}: answered", "requests per client", min(load.asked), 1000, ">")
    yield Figure(f"{name}: failed", "requests", len(load.failed), 0, "<")
    yield Figure(f"{name}: from a version not there", "answers", len(load.absent), 0, "<")


def fuzz():
    """Requests from the protocol's grammar, right and damaged; one wrong answer ends it."""
    print(f"requests that Hypothesis makes: three times {LONG} seconds", flush=True)
    from helpers.serving.launch.process import start
    from tests.serving import fuzz, fuzz_framing, fuzz_grpc, numbered_model

    with tempfile.TemporaryDirectory() as folder:
        config = fuzz.write_models(Path(folder))
        with (
            start(model_config_file=config) as server,
            numbered_model.connected(server) as connection,
        ):
            process, sizes = psutil.Process(server.pid), []
            counts = fuzz.run(
                connection, LONG, after_round=lambda: sizes.append(process.memory_info().rss)
            )
            framed = fuzz_framing.run(connection.port, LONG)
            called = fuzz_grpc.run(server.grpc, LONG)
    print(f"  {dict(counts)}, MB {[size // 10**6 for size in sizes]}", flush=True)
    print(f"  framing {dict(framed)}; gRPC {dict(called)}", flush=True)
    yield Figure("fuzz: answered by the protocol", "requests", counts.total(), 2000, ">")
    yield Figure("fuzz of HTTP/1: answered by the protocol", "answers", framed.total(), 2000, ">")
    yield Figure("fuzz of gRPC: answered by the protocol", "requests", called.total(), 2000, ">")
    grown = sizes[-1] / sizes[0]
    yield Figure("fuzz: server's memory at the end", "after the first round", grown, 1.1, "<")


def held_up():
    """How long a quick model's answers take, while the server computes or reads another request."""
    print("a quick model while the server computes and reads", flush=True)
    from helpers.serving.launch.process import start
    from tests.serving import held_up

    with (
        tempfile.TemporaryDirectory() as folder,
        start(model_config_file=held_up.write_models(Path(folder))) as server,
    ):
        port = int(server.rest.rpartition(":")[2])
        cases = {"a model that takes 2 s": held_up.slow(port, 2), **held_up.bodies()}
        for name, request in cases.items():
            kept = held_up.keep(port, request, HELD_UP)
            other = statistics.median(kept.other)
            print(f"  {name}: {len(kept.quick)} answers, the other {other:.2f} s", flush=True)
            yield Figure(f"a quick model beside {name}: p99", "ms", 1000 * kept.p99, 50, "<")


def beside_others():
    """The model server beside two others, where `make bench-serving` has installed them."""
    from tests.bench import serving

    if serving.installed():
        return serving.figures()
    return serving.table()


def exploring():
    """The explorer against `saved_model_cli show --all`: 50,000 operations, 200 MB of variables."""
    print("opening a large artifact, explorer against saved_model_cli show --all", flush=True)
    from tests.inspection.exports import with_many_operations

    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        small = with_many_operations(Path(folder) / "small", 1)
        large = with_many_operations(Path(folder) / "large", 50_000, rows=5_000)

        def opened(code):
            done = subprocess.run(
                [sys.executable, "-c", code, small, large],
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SystemExit(f"it does not open:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
            said = json.loads(done.stdout.splitlines()[-1])
            peaks.setdefault(code, []).append(said["peaks"])
            return said["seconds"]

        ratios = [opened(EXPLORE) / opened(SHOW) for _ in range(PAIRS)]
    print(f"  ratios of {PAIRS} pairs: " + ", ".join(f"{r:.3g}" for r in ratios), flush=True)
    show = statistics.median(process[0] for process in peaks[SHOW])
    kernel = statistics.median(processes[0] for processes in peaks[EXPLORE])
    reader = statistics.median(max(processes[1:]) for processes in peaks[EXPLORE])
    against = "saved_model_cli show --all"
    yield Figure("explorer: time", against, statistics.median(ratios), 0.5, "<")
    yield Figure("explorer: peak memory of the kernel", against, kernel / show, 1, "<")
    yield Figure("explorer: peak memory of the reader", against, reader / show, 1, "<")


def verdicts():
    """`python -m helpers.readers` on small and large exports, with the default time."""
    from tests.bench import reader_commands

    print("the command of the readers on small exports", flush=True)
    seconds, ratio = reader_commands.small()
    print(f"  median {seconds:.1f} s", flush=True)
    yield Figure("small export, all readers: time", "an import of TensorFlow", ratio, 1.5, "<")
    for kind in ("embedding", "convolutions"):
        print(f"the command of the readers on 300 MB: {kind}", flush=True)
        found, size = reader_commands.large(kind, 300)
        yield from _large(f"300 MB, {kind}, all readers", found, size, 3)
        yield Figure(f"300 MB, {kind}, all readers: time", "seconds", found.seconds, 60, "<")
    # Keras writes each weight twice, and the LiteRT converter needs one. Here it needs all.
    print("the command of the readers on 300 MB, each weight written once", flush=True)
    yield from _large("300 MB, weights once, all readers", *reader_commands.large(*ONCE), 4)
    print("the rescue of 800 MB", flush=True)
    found, size = reader_commands.rescued(800)
    yield from _large("rescue of 800 MB", found, size, 4)


def _large(name, found, size, bar):
    print(
        f"  {size:.0f} MB, {found.seconds:.0f} s, peak {found.own:.0f} MB of own pages, "
        f"{found.resident:.0f} MB with those of files",
        flush=True,
    )
    yield Figure(f"{name}: peak of own memory", "the export", found.own / size, bar, "<")


def notebooks():
    """nbval on every notebook against as many bare ones, on ordinary kernels: same options."""
    real = [
        f"{folder}/{name}.ipynb"
        for name in reversed(lesson_names())  # the long ones first, so that both workers end alike
        for folder in ("notebooks", "solutions")
    ]
    print(f"nbval on {len(real)} notebooks, against as many bare ones", flush=True)
    # Inside the course, so that pytest runs both with the same configuration.
    with tempfile.TemporaryDirectory(dir=ROOT, prefix="bench-") as folder:
        bare = Path(folder)
        executed = bare_notebook()
        for numbered_model in range(len(real)):
            nbformat.write(executed, bare / f"bare_{numbered_model}.ipynb")
        copies = [str(path) for path in sorted(bare.glob("*.ipynb"))]
        ratio = pairs(lambda: nbval(copies, COURSE_FORK="0"), lambda: nbval(real))
    # The cells alone, without any start, take nearly twice as long as the bare notebooks.
    yield Figure(f"nbval on {len(real)} notebooks: time", "as many bare ones", ratio, 2.2, "<")


def bare_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BARE)])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook


def nbval(paths, **settings):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *paths],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"a notebook fails, so its time says nothing:\n{done.stdout[-3000:]}")


def memory():
    """The peak of each lesson's kernel against that of a bare notebook; the reader's apart."""
    print("peak memory", flush=True)
    bare = peaks(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BARE)]), ROOT)
    worst, reader = 0, 0
    for name in lesson_names():
        for folder in ("notebooks", "solutions"):
            path = ROOT / folder / f"{name}.ipynb"
            found = peaks(nbformat.read(path, as_version=4), path.parent)
            print(
                f"  {folder}/{name}: kernel {found['kernel'] / bare['kernel']:.2f} of a bare one, "
                f"reader {found['reader'] / bare['kernel']:.2f}",
                flush=True,
            )
            worst = max(worst, found["kernel"] / bare["kernel"])
            reader = max(reader, found["reader"] / bare["kernel"])
    yield Figure("largest kernel of a lesson: peak memory", "a bare kernel", worst, 1.25, "<")
    yield Figure("largest reader of a lesson: peak memory", "a bare kernel", reader, 1.25, "<")


def peaks(notebook, folder):
    """Peak resident megabytes of the notebook's kernel and of its reader process."""
    notebook.cells.append(nbformat.v4.new_code_cell(PEAKS))
    with tempfile.TemporaryDirectory() as scratch:
        NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=300,
            resources={"metadata": {"path": str(folder)}},
        ).execute(env={**os.environ, **learner_environment(scratch)})
    return json.loads(notebook.cells[-1].outputs[-1].text)


def kernels():
    """Kernels that are forked against ordinary ones: start, memory, and what they leave."""
    print("forked kernels", flush=True)
    from tests.bench.kernels import figures

    return (Figure(*cells) for cells in figures())


def hub():
    """Ten learners who run a lesson at once on a real JupyterHub."""
    print("a class on a hub", flush=True)
    from tests.bench.hub import figures

    return (Figure(*cells) for cells in figures())


def mutants():
    """Solutions with one piece changed: how many of them the checks of the exercises refuse."""
    print("mutants of the solutions", flush=True)
    command = [sys.executable, "-m", "tests.exercises.mutants"]
    refused = made = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            print(f"  {line}", end="", flush=True)
            if counts := re.search(r": (\d+) of (\d+) refused", line):
                refused, made = refused + int(counts[1]), made + int(counts[2])
    if running.returncode not in (0, 1):  # 1: a mutant passes, which the figure tells
        raise SystemExit("the mutants' command failed")
    yield Figure("mutants of the solutions: refused", "of those made", refused / made, 0.97, ">")


def corpus():
    """The readers' tool on exports whose right verdict is known."""
    print("the corpus of exports", flush=True)
    from tests.bench.corpus import figures

    return (Figure(*cells) for cells in figures())


if __name__ == "__main__":
    sys.exit(main())
