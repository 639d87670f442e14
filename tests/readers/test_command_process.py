"""The command in a forked process: its streams, exit status and end are those of the command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tensorflow as tf

from helpers.paths import ROOT
from helpers.processes import forked_process
from helpers.readers import __main__, command, command_process

ROWS = tf.TensorSpec((None, 1), tf.float32, name="x")
LONG = 240  # seconds, for a busy computer
forks = pytest.mark.skipif(not forked_process.enabled(), reason="no process is forked here")


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    directory = tmp_path_factory.mktemp("command") / "doubles"
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    module.f = tf.function(lambda x: {"y": module.weight * x}, input_signature=[ROWS])
    tf.saved_model.save(module, str(directory), signatures=module.f)
    return directory


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.readers", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("fork", ["1", "0"])
def test_a_command_says_the_same_with_and_without_a_fork(doubles, fork):
    env = {**os.environ, "COURSE_FORK": fork}
    with start(doubles, "--signature", "serving_default", env=env) as running:
        out, err = running.communicate(timeout=LONG)
    assert (running.returncode, err) == (0, f"{command.STARTING}\n")
    assert out.startswith("doubles/\n") and out.endswith("Every reader can use it.\n")


@forks
def test_a_command_imports_tensorflow_in_no_process_of_its_own(doubles, monkeypatch, capfd):
    monkeypatch.setattr(__main__, "main", lambda arguments: pytest.fail("not forked"))
    assert __main__._start([str(doubles), "--json"]) == 0
    said = capfd.readouterr()
    assert '"exit_status": 0' in said.out and said.err == f"{command.STARTING}\n"


@forks
def test_paths_and_the_mode_mask_are_those_of_the_caller(tmp_path):
    """A Keras model saved so that only Python can read it, and its rescue."""
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    tf.saved_model.save(model, str(tmp_path / "old"))
    done = subprocess.run(
        f"umask 0037; exec {sys.executable} -m helpers.readers old --rescue new",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]
    assert (tmp_path / "new" / "saved_model.pb").stat().st_mode & 0o777 == 0o640


@forks
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_forked_process_ends_with_the_command(tmp_path, number):
    """While the graph computes for minutes, and a folder for the rescue stands beside the old."""
    module = tf.Module()
    module.weight = tf.Variable(tf.ones((1, 1)))

    def slow(x):
        return {"y": tf.while_loop(lambda i, y: i < 10**9, lambda i, y: (i + 1, y), (0, x))[1]}

    module.f = tf.function(slow, input_signature=[ROWS])
    tf.saved_model.save(module, str(tmp_path / "slow"), signatures=module.f)
    with start(tmp_path / "slow", "--rescue", tmp_path / "new") as running:
        wait_for(lambda: any(name.startswith(".rescue-") for name in os.listdir(tmp_path)))
        running.send_signal(number)
        running.wait(LONG)
        wait_for(lambda: os.listdir(tmp_path) == ["slow"])
        running.communicate()
    expected = command_process.INTERRUPTED if number == signal.SIGINT else -number
    assert running.returncode == expected


def wait_for(condition):
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@forks
def test_a_command_that_is_killed_is_told(doubles, monkeypatch, capfd):
    class Killed:
        def __init__(self, *order, **streams):
            pass

        def wait(self):
            return -signal.SIGKILL

    monkeypatch.setattr(forked_process, "ForkedProcess", Killed)
    assert command_process.run([str(doubles)]) == 128 + signal.SIGKILL
    assert "SIGKILL" in capfd.readouterr().err


def test_nothing_is_forked_for_streams_that_are_no_files(doubles, capsys):
    assert command_process.run([str(doubles)]) is None


@pytest.mark.parametrize("given", [["x", "--quiet"], ["--json"], [str(Path("no") / "export")]])
def test_nothing_is_forked_without_an_export(given, monkeypatch, capsys):
    monkeypatch.setattr(command_process, "run", lambda arguments: pytest.fail("forked"))
    assert __main__._start(given) == 2
    assert command.STARTING not in capsys.readouterr().err


def test_a_wrong_option_is_told_before_anything_starts(doubles, monkeypatch, capsys):
    monkeypatch.setattr(command_process, "run", lambda arguments: pytest.fail("forked"))
    assert __main__._start([str(doubles), "--seconds", "never"]) == 2
    said = capsys.readouterr()
    assert said.err == "" and "--seconds is 'never'" in said.out
