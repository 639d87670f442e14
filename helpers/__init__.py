"""The package behind the notebooks.

Importing it makes TensorFlow quiet: the two variables below must be set before TensorFlow is
imported, because its C++ side reads them once.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN prints a notice and changes the last bits of results from machine to machine.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def start(name):
    """Begin the lesson `name` ("01_basic_export"); returns a `helpers.exercises.Lesson`."""
    from helpers.exercises import Lesson

    # Cells call commands such as saved_model_cli, also where the environment is not activated.
    commands, path = os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)
    if commands not in path.split(os.pathsep):
        os.environ["PATH"] = commands + os.pathsep + path
    return Lesson(name)


def show_error(lines=1):
    """A context manager that prints the error raised inside it; see `helpers.errors`."""
    from helpers.errors import show_error

    return show_error(lines)
