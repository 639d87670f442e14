"""A forked kernel is in the state of a new process, and knows nothing of other kernels."""

import os
import resource
import sys

import pytest

from helpers import WAITING
from helpers.jupyter import FOLDER, jupyter_path
from helpers.notebooks import learner_environment
from helpers.paths import NOTEBOOKS
from helpers.processes import inherited
from tests.processes.kernels import kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
STATE = """
import atexit, builtins, gc, json, locale, logging, multiprocessing, os, random, resource
import signal, sys, tempfile, threading, warnings
import tensorflow as tf, keras, ipywidgets, filelock, matplotlib.pyplot as plt, numpy as np
from absl import logging as absl_logging
from tensorflow.python.autograph.pyct import inspect_utils

def where(stream):
    return [name for name in ("stdin", "stdout", "stderr", "__stdout__", "__stderr__")
            if getattr(sys, name) is stream] or type(stream).__name__

loggers = [("root", logging.root), *logging.root.manager.loggerDict.items()]
answer = {
    "arguments": [os.path.basename(sys.argv[0]), sys.argv[1], len(sys.argv)],
    "command": [sys.orig_argv[0], sys.orig_argv[1:4], len(sys.orig_argv)],
    "folder": os.getcwd(),
    "environment": {k: v for k, v in os.environ.items() if k != "COURSE_FORK"},
    "path": sys.path,
    "flags": [repr(sys.flags), sys._xoptions, sys.warnoptions],
    "hooks": [sys.excepthook.__name__, type(sys.displayhook).__name__, sys.gettrace(), sys.ps1],
    "finders": [[getattr(f, "__name__", type(f).__name__) for f in fs]
                for fs in (sys.meta_path, sys.path_hooks)],
    "helpers": [name for name in sys.modules if name.split(".")[0] == "helpers"],
    "limits": [resource.getrlimit(n) for n in range(resource.RLIM_NLIMITS)]
        if hasattr(resource, "RLIM_NLIMITS") else resource.getrlimit(resource.RLIMIT_NOFILE),
    "mask": [os.umask(0o22), os.umask(0o22)][1:] and os.getpriority(os.PRIO_PROCESS, 0),
    "leader": os.getpid() == os.getsid(0) == os.getpgid(0),
    "threads": sorted(t.name.split(" ")[0].rstrip("0123456789-") for t in threading.enumerate()),
    "handlers": {s: str(signal.getsignal(s)).split(" at ")[0] for s in signal.valid_signals()},
    "loggers": sorted([name, type(handler).__name__, where(handler.stream)]
        for name, logger in loggers for handler in getattr(logger, "handlers", [])
        if hasattr(handler, "stream") and name not in ("tornado", "IPKernelApp")),
    "absl": where(absl_logging.get_absl_handler().python_handler.stream),
    "at exit": atexit._ncallbacks(),
    "warnings": sorted(map(str, warnings.filters)),
    "collector": [gc.isenabled(), gc.get_threshold()],
    "temporary": tempfile.gettempdir(),
    "streams": [[s.encoding, s.errors, s.line_buffering, s.fileno()]
                for s in (sys.__stdin__, sys.__stdout__, sys.__stderr__)],
    "input": sys.__stdin__.read(),
    "locale": [locale.setlocale(locale.LC_ALL), sys.getfilesystemencoding()],
    "builtins": sorted(vars(builtins)),
    "known builtins": all(id(one) in inspect_utils._BUILTIN_FUNCTION_IDS
                          for one in (print, len, display, get_ipython)),
    "backend": [plt.get_backend(), plt.isinteractive(), str(plt._REPL_DISPLAYHOOK)],
    "numpy": [np.random.get_state()[0], str(np.geterr()), np.random.get_state()[2]],
    "keras": [keras.config.backend(), keras.config.floatx(), keras.Sequential().name],
    "tensorflow": [tf.executing_eagerly(), len(tf.config.list_physical_devices()),
                   tf.constant(1.0).device],
    "shell": [get_ipython().execution_count, len(In), type(get_ipython()).__name__,
              sorted(get_ipython().extension_manager.loaded)],
    "user": [__name__, sorted(n for n in globals() if not n.startswith("_"))[:3]],
}
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """The state of a forked and of an ordinary kernel, at their first cell."""
    folder, here = tmp_path_factory.mktemp("kernels"), tmp_path_factory.mktemp("here")
    env = {"COURSE_TEST": "\udce4 = ä", "IPYTHONDIR": str(here)}
    found = []
    for forked in (True, False):
        with kernel(folder, forked, env=env, cwd=here) as one:
            first = one.ask("import sys\nanswer = 'keras' in sys.modules")
            assert first == forked, "else this compares the same"
            found.append(one.ask(STATE))
    return found


ASKED = [line.split('"')[1] for line in STATE.splitlines() if line.startswith('    "')]


@pytest.mark.parametrize("what", ASKED)
def test_a_forked_kernel_is_in_the_state_of_an_ordinary_one(what, states):
    forked, ordinary = (state[what] for state in states)
    assert forked == ordinary


CHANGE = """
import os, random, sys, tempfile, warnings
import keras, numpy as np, tensorflow as tf
random.seed(1); np.random.seed(1); keras.utils.set_random_seed(1); tf.random.set_seed(1)
keras.config.set_floatx("float64")
os.environ["COURSE_TEST"] = "changed"
os.chdir("/")
sys.argv.append("changed"); sys.path.append("changed"); sys.modules["changed"] = sys
tempfile.tempdir = "/changed"
warnings.filterwarnings("error", "of another kernel")
answer = float(tf.random.uniform(())) >= 0
"""
NUMBERS = """
import multiprocessing, os, random, secrets, sys, tempfile, uuid
import keras, numpy as np, tensorflow as tf
answer = [
    random.random(), float(np.random.rand()), secrets.token_hex(), str(uuid.uuid4()),
    float(np.random.default_rng().random()), next(tempfile._get_candidate_names()),
    multiprocessing.current_process().authkey.hex(), float(tf.random.uniform(())),
    float(tf.random.get_global_generator().uniform(())), float(keras.random.uniform(())),
]
"""
CHANGED = """
import os, sys, tempfile, warnings
import keras
answer = [os.environ.get("COURSE_TEST"), os.getcwd() == "/", "changed" in sys.argv + sys.path,
          "changed" in sys.modules, tempfile.tempdir == "/changed", keras.config.floatx(),
          "of another kernel" in str(warnings.filters)]
