"""Importing a module of the course changes nothing, and TensorFlow comes only where it must."""

import json
import os
import subprocess
import sys

import pytest

from helpers.paths import ROOT

CONFIGURATION = "jupyterhub_config.py"  # JupyterHub runs it, and nothing imports it
MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in (ROOT / "helpers").rglob("*.py")
    if "node_modules" not in file.parts and file.name != CONFIGURATION
)
CLASSES = "it defines subclasses of TensorFlow's classes, or functions that tf.function decorates"
MESSAGES = "it uses TensorFlow's protocol buffers; only a model server imports it"
THROUGH = "it imports one of these modules for its functions"
WITH_TENSORFLOW = {
    "helpers.models": CLASSES,
    "helpers.training": CLASSES,
    "helpers.penguins.evaluation": THROUGH,
    "helpers.penguins.skew": THROUGH,
    "helpers.penguins.trained": THROUGH,
    "helpers.exercises.lesson_02.forecast": CLASSES,
    "helpers.exercises.lesson_07.meter": CLASSES,
    "helpers.exercises.exercise_server": "it asks by gRPC, with TensorFlow's messages",
    "helpers.exercises.lesson_08.exercises": THROUGH,
    "helpers.exercises.lesson_08.q3_publish": THROUGH,
    "helpers.exercises.lesson_08.served_models": THROUGH,
    "helpers.exercises.lesson_09.exercises": THROUGH,
    "helpers.exercises.lesson_09.q2_guard": THROUGH,
    "helpers.serving.protocol.example_request": MESSAGES,
    "helpers.serving.server.calls": MESSAGES,
    "helpers.serving.server.grpc_service": MESSAGES,
    "helpers.serving.server.model_status": MESSAGES,
    "helpers.serving.server.proto_requests": MESSAGES,
    "helpers.serving.server.rest": MESSAGES,
    "helpers.serving.server.servable": "it runs graphs; only a model server imports it",
    "helpers.serving.server.signature": "it reads TensorFlow's messages and tensors",
    "helpers.serving.server.session_loader": "it runs graphs; only a model server imports it",
    "helpers.serving.server.version_loader": "it runs graphs; only a model server imports it",
}
SET_BY_HELPERS = {"TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"}

IMPORT_ALL = """
import importlib, json, os, signal, sys, threading

class Asked(BaseException):
    pass

class Refuse:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras"):
            raise Asked
        return None

def state():
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "handlers": {
            number: str(signal.getsignal(number)) for number in signal.valid_signals()
        },
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "umask": os.umask(0o22) and os.umask(0o22),
        "path": list(sys.path),
        "outputs": [id(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "hooks": [id(sys.excepthook), id(sys.displayhook)],
        "without": sorted(name for name, module in sys.modules.items() if module is None),
        "arguments": list(sys.argv),
    }

names, refuse = json.loads(sys.argv[1]), sys.argv[2] == "refuse"
if refuse:
    sys.meta_path.insert(0, Refuse)
else:
    import helpers, tensorflow, keras
    keras.layers, tensorflow.keras
first = before = state()
asked, changes = [], {}
for name in names:
    try:
        importlib.import_module(name)
    except Asked:
        asked.append(name)
    now = state()
    changed = {key: now[key] for key in now if now[key] != before[key]}
    if changed:
        changes[name] = changed
    before = now
print(json.dumps({"asked": asked, "changes": changes, "first": first, "last": before}))
"""


def imported(names, how, environment):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps(names), how],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def environment():
    return {name: value for name, value in os.environ.items() if name not in SET_BY_HELPERS}


@pytest.fixture(scope="module")
def without_tensorflow(environment):
    """What happens when each module is imported where TensorFlow cannot be."""
    return imported(MODULES, "refuse", environment)


def test_only_the_modules_of_the_list_import_tensorflow(without_tensorflow):
    asked = set(without_tensorflow["asked"])
    unlisted = sorted(asked - set(WITH_TENSORFLOW))
    assert not unlisted, "import TensorFlow in the functions that need it"
    superfluous = sorted(set(WITH_TENSORFLOW) - asked)
    assert not superfluous, "remove these from the list: they do not import it"


def test_an_import_changes_nothing(without_tensorflow):
    changes = without_tensorflow["changes"]
    only = changes.pop(MODULES[0])
    assert MODULES[0] == "helpers" and set(only) == {"environment"}
    first, last = (without_tensorflow[when]["environment"] for when in ("first", "last"))
    assert last.keys() - first.keys() == SET_BY_HELPERS
    assert {name: last[name] for name in first} == first
    assert changes == {}


def test_an_import_after_tensorflow_changes_nothing(environment):
    found = imported(list(WITH_TENSORFLOW), "allow", environment)
    assert found["asked"] == [] and found["changes"] == {}
