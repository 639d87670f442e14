"""The package behind the notebooks.

An import of this package sets two environment variables, which make TensorFlow print less. They
must be set before TensorFlow is imported, because its C++ code reads them once. No other module of
the package changes anything when it is imported.
"""

import os
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN prints a notice, and its results differ between computers in the last bits.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Not above the variables, which must be set before a module imports TensorFlow.
from helpers.processes.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from helpers.exercises import Lesson


def start(name: str) -> "Lesson":
    """Import TensorFlow and begin a lesson, whose cells then explain their errors.

    Parameters
    ----------
    name : str
        the lesson's name, such as "01_basic_export"

    Returns
    -------
    helpers.exercises.Lesson

    Raises
    ------
    PermissionError
        if the lesson cannot write its exports
    """
    from helpers.scratch import require_writable

    require_writable()
    if "tensorflow" not in sys.modules:
        print("Starting TensorFlow, about 5 seconds.", flush=True)
    import_tensorflow()
    from helpers.exercises import Lesson, error_box

    error_box.install()
    return Lesson(name)


def show_error(lines: int = 1) -> AbstractContextManager:
    """Return a context manager that prints the error raised inside it.

    Parameters
    ----------
    lines : int
        how many lines of the error's text to print; see `helpers.errors.messages.show_error`
    """
    from helpers.errors.messages import show_error

    return show_error(lines)
