"""Discard what libraries print to standard error."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard what Python and C++ code, such as a converter, writes to standard error meanwhile."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a notebook has a stream of its own
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
