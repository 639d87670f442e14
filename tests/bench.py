"""`make bench`: what this course promises about time and memory, measured side by side.

Times and memory are ratios to a baseline of the same run, the median of pairs measured in turn;
only how long a reader takes to answer is in milliseconds. Two minutes of load on the model server
give counts. The table at the end gives the bar for each figure and whether it was met. The exit
status is 1 if one was not.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from helpers.lessons import COURSE, learner_environment, lesson_names

# What a lesson is measured against: a notebook that only imports TensorFlow and calls one layer.
BARE = """import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
tf.keras.layers.Dense(1)(tf.ones((1, 1))).shape"""
PEAKS = """import json, os
from pathlib import Path
def peak(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
kernel = os.getpid()
children = Path(f"/proc/{kernel}/task/{kernel}/children").read_text().split()
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
    """from helpers.explore import explore
from helpers.widgets.explorer import explorer
explore(small)""",
).replace(
    "OPEN",
    """view = explorer(large)
found = explore(large)
assert found.operations.total() >= 50_000 and found.size >= 200e6 and not found.findings""",
)
PAIRS = 3
LONG = 60  # seconds of load on the model server


def main():
    sections = (
        training,
        calls,
        scorer,
        questions,
        exploring,
        changing_versions,
        fuzz,
        notebooks,
        memory,
    )
    return report(row for section in sections for row in section())


def report(rows):
    """Print the table of (figure, value, bar, "<" or ">"); the exit status."""
    rows = list(rows)
    width = max(len(row[0]) for row in rows)
    print(f"\n{'figure':<{width}}  measured       bar  met")
    failed = False
    for figure, value, bar, sign in rows:
        met = value <= bar if sign == "<" else value >= bar
        failed = failed or not met
        print(f"{figure:<{width}}  {value:>8.2f}  {sign} {bar:>6}  {'yes' if met else 'NO'}")
    return int(failed)


def pairs(baseline, measured, count=PAIRS):
    """The median of measured() / baseline() in seconds, the two run in turn."""
    ratios = []
    for number in range(count):
        times = {}
        for function in (baseline, measured) if number % 2 else (measured, baseline):
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
    yield "training: eager time / compiled time", ratio, 15, ">"


def calls():
    """One row, and 65,536: every way of lesson 09 to the same numbers against NumPy."""
    print("calls for one row and for many, every way against NumPy", flush=True)
    from functools import partial

    import tensorflow as tf

    from helpers.benchmark import ratio, ratios
    from helpers.models import ComplexModel
    from helpers.routes import routes
    from helpers.sweep import rows_for

    model = ComplexModel()
    model.build((None, 10))
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", model.inference)
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        litert_file = Path(folder) / "model.tflite"
        keys = ["serving_default"]
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=keys)
        litert_file.write_bytes(converter.convert())
        ways = routes(folder, litert_file)
    for size, count in ((1, 31), (65536, 15)):
        here = {way: partial(function, rows_for(size)) for way, function in ways.items()}
        numpy = here.pop("NumPy")
        for way, function in here.items():
            assert abs(function() - numpy()).max() < 1e-4, way
        found = ratios(here, numpy, pairs=count)
        for way, one in found.items():
            print(f"  {size} rows, {way} / NumPy: {statistics.median(one.pairs):.3g}", flush=True)
        fastest = min(found, key=lambda way: statistics.median(found[way].pairs))
        if size == 1:
            predicted = ratio(here["model.predict"], here[fastest], pairs=count)
            yield f"one row: {fastest} / NumPy", statistics.median(found[fastest].pairs), 1, "<"
            yield f"one row: model.predict / {fastest}", predicted.median, 3000, ">"
        else:
            value = statistics.median(found[fastest].pairs)
            yield f"{size:,} rows: {fastest} / NumPy", value, 0.25, "<"


def scorer():
    """The slow scorer of lesson 09 against the page's own solution, whose numbers are equal."""
    print("the slow scorer against the solution of the exercise", flush=True)
    import numpy as np
    import tensorflow as tf

    from helpers.exercises import slow_scorer
    from helpers.lessons import solution_of

    names = {"slow": slow_scorer.scorer(), "np": np, "tf": tf}
    exec(solution_of("09_performance", "q2"), names)
    slow_scorer.require_fast(names["fast"])
    gains = [slow_scorer.gained(names["fast"]) for _ in range(PAIRS)]
    print("  gains: " + ", ".join(f"{gain:.0f}" for gain in gains), flush=True)
    yield "slow scorer: its time / the solution's", statistics.median(gains), 100, ">"


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
            yield (
                f"reader {reader}: a later question, ms",
                1000 * statistics.median(times),
                500,
                "<",
            )


