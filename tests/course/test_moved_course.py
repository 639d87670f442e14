"""Lesson 01 in a copy of the course: another folder, offline, an hour later, in two kernels."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from helpers.paths import ROOT
from helpers.scratch import SCRATCH

NAME = "01_basic_export"

# What runs in the copy: the notebook in two kernels at once, in the same folder, as if a learner
# had opened it in two tabs. Kernels communicate over files, because offline there is no loopback.
RUN = f"""
import tempfile, time
from concurrent.futures import ThreadPoolExecutor
import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

def run(number):
    notebook = nbformat.read("solutions/{NAME}.ipynb", 4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={{"metadata": {{"path": "solutions"}}}},
        coalesce_streams=True,
        store_widget_state=False,
        config=Config(KernelManager={{"transport": "ipc", "ip": f"{{sockets}}/{{number}}"}}),
    ).execute()
    nbformat.write(notebook, f"run{{number}}.ipynb")

assert time.time() - time.clock_gettime(time.CLOCK_REALTIME) > 3000, "the clock is not an hour on"
with tempfile.TemporaryDirectory() as sockets, ThreadPoolExecutor(2) as pool:
    list(pool.map(run, (1, 2)))
"""

# In every Python process of the run, the readers' too. Python's clock is an hour on and, with TZ
# below, so is local time; the clocks of the system and of its files are not, as on a network drive.
# Attempts to reach another machine are refused and written down: offline is not only survived, it
# is not noticed.
LATER_AND_OFFLINE = """
import os, socket, time

now, now_ns = time.time, time.time_ns
time.time = lambda: now() + 3600
time.time_ns = lambda: now_ns() + 3600 * 10**9

def refuse(*arguments, **_):
    with open(os.environ["ATTEMPTS"], "a") as file:
        print(arguments, file=file)
    raise OSError("offline")

def at_home(connect):
    def connect_at_home(self, address):
        here = self.family == getattr(socket, "AF_UNIX", None) or address[0].startswith("127.")
        return connect(self, address) if here else refuse(address)
    return connect_at_home

socket.socket.connect = at_home(socket.socket.connect)
socket.socket.connect_ex = at_home(socket.socket.connect_ex)
socket.getaddrinfo = socket.gethostbyname = refuse
"""


def without_network():
    """Return a command prefix that takes away every network, or nothing if that is forbidden."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which(command[0]) is None or subprocess.run([*command, "true"]).returncode:
        return []
    return command


def outputs(notebook):
    """Yield source and outputs of each cell, without the views that need their kernel."""
    for cell in notebook.cells:
        said = []
        for output in cell.get("outputs", []):
            data = {k: v for k, v in output.get("data", {}).items() if "widget-view" not in k}
            said.append((output.output_type, output.get("text"), json.dumps(data, sort_keys=True)))
        yield cell.source, said


@pytest.mark.weekly
@pytest.mark.skipif(os.name != "posix", reason="Windows has no such sockets")
def test_lesson_elsewhere_offline_later_and_twice_at_once(tmp_path):
    course = tmp_path / "moved course"
    for folder in ("helpers", "solutions", "notebooks"):
        left_behind = shutil.ignore_patterns(SCRATCH, "__pycache__", ".*")
        shutil.copytree(ROOT / folder, course / folder, ignore=left_behind)
    (tmp_path / "sitecustomize.py").write_text(LATER_AND_OFFLINE)
    ours = ("PYTEST", "COURSE_", "COV_")  # these would make the kernels a part of this run
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment |= {
        "PYTHONPATH": str(tmp_path),
        "ATTEMPTS": str(tmp_path / "attempts"),
        "TZ": "HOUR-1",
    }
    done = subprocess.run(
        [*without_network(), sys.executable, "-c", RUN],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    stored = nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", 4)
    for number in (1, 2):
        again = nbformat.read(course / f"run{number}.ipynb", 4)
        for now, before in zip(outputs(again), outputs(stored), strict=True):
            assert now == before
    runs = course / "solutions" / SCRATCH / NAME
    assert {path.name for path in runs.iterdir()} == {"run1", "run2"}, "each has its own"
    passed = json.loads((course / ".progress.json").read_text())
    assert passed == {NAME: ["q1", "q2", "q3", "q4", "q5"]}
    assert not (tmp_path / "attempts").exists(), (tmp_path / "attempts").read_text()
