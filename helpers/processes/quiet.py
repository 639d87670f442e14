"""Throw away what C++ prints."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet():
    """Throw away what C++ writes to standard error while the block runs, as the converter does."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