def changing_versions():
    """Eight clients without a pause, while versions 1 to 5 of a model come and go, 4 broken."""
    print(f"eight clients for {LONG} seconds while versions come and go", flush=True)
    from helpers.serving.process import start
    from tests.serving import changing, number

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "number"
        number.publish(base, 1)
        with start("number", base, max_num_load_retries=0) as server:
            load = changing.run(server, base, seconds=LONG, pause=0)
    print(f"  {load}", flush=True)
    assert load.steps >= len(changing.STEPS), "not even once up and down"
    yield "versions come and go: requests answered per client", min(load.asked), 1000, ">"
    yield "versions come and go: requests that failed", len(load.failed), 0, "<"
    yield "versions come and go: answers of a version not there", len(load.absent), 0, "<"


def fuzz():
    """Requests from the protocol's grammar, right and damaged; one wrong answer ends it."""
    print(f"requests that Hypothesis makes, for {LONG} seconds", flush=True)
    from helpers.serving.process import start
    from tests.serving import fuzz, number

    with tempfile.TemporaryDirectory() as folder:
        config = fuzz.write_models(Path(folder))
        with start(model_config_file=config) as server, number.connected(server) as connection:
            process, sizes = psutil.Process(server.pid), []
            counts = fuzz.run(
                connection, LONG, after_round=lambda: sizes.append(process.memory_info().rss)
            )
    print(f"  {dict(counts)}, MB {[size // 10**6 for size in sizes]}", flush=True)
    yield "fuzz: requests, each answered by the protocol", counts.total(), 2000, ">"
    yield "fuzz: memory at the end / after the first round", sizes[-1] / sizes[0], 1.1, "<"


def exploring():
    """The explorer against `saved_model_cli show --all`: 50,000 operations, 200 MB of variables."""
    print("opening a large artifact, explorer against saved_model_cli show --all", flush=True)
    from tests.artifacts import with_many_operations

    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        small = with_many_operations(Path(folder) / "small", 1)
        large = with_many_operations(Path(folder) / "large", 50_000, rows=5_000)

        def opened(code):
            done = subprocess.run(
                [sys.executable, "-c", code, small, large],
                cwd=COURSE,
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
    yield "explorer: time / saved_model_cli show --all", statistics.median(ratios), 0.5, "<"
    yield "explorer: peak memory of the kernel / show --all", kernel / show, 1, "<"
    yield "explorer: peak memory of the reader / show --all", reader / show, 1, "<"


def notebooks():
    """nbval on every notebook against as many bare ones: same options, same two workers."""
    real = [
        f"{folder}/{name}.ipynb" for folder in ("notebooks", "solutions") for name in lesson_names()
    ]
    print(f"nbval on {len(real)} notebooks, against as many bare ones", flush=True)
    # Inside the course, so that pytest runs both with the same configuration.
    with tempfile.TemporaryDirectory(dir=COURSE, prefix="bench-") as folder:
        bare = Path(folder)
        executed = bare_notebook()
        for number in range(len(real)):
            nbformat.write(executed, bare / f"bare_{number}.ipynb")
        copies = [str(path) for path in sorted(bare.glob("*.ipynb"))]
        ratio = pairs(lambda: nbval(copies), lambda: nbval(real))
    yield f"nbval: {len(real)} lessons / {len(real)} bare notebooks", ratio, 2.5, "<"


def bare_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BARE)])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook


def nbval(paths):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *paths], cwd=COURSE, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"a notebook fails, so its time says nothing:\n{done.stdout[-3000:]}")


def memory():
    """The peak of each lesson's kernel against that of a bare notebook; the reader's apart."""
    print("peak memory", flush=True)
    bare = peaks(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BARE)]), COURSE)
    worst, reader = 0, 0
    for name in lesson_names():
        for folder in ("notebooks", "solutions"):
            path = COURSE / folder / f"{name}.ipynb"
            found = peaks(nbformat.read(path, as_version=4), path.parent)
            print(
                f"  {folder}/{name}: kernel {found['kernel'] / bare['kernel']:.2f} of a bare one, "
                f"reader {found['reader'] / bare['kernel']:.2f}",
                flush=True,
            )
            worst = max(worst, found["kernel"] / bare["kernel"])
            reader = max(reader, found["reader"] / bare["kernel"])
    yield "peak memory: largest lesson kernel / bare kernel", worst, 1.25, "<"
    yield "peak memory: largest reader / bare kernel", reader, 1.25, "<"


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


if __name__ == "__main__":
    sys.exit(main())
