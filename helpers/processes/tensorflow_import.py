"""Import TensorFlow quickly, and so that a notebook cannot damage it."""

import builtins
import functools
import gc
import typing

# TensorFlow remembers the builtins by their addresses, at its import. In a notebook, `input` is
# freed after that cell, and a method that gets its address is then called as if it were a builtin:
# "'TfMethodTarget' object is not callable", now and then. What is kept here is not freed.
_kept = tuple(vars(builtins).values())


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
