"""How pytest treats the notebooks: closes nbval's traps and says what to do about a failure."""

import os
import queue
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import nbval.kernel
import pytest
from jupyter_client import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import NbCellError

from helpers.notebooks import learner_environment

pytest_plugins = ["tests.support.clinic_table"]

_start, _stop = RunningKernel.__init__, RunningKernel.stop
_await_reply = RunningKernel.await_reply


def _start_as_new_learner(self, *arguments, **options):
    """Each notebook sees no progress and no exports of another."""
    self.folder = tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in learner_environment(self.folder.name).items():
            patch.setenv(name, value)
        if os.name == "posix":  # ports, chosen before the kernel listens, may be taken by then
            ipc = {"transport": "ipc", "ip": f"{self.folder.name}/kernel"}
            patch.setattr(nbval.kernel, "KernelManager", partial(KernelManager, **ipc))
        _start(self, *arguments, **options)


def _stop_and_tidy_up(self):
    _stop(self)
    self.folder.cleanup()


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
RunningKernel.stop = _stop_and_tidy_up
RunningKernel.await_reply = _await_reply_of_the_living


def pytest_ignore_collect(collection_path):
    """A learner's own copies (`make reset`) are not the course's to test."""
    if ".mine-" in collection_path.name and collection_path.suffix == ".ipynb":
        return True
    return None


def said_to_be_missing(outputs):
    """The sentence in a cell's outputs that says which runtime this computer has not; or ""."""
    if not find_spec("helpers.runtimes"):  # the tests' course of one lesson
        return ""
    from helpers import runtimes

    shown = [output.get("text", "") + str(output.get("data", "")) for output in outputs]
    sentences = filter(None, map(runtimes.missing, runtimes.RUNTIMES))
    return next((sentence for sentence in sentences if sentence in "\n".join(shown)), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Notebooks are stored with every runtime. A cell that says that one is missing has other
    outputs, and proves nothing: it is skipped, unless REQUIRE_RUNTIMES is set, as in CI."""
    try:
        return (yield)
    except NbCellError as error:
        required = os.environ.get("REQUIRE_RUNTIMES", "") not in ("", "0")
        differs = str(error).startswith("Cell outputs differ")
        lacking = differs and not required and said_to_be_missing(item.test_outputs)
        if not lacking:
            raise
    pytest.skip(lacking)


def advice(name):
    """What to do about a notebook of lesson `name` that is not as it should be."""
    number = name[:2]
    return (
        f"If you write the course: edit solutions/{name}.py, then `make notebooks "
        f"LESSON={number}`. If these are your own answers: `make reset LESSON={number}` keeps "
        "them in a copy."
    )


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
        if isinstance(report, pytest.CollectReport):
            what = "it is not a notebook, or is damaged"
        elif "kernel died" in text:
            what = f"the kernel died in {cell}"
        elif "Cell execution caused an exception" in text or "Timeout" in text:
            what = f"{cell} raised an error or took too long"
        else:
            what = f"the outputs stored for {cell} are not those of a fresh run"
        terminalreporter.write_line(f"{path}: {what}. {advice(path.stem)}", red=True)
