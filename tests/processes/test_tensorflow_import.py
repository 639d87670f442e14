"""What every set-up cell does first."""

import subprocess
import sys

import pytest

TENSORFLOW_IN_A_CELL = """
import builtins, gc, weakref

class Kernel:
    def ask(self): ...

# As ipykernel does while a cell runs: a bound method for `input`, dropped when the cell has ended.
original, builtins.input = builtins.input, Kernel().ask
method = weakref.ref(builtins.input)
PREPARE
import tensorflow
from tensorflow.python.autograph.pyct import inspect_utils
remembered = id(builtins.input)
assert remembered in inspect_utils._BUILTIN_FUNCTION_IDS
builtins.input = original
print("kept" if method() is not None else "freed", gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


def after_a_cell(prepare):
    code = TENSORFLOW_IN_A_CELL.replace("PREPARE", prepare)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.split()


@pytest.mark.weekly
def test_no_method_gets_the_address_of_a_freed_builtin():
    """TensorFlow goes by addresses: it would call that method without its self, now and then."""
    assert after_a_cell("")[0] == "freed"
    assert after_a_cell("import helpers")[0] == "kept"


def test_the_garbage_collector_rests_while_tensorflow_is_imported():
    prepare = "import helpers; helpers.import_tensorflow()"
    assert after_a_cell(prepare)[1:] == ["True", "True"]
    assert after_a_cell("gc.disable(); " + prepare)[1:] == ["False", "True"]
