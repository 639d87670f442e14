"""How pytest treats the notebooks: closes nbval's traps and says what to do about a failure."""

import os
import queue
import tempfile
import time
from pathlib import Path

import pytest
from nbval.kernel import RunningKernel

from helpers.lessons import learner_environment

_start, _await_reply = RunningKernel.__init__, RunningKernel.await_reply


def _start_as_new_learner(self, *arguments, **options):
    """Each notebook sees no progress and no exports of another."""
    os.environ.update(learner_environment(tempfile.mkdtemp(prefix="notebook-")))
    _start(self, *arguments, **options)


def _await_reply_of_the_living(self, msg_id, timeout=None):
    """nbval would wait for a dead kernel until the cell's timeout."""
    end = time.monotonic() + (timeout or 0)
    while True:
        try:
            return _await_reply(self, msg_id, timeout=1)
        except queue.Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died while it ran this cell") from None
            if time.monotonic() > end:
                raise


RunningKernel.__init__ = _start_as_new_learner
RunningKernel.await_reply = _await_reply_of_the_living


def pytest_ignore_collect(collection_path):
    """A learner's own copies (`make reset`) are not the course's to test."""
    if ".mine-" in collection_path.name and collection_path.suffix == ".ipynb":
        return True
    return None


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """For each failing notebook one line that says what to do."""
    failed = terminalreporter.stats.get("failed", []) + terminalreporter.stats.get("error", [])
    first = {}
    for report in failed:
        path = Path(report.nodeid.split("::")[0])
        if path.suffix == ".ipynb":
            first.setdefault(path, report)
    for path, report in sorted(first.items()):
        text = str(report.longrepr)
        cell = report.nodeid.rsplit("::", 1)[-1]
        if "kernel died" in text:
            what = f"the kernel died in {cell}"
        elif "Cell execution caused an exception" in text or "Timeout" in text:
            what = f"{cell} raised an error or took too long"
        else:
            what = f"the outputs stored for {cell} are not those of a fresh run"
        number = path.stem[:2]
        terminalreporter.write_line(
            f"{path}: {what}. If you write the course: edit solutions/{path.stem}.py, then "
            f"`make notebooks LESSON={number}`. If these are your own answers: "
            f"`make reset LESSON={number}` keeps them in a copy.",
            red=True,
        )
