"""What `python -m helpers.readers` takes: time for small exports, time and memory for large ones.

The memory is that of the command and of all processes that it starts, the fork server included, at
its peak. "Own pages" leaves out the pages of files, which the system shares between processes and
can drop at any time: those of TensorFlow's library take 0.3 GB of a first import.
"""

import ctypes
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from helpers.paths import ROOT

PAUSE = 0.02  # seconds between two looks at the memory
SUBREAPER = 36  # prctl: a process whose parent has ended becomes a child of this process
# Exports for `made`: kind, megabytes of the folder, and how it is saved.
MAKE = """import os, sys
from pathlib import Path
import helpers
import tensorflow as tf
from tensorflow.keras import Input, Model, Sequential, layers
kind, megabytes, saved, out = sys.argv[1:]
weights = float(megabytes) * 1e6 / 4 / (2 if saved == "export" else 1)
def embedding():
    ids = Input((None,), dtype="int32", name="ids")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(int(0.8 * weights / 256), 256)(ids))
    x = layers.Dense(int(0.1 * weights / 256), activation="relu")(x)
    return Model(ids, layers.Dense(256)(x))
def convolutions():
    x = image = Input((64, 64, 3), name="image")
    x = layers.Conv2D(1024, 3, strides=4, activation="relu")(x)
    for _ in range(round(weights / (9 * 1024 * 1024))):
        x = layers.Conv2D(1024, 3, padding="same", activation="relu")(x)
    return Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
def plain():
    module, rows = tf.Module(), int(0.8 * weights / 256)
    module.table = tf.Variable(tf.random.normal((rows, 256)))
    module.kernel = tf.Variable(tf.random.normal((256, int(0.2 * weights / 256))))
    spec = [tf.TensorSpec((None, None), tf.int32, name="ids")]
    answer = lambda ids: tf.reduce_mean(tf.gather(module.table, ids), 1) @ module.kernel
    module.f = tf.function(answer, input_signature=spec, autograph=False)
    return module
def dense():
    return Sequential([Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
def images():
    stack = [Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D()]
    return Sequential([*stack, layers.Flatten(), layers.Dense(10)])
def steps():
    return Sequential([Input((12, 3)), layers.LSTM(8, unroll=True), layers.Dense(2)])
def open_steps():
    return Sequential([Input((None, 3)), layers.GRU(8), layers.Dense(2)])
def words():
    word = Input((1,), dtype="string", name="word")
    index = layers.StringLookup(vocabulary=["red", "green", "blue"])(word)
    return Model(word, layers.Dense(1)(layers.Flatten()(layers.Embedding(4, 2)(index))))
def rows():
    ids = Input((None,), dtype="int32", name="ids")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(99, 8)(ids))
    return Model(ids, layers.Dense(3)(x))
def attention():
    x = Input((None, 8), name="x")
    y = layers.MultiHeadAttention(2, 4)(x, x)
    return Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(y)))
def normalized():
    stack = [Input((4,)), layers.Normalization(), layers.Dense(8), layers.BatchNormalization()]
    return Sequential([*stack, layers.Dense(1, activation="sigmoid")])
tf.keras.utils.set_random_seed(1)
model = globals()[kind]()
if saved == "export":
    model.export(out, verbose=False)
else:
    tf.saved_model.save(model, out, signatures=getattr(model, "f", None))"""
# What a user's own program takes before it can load an export.
IMPORT = "import tensorflow as tf; tf.keras.layers"
SMALL = ("dense", "images", "steps", "open_steps", "words", "rows", "attention", "normalized")


class Run(NamedTuple):
    """What one command took.

    Parameters
    ----------
    seconds : float
    resident, own : float
        Megabytes at the peak, with and without the pages of files. A page that several processes
        share counts once.
    status : int
        The exit status.
    told : str
        What it printed, on both streams.
    """

    seconds: float
    resident: float
    own: float
    status: int
    told: str


def made(kind: str, out: Path, megabytes: float = 0, saved: str = "export") -> float:
    """Make an export in a process of its own, and return its size in megabytes."""
    command = [sys.executable, "-c", MAKE, kind, str(megabytes), saved, str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6


def run(*arguments: object) -> Run:
    """Run the command, and watch the memory of all that it starts.

    Parameters
    ----------
    *arguments : object
        Of the command.
    """
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    before, peaks = set(_below(os.getpid())), {"Pss": 0.0, "Pss_Anon": 0.0}
    begin = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, "-m", "helpers.readers", *map(str, arguments)],
        cwd=ROOT,
        # No other program has this setting, so the command starts a fork server of its own.
        env={**os.environ, "TF_BENCH": str(os.getpid())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told: list[str] = []
    listening = threading.Thread(target=lambda: told.append(running.stdout.read()))
    listening.start()
    while running.poll() is None:
        found = [_memory(pid) for pid in set(_below(os.getpid())) - before]
        for name in peaks:
            peaks[name] = max(peaks[name], sum(one.get(name, 0) for one in found))
        time.sleep(PAUSE)
    seconds = time.perf_counter() - begin
    listening.join()
    return Run(seconds, peaks["Pss"], peaks["Pss_Anon"], running.returncode, told[0])


def end_servers():
    """End the fork servers that commands have left, so that the next one starts without."""
    for pid in _below(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _below(pid: int) -> Iterator[int]:
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield int(child)
                yield from _below(int(child))
    except OSError:  # it has ended
        return


def _memory(pid: int) -> Mapping[str, float]:
    """Return the proportional set sizes of a process in megabytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    values = (line.split(":") for line in lines)
    return {name: int(value.split()[0]) / 1000 for name, value in values}


def small() -> tuple[float, float]:
    """Run the command on small exports, each without a fork server.

    Returns
    -------
    float, float
        The median of the seconds, and of the seconds against an import of TensorFlow, in turn.
    """
    seconds, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        for kind in SMALL:
            made(kind, Path(folder) / kind)
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True)
            imported = time.perf_counter() - begin
            end_servers()
            found = run(Path(folder) / kind)
            assert found.status == (kind == "open_steps"), found.told  # LiteRT cannot convert it
            seconds.append(found.seconds)
            ratios.append(found.seconds / imported)
            print(f"  {kind}: {found.seconds:.1f} s, import {imported:.1f} s", flush=True)
    end_servers()
    return statistics.median(seconds), statistics.median(ratios)


def large(kind: str, megabytes: float, saved: str = "export") -> tuple[Run, float]:
    """Run the command on a large export. Return what it took, and the megabytes of the export."""
    with tempfile.TemporaryDirectory() as folder:
        size = made(kind, Path(folder) / kind, megabytes, saved)
        end_servers()
        found = run(Path(folder) / kind)
    end_servers()
    assert found.status == 0, found.told
    return found, size


def rescued(megabytes: float) -> tuple[Run, float]:
    """Rescue a large export. Return what it took, and the megabytes of the old export."""
    with tempfile.TemporaryDirectory() as folder:
        size = made("embedding", Path(folder) / "old", megabytes, "save")
        end_servers()
        # Only the memory is promised, also on a busy computer.
        found = run(Path(folder) / "old", "--rescue", Path(folder) / "new", "--seconds", 600)
    end_servers()
    assert found.status == 0, found.told
    return found, size
