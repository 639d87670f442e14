"""The private names of other libraries that the course uses exist in the installed versions."""

import importlib
import inspect
import sys
import types
from importlib.metadata import version
from operator import attrgetter

import pytest

from helpers.paths import RUNTIMES
from helpers.processes import patches
from helpers.processes.patches import PATCHES, Patch
from tests.runtimes.exports import need
from tests.support.patches import TEST_PATCHES


def missing_names(patch):
    """The names of a patch that the installed version does not have."""
    return [name for name in patch.names if not exists(name)]


def exists(name):
    path, _, used = name.partition(" uses ")
    module, _, attribute = path.partition(":")
    try:
        found = importlib.import_module(module)
        found = attrgetter(attribute)(found) if attribute else found
    except (ImportError, AttributeError):
        return False
    if not used:
        return True
    return used in (found.__code__.co_names if attribute else inspect.getsource(found))


def sentence(patch, names):
    """What to say when a patch no longer fits."""
    python = sys.version.split()[0]
    installed = python if patch.library == "Python" else version(patch.library)
    return (
        f"{patch.library} {installed} does not have {', '.join(names)}, which "
        f"{patch.used_by} needs (last seen with {patch.library} {patch.seen_with}). {patch.why} "
        f"{patch.until}"
    )


@pytest.mark.parametrize("patch", [*PATCHES, *TEST_PATCHES], ids=lambda patch: patch.used_by)
def test_the_names_are_there(patch):
    missing = missing_names(patch)
    assert not missing, sentence(patch, missing)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.used_by)
def test_a_patch_names_a_function_of_its_module(patch):
    for name in patch.used_by.split(", "):
        assert isinstance(getattr(patches, name), types.FunctionType)
    assert patch.why.endswith(".") and patch.until.endswith(".")


def test_a_name_that_has_gone_is_told_with_library_version_and_patch():
    gone = Patch(
        library="tensorflow",
        seen_with="2.21",
        names=("tensorflow.lite.python.lite:_load", "tensorflow.lite.python.lite:_gone"),
        used_by="lighten_litert",
        why="Why.",
        until="Until.",
    )
    missing = missing_names(gone)
    assert missing == ["tensorflow.lite.python.lite:_gone"]
    assert sentence(gone, missing) == (
        f"tensorflow {version('tensorflow')} does not have tensorflow.lite.python.lite:_gone, "
        "which lighten_litert needs (last seen with tensorflow 2.21). Why. Until."
    )


@pytest.mark.parametrize(
    "name",
    [
        "no_such_module:a",
        "typing:no_such_name",
        "typing:ForwardRef.__init__ uses no_such_name",
        "json uses no_such_name",
    ],
)
def test_names_that_are_not_there_are_seen(name):
    assert not exists(name)


def test_tf2onnx_loads_with_the_function_that_is_replaced():
    """tf2onnx stands in another environment, so its text is read."""
    need("onnx")
    (loader,) = RUNTIMES.glob("venv/lib/*/site-packages/tf2onnx/tf_loader.py")
    assert "tf.saved_model.load(model_path, tags=" in loader.read_text("utf-8"), (
        "tf2onnx no longer calls tf.saved_model.load, which load_once_for_tf2onnx replaces "
        "(last seen with tf2onnx 1.17)"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="TensorFlow's library exports no C++ there")
def test_xla_can_be_switched_off():
    (patch,) = [patch for patch in PATCHES if "xla_off" in patch.used_by]
    assert patches.xla_switches(), sentence(patch, [patches.XLA_OFF, patches.XLA_ON])
