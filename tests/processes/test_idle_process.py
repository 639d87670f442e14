"""A clean process that is asked nothing for a while ends, and comes back when it is asked."""

import psutil
import pytest

from helpers.paths import ROOT
from helpers.processes import clean_process
from helpers.processes.clean_process import CleanProcess, Question
from tests.processes.kernels import gone

LONG = 60


@pytest.fixture
def process(monkeypatch):
    monkeypatch.setattr(clean_process, "IDLE", 0.5)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = CleanProcess("tests.processes.idle_child")
    yield made
    made.stop()


def ask(process, function, *arguments):
    return process.ask(Question(function, arguments, "child"), deadline=LONG)


def test_it_ends_when_it_is_idle_and_comes_back(process):
    first = psutil.Process(ask(process, "number"))
    assert gone(first)
    second = ask(process, "number")
    assert second != first.pid and psutil.pid_exists(second)
    assert gone(psutil.Process(second)), "it is idle again"


def test_one_that_was_started_and_is_never_asked_ends(process):
    process.start()
    assert gone(psutil.Process(process._child.pid))


def test_it_does_not_end_while_it_answers(process):
    """The answer takes longer than the process may be idle."""
    assert ask(process, "number_after", 1.5) > 1
