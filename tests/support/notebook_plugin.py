"""A pytest plugin for the notebooks: it corrects nbval, and says what to do about a failure."""

import os
import queue
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import nbval.kernel
import pytest
from jupyter_client import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, NbCellError

from helpers import WAITING
from helpers.jupyter import jupyter_path
from helpers.notebooks import learner_environment
from helpers.scratch import SCRATCH

pytest_plugins = ["tests.support.clinic_table"]

_start, _stop = RunningKernel.__init__, RunningKernel.stop
_await_reply = RunningKernel.await_reply
_compare = IPyNbCell.compare_outputs


def _start_as_new_learner(self, kernel_name, **options):
    """Start a kernel that sees no progress and no exports of other notebooks.

    It is the kernel of the course, where there is one.
    """
    self.folder = tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        found = jupyter_path()
        for name, value in (found | learner_environment(self.folder.name)).items():
            patch.setenv(name, value)
        if os.name == "posix":  # another process could take a port before the kernel listens
            ipc = {"transport": "ipc", "ip": f"{self.folder.name}/kernel"}
            patch.setattr(nbval.kernel, "KernelManager", partial(KernelManager, **ipc))
        _start(self, "python3" if found else kernel_name, **options)


def _stop_and_tidy_up(self):
    _stop(self)
    self.folder.cleanup()


def _await_reply_of_the_living(self, msg_id, timeout=None):
    """Wait for a reply, but not for a dead kernel, as nbval does until the cell's timeout."""
    end = time.monotonic() + (timeout or 0)
    while True:
        try:
            return _await_reply(self, msg_id, timeout=1)
        except queue.Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died while it ran this cell") from None
            if time.monotonic() > end:
                raise


def _compare_without_waiting(self, test, ref, **options):
    """Compare the outputs as they are in the end: nbval does not clear what `start` clears."""
    test = [output for output in test if output.get("text", "").strip() != WAITING]
    return _compare(self, test, ref, **options)


RunningKernel.__init__ = _start_as_new_learner
RunningKernel.stop = _stop_and_tidy_up
RunningKernel.await_reply = _await_reply_of_the_living
IPyNbCell.compare_outputs = _compare_without_waiting


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore what lessons have exported, and a learner's own copies (`make reset`)."""
    copied = ".mine-" in collection_path.name and collection_path.suffix == ".ipynb"
    return True if copied or collection_path.name == SCRATCH else None


def said_to_be_missing(outputs: Sequence[Mapping]) -> str:
    """Find the sentence in a cell's outputs that says which runtime this computer lacks.

    Parameters
    ----------
    outputs : sequence of mapping
        As nbformat has them.

    Returns
    -------
    str
        Empty if there is no such sentence.
    """
    if not find_spec("helpers.runtimes"):  # a small course of the tests
        return ""
    from helpers import runtimes

    shown = [output.get("text", "") + str(output.get("data", "")) for output in outputs]
    sentences = filter(None, map(runtimes.missing, runtimes.RUNTIMES | runtimes.MORE))
    return next((sentence for sentence in sentences if sentence in "\n".join(shown)), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip a cell that says that a runtime is missing, unless REQUIRE_RUNTIMES is set, as in CI.

    The notebooks are stored with every runtime, so such a cell has different outputs.
    """
    try:
        return (yield)
    except NbCellError as error:
        required = os.environ.get("REQUIRE_RUNTIMES", "") not in ("", "0")
        differs = str(error).startswith("Cell outputs differ")
        lacking = differs and not required and said_to_be_missing(item.test_outputs)
        if not lacking:
            raise
    pytest.skip(lacking)


def advice(name: str) -> str:
    """Say what to do about a wrong notebook of the lesson `name`."""
    number = name[:2]
    return (
        f"If you write the course: edit solutions/{name}.py, then `make notebooks "
        f"LESSON={number}`. If these are your own answers: `make reset LESSON={number}` keeps "
        "them in a copy."
    )


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Print one line for each failing notebook that says what to do."""
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