"""


def test_a_kernel_learns_nothing_of_another_one(tmp_path):
    with kernel(tmp_path) as first, kernel(tmp_path) as second:
        assert first.process().parent() == second.process().parent(), "they are forks of one"
        numbers = zip(first.ask(NUMBERS), second.ask(NUMBERS), strict=True)
        assert not [pair for pair in numbers if pair[0] == pair[1]]
        assert first.ask(CHANGE)
        with kernel(tmp_path) as third:
            for untouched in (second, third):
                found = untouched.ask(CHANGED)
                assert found == [None, False, False, False, False, "float32", False]


def test_what_a_launcher_inherits_reaches_its_kernel(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    masks = os.umask(0o27)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        with kernel(tmp_path) as one:
            code = (
                "import os, resource, sys\nmask = os.umask(0); os.umask(mask)\n"
                "answer = [mask, *resource.getrlimit(resource.RLIMIT_NOFILE)]\n"
                "answer.append('keras' in sys.modules)"
            )
            assert one.ask(code) == [0o27, soft - 1, hard, True]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.umask(masks)


def test_more_than_the_parent_has_is_allowed_or_refused():
    given = inherited.found()
    inherited.allow(given)
    inherited.take(given)
    assert inherited.found() == given
    if os.geteuid():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        given["limits"] = [(resource.RLIMIT_NOFILE, soft, hard + 1)]
        with pytest.raises((OSError, ValueError)):
            inherited.allow(given)


def test_the_kernel_of_the_course_has_the_name_that_notebooks_store():
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpecManager

    dirs = KernelSpecManager(kernel_dirs=[str(FOLDER / "kernels")])
    spec = dirs.get_kernel_spec("python3")
    ordinary = get_kernel_dict()
    assert spec.display_name == "Exporting models"
    assert spec.metadata == ordinary["metadata"] and spec.language == ordinary["language"]
    assert spec.argv[-2:] == ordinary["argv"][-2:] == ["-f", "{connection_file}"]


def test_jupyter_finds_it_unless_it_is_switched_off(monkeypatch):
    other = {"JUPYTER_PATH": "/elsewhere"}
    assert jupyter_path({}) == {"JUPYTER_PATH": str(FOLDER)}
    assert jupyter_path(other) == {"JUPYTER_PATH": f"{FOLDER}{os.pathsep}/elsewhere"}
    assert jupyter_path({"COURSE_FORK": "0"}) == {}
    monkeypatch.setattr(sys, "platform", "darwin")
    assert jupyter_path({}) == {}


def test_a_kernel_that_waits_for_tensorflow_says_so_while_it_waits(tmp_path):
    code = "from helpers import start\nlesson = start('00_start_here')"
    heard = {}
    for forked in (True, False):
        heard[forked] = []
        with kernel(tmp_path, forked, cwd=NOTEBOOKS, env=learner_environment(tmp_path)) as one:
            one.client.execute_interactive(
                f"import sys\nsys.path.insert(0, '..')\n{code}",
                output_hook=lambda message, said=heard[forked]: said.append(message),
            )
    shown = {
        forked: [
            message["content"].get("text", message["msg_type"])
            for message in messages
            if message["msg_type"] in ("stream", "clear_output", "error")
        ]
        for forked, messages in heard.items()
    }
    assert shown == {True: [], False: [f"{WAITING}\n", "clear_output"]}
