"""What only a check uses: made once in a folder of its own, and never handed out."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


@functools.cache
def made_once(maker: Callable[[Path], Any]) -> Any:
    """Call a maker of exports with a new folder, which is removed when Python ends.

    Parameters
    ----------
    maker : callable
        Function of a folder that exists.

    Returns
    -------
    object
        What the maker returned at its first call.
    """
    folder = Path(tempfile.mkdtemp(prefix="original-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return maker(folder)
