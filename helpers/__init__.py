"""The package behind the notebooks.

Importing it makes TensorFlow quiet: the two variables below must be set before TensorFlow is
imported, because its C++ side reads them once.
"""

import builtins
import functools
import gc
import os
import typing

# TensorFlow remembers the builtins by their addresses, at its import. In a notebook, `input` is
# freed after that cell, and a method that gets its address is then called as if it were a builtin:
# "'TfMethodTarget' object is not callable", now and then. What is kept here is not freed.
_kept = tuple(vars(builtins).values())

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN prints a notice and changes the last bits of results from machine to machine.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def import_tensorflow():
    """Import TensorFlow in three quarters of the time.

    Without the garbage collector, which would look through its modules over and over, now and
    whenever it runs later, and find nothing; and, before Python 3.12, without compiling the few
    names of types in its thousands of type variables each time anew.
    """
    was_on = gc.isenabled()
    gc.disable()
    typing.compile = functools.cache(compile)
    try:
        import tensorflow
    finally:
        vars(typing).pop("compile", None)
        if was_on:
            gc.enable()
    gc.freeze()
    return tensorflow


def start(name):
    """Begin the lesson `name` ("01_basic_export"); returns a `helpers.exercises.Lesson`."""
    import_tensorflow()
    from helpers.exercises import Lesson

    return Lesson(name)


def show_error(lines=1):
    """A context manager that prints the error raised inside it; see `helpers.errors`."""
    from helpers.errors.messages import show_error

    return show_error(lines)
