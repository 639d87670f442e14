"""Import TensorFlow in three quarters of the time, and so that a notebook cannot damage it."""

import builtins
import gc
from types import ModuleType

from helpers.processes.patches import compile_each_type_once

# TensorFlow remembers the builtins by their addresses when it is imported. A notebook replaces
# `input` while a cell runs, and frees that object afterwards. A method that gets the same address
# is then called like a builtin and fails: "'TfMethodTarget' object is not callable". Objects that
# this tuple holds are not freed.
_kept = tuple(vars(builtins).values())


def import_tensorflow() -> ModuleType:
    """Import TensorFlow without the garbage collector, and return it.

    The collector would search TensorFlow's modules again and again and find nothing, during the
    import and later. Before Python 3.12, the import also compiles each text of a type once only.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        with compile_each_type_once():
            import tensorflow
    finally:
        if was_on:
            gc.enable()
    gc.freeze()
    return tensorflow
