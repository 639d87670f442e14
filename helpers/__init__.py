"""The package behind the notebooks.

Importing it makes TensorFlow quiet: the two variables below must be set before TensorFlow is
imported, because its C++ side reads them once.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN prints a notice and changes the last bits of results from machine to machine.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Below the variables, which must be set before anything imports TensorFlow.
from helpers.processes.tensorflow_import import import_tensorflow


def start(name):
    """Begin the lesson `name` ("01_basic_export"); returns a `helpers.exercises.Lesson`."""
    import_tensorflow()
    from helpers.exercises import Lesson

    return Lesson(name)


def show_error(lines=1):
    """A context manager that prints the error raised inside it; see `helpers.errors`."""
    from helpers.errors.messages import show_error

    return show_error(lines)
