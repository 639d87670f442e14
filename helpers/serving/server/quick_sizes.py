"""Remember for which sizes of the inputs a model answers quickly.

A quick call runs in the event loop, because starting another thread costs more than the call. While
it runs, all other requests wait. So only sizes that were measured as quick count, each on its own.
"""

import threading
from collections.abc import Hashable, Iterable

import numpy as np

QUICK_SECONDS = 0.001
TRIAL_SECONDS = 0.005  # a call that takes less is perhaps quick, and has waited for other threads
CALLS = 5  # quick calls before a size counts as quick
MOST_CALLS = 2**7 * CALLS
MOST_SIZES = 512  # of one model; when there are more, the oldest is forgotten


def size_of(arrays: Iterable[np.ndarray]) -> tuple:
    """Return what the time of a call depends on.

    Parameters
    ----------
    arrays : iterable of array
        the inputs of a call

    Returns
    -------
    tuple
        the shape of each array; of texts also the magnitude of their length in bytes, and of whole
        numbers the magnitude of the largest, because a model can use it as a size
    """
    return tuple([a.shape if a.dtype.kind in "fb" else (a.shape, _magnitude(a)) for a in arrays])


def _magnitude(array):
    if array.dtype.kind == "O":
        return sum(map(len, array.flat)).bit_length()
    if array.dtype.kind in "iu" and array.size:
        return int(array.max()).bit_length()
    return 0


class QuickSizes:
    """The sizes of inputs for which a model was measured as quick; threads may share the object.

    A size is quick after CALLS quick calls. A slow call takes it out again, and each time it needs
    twice as many quick calls as before.

    The first of these calls puts a size on trial. The calls of a size on trial, and of one that is
    quick, should compute in their own thread, so that the CPU time of this thread is their time: on
    a busy computer the clock also counts what other threads do.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = {}  # {size: (quick calls that are still missing, those needed in all)}

    def __contains__(self, size: Hashable) -> bool:
        return self._calls.get(size, (1, 1))[0] == 0

    def __len__(self) -> int:
        return len(self._calls)

    def on_trial(self, size: Hashable) -> bool:
        """Return whether the next call of a size should compute in its own thread alone."""
        left, needed = self._calls.get(size, (1, 1))
        return left < needed

    def measured(self, size: Hashable, seconds: float) -> None:
        """Note the time of a call, in seconds.

        A slow call of a size that is not on trial changes nothing, because it may have waited for
        other threads.
        """
        with self._lock:
            left, needed = self._calls.get(size, (CALLS, CALLS))
            if seconds < QUICK_SECONDS:
                left = max(left - 1, 0)
            elif left == needed:
                left -= seconds < TRIAL_SECONDS
            elif left:
                left = needed
            else:
                left = needed = min(2 * needed, MOST_CALLS)
            self._store(size, left, needed)

    def take_out(self, size: Hashable) -> None:
        """Note that a size is slow."""
        with self._lock:
            _, needed = self._calls.get(size, (CALLS, CALLS))
            needed = min(2 * needed, MOST_CALLS)
            self._store(size, needed, needed)

    def _store(self, size, left, needed):
        self._calls[size] = left, needed
        if len(self._calls) > MOST_SIZES:
            del self._calls[next(iter(self._calls))]
