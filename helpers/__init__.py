"""The package behind the notebooks.

An import of this package sets two environment variables, which make TensorFlow print less. They
must be set before TensorFlow is imported, because its C++ code reads them once. No other module of
the package changes anything when it is imported.
"""

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from helpers.processes.fork_address import TENSORFLOW_SETTINGS
from helpers.processes.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from helpers.exercises import Lesson

for _name, _value in TENSORFLOW_SETTINGS.items():
    os.environ.setdefault(_name, _value)
_started = False


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
    global _started
    from helpers.scratch import require_writable

    require_writable()
    # A forked kernel has TensorFlow already, and prints the same as every other kernel.
    if not _started:
        print("Starting TensorFlow, about 5 seconds.", flush=True)
    _started = True
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
