"""The package behind the notebooks.

An import of this package sets two environment variables, which make TensorFlow print less. They
must be set before TensorFlow is imported, because its C++ code reads them once. No other module of
the package changes anything when it is imported.
"""

import os
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from helpers.processes.fork_address import TENSORFLOW_SETTINGS
from helpers.processes.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from helpers.exercises import Lesson

for _name, _value in TENSORFLOW_SETTINGS.items():
    os.environ.setdefault(_name, _value)
WAITING = "Starting TensorFlow, about 5 seconds."  # a cell shows it as long as it waits


def start(name: str) -> "Lesson":
    """Import TensorFlow and begin a lesson, whose cells then explain their errors.

    While a cell waits for TensorFlow, it shows WAITING. Then its output is cleared.

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
    waits = "tensorflow" not in sys.modules  # a forked kernel has it already
    if waits:
        print(WAITING, flush=True)
    import_tensorflow()
    from IPython import get_ipython
    from IPython.display import clear_output

    from helpers.exercises import Lesson, error_box

    if waits and get_ipython() is not None:
        clear_output()
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
