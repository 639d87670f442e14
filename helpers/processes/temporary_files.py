"""Give a process a folder of its own for temporary files, so that they go even when it is killed.

TensorFlow writes a Python file for each function that it converts, and removes these files when
Python ends. A process that is killed, or that ends with `os._exit`, does not do that. So its
temporary files lie in one folder, and the process that sees its end removes this folder.
"""

import shutil
import tempfile

_in_use = None  # the folder of this process


def new_folder() -> str | None:
    """Make a folder for a process that starts now; return its path, or None on a full disk."""
    try:
        return tempfile.mkdtemp(prefix="course-process-")
    except OSError:
        return None


def use(folder: str | None):
    """Put the temporary files of this process into `folder`; None changes nothing."""
    global _in_use
    if folder is not None:
        tempfile.tempdir = _in_use = folder


def remove(folder: str | None):
    """Remove `folder` and all that is in it; None and a folder that has gone are no error."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def remove_own():
    """Remove the folder of this process, which ends now, if it has one."""
    remove(_in_use)
